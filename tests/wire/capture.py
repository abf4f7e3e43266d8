# SPDX-License-Identifier: Apache-2.0
"""Listens on the loopback device and keeps a wire.Trace of each DTLS association that passes there.

It is passive: programs talk to each other directly. Needs CAP_NET_RAW. IP fragments are not put together:
the loopback device takes a whole UDP datagram.
"""

import collections
import ipaddress
import select
import socket
import struct
import threading
import time

import wire

ETH_P_ALL = 3
ETH_P_IP = 0x0800
ETH_P_IPV6 = 0x86DD
# Every packet on loopback is seen going out and coming in.
PACKET_OUTGOING = 4
IPPROTO_UDP = 17
# RFC 7983: a first byte in this range is DTLS; STUN, RTP and ChannelData that share the port are not.
DTLS_FIRST_BYTES = range(20, 64)

VERSION_NAMES = {
    wire.DTLS10_VERSION: "DTLSv1",
    wire.DTLS12_VERSION: "DTLSv1.2",
    wire.DTLS13_VERSION: "DTLSv1.3",
}

Datagram = collections.namedtuple("Datagram", "source destination payload")


def parse_udp(protocol, packet):
    """The Datagram in an IP packet, addresses as (host, port); None if it is no whole UDP datagram."""
    if protocol == ETH_P_IP and len(packet) >= 20:
        header_len = (packet[0] & 15) * 4
        is_fragment = struct.unpack_from(">H", packet, 6)[0] & 0x3FFF
        if packet[9] != IPPROTO_UDP or is_fragment:
            return None
        hosts = packet[12:16], packet[16:20]
    elif protocol == ETH_P_IPV6 and len(packet) >= 40 and packet[6] == IPPROTO_UDP:
        header_len = 40
        hosts = packet[8:24], packet[24:40]
    else:
        return None
    if len(packet) < header_len + 8:
        return None
    source_port, destination_port, length = struct.unpack_from(">HHH", packet, header_len)
    source, destination = (str(ipaddress.ip_address(host)) for host in hosts)
    return Datagram((source, source_port), (destination, destination_port),
                    packet[header_len + 8:header_len + length])


def opening_of(payload):
    """The first ClientHello (message_seq 0) that a datagram starts with: (length, bytes of its first
    fragment). None if it starts with something else."""
    if len(payload) < 25 or payload[0] != wire.HANDSHAKE or payload[3:5] != b"\0\0":
        return None
    message = payload[13:]
    if message[0] != wire.CLIENT_HELLO or message[4:6] != b"\0\0" or message[6:9] != b"\0\0\0":
        return None
    fragment_len = int.from_bytes(message[9:12], "big")
    return int.from_bytes(message[1:4], "big"), message[12:12 + fragment_len]


class Association:
    """One client address and port at one server address and port, from a first ClientHello on."""

    def __init__(self, client, server, opening):
        self.client = client
        self.server = server
        self.trace = wire.Trace(allows_dtls12=True)
        # Of protected records in one datagram, by direction.
        self.most_records = {wire.TO_SERVER: 0, wire.TO_CLIENT: 0}
        # What the trace could not make sense of.
        self.fault = None
        self._opening = opening

    def begins_with(self, opening):
        """Whether `opening` repeats this association's first ClientHello, perhaps cut elsewhere."""
        shared = min(len(opening[1]), len(self._opening[1]))
        return (opening[0] == self._opening[0] and
                opening[1][:shared] == self._opening[1][:shared])

    def opening_is_cut(self):
        """Whether the first ClientHello came in several fragments."""
        return len(self._opening[1]) < self._opening[0]

    def add(self, datagram):
        direction = wire.TO_SERVER if datagram.source == self.client else wire.TO_CLIENT
        num_before = self.trace.num_protected[direction]
        try:
            self.trace.add(direction, datagram.payload)
            self.most_records[direction] = max(
                self.most_records[direction], self.trace.num_protected[direction] - num_before)
        except wire.Malformed as error:
            self.fault = self.fault or "%s: %s: %s" % (direction, error,
                                                       datagram.payload[:64].hex())

    def is_up(self):
        """Whether a version was chosen and both sides went on to protected records."""
        return self.trace.version() is not None and self.trace.is_protected()

    def version(self):
        number = self.trace.version()
        return VERSION_NAMES.get(number, "none" if number is None else "0x%04x" % number)

    def suite(self):
        """The suite's code point that the ServerHello chose, or None."""
        answers = self.trace.server_hellos()
        return answers[-1].suites[0] if answers else None

    def describe(self):
        """Version, suite and the retries on the way to them, for a person."""
        words = [self.version()]
        if self.suite() is not None:
            words.append("0x%04x" % self.suite())
        if self.trace.num_hello_verify_requests:
            words.append("HelloVerifyRequest")
        if self.trace.retries():
            words.append("HelloRetryRequest")
        words += ["alert %d" % alert for _, alert in self.trace.plaintext_alerts]
        return " ".join(words)


class Capture(threading.Thread):
    """Runs from its making to close(). Use it in the network namespace of the programs."""

    def __init__(self):
        super().__init__(daemon=True)
        self._changed = threading.Condition()
        self._associations = []
        self._current = {}  # by the two addresses
        self._stopping = False
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self._socket.bind(("lo", ETH_P_ALL))
        self.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._stopping = True
        self.join()
        self._socket.close()

    def run(self):
        while not self._stopping:
            if select.select([self._socket], [], [], 0.02)[0]:
                packet, (_, protocol, kind, _, _) = self._socket.recvfrom(1 << 17)
                datagram = parse_udp(protocol, packet) if kind != PACKET_OUTGOING else None
                if datagram and datagram.payload and datagram.payload[0] in DTLS_FIRST_BYTES:
                    self._take(datagram)

    def _take(self, datagram):
        flow = frozenset([datagram.source, datagram.destination])
        opening = opening_of(datagram.payload)
        with self._changed:
            association = self._current.get(flow)
            if opening and not (association and association.begins_with(opening)):
                association = Association(datagram.source, datagram.destination, opening)
                self._current[flow] = association
                self._associations.append(association)
            if association:
                association.add(datagram)
                self._changed.notify_all()

    def associations(self, server_port=None):
        """All that began, or those at one server's port, in order."""
        with self._changed:
            return [association for association in self._associations
                    if server_port in (None, association.server[1])]

    def wait_for_up(self, count, timeout_s):
        """Waits until `count` associations were up; returns whether they were."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while sum(association.is_up() for association in self._associations) < count:
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(left)
            return True
