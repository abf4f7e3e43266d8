#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Has tshark, which shares nothing with this tree, read what passes between our own ends, with our key log.

  tshark_test.py --cli FILE --library FILE | --sanitized

The core (dtls13_cli) runs in prepare_peers' folder of Debian unstable, on its OpenSSL, and openssl's own programs here,
under LD_PRELOAD. tshark is unstable's too. Of each case every datagram has to be dissected to its end, every record to be
decrypted, and the handshake messages have to be those that the case has. Needs root, and programs without a
sanitizer, whose runtime the folder lacks (--sanitized says so). Where the folder cannot be had, prints "SKIPPED: reason" and
succeeds, unless DTLS13_REQUIRE_PEERS=1 says that it must be had.
"""

import argparse
import os
import sys
import time

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path += [os.path.join(HERE, "..", "wire"), os.path.join(HERE, "..", "..", "tools", "bazel")]

import case_report
import programs
import tshark
import wire
from programs import Failed, HOST_NAME, SUITES

HYBRID = "X25519MLKEM768"
X25519 = "X25519"
P256 = "P-256"

HELLO, RETRY = "ClientHello/0", "ServerHello/0"
CLIENT_FULL = [HELLO, "Finished/2"]
SERVER_FULL = ["ServerHello/0", "EncryptedExtensions/2", "Certificate/2", "CertificateVerify/2", "Finished/2"]
SERVER_RESUMED = ["ServerHello/0", "EncryptedExtensions/2", "Finished/2"]
TICKETS = ["NewSessionTicket/3"] * 2
TICKET = ["NewSessionTicket/3"]


def expect(name, found, wanted):
    if found != wanted:
        raise Failed("%s: %s, not %s" % (name, found, wanted))


class Reading:
    """What tshark makes of one capture; the checks that a case asks for read it."""

    def __init__(self, folder, relay, pcap, keys):
        self.relay = relay
        self.datagrams = relay.datagrams
        tshark.write_pcap(folder.file(pcap), self.datagrams)
        self.packets = tshark.read_capture(folder, pcap, keys)
        tshark.check_dissection(self.packets, self.datagrams)
        self.records = list(tshark.records_of(self.packets, self.datagrams))

    def of(self, association):
        return [record for record in self.records if record.association == association]

    def hellos(self, kind):
        """The trees of the ClientHellos (1) or ServerHellos (2)."""
        return [message for record in self.records for message in record.messages
                if tshark.shown(message, "dtls.handshake.type") == [str(kind)]]

    def num_undecrypted(self):
        return sum(record.what == "undecrypted" for record in self.records)

    def check_decrypted(self):
        expect("records that tshark does not decrypt", self.num_undecrypted(), 0)

    def check_handshake(self, association, to_server, to_client):
        for direction, wanted in ((wire.TO_SERVER, to_server), (wire.TO_CLIENT, to_client)):
            expect("handshake messages %s of association %d" % (direction, association),
                   tshark.handshake_of(self.of(association), direction), wanted)

    def check_conversation(self, association, end_epoch=3):
        """Application data both ways, the same in each, and both closures, in the epoch that is last."""
        sides = {direction: [record for record in self.of(association) if record.direction == direction]
                 for direction in (wire.TO_SERVER, wire.TO_CLIENT)}
        data = {direction: b"".join(record.data for record in records if record.what == "data")
                for direction, records in sides.items()}
        if not data[wire.TO_SERVER]:
            raise Failed("tshark shows no application data")
        expect("the data that tshark decrypts comes back", data[wire.TO_CLIENT] == data[wire.TO_SERVER], True)
        for direction, records in sides.items():
            expect("ends %s with" % direction, (records[-1].what, records[-1].epoch), ("alert", end_epoch & 3))
        if not any(record.what == "ACK" for record in sides[wire.TO_CLIENT]):
            raise Failed("tshark shows no ACK of the client's Finished")

    def check_group(self, code_point):
        expect("the group of the ServerHello", tshark.shown(
            self.hellos(2)[-1], "dtls.handshake.extensions_key_share_group"), [str(code_point)])


class Case:
    """A handshake of the core with itself, three messages there and back, and an orderly end."""

    name = "full handshake"
    server_options = []
    client_options = []
    # Of both; one after the other, each resuming the one before.
    associations = 1

    def run(self, runner):
        keys = runner.folder.file("keys")
        common = ["--keylog", runner.folder.inside("keys")]
        common += ["--associations", str(self.associations)] if self.associations > 1 else []
        server = runner.keep(programs.CliPeer(runner.core, "server", [
            "--port", "0", "--cert", runner.folder.inside("ecdsa.pem"), "--key", runner.folder.inside("ecdsa.key"),
            "--echo"] + common + self.server_options))
        relay = runner.relay(server.port(), lambda: server.text().count("listening "))
        client = runner.keep(programs.CliPeer(runner.core, "client", [
            "--port", str(relay.port), "--ca", runner.folder.inside("ca.pem"), "--server-name", HOST_NAME, "--count",
            "3", "--sizes", "mixed", "--await-echo", "--close-first"] + common + self.client_options))
        runner.finish(client, server)
        return keys

    def check(self, reading):
        reading.check_decrypted()
        reading.check_handshake(1, CLIENT_FULL, SERVER_FULL)
        reading.check_conversation(1)


class Hybrid(Case):
    name = "hybrid: a ClientHello of two datagrams"
    server_options = client_options = ["--groups", HYBRID]

    def check(self, reading):
        super().check(reading)
        reading.check_group(programs.GROUPS["x25519mlkem768"][0])
        expect("the ClientHello's datagrams", len(reading.hellos(1)), 2)
        expect("where tshark puts its fragments together", tshark.shown(reading.packets[1], "dtls.fragment.count"),
               ["2"])


class Retry(Case):
    name = "HelloRetryRequest: cookie and group"
    server_options = ["--cookie", "--groups", P256]
    client_options = ["--groups", "%s:%s" % (X25519, P256)]

    def check(self, reading):
        reading.check_decrypted()
        reading.check_handshake(1, [HELLO] + CLIENT_FULL, [RETRY] + SERVER_FULL)
        reading.check_conversation(1)
        reading.check_group(programs.GROUPS["p256"][0])
        retry = reading.hellos(2)[0]
        expect("the random of the HelloRetryRequest",
               tshark.shown(retry, "dtls.handshake.random")[0].replace(":", ""), wire.RETRY_RANDOM.hex())
        expect("the group it asks for", tshark.shown(retry, "dtls.handshake.extensions_key_share_selected_group"),
               [str(programs.GROUPS["p256"][0])])
        cookies = [tshark.shown(hello, "dtls.handshake.extensions.cookie") for hello in reading.hellos(1) + [retry]]
        expect("the first ClientHello's cookie", cookies[0], [])
        expect("the second one's is the HelloRetryRequest's", (len(cookies[1]), cookies[1]), (1, cookies[2]))


class HybridRetry(Retry):
    name = "HelloRetryRequest: cookie, then a hybrid of two datagrams"
    server_options = ["--cookie", "--groups", HYBRID]
    client_options = ["--groups", "%s:%s" % (X25519, HYBRID), "--key-shares", X25519]

    def check(self, reading):
        reading.check_decrypted()
        reading.check_handshake(1, [HELLO] + CLIENT_FULL, [RETRY] + SERVER_FULL)
        reading.check_conversation(1)
        reading.check_group(programs.GROUPS["x25519mlkem768"][0])
        expect("the ClientHellos' datagrams", len(reading.hellos(1)), 3)


class Resumption(Case):
    name = "resumption"
    associations = 2

    def check(self, reading):
        reading.check_decrypted()
        reading.check_handshake(1, CLIENT_FULL, SERVER_FULL + TICKETS)
        reading.check_handshake(2, CLIENT_FULL, SERVER_RESUMED + TICKET)
        for association in (1, 2):
            reading.check_conversation(association)
        expect("the second ServerHello's PSK", tshark.shown(
            reading.hellos(2)[1], "dtls.handshake.extensions.psk.identity.selected"), ["0"])


class EarlyData(Resumption):
    name = "early data"
    server_options = client_options = ["--early-data"]

    def check(self, reading):
        super().check(reading)
        early = [record for record in reading.records if record.epoch == 1]
        expect("the records of epoch 1", [(record.association, record.direction, record.what) for record in early],
               [(2, wire.TO_SERVER, "data")])


class KeyUpdate(Case):
    name = "KeyUpdate, both ways"
    client_options = ["--key-update"]

    def check(self, reading):
        reading.check_decrypted()
        reading.check_handshake(1, CLIENT_FULL + ["KeyUpdate/3"], SERVER_FULL + ["KeyUpdate/3"])
        reading.check_conversation(1, end_epoch=4)


class ConnectionIds(Case):
    name = "Connection IDs"
    server_options = ["--connection-id", "5"]
    client_options = ["--connection-id", "8"]

    def check(self, reading):
        super().check(reading)
        for direction, length in ((wire.TO_SERVER, 5), (wire.TO_CLIENT, 8)):
            agreed = reading.relay.trace.connection_id(direction)
            expect("the length of the connection ID %s" % direction, len(agreed), length)
            expect("what protected records %s carry" % direction, {
                record.connection_id for record in reading.records
                if record.direction == direction and record.epoch > 0}, {agreed})


class ConnectionIdToServer(Case):
    """The header form changes with the direction."""

    name = "Connection ID: one way"
    server_options = ["--connection-id", "3"]
    client_options = ["--connection-id", "0"]

    def check(self, reading):
        super().check(reading)
        expect("lengths", {(record.direction, len(record.connection_id)) for record in reading.records
                           if record.epoch > 0}, {(wire.TO_SERVER, 3), (wire.TO_CLIENT, 0)})


class OtherKeys(Case):
    """The key log of another association opens nothing: that the other cases find everything open is tshark's finding."""

    name = "another association's key log"

    def run(self, runner):
        keys = super().run(runner)
        with open(keys, encoding="ascii") as file:
            lines = [line.split() for line in file]
        with open(keys, "w", encoding="ascii") as file:
            for label, client_random, secret in lines:
                file.write("%s %s %s\n" % (label, client_random, secret[2:] + secret[:2]))
        return keys

    def check(self, reading):
        protected = [record for record in reading.records if record.epoch > 0]
        if len(protected) < len(SERVER_FULL):
            raise Failed("there are only %d protected records" % len(protected))
        expect("records that tshark does not decrypt", reading.num_undecrypted(), len(protected))


class OpensslServer(Case):
    """openssl's s_server under LD_PRELOAD, which writes the key log, and the core's client."""

    name = "s_server"
    suite = "TLS_AES_128_GCM_SHA256"
    to_server, to_client = b"from the client", b"from the server\n"

    def run(self, runner):
        keys = runner.folder.file("keys")
        server = runner.keep(programs.SServer(runner.openssl, [
            "-cert", runner.folder.file("rsa.pem"), "-key", runner.folder.file("rsa.key"), "-keylogfile", keys,
            "-ciphersuites", self.suite]))
        relay = runner.relay(server.port(), lambda: 1)
        client = runner.keep(programs.CliPeer(runner.core, "client", [
            "--port", str(relay.port), "--ca", runner.folder.inside("ca.pem"), "--server-name", HOST_NAME, "--text",
            self.to_server.decode(), "--expect", "1", "--close-first"]))
        server.wait_for(self.to_server.decode())
        server.say(self.to_client)
        runner.finish(client, server)
        return keys

    def check(self, reading):
        self.check_session(reading, [HELLO] + CLIENT_FULL, [RETRY] + SERVER_FULL + TICKETS)

    def check_session(self, reading, to_server, to_client):
        reading.check_decrypted()
        reading.check_handshake(1, to_server, to_client)
        expect("the suite", [int(suite, 0) for suite in tshark.shown(reading.hellos(2)[-1],
                                                                      "dtls.handshake.ciphersuite")],
               [SUITES[self.suite]])
        expect("the data that tshark decrypts",
               [(record.direction, record.data) for record in reading.records if record.what == "data"],
               [(wire.TO_SERVER, self.to_server), (wire.TO_CLIENT, self.to_client)])


class OpensslClient(OpensslServer):
    """The core's server, and openssl's s_client under LD_PRELOAD, which writes the key log."""

    name = "s_client"
    suite = "TLS_CHACHA20_POLY1305_SHA256"
    # The server sends back what comes.
    to_server = to_client = b"there and back\n"

    def run(self, runner):
        keys = runner.folder.file("keys")
        server = runner.keep(programs.CliPeer(runner.core, "server", [
            "--port", "0", "--cert", runner.folder.inside("ecdsa.pem"), "--key", runner.folder.inside("ecdsa.key"),
            "--echo"]))
        relay = runner.relay(server.port(), lambda: 1)
        client = runner.keep(programs.SClient(runner.openssl, relay.port, [
            "-CAfile", runner.folder.file("ca.pem"), "-keylogfile", keys, "-ciphersuites", self.suite]))
        client.wait_connected()
        client.say(self.to_server)
        client.wait_for(self.to_server.decode().strip())
        client.close()
        runner.finish(client, server)
        return keys

    def check(self, reading):
        self.check_session(reading, CLIENT_FULL, SERVER_FULL)


CASES = [Case, Hybrid, Retry, HybridRetry, Resumption, EarlyData, KeyUpdate, ConnectionIds, ConnectionIdToServer, OtherKeys,
         OpensslServer, OpensslClient]


class Runner:
    """Has a case's programs run, and gives what passed between them to tshark."""

    def __init__(self, folder, cli, library):
        self.folder = folder
        # The commands that run the core, and openssl with our library.
        self.core = folder.bring(cli)
        self.openssl = ["env", "LD_PRELOAD=" + library, "openssl"]
        self._programs = []
        self._relay = None

    def run(self, case):
        try:
            keys = case.run(self)
            self._relay.close()
            if self._relay.fault:
                raise Failed("on the wire, " + self._relay.fault)
            case.check(Reading(self.folder, self._relay, "capture.pcap", os.path.basename(keys)))
            os.remove(keys)
        except Failed as failure:
            raise Failed("\n    | ".join([str(failure)] + ["%s: %s" % (program.name, line) for program in self._programs
                                                         for line in program.text().splitlines()[-8:]])) from None
        finally:
            for program in self._programs:
                program.stop()
            self._programs.clear()
            if self._relay is not None:
                self._relay.close()
            self._relay = None

    def keep(self, program):
        self._programs.append(program)
        return program

    def relay(self, port, num_listened):
        self._relay = tshark.CapturingRelay(port, None, num_listened)
        return self._relay

    @staticmethod
    def finish(*running):
        for program in running:
            expect("%s: exit status" % program.name, program.finish(), 0)


def run_all(runner):
    """Returns a case_report.Case for each."""
    results = []
    for kind in CASES:
        case, start, fault = kind(), time.monotonic(), None
        try:
            runner.run(case)
        except Failed as failure:
            fault = str(failure)
        results.append(case_report.Case("tshark", case.name, time.monotonic() - start, fault))
        print("%-4s %s%s" % ("FAIL" if fault else "ok", case.name, ": " + fault if fault else ""), flush=True)
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cli", help="dtls13_cli")
    parser.add_argument("--library", help="libdtls13.so")
    parser.add_argument("--sanitized", action="store_true")
    arguments = parser.parse_args()
    if arguments.sanitized:
        print("SKIPPED: the folder has no sanitizer's runtime")
        return 0
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    try:
        folder = programs.Folder(os.path.join(HERE, "prepare_peers"), "sid")
    except programs.Unavailable as reason:
        print("SKIPPED: %s" % reason)
        return 1 if os.environ.get("DTLS13_REQUIRE_PEERS") == "1" else 0
    try:
        print(programs.run(["chroot", folder.root, "dpkg-query", "-W", "tshark"]).strip())
        results = run_all(Runner(folder, os.path.abspath(arguments.cli), os.path.abspath(arguments.library)))
    finally:
        folder.remove()
    if os.environ.get("XML_OUTPUT_FILE"):
        case_report.write_xml(os.environ["XML_OUTPUT_FILE"], "tshark", results)
    num_failed = sum(result.fault is not None for result in results)
    print("%d passed, %d failed" % (len(results) - num_failed, num_failed))
    return 1 if num_failed else 0


if __name__ == "__main__":
    sys.exit(main())
