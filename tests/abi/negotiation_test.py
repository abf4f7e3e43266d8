#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What Debian's s_client and s_server negotiate beside keys: negotiation_test.py LIBRARY.

DTLS-SRTP, ALPN, OCSP stapling and anonymous suites under the preloaded library, on both sides and on one.
"""

import re
import subprocess
import sys

import programs
from programs import Session, expect, expect_lines

LIBRARY = sys.argv[1]
FOLDER = programs.Folder()
EXPORT = ["-keymatexport", "EXTRACTOR-dtls_srtp", "-keymatexportlen", "60"]


def session(client, server):
    return Session(FOLDER, ["-dtls"] + server, ["-dtls"] + client, LIBRARY, LIBRARY)


def is_up(running):
    running.client.wait_for("^    Protocol  : DTLSv1.3$")
    running.exchange()
    expect(running.close() == (0, 0), "exit status")


def srtp():
    with session(["-use_srtp", "SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_128_GCM"] + EXPORT,
                 ["-use_srtp", "SRTP_AEAD_AES_128_GCM"] + EXPORT) as running:
        is_up(running)
        keys = set()
        for program in (running.client, running.server):
            expect_lines(program, "^SRTP Extension negotiated, profile=SRTP_AEAD_AES_128_GCM$")
            keys.update(re.findall("Keying material: ([0-9A-F]{120})", program.output))
        expect(len(keys) == 1, "keys %s" % keys)


def srtp_without_common_profile():
    for server in (["-use_srtp", "SRTP_AEAD_AES_256_GCM"], []):
        with session(["-use_srtp", "SRTP_AES128_CM_SHA1_80"], server) as running:
            is_up(running)
            for program in (running.client, running.server):
                expect("SRTP Extension negotiated" not in program.output, program.output)


def alpn():
    with session(["-alpn", "coap,h2"], ["-alpn", "h3,h2"]) as running:
        is_up(running)
        expect_lines(running.client, "^ALPN protocol: h2$")
        expect_lines(running.server, "^ALPN protocols advertised by the client: coap, h2$",
                     "^ALPN protocols selected: h2$")
    with session(["-alpn", "coap"], []) as running:
        is_up(running)
        expect_lines(running.client, "^No ALPN negotiated$")


def alpn_without_common_protocol():
    with session(["-alpn", "coap"], ["-alpn", "h2"]) as running:
        expect(running.client.finish() == 1, "the client goes on")
        expect_lines(running.client, "alert no application protocol")
        running.server.wait_for(":no application protocol:")


def make_ocsp_response():
    """What an OCSP responder, the authority itself, says of a certificate that it does not list."""
    ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    FOLDER.make_self_signed("authority", ec, "authority.example")
    FOLDER.issue("stapled", ec, "authority")
    with open(FOLDER.path("index.txt"), "w", encoding="ascii"):
        pass
    authority = FOLDER.path("authority.pem")
    subprocess.run(
        ["openssl", "ocsp", "-index", FOLDER.path("index.txt"), "-CA", authority, "-rsigner",
         authority, "-rkey", FOLDER.path("authority.key"), "-issuer", authority, "-cert",
         FOLDER.path("stapled.pem"), "-respout", FOLDER.path("response.der")],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def ocsp_stapling():
    make_ocsp_response()
    stapling = FOLDER.credential("stapled") + ["-status_file", FOLDER.path("response.der")]
    with session(["-status"], stapling) as running:
        is_up(running)
        expect_lines(running.client, "^OCSP response: $", "^ *OCSP Response Status: successful",
                     "^ *Responder Id: CN = authority.example$")
    with session(["-status"], []) as running:
        is_up(running)
        expect_lines(running.client, "^OCSP response: no response sent$")


def anonymous_suites():
    """A server without a certificate has nothing for DTLS 1.3, and serves DTLS 1.2 as on libssl alone."""
    anonymous = ["-cipher", "aNULL:@SECLEVEL=0"]
    with session(anonymous, ["-nocert"] + anonymous) as running:
        running.client.wait_for("^    Protocol  : DTLSv1.2$")
        expect_lines(running.client, "^New, TLSv1.2, Cipher is A(EC)?DH-")
        running.exchange()
        expect(running.close() == (0, 0), "exit status")


sys.exit(programs.run_all([
    srtp,
    srtp_without_common_profile,
    alpn,
    alpn_without_common_protocol,
    ocsp_stapling,
    anonymous_suites,
]) != 0)
