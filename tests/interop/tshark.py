# SPDX-License-Identifier: Apache-2.0
"""Captures of associations for tshark, and what tshark reads in them with a key log.

tshark is the reader: what is here only writes the file it takes, and sorts what it prints by record.
"""

import collections
import struct
import subprocess
import xml.etree.ElementTree

import wire
from programs import Failed

SERVER_PORT = 4433
# The association's number is added, so that each has addresses of its own.
CLIENT_PORT = 40000

# Packets that begin with an IP header, pcap's LINKTYPE_RAW.
LINK_TYPE = 101
IPPROTO_UDP = 17
IP_HEADER_LEN = 20
UDP_HEADER_LEN = 8
# The content type behind the plaintext, and the tag of every suite here.
RECORD_EXPANSION = 17

MESSAGE_NAMES = {
    1: "ClientHello",
    2: "ServerHello",
    4: "NewSessionTicket",
    8: "EncryptedExtensions",
    11: "Certificate",
    15: "CertificateVerify",
    20: "Finished",
    24: "KeyUpdate",
}

# One record as tshark shows it. `epoch` is its low two bits; `what` is "handshake", "ACK", "alert", "data", or
# "undecrypted"; `messages` are a handshake record's elements of tshark's tree, `data` the bytes of application data.
Record = collections.namedtuple("Record", "association direction epoch what messages data connection_id")


class CapturingRelay(wire.Relay):
    """Keeps each datagram that passed, as (number of the association, from 1 on; direction; bytes)."""

    def __init__(self, *arguments):
        self.datagrams = []
        super().__init__(*arguments)

    def _record(self, direction, datagram):
        self.datagrams.append((len(self.traces), direction, datagram))
        super()._record(direction, datagram)


def write_pcap(path, datagrams):
    """As packets between 10.0.0.1 (the clients) and 10.0.0.2, a second apart."""
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 1 << 16, LINK_TYPE))
        for second, (association, direction, datagram) in enumerate(datagrams):
            ends = [(b"\x0a\0\0\x01", CLIENT_PORT + association), (b"\x0a\0\0\x02", SERVER_PORT)]
            (source, source_port), (target, target_port) = ends if direction == wire.TO_SERVER else reversed(ends)
            udp_len = UDP_HEADER_LEN + len(datagram)
            packet = struct.pack(">BBHHHBBH4s4s", 0x45, 0, IP_HEADER_LEN + udp_len, second, 0, 64, IPPROTO_UDP, 0,
                                 source, target)
            packet += struct.pack(">HHHH", source_port, target_port, udp_len, 0) + datagram
            file.write(struct.pack("<IIII", second, 0, len(packet), len(packet)) + packet)


def read_capture(folder, pcap, keys):
    """The tree that tshark makes of a capture, as PDML; both are files of `folder`."""
    result = subprocess.run(
        ["chroot", folder.root, "env", "-i", "PATH=/usr/bin:/bin", "HOME=/nonexistent", "tshark", "-n", "-r",
         folder.inside(pcap), "-o", "tls.keylog_file:" + folder.inside(keys), "-d",
         "udp.port==%d,dtls" % SERVER_PORT, "-T", "pdml"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if result.returncode != 0:
        raise Failed("tshark: exit %d: %s" % (result.returncode, result.stderr.decode()))
    return xml.etree.ElementTree.fromstring(result.stdout).findall("packet")


def shown(element, name):
    """What tshark shows for each field `name` anywhere in the element."""
    return [field.get("show") for field in element.iter("field") if field.get("name") == name]


def check_dissection(packets, datagrams):
    """Fails where a datagram is not dissected to its end, or tshark warns of anything."""
    if len(packets) != len(datagrams):
        raise Failed("tshark reads %d packets of %d" % (len(packets), len(datagrams)))
    for number, (packet, (_, _, datagram)) in enumerate(zip(packets, datagrams), 1):
        names = [proto.get("name") for proto in packet.iter("proto")] + [
            field.get("name") for field in packet.iter("field")]
        if "_ws.malformed" in names:
            raise Failed("tshark calls packet %d malformed" % number)
        # "Chat" is its word for what is usual: it has one on each legacy_version.
        warnings = [severity for severity in shown(packet, "_ws.expert.severity") if int(severity) > 0x200000]
        if warnings:
            raise Failed("tshark warns of packet %d: %s" % (number, shown(packet, "_ws.expert.message")))
        dissected = sum(int(record.get("size")) for record in packet.iter("field")
                        if record.get("name") == "dtls.record")
        if dissected != len(datagram):
            raise Failed("tshark finds records in %d bytes of %d of packet %d" % (dissected, len(datagram), number))


def records_of(packets, datagrams):
    for packet, (association, direction, _) in zip(packets, datagrams):
        # Plaintext of application data stands behind the tree of its packet, in the order of the records.
        plaintexts = [bytes.fromhex(field.get("value")) for field in packet.iter("field")
                      if field.get("name") == "data.data"]
        for record in packet.iter("field"):
            if record.get("name") == "dtls.record":
                yield _record(association, direction, record, plaintexts)


def _record(association, direction, record, plaintexts):
    fields = {field.get("name"): field for field in record}
    bits = shown(record, "dtls.unified_header.epoch_bits")
    epoch = int(bits[0], 0) if bits else int(fields["dtls.record.epoch"].get("show"))
    what, data = "undecrypted", None
    if "dtls.handshake" in fields:
        what = "handshake"
    elif "dtls.ack_message" in fields:
        what = "ACK"
    elif "dtls.alert_message" in fields:
        what = "alert"
    elif "dtls.app_data" in fields and plaintexts:
        what, data = "data", plaintexts.pop(0)
        length = int(fields["dtls.record.length"].get("show"))
        if len(data) != length - RECORD_EXPANSION:
            raise Failed("tshark decrypts %d bytes of a record of %d" % (len(data), length))
    messages = [field for field in record if field.get("name") == "dtls.handshake"]
    connection_id = bytes.fromhex("".join(shown(record, "dtls.record.connection_id")).replace(":", ""))
    return Record(association, direction, epoch, what, messages, data, connection_id)


def handshake_of(records, direction):
    """The messages that one side sent, in order and each once, as "Finished/2": name and epoch's low bits."""
    sent, result = set(), []
    for record in records:
        for message in record.messages if record.direction == direction else []:
            kind, number, length, offset, fragment_len = (
                int(shown(message, "dtls.handshake." + name)[0])
                for name in ("type", "message_seq", "length", "fragment_offset", "fragment_length"))
            if offset + fragment_len == length and (record.epoch, number) not in sent:
                sent.add((record.epoch, number))
                result.append("%s/%d" % (MESSAGE_NAMES.get(kind, kind), record.epoch))
    return result
