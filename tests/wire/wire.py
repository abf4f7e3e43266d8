# SPDX-License-Identifier: Apache-2.0
"""What passes between client and server: a relay, and an independent reading of its datagrams.

Only what is not encrypted is read: the hellos, plaintext alerts, and the epoch bits of the unified
header (RFC 9147 section 4). It decides which version was negotiated, and whether there was a
HelloRetryRequest and a change of keys, so that no test has to believe either end.
"""

import collections
import select
import socket
import struct
import threading
from random import Random

TO_SERVER = "c2s"
TO_CLIENT = "s2c"

ALERT = 21
HANDSHAKE = 22
CLIENT_HELLO = 1
SERVER_HELLO = 2
HELLO_VERIFY_REQUEST = 3
DTLS10_VERSION = 0xFEFF
DTLS12_VERSION = 0xFEFD
DTLS13_VERSION = 0xFEFC
SUPPORTED_GROUPS = 10
KEY_SHARE = 51
SUPPORTED_VERSIONS = 43
PRE_SHARED_KEY = 41
EARLY_DATA = 42
COOKIE = 44
CONNECTION_ID = 54
PSK_KEY_EXCHANGE_MODES = 45
# What RFC 8446 section 4.1.2 lets a client change in its second ClientHello: these, and padding.
CHANGEABLE = (KEY_SHARE, COOKIE, EARLY_DATA, PRE_SHARED_KEY, 21)

GROUP_NAMES = {
    23: "P-256",
    24: "P-384",
    25: "P-521",
    29: "X25519",
    30: "X448",
    256: "FFDHE2048",
    257: "FFDHE3072",
    0x11EC: "X25519MLKEM768",
}

# SHA-256 of "HelloRetryRequest", RFC 8446 section 4.1.3.
RETRY_RANDOM = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")

Hello = collections.namedtuple(
    "Hello",
    "direction message_seq type legacy_version random session_id cookie_len suites extensions",
)


class Malformed(Exception):
    """A datagram is not what RFC 9147 says, or RFC 6347 where DTLS 1.2 is expected."""


class Reader:
    """Takes big-endian fields from bytes."""

    def __init__(self, data):
        self._data = data
        self._at = 0

    def take(self, length):
        if self._at + length > len(self._data):
            raise Malformed("%d bytes wanted at %d of %d" % (length, self._at, len(self._data)))
        self._at += length
        return self._data[self._at - length : self._at]

    def number(self, length):
        return int.from_bytes(self.take(length), "big")

    def vector(self, length_len):
        return self.take(self.number(length_len))

    def done(self):
        return self._at == len(self._data)


def parse_hello(direction, message_seq, message_type, body):
    reader = Reader(body)
    legacy_version, random, session_id = reader.number(2), reader.take(32), reader.vector(1)
    cookie_len = None
    if message_type == CLIENT_HELLO:
        cookie_len = len(reader.vector(1))
        suite_bytes = reader.vector(2)
        if len(suite_bytes) % 2:
            raise Malformed("half a cipher suite")
        suites = [suite for (suite,) in struct.iter_unpack(">H", suite_bytes)]
        reader.vector(1)
    else:
        suites = [reader.number(2)]
        reader.number(1)
    extensions = {}
    # Before TLS 1.3 a hello may end without the field.
    block = Reader(b"" if reader.done() else reader.vector(2))
    while not block.done():
        extension = block.number(2)
        if extension in extensions:
            raise Malformed("extension %d twice" % extension)
        extensions[extension] = block.vector(2)
    if not reader.done():
        raise Malformed("bytes after the extensions")
    return Hello(direction, message_seq, message_type, legacy_version, random, session_id,
                 cookie_len, suites, extensions)


def key_share_groups(hello, is_retry=False):
    """The groups of a hello's key_share extension."""
    if KEY_SHARE not in hello.extensions:
        return []
    reader = Reader(hello.extensions[KEY_SHARE])
    if is_retry or hello.type == SERVER_HELLO:
        return [reader.number(2)]
    groups, shares = [], Reader(reader.vector(2))
    while not shares.done():
        groups.append(shares.number(2))
        shares.vector(2)
    return groups


def code_points(hello, extension, length_len):
    """The code points that an extension lists, none without the extension; the list has a length of `length_len`
    bytes before it."""
    if extension not in hello.extensions:
        return []
    listed = Reader(hello.extensions[extension]).vector(length_len)
    return [code_point for (code_point,) in struct.iter_unpack(">H", listed)]


def cookie_of(hello):
    """The cookie extension's cookie, None without the extension."""
    if COOKIE not in hello.extensions:
        return None
    return Reader(hello.extensions[COOKIE]).vector(2)


def unchangeable_extensions(hello):
    """In their order: the type and the bytes of each."""
    return [item for item in hello.extensions.items() if item[0] not in CHANGEABLE]


HELLO, FLIGHT, ACK, OTHER = "hello", "flight", "ack", "other"


def kind_of(datagram):
    """What a datagram begins with. An ACK alone is told by its length: longer than an alert, shorter than
    the first message."""
    if datagram[0] == HANDSHAKE:
        return HELLO
    if datagram[0] & 0xE3 == 0x22:
        return FLIGHT
    if datagram[0] & 0xE3 == 0x23 and 30 <= len(datagram) < 80:
        return ACK
    return OTHER


class Trace:
    """Collects what datagrams say in the clear.

    `allows_dtls12` takes a DTLS 1.2 handshake and a HelloVerifyRequest too; otherwise they are Malformed.
    """

    def __init__(self, allows_dtls12=False):
        self._allows_dtls12 = allows_dtls12
        self.num_hello_verify_requests = 0
        self.num_protected = {TO_SERVER: 0, TO_CLIENT: 0}
        # The epoch's two low bits, one entry for each change.
        self.epoch_bits = {TO_SERVER: [], TO_CLIENT: []}
        self.plaintext_alerts = []
        self.hellos = []
        self._messages = {}
        self._received = {}  # which of their bytes

    def add(self, direction, datagram):
        reader = Reader(datagram)
        while not reader.done():
            first = reader.number(1)
            if first & 0xE0 == 0x20:
                self._protected(direction, first, reader)
            elif 20 <= first <= 26:
                self._plaintext(direction, first, reader)
            else:
                raise Malformed("a record that begins with 0x%02x" % first)

    def retries(self):
        return [hello for hello in self.server_hellos(True)]

    def server_hellos(self, retry=False):
        return [hello for hello in self.hellos
                if hello.type == SERVER_HELLO and (hello.random == RETRY_RANDOM) == retry]

    def version(self):
        """What the ServerHello chose, None before one came."""
        answers = self.server_hellos()
        if not answers:
            return None
        chosen = answers[-1].extensions.get(SUPPORTED_VERSIONS)
        return answers[-1].legacy_version if chosen is None else int.from_bytes(chosen, "big")

    def connection_id(self, direction):
        """What protected records of `direction` carry: what their receiver asked for, if both sides can."""
        hellos = {TO_CLIENT: self.client_hellos(), TO_SERVER: self.server_hellos()}
        if not all(found and CONNECTION_ID in found[-1].extensions for found in hellos.values()):
            return b""
        return Reader(hellos[direction][-1].extensions[CONNECTION_ID]).vector(1)

    def is_protected(self):
        """Whether both sides have sent protected records."""
        return all(self.num_protected.values())

    def client_hellos(self):
        return [hello for hello in self.hellos if hello.type == CLIENT_HELLO]

    def _protected(self, direction, first, reader):
        agreed = self.connection_id(direction)
        if bool(first & 0x10) != bool(agreed) or reader.take(len(agreed)) != agreed:
            raise Malformed("another connection ID than the one agreed on")
        reader.take(2 if first & 0x08 else 1)
        if first & 0x04:
            reader.vector(2)
        else:
            while not reader.done():
                reader.take(1)
        bits = first & 3
        self.num_protected[direction] += 1
        if bits not in self.epoch_bits[direction][-2:]:
            self.epoch_bits[direction].append(bits)

    def _plaintext(self, direction, content_type, reader):
        version, epoch = reader.number(2), reader.number(2)
        reader.take(6)
        payload = reader.vector(2)
        if epoch != 0 and self._allows_dtls12:
            self.num_protected[direction] += 1
            return
        # A first ClientHello may say DTLS 1.0 for old servers' sake, RFC 9147 section 4.
        if version not in (DTLS12_VERSION, DTLS10_VERSION) or epoch != 0:
            raise Malformed("a plaintext record of version 0x%04x, epoch %d" % (version, epoch))
        if content_type == ALERT:
            self.plaintext_alerts.append((direction, payload[1]))
        elif content_type == HANDSHAKE:
            fragments = Reader(payload)
            while not fragments.done():
                self._fragment(direction, fragments)

    def _fragment(self, direction, reader):
        message_type, length, message_seq = reader.number(1), reader.number(3), reader.number(2)
        offset = reader.number(3)
        fragment = reader.vector(3)
        key = (direction, message_seq, message_type)
        # A server without state answers a repeated ClientHello anew, with another cookie.
        is_retry = message_type == SERVER_HELLO and fragment[2:34] == RETRY_RANDOM
        if is_retry and all(self._received.get(key, b"\0")):
            return
        # A retransmission may be cut elsewhere, but says the same.
        message = self._messages.setdefault(key, bytearray(length))
        have = self._received.setdefault(key, bytearray(length))
        if len(message) != length or offset + len(fragment) > length:
            raise Malformed("fragments of one message that disagree on its length")
        was_whole = all(have)
        for i, byte in enumerate(fragment, offset):
            if have[i] and message[i] != byte:
                raise Malformed("fragments of one message that disagree on byte %d" % i)
            message[i] = byte
            have[i] = 1
        if was_whole or not all(have):
            return
        if message_type == HELLO_VERIFY_REQUEST and self._allows_dtls12:
            self.num_hello_verify_requests += 1
            return
        if message_type not in (CLIENT_HELLO, SERVER_HELLO):
            if self._allows_dtls12 and self.version() != DTLS13_VERSION:
                return
            raise Malformed("handshake message %d in the clear" % message_type)
        self.hellos.append(parse_hello(direction, message_seq, message_type, bytes(message)))


def bound_ports():
    """The UDP ports that sockets of this network namespace have."""
    ports = set()
    for table in ("/proc/net/udp", "/proc/net/udp6"):
        with open(table, encoding="ascii") as file:
            ports.update(int(line.split()[1].rpartition(":")[2], 16)
                         for line in file.readlines()[1:])
    return ports


class Relay(threading.Thread):
    """Passes datagrams between a client at a time and the server on `server_port`, and keeps Traces of them.

    `loss` is (direction, kind, place), the first place being 0: that one datagram is lost. What the n-th
    client sends waits until `num_listened`() is n: a server that serves one after the other is ready then.
    Of the others each is lost with probability `loss_rate`, the same ones for the same `seed` and order.
    `allows_dtls12` is Trace's.
    """

    def __init__(self, server_port, loss=None, num_listened=lambda: 1 << 30, loss_rate=0.0, seed=1,
                 allows_dtls12=False):
        super().__init__(daemon=True)
        self._allows_dtls12 = allows_dtls12
        self.num_lost = 0
        self._loss = loss
        self._loss_rate = loss_rate
        self._random = Random(seed)
        self._num_listened = num_listened
        self._num_seen = collections.Counter()
        # One for each client address, the last the present one's.
        self.traces = [Trace(allows_dtls12)]
        self.fault = None
        self._client = None
        self._stopping = threading.Event()
        self._client_side = self._socket()
        self._client_side.bind(("127.0.0.1", 0))
        self._server_side = self._socket()
        self._server_side.connect(("127.0.0.1", server_port))
        self.port = self._client_side.getsockname()[1]
        # Where the server's answers go.
        self.server_side_port = self._server_side.getsockname()[1]
        self.start()

    @staticmethod
    def _socket():
        result = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        result.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        result.setblocking(False)
        return result

    def close(self):
        self._stopping.set()
        self.join()
        self._client_side.close()
        self._server_side.close()

    def run(self):
        sockets = [self._client_side, self._server_side]
        while not self._stopping.is_set():
            for readable in select.select(sockets, [], [], 0.05)[0]:
                self._pass_all(readable)

    def _pass_all(self, source):
        direction = TO_SERVER if source is self._client_side else TO_CLIENT
        while True:
            try:
                datagram, sender = source.recvfrom(65536)
                if direction == TO_SERVER:
                    self._follow(sender)
                if self._is_lost(direction, datagram):
                    continue
                if direction == TO_SERVER:
                    self._record(direction, datagram)
                    self._server_side.send(datagram)
                elif self._client is not None:
                    self._record(direction, datagram)
                    self._client_side.sendto(datagram, self._client)
            except BlockingIOError:
                return
            except ConnectionRefusedError:
                # The receiver is gone; the datagram is lost, as any may be.
                continue

    @property
    def trace(self):
        return self.traces[-1]

    def _follow(self, client):
        if self._client not in (None, client):
            self.traces.append(Trace(self._allows_dtls12))
            while self._num_listened() < len(self.traces) and not self._stopping.wait(0.002):
                pass
        self._client = client

    def _is_lost(self, direction, datagram):
        key = (direction, kind_of(datagram))
        lost = (self._loss == key + (self._num_seen[key],) or
                self._random.random() < self._loss_rate)
        self._num_seen[key] += 1
        self.num_lost += lost
        return lost

    def num_seen(self, direction, kind):
        """How many came, lost ones too."""
        return self._num_seen[direction, kind]

    def _record(self, direction, datagram):
        try:
            self.trace.add(direction, datagram)
        except Malformed as error:
            self.fault = self.fault or "%s: %s: %s" % (direction, error, datagram[:64].hex())
