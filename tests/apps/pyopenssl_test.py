#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Debian's python3-openssl speaks DTLS 1.3 under the preloaded library: pyopenssl_test.py LIBRARY [FILTER]."""

import os
import subprocess
import sys

import harness
from harness import expect

PORT = 4433
# Debian's own interpreter, which has Debian's modules and libssl.
PYTHON = "/usr/bin/python3"
PEER = os.path.join(harness.HERE, "pyopenssl_peer.py")


def check_module():
    found = subprocess.run([PYTHON, "-c", "import OpenSSL"], check=False, stderr=subprocess.DEVNULL)
    if found.returncode != 0:
        raise harness.Unavailable("not installed: python3-openssl")


def peer(run, start, role, transport, certificate, *options, port=PORT):
    return start([PYTHON, PEER, role, transport, str(port), run.path(certificate + ".both"),
                  run.path("ca.pem"), *options])


def pair(run, transports, *options):
    server = peer(run, run.server, "server", transports[0], "server", *options)
    run.wait_for_port(PORT)
    return server, peer(run, run.client, "client", transports[1], "client", *options)


def facts_agree(server, client):
    client.wait_for("^peer localhost$")
    server.wait_for("^peer ")
    expect(server.wait_for("^exported .*$").group(0) == client.wait_for("^exported .*$").group(0),
           "the exported keys differ")
    for program in (server, client):
        room = int(program.wait_for(r"^room (\d+)$").group(1))
        expect(1300 < room < 1400, "room for %d bytes in a datagram" % room)


def exchange(server, client):
    for sender, receiver, words in ((client, server, "one two three"),
                                    (server, client, "four five six")):
        # One write to the peer, so that it has all of them at once.
        sender.send(words.replace(" ", "\n") + "\n")
        for word in words.split():
            receiver.wait_for("^received %s$" % word)


def talk(*transports, options=()):
    """A case: what the ends say agrees, data goes both ways, and the client closes."""
    def run_it(run):
        server, client = pair(run, transports, *options)
        facts_agree(server, client)
        exchange(server, client)
        client.end_input()
        for program in (client, server):
            expect(program.finish() == 0, "exit status")
            program.wait_for("^closing$")
    return run_it


def several_records_in_a_datagram(run):
    """Memory BIOs do not keep records apart: what was written since leaves as one datagram."""
    talk("memory", "memory")(run)
    most = run.capture.associations()[0].most_records
    expect(min(most.values()) >= 2, "records in one datagram: %s" % most)


def with_loss(run):
    server = peer(run, run.server, "server", "memory", "server")
    run.wait_for_port(PORT)
    client = peer(run, run.client, "client", "memory", "client",
                  port=run.relay(PORT, loss_rate=0.2).port)
    run.send_until(client, "often\n", server, "^received often$")
    run.send_until(server, "often\n", client, "^received often$")


def listening_to_both_versions(run):
    """Two clients at once on the socket where DTLSv1_listen waits, and each is answered in its version."""
    server = peer(run, run.server, "server", "memory", "server", "--count", "2")
    run.wait_for_port(PORT)
    clients = [peer(run, start, "client", "memory", "client") for start in (run.client, run.start)]
    for number, client in enumerate(clients):
        client.send("from %d\n" % number)
        client.end_input()
    for number, client in enumerate(clients):
        server.wait_for("^received from %d$" % number)
        expect(client.finish() == 0, "the client's exit status")
    expect(server.finish() == 0, "the server's exit status")
    expect(run.versions() == [harness.DTLS12, harness.DTLS13], "the wire says %s" % run.versions())


sys.exit(harness.main("pyopenssl", [PYTHON], [
    *harness.matrix("memory BIOs, several records in a datagram", several_records_in_a_datagram),
    *harness.matrix("sockets", talk("socket", "socket")),
    *harness.matrix("memory BIOs to a socket", talk("memory", "socket")),
    *harness.matrix("a socket to memory BIOs", talk("socket", "memory")),
    *harness.matrix("mutual certificates", talk("memory", "memory", options=("--mutual",))),
    *harness.matrix("a fifth of the datagrams lost", with_loss),
    harness.case("listening to both versions", listening_to_both_versions, version=None),
], check_module))
