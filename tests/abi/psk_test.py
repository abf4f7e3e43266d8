#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Debian's s_client and s_server with pre-shared keys, by their own callbacks: psk_test.py LIBRARY.

They set the callbacks of TLS 1.2 and of TLS 1.3, and know DTLS to be 1.2: there s_server takes the
key for whatever identity, with a warning.
"""

import sys

import programs
from programs import Program, Session, expect, expect_lines

LIBRARY = sys.argv[1]
FOLDER = programs.Folder()
KEY = "00112233445566778899aabbccddeeff"
OTHER_KEY = "ff112233445566778899aabbccddeeff"


def session(client=(), server=(), libraries=(LIBRARY, LIBRARY), key=KEY):
    """Both sides have the key, and the server no certificate unless it says so."""
    return Session(FOLDER, ["-dtls", "-psk", KEY] + list(server),
                   ["-dtls", "-psk", key] + list(client), *libraries)


def is_up_by_key(running, version="DTLSv1.3"):
    running.client.wait_for("^    Protocol  : %s$" % version)
    running.client.wait_for("^    Verify return code: ")
    running.exchange()
    expect(running.close() == (0, 0), "exit status")
    expect_lines(running.client, "^no peer certificate available$", "^Verification: OK$")


def without_a_certificate():
    for server in (["-nocert"], ["-nocert", "-listen"]):
        with session(server=server) as running:
            is_up_by_key(running)
            expect_lines(running.client,
                         "^Reused, TLSv1.3, Cipher is TLS_CHACHA20_POLY1305_SHA256$")
            expect_lines(running.server, "^Reused session-id$")


def beside_a_certificate():
    with session() as running:
        is_up_by_key(running)


def brief_summary():
    with session(["-brief"], ["-nocert"]) as running:
        running.client.wait_for("^(Server|Peer) Temp Key: X25519, 253 bits$")
        running.exchange()
        running.close()
        expect_lines(running.client, "^Protocol version: DTLSv1.3$", "^No peer certificate$")


def retry_for_another_group():
    for server in (["-nocert", "-groups", "P-384"], ["-nocert", "-groups", "P-384", "-listen"]):
        with session(["-groups", "X25519:P-384"], server) as running:
            is_up_by_key(running)
            expect_lines(running.client, "^(Server|Peer) Temp Key: ECDH, secp384r1, 384 bits$")


def identity_is_told():
    with session(["-psk_identity", "somebody"], ["-nocert"]) as running:
        is_up_by_key(running)
        expect_lines(running.server, "client identity not what we expected .got 'somebody'")


def wrong_key_fails():
    for server in (["-nocert"], []):
        with session(server=server, key=OTHER_KEY) as running:
            expect(running.client.finish() == 1, "the client goes on")
            expect_lines(running.client, "alert decrypt error")
            running.server.wait_for("binder does not verify")


def key_alone():
    """Groups that have nothing in common do not matter where both sides allow a key alone."""
    options = ["-allow_no_dhe_kex", "-groups"]
    with session(options + ["P-256"], ["-nocert"] + options + ["P-384"]) as running:
        is_up_by_key(running)
        expect("Temp Key" not in running.client.output, running.client.output)


def key_that_the_server_does_not_have():
    """The server has no callbacks for keys at all: its certificate is what there is."""
    with Session(FOLDER, ["-dtls"], ["-dtls", "-psk", KEY], LIBRARY, LIBRARY) as running:
        running.client.wait_for("^    Verify return code: 18 ")
        running.exchange()
        expect(running.close() == (0, 0), "exit status")
        expect_lines(running.client, "^New, TLSv1.3, Cipher is ")


def save_session(path, suite):
    """A session that libssl's TLS 1.3 left: what -psk_session reads."""
    tls13 = ["-tls1_3", "-ciphersuites", suite]
    with Session(FOLDER, tls13, tls13 + ["-sess_out", path]) as running:
        running.client.wait_for("^    Resumption PSK: [0-9A-F]+$")
        running.exchange()
        expect(running.close()[0] == 0, "exit status")


def sessions_from_files():
    for suite in ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"):
        path = FOLDER.path(suite + ".pem")
        save_session(path, suite)
        options = ["-dtls", "-psk_session", path]
        with Session(FOLDER, options + ["-nocert"], options, LIBRARY, LIBRARY) as running:
            is_up_by_key(running)
            is_sha384 = suite.endswith("384")
            expect_lines(running.client, "^Reused, TLSv1.3, Cipher is .*SHA%s$" %
                         ("384" if is_sha384 else "256"))
        # The session-style callback of s_server goes by the identity, and has a certificate else.
        with Session(FOLDER, options, options + ["-psk_identity", "somebody"], LIBRARY,
                     LIBRARY) as running:
            running.client.wait_for("^    Verify return code: 18 ")
            running.exchange()
            expect_lines(running.client, "^New, TLSv1.3, Cipher is ")


def unknown_identity_without_a_certificate_fails():
    path = FOLDER.path("unknown.pem")
    save_session(path, "TLS_AES_128_GCM_SHA256")
    options = ["-dtls", "-psk_session", path]
    with Session(FOLDER, options + ["-nocert"], options + ["-psk_identity", "somebody"], LIBRARY,
                 LIBRARY) as running:
        expect(running.client.finish() == 1, "the client goes on")
        expect_lines(running.client, "alert unknown psk identity")
        running.server.wait_for("psk identity not found")


def session_of_dtls12_is_bad():
    """A session that is none of version 1.3 ends the client before it has said anything."""
    path = FOLDER.path("dtls12.pem")
    dtls12 = ["-dtls1_2"]
    with Session(FOLDER, dtls12, dtls12 + ["-sess_out", path]) as running:
        running.client.wait_for("^    Verify return code: 18 ")
        running.exchange()
        running.close()
    client = Program(["openssl", "s_client", "-dtls", "-connect", "127.0.0.1:9", "-psk_session",
                      path], LIBRARY)
    try:
        expect(client.finish() == 1, "the client goes on")
        expect_lines(client, "bad psk")
    finally:
        client.kill()


def dtls12_client_is_served():
    """PSK suites of DTLS 1.2 stay libssl's."""
    with session(["-cipher", "PSK-AES128-GCM-SHA256"], ["-nocert", "-cipher", "PSK"],
                 libraries=(LIBRARY, None)) as running:
        running.client.wait_for("^    PSK identity: Client_identity$")
        running.exchange()
        expect(running.close() == (0, 0), "exit status")
        expect_lines(running.client, "^    Protocol  : DTLSv1.2$")


sys.exit(programs.run_all([
    without_a_certificate,
    beside_a_certificate,
    brief_summary,
    retry_for_another_group,
    identity_is_told,
    wrong_key_fails,
    key_alone,
    key_that_the_server_does_not_have,
    sessions_from_files,
    unknown_identity_without_a_certificate_fails,
    session_of_dtls12_is_bad,
    dtls12_client_is_served,
]) != 0)
