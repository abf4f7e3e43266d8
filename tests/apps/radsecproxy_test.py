#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Debian's radsecproxy carries RADIUS over DTLS 1.3: radsecproxy_test.py LIBRARY [FILTER].

Two proxies: one takes requests by UDP and is the DTLS client of the other, which hands them to a server by
UDP. Both ends of the chain are here. Each proxy has a certificate and checks the other's.
"""

import hashlib
import os
import socket
import struct
import sys

import harness
from harness import Failed, expect

NEAR_PORT, DTLS_PORT, FAR_PORT = 1812, 2083, 1822
SECRET = b"testing"
ACCESS_REQUEST, ACCESS_ACCEPT = 1, 2
USER_NAME, USER_PASSWORD, REPLY_MESSAGE = 1, 2, 18

TLS = """tls default {
  CACertificateFile %(ca)s
  CertificateFile %(certificate)s
  CertificateKeyFile %(key)s
}
"""
NEAR = TLS + """ListenUDP 127.0.0.1:%(near)d
client 127.0.0.1 {
  type udp
  secret testing
}
server far {
  host 127.0.0.1
  port %(dtls)d
  type dtls
  secret radius/dtls
}
realm * {
  server far
}
"""
FAR = TLS + """ListenDTLS 127.0.0.1:%(dtls)d
client near {
  host 127.0.0.1
  type dtls
  secret radius/dtls
}
server 127.0.0.1 {
  type udp
  port %(far)d
  secret testing
}
realm * {
  server 127.0.0.1
}
"""


def attribute(kind, value):
    return struct.pack("BB", kind, len(value) + 2) + value


def hidden(password, authenticator, secret):
    """User-Password as RFC 2865 section 5.2 hides it, for one block of 16 bytes."""
    key = hashlib.md5(secret + authenticator).digest()
    return bytes(a ^ b for a, b in zip(password.ljust(16, b"\0"), key))


def packet(code, identifier, authenticator, attributes):
    return struct.pack(">BBH", code, identifier, 20 + len(attributes)) + authenticator + attributes


def answer_to(request, attributes):
    """An Access-Accept with its authenticator, RFC 2865 section 3. Proxy-State goes back as it came."""
    states, at = b"", 20
    while at < len(request):
        if request[at] == 33:
            states += request[at:at + request[at + 1]]
        at += request[at + 1]
    attributes += states
    unsigned = packet(ACCESS_ACCEPT, request[1], request[4:20], attributes)
    digest = hashlib.md5(unsigned + SECRET).digest()
    return unsigned[:4] + digest + attributes


def find_attribute(received, kind):
    """The values of one attribute, joined."""
    values, at = b"", 20
    while at < len(received):
        if received[at] == kind:
            values += received[at + 2:at + received[at + 1]]
        at += received[at + 1]
    return values


class Radius:
    """A RADIUS client of the near proxy and a server behind the far one."""

    def __init__(self):
        self._client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._client.connect(("127.0.0.1", NEAR_PORT))
        self._server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._server.bind(("127.0.0.1", FAR_PORT))
        self._num_sent = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._client.close()
        self._server.close()

    @staticmethod
    def _receive(receiver):
        """What comes to one end. Each request is sent once: a proxy that keeps it shows."""
        receiver.settimeout(harness.TIMEOUT_S)
        try:
            return receiver.recvfrom(4096)
        except socket.timeout:
            raise Failed("nothing comes through") from None

    def ask(self, user, reply):
        """A request for `user` arrives at the server, and `reply` at the client."""
        self._num_sent += 1
        authenticator = os.urandom(16)
        request = packet(ACCESS_REQUEST, self._num_sent, authenticator,
                         attribute(USER_NAME, user) +
                         attribute(USER_PASSWORD, hidden(b"password", authenticator, SECRET)))
        self._client.send(request)
        received, proxy = self._receive(self._server)
        expect(find_attribute(received, USER_NAME) == user, "not the request")
        expect(find_attribute(received, USER_PASSWORD) == hidden(
            b"password", received[4:20], SECRET), "the password came through changed")
        attributes = b"".join(attribute(REPLY_MESSAGE, reply[at:at + 200])
                              for at in range(0, len(reply), 200))
        self._server.sendto(answer_to(received, attributes), proxy)
        answer, _ = self._receive(self._client)
        expect(answer[:2] == bytes([ACCESS_ACCEPT, self._num_sent]), "not the answer")
        expect(find_attribute(answer, REPLY_MESSAGE) == reply, "the answer came through changed")


def start_proxy(run, start, text, certificate):
    config = run.write(certificate + ".conf", text % {
        "ca": run.path("ca.pem"), "certificate": run.path(certificate + ".pem"),
        "key": run.path(certificate + ".key"), "near": NEAR_PORT, "dtls": DTLS_PORT,
        "far": FAR_PORT})
    return start(["radsecproxy", "-f", "-d", "2", "-c", config])


def start_both(run, client_certificate="client"):
    far = start_proxy(run, run.server, FAR, "server")
    run.wait_for_port(DTLS_PORT)
    near = start_proxy(run, run.client, NEAR, client_certificate)
    run.wait_for_port(NEAR_PORT)
    return near, far


def requests(run):
    start_both(run)
    with Radius() as radius:
        for number in range(20):
            radius.ask(b"user%d@example.org" % number, b"welcome %d" % number)


def long_answers(run):
    """A RADIUS message is one record, and may be larger than a datagram that goes undivided."""
    start_both(run)
    with Radius() as radius:
        for length in (1000, 1500, 3000):
            radius.ask(b"user@example.org", os.urandom(length))


def stranger_is_refused(run):
    _, far = start_both(run, "stranger")
    far.wait_for("certificate verify failed")


sys.exit(harness.main("radsecproxy", ["radsecproxy"], [
    *harness.matrix("requests", requests),
    *harness.matrix("long answers", long_answers),
    *[harness.case("a stranger's certificate is refused", stranger_is_refused, mix, None)
      for mix in harness.MIXES],
    # It insists on a mallopt that AddressSanitizer does not have.
], bears_sanitizer=False))
