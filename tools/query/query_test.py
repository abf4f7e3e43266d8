#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Asks a resolver of Debian's through the responder: query_test.py QUERY. Needs dnsmasq and openssl."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

QUERY = os.path.abspath(sys.argv.pop(1))
PATIENCE_S = 30


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run(*arguments, stdout=subprocess.PIPE):
    done = subprocess.run([QUERY, *arguments], stdout=stdout, stderr=subprocess.PIPE, check=False,
                          timeout=PATIENCE_S)
    return done.returncode, (done.stdout or b"").decode(), done.stderr.decode()


class Resolver:
    """dnsmasq, which knows two names and asks nobody."""

    def __init__(self, folder):
        self.port = free_port()
        program = shutil.which("dnsmasq", path=os.environ["PATH"] + ":/usr/sbin")
        texts = ["--txt-record=long.test," + ",".join("x" * 200 for _ in range(8))]
        self._process = subprocess.Popen(
            [program, "--no-daemon", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--bind-interfaces",
             "--user=", "--pid-file=", "--listen-address=127.0.0.1", "--port=%d" % self.port,
             "--address=/example.test/192.0.2.7", *texts],
            cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self):
        self._process.kill()
        self._process.wait()


class BareResolver(threading.Thread):
    """Refuses whatever it is asked, by a header alone."""

    def __init__(self):
        super().__init__(daemon=True)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.start()

    def run(self):
        while True:
            query, sender = self._socket.recvfrom(4096)
            self._socket.sendto(query[:2] + b"\x81\x85" + bytes(8), sender)


class Responder:
    def __init__(self, folder, resolver_port):
        self.port = free_port()
        self._process = subprocess.Popen(
            [QUERY, "serve", "--listen", "127.0.0.1:%d" % self.port, "--certificate",
             os.path.join(folder, "certificate.pem"), "--key", os.path.join(folder, "key.pem"),
             "--resolver", "127.0.0.1:%d" % resolver_port],
            stderr=subprocess.PIPE)
        line = self._process.stderr.readline().decode()
        assert "listening on 127.0.0.1:%d" % self.port in line, line

    def stop(self):
        """What it says at its end."""
        self._process.send_signal(signal.SIGINT)
        _, said = self._process.communicate(timeout=PATIENCE_S)
        assert self._process.returncode == 0, self._process.returncode
        return said.decode()


class Query(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                        "-nodes", "-keyout", "key.pem", "-out", "certificate.pem", "-days", "30", "-subj",
                        "/CN=resolver.test", "-addext", "subjectAltName=DNS:resolver.test"],
                       cwd=cls.folder, check=True, stderr=subprocess.DEVNULL)
        cls.resolver = Resolver(cls.folder)

    @classmethod
    def tearDownClass(cls):
        cls.resolver.stop()
        shutil.rmtree(cls.folder)

    def setUp(self):
        self.responder = Responder(self.folder, self.resolver.port)
        self._said = None

    def tearDown(self):
        self.end()

    def end(self):
        if self._said is None:
            self._said = self.responder.stop()
        return self._said

    def ask(self, *words):
        return run("ask", "--server", "127.0.0.1:%d" % self.responder.port, "--name", "resolver.test", "--ca",
                   os.path.join(self.folder, "certificate.pem"), *words)

    def test_a_name_is_answered_in_either_order(self):
        for order in ("early", "ordinary"):
            with self.subTest(order):
                status, printed, said = self.ask("--order", order, "www.example.test")
                self.assertEqual((status, said), (0, ""))
                self.assertIn("status: NOERROR", printed)
                self.assertRegex(printed, r"(?m)^www\.example\.test\.\t\d+\tIN\tA\t192\.0\.2\.7$")
                self.assertRegex(printed, r"(?m)^;; Query time: \d+\.\d ms of \d+\.\d ms with the handshake$")
        self.assertRegex(self.end(), r"2 queries, 2 answered, 0 failed, 0 refused, 0 malformed")

    def test_both_orders_end_by_both_sides(self):
        for order in ("early", "ordinary"):
            self.ask("--order", order, "example.test")
        self.assertRegex(self.end(), r"2 associations, held for .* 2 ended by both sides")

    def test_what_nobody_knows_is_said(self):
        status, printed, _ = self.ask("other.test")
        self.assertEqual(status, 0)
        self.assertRegex(printed, r"status: (?:REFUSED|NXDOMAIN|SERVFAIL)")

    def test_a_refusal_without_the_question_is_told_at_once(self):
        self.end()
        self._said = None
        self.responder = Responder(self.folder, BareResolver().port)
        for order in ("early", "ordinary"):
            with self.subTest(order):
                status, printed, said = self.ask("--order", order, "example.test")
                self.assertEqual((status, said), (0, ""))
                self.assertIn("status: REFUSED", printed)
                self.assertRegex(printed, r"(?m)^;example\.test\.")
        self.assertRegex(self.end(), r"2 queries, 2 answered, 0 failed")

    def test_an_answer_that_has_no_room_is_truncated(self):
        status, printed, _ = self.ask("long.test", "TXT")
        self.assertEqual(status, 0)
        self.assertRegex(printed, r"flags: [a-z ]*\btc\b")

    def test_a_malformed_datagram_ends_nothing(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as attacker:
            for garbage in (b"", b"\x00", b"\x16\xfe\xfd" + bytes(20), os.urandom(1400)):
                attacker.sendto(garbage, ("127.0.0.1", self.responder.port))
        self.assertEqual(self.ask("example.test")[0], 0)

    def test_a_server_that_is_another_is_not_asked(self):
        status, _, said = run("ask", "--server", "127.0.0.1:%d" % self.responder.port, "--name", "other.test",
                              "--ca", os.path.join(self.folder, "certificate.pem"), "example.test")
        self.assertEqual(status, 1)
        self.assertEqual(said, "query ask: there is no association with the server, as the peer's certificate is not "
                               "accepted for 'other.test': bad_certificate.\n")

    def test_nobody_there(self):
        status, _, said = run("ask", "--no-verify", "--server", "127.0.0.1:%d" % free_port(), "example.test")
        self.assertEqual(status, 1)
        self.assertEqual(len(said.splitlines()), 1, said)


class WrongUse(unittest.TestCase):
    def test_wrong_uses_are_2(self):
        for words in ((), ("ask",), ("ask", "a..b"), ("ask", "a.test", "NOTYPE"), ("ask", "--order", "no", "a.test"),
                      ("ask", "--server", "nowhere", "a.test"), ("ask", "--server", "127.0.0.1:0", "a.test"), ("serve",),
                      ("serve", "--idle", "0"), ("serve", "--certificate", "c", "--key", "k", "--listen", "localhost:853"),
                      ("serve", "--certificate", "c", "--key", "k", "--resolver", "127.0.0.1:0"),
                      ("compare", "--exchanges", "none"), ("compare", "word"), ("unknown",)):
            with self.subTest(words):
                status, _, said = run(*words)
                self.assertEqual(status, 2)
                self.assertNotEqual(said, "")

    def test_what_fails_is_one_sentence_and_1(self):
        for words in (("serve", "--certificate", "/nowhere", "--key", "/nowhere"),
                      ("ask", "--ca", "/nowhere", "a.test"),
                      ("compare", "--exchanges", "1", "--svg", "/nowhere/figures.svg")):
            with self.subTest(words):
                status, _, said = run(*words)
                self.assertEqual(status, 1)
                self.assertEqual(len(said.splitlines()), 1, said)


    def test_a_full_disk_is_said(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            for words in (("compare", "--exchanges", "1"), ("compare", "--exchanges", "1", "--svg", "/dev/full")):
                with self.subTest(words):
                    status, _, said = run(*words, stdout=full)
                    self.assertEqual(status, 1)
                    self.assertEqual(len(said.splitlines()), 1, said)


class Comparison(unittest.TestCase):
    def test_the_table_has_both_orders_at_each_loss(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "figures.svg")
            status, printed, _ = run("compare", "--exchanges", "5", "--svg", path)
            self.assertEqual(status, 0)
            self.assertEqual(len(re.findall(r"(?m)^ +\d+ %  closed with the query", printed)), 5)
            self.assertEqual(len(re.findall(r"(?m)^ +\d+ %  closed behind the answer", printed)), 5)
            with open(path, encoding="utf-8") as file:
                self.assertTrue(file.read().startswith("<svg"))


unittest.main()
