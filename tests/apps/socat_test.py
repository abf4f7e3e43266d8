#!/usr/bin/env python3
"""Debian's socat speaks DTLS 1.3 under the preloaded library: socat_test.py LIBRARY [FILTER]."""

import sys

import harness

PORT = 4433


def listen(run, options="", address="EXEC:cat"):
    server = run.server(["socat", "OPENSSL-DTLS-LISTEN:%d,cert=%s,%s" % (
        PORT, run.path("server.both"), options or "verify=0"), address])
    run.wait_for_port(PORT)
    return server


def connect(run, options=""):
    return run.client(["socat", "-", "OPENSSL-DTLS-CLIENT:localhost:%d,pf=ip4,cafile=%s%s" % (
        PORT, run.path("ca.pem"), options)])


def echo_by_a_child(run):
    """The child inherits LD_PRELOAD, and is no concern of the library's."""
    listen(run)
    client = connect(run)
    for text in ("one", "two", "three"):
        client.send(text + "\n")
        client.wait_for("^%s$" % text)
    client.end_input()
    harness.expect(client.finish() == 0, "the client's exit status")


sys.exit(harness.main("socat", ["socat"], [
    *harness.matrix("echo by a child", echo_by_a_child),
]))
