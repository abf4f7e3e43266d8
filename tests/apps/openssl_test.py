#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Debian's s_client and s_server, the library on either side or both: openssl_test.py LIBRARY [FILTER].

What each prints and returns is the matter of tests/abi; here it is what they do to each other, and the
version on the wire.
"""

import sys

import harness
import wire
from harness import exchange, expect

PORT = 4433
PSK = "0123456789abcdef0123456789abcdef"
SRTP = "SRTP_AES128_CM_SHA1_80"
EXPORT = ["-keymatexport", "EXPERIMENTAL-test", "-keymatexportlen", "32"]


def serve(run, *options, dtls="-dtls", credential="server", address="127.0.0.1"):
    key = ["-nocert"]
    if credential:
        key = ["-cert", run.path(credential + ".pem"), "-key", run.path(credential + ".key")]
    server = run.server(["openssl", "s_server", dtls, "-accept", "%s:%d" % (address, PORT)] +
                        key + list(options))
    run.wait_for_port(PORT)
    return server


def connect(run, *options, dtls="-dtls", port=PORT, address="127.0.0.1"):
    return run.client(["openssl", "s_client", dtls, "-connect", "%s:%d" % (address, port),
                       "-CAfile", run.path("ca.pem"), "-verify_return_error"] + list(options))


def close(client):
    client.send("Q\n")
    expect(client.finish() == 0, "the client's exit status")


def talk(server_options=(), client_options=(), check=None, credential="server",
         address="127.0.0.1", dtls=("-dtls", "-dtls")):
    """A case: connect, exchange lines, close. `check` is called with the two programs before the close;
    `dtls` is how the server and the client name the protocol."""
    def run_it(run):
        server = serve(run, *server_options, dtls=dtls[0], credential=credential, address=address)
        client = connect(run, *client_options, dtls=dtls[1], address=address)
        client.wait_for("^    Verify return code: 0")
        exchange(server, client)
        if check:
            check(server, client)
        close(client)
    return run_it


def shown(server_pattern, client_pattern=""):
    """A check that the programs print what matches."""
    def check(server, client):
        server.wait_for(server_pattern)
        client.wait_for(client_pattern)
    return check


def same_exported_key(server, client):
    pattern = "Keying material: ([0-9A-F]{64})"
    expect(server.wait_for(pattern).group(1) == client.wait_for(pattern).group(1),
           "the exported keys differ")


def with_loss(run):
    server = serve(run, "-timeout")
    client = connect(run, "-timeout", port=run.relay(PORT, loss_rate=0.2, seed=6).port)
    client.wait_for("^    Verify return code: 0")
    run.send_until(client, "from the client\n", server, "^from the client$")
    run.send_until(server, "from the server\n", client, "^from the server$")


def client_certificates(run):
    server_options = ["-Verify", "1", "-verify_return_error", "-CAfile", run.path("ca.pem")]
    client_options = ["-cert", run.path("client.pem"), "-key", run.path("client.key")]
    talk(server_options, client_options, shown("^subject=CN = client$"))(run)


def stranger_is_refused(run):
    server = serve(run, "-Verify", "1", "-verify_return_error", "-CAfile", run.path("ca.pem"))
    client = connect(run, "-cert", run.path("stranger.pem"), "-key", run.path("stranger.key"))
    server.wait_for("certificate verify failed")
    client.wait_for("alert unknown ca")


def resume(run, server_options=(), client_options=()):
    """Two connections, the second from the first one's session and with `client_options`; returns the wire's
    trace of the second."""
    server = serve(run, "-naccept", "2", *server_options)
    path = run.path("session")
    for number, options in enumerate((["-sess_out", path], ["-sess_in", path, *client_options])):
        if number:
            server.wait_for("^CONNECTION CLOSED$")
        client = connect(run, *options)
        client.wait_for("^    Verify return code: 0")
        exchange(server, client, 3 * number)
        close(client)
        client.wait_for("^%s, " % ("Reused" if number else "New"))
    return run.capture.associations()[-1].trace


def sessions_in_and_out(run):
    hello = resume(run).server_hellos()[-1]
    expect((wire.PRE_SHARED_KEY in hello.extensions) == (run.versions() == [harness.DTLS13]),
           "ServerHello takes a PSK")


def early_data(run):
    """s_server asks for a cookie, and a hello that was sent back has no early data: it is offered, refused,
    and does no harm."""
    early = run.write("early", "this came early\n")
    hellos = resume(run, ["-early_data"], ["-early_data", early]).client_hellos()
    expect([wire.EARLY_DATA in hello.extensions for hello in hellos] == [True, False],
           "early data in %d ClientHellos" % len(hellos))


def both_versions_by_turns(run):
    """One server and socket. With -listen s_server leaves its socket connected to the first client."""
    server = serve(run, "-naccept", "4")
    for number, preloaded in enumerate((True, False, True, False)):
        if number:
            server.wait_for("^CONNECTION CLOSED$", number)
        client = run.start(["openssl", "s_client", "-dtls", "-connect", "127.0.0.1:%d" % PORT],
                           preloaded)
        client.wait_for("^    Verify return code: ")
        client.send("this is %d\n" % number)
        server.wait_for("^this is %d$" % number)
        close(client)
    versions = [association.version() for association in run.capture.associations()]
    expect(versions == [harness.DTLS13, harness.DTLS12] * 2, "the wire says %s" % versions)


def retries(run):
    """The client's first key share is of a group that the server does not have."""
    talk(["-groups", "P-256"], ["-groups", "X25519:P-256"])(run)
    first = run.capture.associations()[0].trace
    expect(bool(first.retries()) == (run.versions() == [harness.DTLS13]), "HelloRetryRequest")


def cookies(run):
    """A server with a cookie exchange asks for it, whichever version it speaks."""
    talk()(run)
    for association in run.capture.associations():
        is_dtls13 = association.version() == harness.DTLS13
        expect(bool(association.trace.retries()) == is_dtls13, "HelloRetryRequest")
        expect(bool(association.trace.num_hello_verify_requests) != is_dtls13,
               "HelloVerifyRequest")


sys.exit(harness.main("openssl", ["openssl"], [
    *harness.matrix("accept", talk()),
    *harness.matrix("accept with a cookie", cookies),
    *harness.matrix("listen", talk(["-listen"])),
    *harness.matrix("RSA certificate", talk(credential="rsa")),
    *harness.matrix("HelloRetryRequest for a group", retries),
    *harness.matrix("key export", talk(EXPORT, EXPORT, same_exported_key)),
    *harness.matrix("client certificate", client_certificates),
    *[harness.case("a stranger's certificate is refused", stranger_is_refused, mix, None)
      for mix in harness.MIXES],
    *harness.matrix("PSK", talk(["-psk", PSK], ["-psk", PSK], credential=None)),
    *harness.matrix("SRTP", talk(["-use_srtp", SRTP], ["-use_srtp", SRTP],
                                 shown("profile=" + SRTP, "profile=" + SRTP))),
    *harness.matrix("ALPN", talk(["-alpn", "one,two"], ["-alpn", "two,one"],
                                 shown("^ALPN protocols selected: one$", "^ALPN protocol: one$"))),
    *harness.matrix("sessions in and out", sessions_in_and_out),
    harness.case("early data", early_data),
    *harness.matrix("small MTU", talk(["-mtu", "400"], ["-mtu", "400"])),
    *harness.matrix("timeouts", talk(["-timeout"], ["-timeout"])),
    *harness.matrix("IPv6", talk(address="[::1]")),
    *harness.matrix("a fifth of the datagrams lost", with_loss),
    harness.case("both versions by turns", both_versions_by_turns, version=None),
    *[harness.case("pinned by %s, %s" % dtls, talk(dtls=dtls), harness.PINNED)
      for dtls in (("-dtls", "-dtls1_2"), ("-dtls1_2", "-dtls"), ("-dtls1_2", "-dtls1_2"))],
]))
