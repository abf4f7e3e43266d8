#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Debian's ncat as a DTLS client (it is no DTLS server) of s_server: ncat_test.py LIBRARY [FILTER]."""

import sys

import harness
from harness import exchange, expect

PORT = 4433


def serve(run, credential="server", *options):
    server = run.server(["openssl", "s_server", "-dtls", "-accept", "127.0.0.1:%d" % PORT, "-cert",
                         run.path(credential + ".pem"), "-key", run.path(credential + ".key")] +
                        list(options))
    run.wait_for_port(PORT)
    return server


def connect(run, *options):
    return run.client(["ncat", "-v", "--udp", "--ssl", *options, "localhost", str(PORT)])


def verified(run):
    return ["--ssl-verify", "--ssl-trustfile", run.path("ca.pem")]


def both_ways(run):
    server = serve(run)
    client = connect(run)
    client.wait_for("SSL connection to 127.0.0.1:%d" % PORT)
    exchange(server, client)


def verified_server(run):
    server = serve(run)
    client = connect(run, *verified(run))
    client.wait_for("SSL connection to 127.0.0.1:%d" % PORT)
    exchange(server, client)


def stranger_is_refused(run):
    server = serve(run, "stranger")
    client = connect(run, *verified(run))
    expect(client.finish() != 0, "ncat goes on")
    server.wait_for("alert")


def input_ends(run):
    """ncat leaves without a close_notify, whatever library it has."""
    server = serve(run)
    client = connect(run, "--send-only")
    client.send("all of it\n")
    server.wait_for("^all of it$")
    client.end_input()
    expect(client.finish() == 0, "ncat's exit status")


def server_closes(run):
    """s_server closes its socket before it says so; socat does not. ncat overlooks a close that it reads right
    after data, with libssl as well, so the close comes on its own."""
    run.server(["socat", "OPENSSL-DTLS-LISTEN:%d,cert=%s,verify=0" % (PORT, run.path("server.both")),
                "SYSTEM:read line; echo got $line; read line"])
    run.wait_for_port(PORT)
    client = connect(run)
    client.send("all of it\n")
    client.wait_for("^got all of it$")
    client.send("and done\n")
    expect(client.finish() == 0, "ncat's exit status")


sys.exit(harness.main("ncat", ["ncat", "openssl", "socat"], [
    *harness.matrix("data both ways", both_ways),
    *harness.matrix("verified server", verified_server),
    harness.case("a stranger's certificate is refused", stranger_is_refused, version=None),
    *harness.matrix("the input ends", input_ends),
    *harness.matrix("the server closes", server_closes),
]))
