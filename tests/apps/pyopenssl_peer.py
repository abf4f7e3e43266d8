# SPDX-License-Identifier: Apache-2.0
"""One end of an association by Debian's python3-openssl, as its users write it.

  pyopenssl_peer.py server|client memory|socket PORT CERTIFICATE AUTHORITY [--mutual] [--count N]

A server takes a first hello by DTLSv1_listen with cookies, N times one after the other. `memory` moves datagrams between a socket and
memory BIOs by hand, all that the library has written since as one datagram; `socket` gives the library the
socket. Prints facts, sends each line of its input, and prints what it receives.
"""

import argparse
import os
import select
import socket

from OpenSSL import SSL
from OpenSSL._util import ffi, lib

COOKIE = b"a cookie of this server's"
MAX_DATAGRAM = 65536
MTU = 1400


def say(*words):
    print(*words, flush=True)


def make_context(arguments):
    context = SSL.Context(SSL.DTLS_METHOD)
    context.use_certificate_file(arguments.certificate)
    context.use_privatekey_file(arguments.certificate)
    context.load_verify_locations(arguments.authority)
    context.set_options(SSL.OP_NO_QUERY_MTU)
    if arguments.role == "client" or arguments.mutual:
        context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT,
                           lambda connection, certificate, error, depth, ok: bool(ok))
    context.set_cookie_generate_callback(lambda connection: COOKIE)
    context.set_cookie_verify_callback(lambda connection, cookie: cookie == COOKIE)
    return context


class MemoryTransport:
    """The library reads from memory and writes into it; `udp` is not connected."""

    def __init__(self, context, udp, peer):
        self.udp = udp
        self.connection = SSL.Connection(context, None)
        # Whom to answer. Once it is settled, nobody else is heard.
        self.peer = peer
        self.is_settled = peer is not None

    def flush(self):
        try:
            self.udp.sendto(self.connection.bio_read(MAX_DATAGRAM), self.peer)
        except SSL.WantReadError:
            pass

    def take(self):
        datagram, sender = self.udp.recvfrom(MAX_DATAGRAM)
        if not self.is_settled:
            self.peer = sender
        if sender == self.peer:
            self.connection.bio_write(datagram)


class SocketTransport:
    """The library has the socket, which is connected to the peer and never blocks."""

    is_settled = True

    def __init__(self, context, udp, peer):
        if peer is None:
            select.select([udp], [], [])
            peer = udp.recvfrom(1, socket.MSG_PEEK)[1]
        udp.connect(peer)
        udp.setblocking(False)
        self.udp = udp
        self.connection = SSL.Connection(context, udp)

    def flush(self):
        pass

    def take(self):
        pass


def next_timeout(connection):
    """Seconds, or None: DTLSv1_get_timeout, which this version of the module reaches only by its bindings."""
    seconds, microseconds = ffi.new("time_t *"), ffi.new("long *")
    if not lib.Cryptography_DTLSv1_get_timeout(connection._ssl, seconds, microseconds):
        return None
    return seconds[0] + microseconds[0] / 1e6


def wait(transport, others=()):
    """Waits for a datagram, a timer or one of the others, and serves the first two; returns the others that
    are ready."""
    transport.flush()
    timeout = next_timeout(transport.connection) if transport.is_settled else None
    ready = select.select([transport.udp, *others], [], [], timeout)[0]
    if not ready:
        lib.DTLSv1_handle_timeout(transport.connection._ssl)
    if transport.udp in ready:
        transport.take()
    transport.flush()
    return [other for other in others if other in ready]


def until_done(transport, operation):
    while True:
        try:
            return operation()
        except SSL.WantReadError:
            wait(transport)


def receive_all(connection):
    """Prints what has come; returns False once the peer has closed."""
    while True:
        try:
            say("received", connection.recv(MAX_DATAGRAM).decode())
        except SSL.WantReadError:
            return True
        except SSL.ZeroReturnError:
            return False


def converse(transport):
    """Sends the input's lines, those that come at once together, until it ends or the peer closes."""
    connection = transport.connection
    while receive_all(connection):
        if wait(transport, [0]):
            lines = os.read(0, MAX_DATAGRAM)
            for line in lines.splitlines():
                connection.send(line)
            if not lines:
                break
    say("closing")
    connection.shutdown()
    transport.flush()


def run_one(arguments, context, udp):
    """One association, from its first hello to its close."""
    address = ("127.0.0.1", arguments.port)
    is_server = arguments.role == "server"
    make = MemoryTransport if arguments.transport == "memory" else SocketTransport
    transport = make(context, udp, None if is_server else address)
    connection = transport.connection
    connection.set_ciphertext_mtu(MTU)
    if is_server:
        connection.set_accept_state()
        until_done(transport, connection.DTLSv1_listen)
        transport.is_settled = True
    else:
        connection.set_connect_state()
        connection.set_tlsext_host_name(b"localhost")
    until_done(transport, connection.do_handshake)
    transport.flush()
    say("exported", connection.export_keying_material(b"EXPERIMENTAL-test", 32).hex())
    say("room", connection.get_cleartext_mtu())
    certificate = connection.get_peer_certificate()
    say("peer", certificate.get_subject().CN if certificate else "nobody")
    converse(transport)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=["server", "client"])
    parser.add_argument("transport", choices=["memory", "socket"])
    parser.add_argument("port", type=int)
    parser.add_argument("certificate")
    parser.add_argument("authority")
    parser.add_argument("--mutual", action="store_true")
    parser.add_argument("--count", type=int, default=1)
    arguments = parser.parse_args()
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    if arguments.role == "server":
        udp.bind(("127.0.0.1", arguments.port))
    context = make_context(arguments)
    for _ in range(arguments.count):
        run_one(arguments, context, udp)


main()
