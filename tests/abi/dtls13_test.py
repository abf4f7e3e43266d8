#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Debian's s_client and s_server speak DTLS 1.3 under the preloaded library: dtls13_test.py LIBRARY."""

import re
import sys

import programs
from programs import Session, expect, expect_lines

LIBRARY = sys.argv[1]
FOLDER = programs.Folder()
KEY_LOG_LABELS = ["CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET",
                  "CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0", "EXPORTER_SECRET"]


def session(client=(), server=(), dtls=("-dtls",), libraries=(LIBRARY, LIBRARY),
            client_environment=None):
    return Session(FOLDER, list(dtls) + list(server), list(dtls) + list(client), *libraries,
                   client_environment=client_environment)


def is_up(running, version="DTLSv1.3"):
    """Waits until the client has printed its session block."""
    running.client.wait_for("^    Protocol  : " + re.escape(version) + "$")
    running.client.wait_for("^    Verify return code: ")


def brief_summary():
    with session(["-brief", "-servername", "localhost"]) as running:
        running.client.wait_for("^(Server|Peer) Temp Key: ")
        running.exchange()
        expect(running.close() == (0, 0), "exit status")
        expect_lines(running.client, "^CONNECTION ESTABLISHED$", "^Protocol version: DTLSv1.3$",
                     "^Ciphersuite: TLS_AES_256_GCM_SHA384$", "^Peer certificate: CN ?= ?localhost$",
                     "^Hash used: SHA256$", "^Signature type: RSA-PSS$",
                     "^Verification error: self-signed certificate$",
                     "^(Server|Peer) Temp Key: X25519, 253 bits$")


def session_block():
    with session(["-servername", "localhost"]) as running:
        is_up(running)
        running.exchange()
        expect(running.close() == (0, 0), "exit status")
        expect_lines(running.client, "^New, TLSv1.3, Cipher is TLS_AES_256_GCM_SHA384$",
                     "^Peer signature type: RSA-PSS$", "^Server public key is 2048 bit$",
                     "^    Cipher    : TLS_AES_256_GCM_SHA384$",
                     r"^    Verify return code: 18 \(self-signed certificate\)$",
                     "^subject=CN ?= ?localhost$", "^Secure Renegotiation IS NOT supported$")
        expect_lines(running.server, "^CIPHER is TLS_AES_256_GCM_SHA384$",
                     "^Shared ciphers:TLS_AES_256_GCM_SHA384:", "^Shared groups: x25519:",
                     "^Shared Signature Algorithms: ", "^-----BEGIN SSL SESSION PARAMETERS-----$")


def suites_and_groups():
    for suite in ("TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256"):
        for group, printed in (("P-256", "ECDH, prime256v1, 256"), ("P-384", "ECDH, secp384r1, 384")):
            with session(["-ciphersuites", suite, "-groups", "X25519:" + group],
                         ["-groups", group]) as running:
                is_up(running)
                running.exchange()
                expect_lines(running.client, "^    Cipher    : %s$" % suite,
                             "^(Server|Peer) Temp Key: %s bits$" % printed)


def messages_and_states():
    with session(["-msg", "-state"], ["-msg", "-state"]) as running:
        is_up(running)
        running.exchange()
        running.close()
        for program, who in ((running.client, "connect"), (running.server, "accept")):
            # 65276 is 0xfefc; 256 a record header, 257 an inner content type.
            for content_type in (22, 26, 256, 257):
                expect_lines(program, r"^[<>]{3} .*\(version=65276, content_type=%d\)" % content_type)
            expect_lines(program, "^SSL_%s:before SSL initialization$" % who,
                         "^SSL3 alert (read|write):warning:close notify$")
        expect_lines(running.client, "^SSL_connect:SSLv3/TLS write client hello$",
                     "^SSL_connect:TLSv1.3 read encrypted extensions$",
                     "^SSL_connect:SSLv3/TLS write finished$")
        expect_lines(running.server, "^SSL_accept:SSLv3/TLS read client hello$",
                     "^SSL_accept:TLSv1.3 write server certificate verify$",
                     "^SSL_accept:SSLv3/TLS read finished$")


def trace():
    """libssl's own printer is told records, their inner content types and messages; it knows neither the short headers of
    DTLS 1.3, which it prints in hexadecimal, nor its number, nor the forms of TLS 1.3 under DTLS."""
    with session(["-trace"]) as running:
        is_up(running)
        running.exchange()
        expect(running.close() == (0, 0), "exit status")
        expect_lines(running.client, r"^  epoch=0, sequence_number=000000000000$", r"^    ClientHello, Length=\d+$",
                     r"^          UNKNOWN \(65276\)$", r"^    ServerHello, Length=\d+$",
                     r"^            NamedGroup: ecdh_x25519 \(29\)$", r"^  Inner Content Type = Handshake \(22\)$",
                     r"^    EncryptedExtensions, Length=\d+$", r"^      Signature Algorithm: rsa_pss_rsae_sha256 ",
                     r"^      verify_data \(len=48\): [0-9A-F]{96}$", r"^Received too short message \(len=5\): 2E")
        # Both ends' Finished, each once.
        expect(len(re.findall("^    Finished, Length=48$", running.client.output, re.MULTILINE)) == 2, running.client.output)


def key_log():
    logs = [FOLDER.path("client.log"), FOLDER.path("server.log")]
    with session(["-keylogfile", logs[0]], ["-keylogfile", logs[1]]) as running:
        is_up(running)
        running.exchange()
        running.close()
    secrets = []
    for log in logs:
        with open(log, encoding="ascii") as file:
            lines = [line for line in file.read().splitlines() if not line.startswith("#")]
        secrets.append({tuple(line.split()[:2]): line.split()[2] for line in lines})
    expect(secrets[0] == secrets[1], "the two sides log different secrets")
    labels = {label for label, _ in secrets[0]}
    expect(set(KEY_LOG_LABELS) <= labels, "labels %s" % sorted(labels))


def trusted_server():
    with session(["-CAfile", FOLDER.path("server.pem"), "-verify_return_error",
                  "-verify_hostname", "localhost"]) as running:
        is_up(running)
        running.exchange()
        expect_lines(running.client, "^Verification: OK$", "^Verified peername: localhost$",
                     r"^    Verify return code: 0 \(ok\)$")


def untrusted_server_is_refused():
    with session(["-verify_return_error"]) as running:
        expect(running.client.finish() == 1, "the client goes on")
        expect_lines(running.client, "verify error:num=18:self-signed certificate",
                     "certificate verify failed", "^no peer certificate available$",
                     "^Verification error: self-signed certificate$")
        running.server.wait_for("alert unknown ca")


def wrong_name_is_refused():
    with session(["-CAfile", FOLDER.path("server.pem"), "-verify_return_error",
                  "-verify_hostname", "elsewhere.example"]) as running:
        expect(running.client.finish() == 1, "the client goes on")
        expect_lines(running.client, "verify error:num=62:hostname mismatch")


def server_name_switches_certificate():
    second = FOLDER.credential("other", "2") + ["-servername", "other.example"]
    for name, subject, signature in (("other.example", "other.example", "ECDSA"),
                                     ("localhost", "localhost", "RSA-PSS")):
        with session(["-servername", name], second) as running:
            is_up(running)
            running.exchange()
            expect_lines(running.client, "^subject=CN = " + subject,
                         "^Peer signature type: " + signature)
            expect_lines(running.server, '^Hostname in TLS extension: "%s"$' % name)
    with session(["-servername", "nowhere.example"], second + ["-servername_fatal"]) as running:
        expect(running.client.finish() == 1, "the client goes on")
        expect_lines(running.client, "tlsv1 unrecognized name")


def small_mtu():
    with session(["-mtu", "400", "-msg"], ["-mtu", "400", "-msg"]) as running:
        is_up(running)
        running.exchange()
        running.close()
        for program in (running.client, running.server):
            # The last two bytes of a plaintext header and of one with a length are the length.
            headers = re.findall(r"^>>> .*content_type=256\).*\n +([0-9a-f ]+)$", program.output,
                                 re.MULTILINE)
            expect(headers, "no headers")
            for header in map(lambda text: bytes.fromhex(text.replace(" ", "")), headers):
                if header[0] & 0xe4 != 0x20:  # not a header without a length
                    length = int.from_bytes(header[-2:], "big")
                    expect(len(header) + length <= 400, "a record of %d bytes" % length)


def timeouts():
    with session(["-timeout"], ["-timeout"]) as running:
        is_up(running)
        running.exchange()
        expect(running.close() == (0, 0), "exit status")


def listen():
    with session(server=["-listen"]) as running:
        is_up(running)
        running.exchange()
        expect(running.close() == (0, 0), "exit status")


def non_blocking():
    with session(["-nbio"], ["-nbio"]) as running:
        is_up(running)
        running.exchange()
        expect(running.close() == (0, 0), "exit status")


def one_server_several_clients():
    server = programs.Program(["openssl", "s_server", "-dtls", "-naccept", "3", "-accept",
                               "127.0.0.1:0"] + FOLDER.credential(), LIBRARY)
    try:
        port = server.wait_for(r"^ACCEPT [0-9.]+:(\d+)$").group(1)
        for number in range(3):
            client = programs.Program(["openssl", "s_client", "-dtls", "-connect",
                                       "127.0.0.1:" + port], LIBRARY)
            try:
                client.wait_for("^    Verify return code: ")
                client.send("this is %d\n" % number)
                server.wait_for("^this is %d$" % number)
                client.send("Q\n")
                expect(client.finish() == 0, "client's exit status")
            finally:
                client.kill()
        expect(server.finish() == 0, "server's exit status")
    finally:
        server.kill()


def silent_server_does_not_block_the_client():
    """The ACK of Finished wakes the client's select and must not keep it inside SSL_read."""
    with session() as running:
        is_up(running)
        for text in ("one", "two", "three"):
            running.client.send(text + "\n")
            running.server.wait_for("^%s$" % text)


def key_update():
    with session() as running:
        is_up(running)
        for command in ("k", "K"):
            running.client.send(command + "\n")
            running.client.wait_for("^KEYUPDATE$", 1 if command == "k" else 2)
            running.exchange()


def exported_keys_agree():
    export = ["-keymatexport", "EXPERIMENTAL-test", "-keymatexportlen", "32"]
    with session(export, export) as running:
        is_up(running)
        pattern = "Keying material: ([0-9A-F]{64})"
        client = running.client.wait_for(pattern).group(1)
        expect(running.server.wait_for(pattern).group(1) == client, "they differ")


def session_in_pem():
    """What s_server prints of a session is read back by `openssl sess_id`."""
    with session() as running:
        pem = running.server.wait_for(
            "-----BEGIN SSL SESSION PARAMETERS-----[^-]*-----END SSL SESSION PARAMETERS-----")
    path = FOLDER.path("session.pem")
    with open(path, "w", encoding="ascii") as file:
        file.write(pem.group(0) + "\n")
    printed = programs.Program(["openssl", "sess_id", "-in", path, "-noout", "-text"], LIBRARY)
    expect(printed.finish() == 0, printed.output)
    expect_lines(printed, "^    Protocol  : DTLSv1.3$", "^    Cipher    : TLS_AES_256_GCM_SHA384$")


def pinned_dtls12():
    with session(dtls=("-dtls1_2",)) as running:
        is_up(running, "DTLSv1.2")
        running.exchange()
        expect(running.close() == (0, 0), "exit status")


def older_client_gets_dtls12():
    for server in ([], ["-listen"]):
        with session(server=server, libraries=(LIBRARY, None)) as running:
            is_up(running, "DTLSv1.2")
            running.exchange()
            expect(running.close() == (0, 0), "exit status")


def older_server_gets_dtls12():
    with session(libraries=(None, LIBRARY)) as running:
        is_up(running, "DTLSv1.2")
        running.exchange()
        expect(running.close() == (0, 0), "exit status")


def configured_limit_pins_dtls12():
    """A limit that libssl's own configuration sets never comes by the library's entries."""
    with session(["-max_protocol", "DTLSv1.2"]) as running:
        is_up(running, "DTLSv1.2")
    path = FOLDER.path("openssl.cnf")
    with open(path, "w", encoding="ascii") as file:
        file.write("openssl_conf = init\n[init]\nssl_conf = ssl\n[ssl]\nsystem_default = limit\n"
                   "[limit]\nMaxProtocol = DTLSv1.2\n")
    with session(client_environment={"OPENSSL_CONF": path}) as running:
        is_up(running, "DTLSv1.2")


sys.exit(programs.run_all([
    brief_summary,
    session_block,
    suites_and_groups,
    messages_and_states,
    trace,
    key_log,
    trusted_server,
    untrusted_server_is_refused,
    wrong_name_is_refused,
    server_name_switches_certificate,
    small_mtu,
    timeouts,
    listen,
    non_blocking,
    one_server_several_clients,
    silent_server_does_not_block_the_client,
    key_update,
    exported_keys_agree,
    session_in_pem,
    pinned_dtls12,
    older_client_gets_dtls12,
    older_server_gets_dtls12,
    configured_limit_pins_dtls12,
]) != 0)
