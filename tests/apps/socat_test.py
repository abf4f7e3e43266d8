#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Debian's socat speaks DTLS 1.3 under the preloaded library: socat_test.py LIBRARY [FILTER]."""

import sys

import harness
from harness import exchange, expect

PORT = 4433


def listen(run, address, options="verify=0", host="pf=ip4"):
    server = run.server(["socat", "OPENSSL-DTLS-LISTEN:%d,%s,cert=%s,%s" % (
        PORT, host, run.path("server.both"), options), address])
    run.wait_for_port(PORT)
    return server


def connect(run, options="", host="localhost", family="pf=ip4", port=PORT):
    return run.client(["socat", "-", "OPENSSL-DTLS-CLIENT:%s:%d,%s,cafile=%s%s" % (
        host, port, family, run.path("ca.pem"), options)])


def close(*programs):
    """The first says that it is done, and all of them end well."""
    programs[0].end_input()
    for program in programs:
        expect(program.finish() == 0, "%s: exit status" % " ".join(program.arguments))


def both_ways(run):
    server = listen(run, "-")
    client = connect(run)
    exchange(server, client)
    close(client, server)


def server_closes(run):
    server = listen(run, "-")
    client = connect(run)
    exchange(server, client)
    close(server, client)


def over_ipv6(run):
    server = listen(run, "-", host="pf=ip6")
    client = connect(run, host="[::1]", family="pf=ip6,openssl-commonname=localhost")
    exchange(server, client)
    close(client, server)


def mutual_certificates(run):
    server = listen(run, "-", "verify=1,cafile=%s,openssl-commonname=localhost" % run.path("ca.pem"))
    client = connect(run, ",cert=" + run.path("client.both"))
    exchange(server, client)
    close(client, server)


def stranger_is_refused(run):
    """By a server that asks for a certificate of its authority's."""
    server = listen(run, "-", "verify=1,cafile=" + run.path("ca.pem"))
    connect(run, ",cert=" + run.path("stranger.both"))
    server.wait_for("certificate verify failed")
    expect(server.finish() != 0, "the server goes on")


def wrong_name_is_refused(run):
    listen(run, "-")
    client = connect(run, ",openssl-commonname=elsewhere.example")
    expect(client.finish() != 0, "the client goes on")


def with_loss(run):
    """socat has no timers of its own, and its BIO none either: the library repeats what is lost."""
    server = listen(run, "-")
    client = connect(run, port=run.relay(PORT, loss_rate=0.2).port)
    run.send_until(client, "from the client\n", server, "^from the client$")
    run.send_until(server, "from the server\n", client, "^from the server$")


def echo_by_a_child(run):
    """The child inherits LD_PRELOAD, and is no concern of the library's."""
    listen(run, "EXEC:cat")
    client = connect(run)
    for text in ("one", "two", "three"):
        client.send(text + "\n")
        client.wait_for("^%s$" % text)
    close(client)


def clients_at_once(run):
    """The server forks for each, and so the handshakes are the children's. Meanwhile socat loses the hello
    of another client, so the clients are s_client: it repeats its hello, with libssl as well."""
    listen(run, "SYSTEM:while read line; do echo got $line; done", "verify=0,fork")
    clients = []
    for _ in range(3):
        clients.append(run.client(["openssl", "s_client", "-dtls", "-quiet", "-connect",
                                   "127.0.0.1:%d" % PORT]))
        clients[-1].send("one\n")
        clients[-1].wait_for("^got one$")
    for client in clients:
        client.send("two\n")
        client.wait_for("^got two$")


def shell_at_each_end(run):
    """A file each way, between two shells, in more than one datagram."""
    lines = "".join("line %d\n" % number for number in range(3000))
    source, sink = run.write("source", lines), run.path("sink")
    server = listen(run, "EXEC:cat")
    client = run.client(["socat", "-t", "5", "OPENSSL-DTLS-CLIENT:localhost:%d,pf=ip4,cafile=%s" % (
        PORT, run.path("ca.pem")), "SYSTEM:cat %s; head -c %d >%s" % (source, len(lines), sink)])
    expect(client.finish() == 0, "the client's exit status")
    expect(server.finish() == 0, "the server's exit status")
    with open(sink, encoding="ascii") as file:
        expect(file.read() == lines, "the file came back changed")


sys.exit(harness.main("socat", ["openssl", "socat"], [
    *harness.matrix("data both ways", both_ways),
    *harness.matrix("the server closes", server_closes),
    *harness.matrix("IPv6", over_ipv6),
    *harness.matrix("mutual certificates", mutual_certificates),
    *[harness.case("a stranger's certificate is refused", stranger_is_refused, mix, None)
      for mix in harness.MIXES],
    *[harness.case("the wrong name is refused", wrong_name_is_refused, mix, None)
      for mix in harness.MIXES],
    harness.case("a fifth of the datagrams lost", with_loss),
    *harness.matrix("echo by a child", echo_by_a_child),
    *harness.matrix("clients at once", clients_at_once),
    *harness.matrix("shell at each end", shell_at_each_end),
]))
