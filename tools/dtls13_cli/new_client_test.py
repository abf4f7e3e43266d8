#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Clients that come to a server by one address, one after the other: new_client_test.py CLI.

A relay stands for the address. The first client does not close; a ClientHello without a cookie does not end its
association, and a second client's whole handshake does.
"""

import contextlib
import os
import select
import socket
import subprocess
import sys
import tempfile

CLI = os.path.abspath(sys.argv[1])
TIMEOUT_S = 60
HANDSHAKE_RECORD, SERVER_HELLO = 22, 2
RECORD_HEADER_LEN = 13
RANDOM = slice(27, 59)  # behind both headers and legacy_version


def start(folder, *arguments):
    return subprocess.Popen([CLI] + list(arguments), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            universal_newlines=True)


class Relay:
    """Sends what any client sends by one socket, and the answers to the client that was heard last."""

    def __init__(self, server_port):
        self.clients = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.clients.bind(("127.0.0.1", 0))
        self.port = str(self.clients.getsockname()[1])
        self.server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.server.connect(("127.0.0.1", server_port))
        self.client = None

    def step(self):
        """Passes one datagram on, and returns it and whether it is the server's."""
        if not self.wait(TIMEOUT_S):
            raise SystemExit("nobody sends anything")
        return self.pass_on()

    def wait(self, seconds):
        return select.select([self.clients, self.server], [], [], seconds)[0]

    def pass_on(self):
        ready = self.wait(0)
        if ready[0] is self.server:
            datagram = self.server.recv(65536)
            self.clients.sendto(datagram, self.client)
            return datagram, True
        datagram, self.client = self.clients.recvfrom(65536)
        self.server.send(datagram)
        return datagram, False


def is_hello_retry_request(datagram):
    return datagram[0] == HANDSHAKE_RECORD and datagram[RECORD_HEADER_LEN] == SERVER_HELLO


def serve_two(server, relay, folder):
    first = start(folder, "client", "--port", relay.port, "--count", "1000", "--await-echo", "--expect", "1001")
    hello, num_datagrams = None, 0
    while num_datagrams < 40:
        datagram, _ = relay.step()
        hello = hello or datagram
        num_datagrams += 1
    # Another client's ClientHello, from nobody who hears the answer.
    forged = bytearray(hello)
    forged[RANDOM] = os.urandom(32)
    relay.server.send(forged)
    was_answered, num_echoes = False, 0
    while num_echoes < 100:
        datagram, is_servers = relay.step()
        was_answered = was_answered or (is_servers and is_hello_retry_request(datagram))
        num_echoes += was_answered and is_servers
    first.kill()
    first.wait()

    second = start(folder, "client", "--port", relay.port, "--text", "again", "--expect", "1", "--close-first")
    # Whoever has ended sends nothing more.
    while second.poll() is None or server.poll() is None:
        if relay.wait(0.05):
            with contextlib.suppress(ConnectionRefusedError):  # it has just ended
                relay.pass_on()
    outputs = [program.communicate(timeout=TIMEOUT_S)[0] for program in (server, second)]
    if server.returncode != 0 or second.returncode != 0:
        raise SystemExit("server:\n%s\nsecond client:\n%s" % tuple(outputs))
    # //= rfc9147#section-5.11
    # //= type=test
    # //# In cases where a server believes it has an existing association on a
    # //# given host/port quartet and it receives an epoch=0 ClientHello, it
    # //# SHOULD proceed with a new handshake but MUST NOT destroy the existing
    # //# association until the client has demonstrated reachability either by
    # //# completing a cookie exchange or by completing a complete handshake
    # //# including delivering a verifiable Finished message.
    if outputs[0].count("a new client at the address of the last one\n") != 1:
        raise SystemExit("the server met no new client, or too many:\n" + outputs[0])
    if "received 1 datagrams of 5 bytes" not in outputs[0]:
        raise SystemExit("the server's work did not start anew:\n" + outputs[0])


def run():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-subj", "/CN=server", "-keyout", "key.pem", "-out", "cert.pem"],
                       cwd=folder, check=True, stderr=subprocess.DEVNULL)
        server = start(folder, "server", "--port", "0", "--cert", "cert.pem", "--key", "key.pem", "--echo")
        port = int(server.stdout.readline().rsplit(None, 1)[1])
        serve_two(server, Relay(port), folder)


run()
