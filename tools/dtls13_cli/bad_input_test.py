#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What dtls13_cli says to wrong uses, to files and ports that fail, and to signals: bad_input_test.py CLI."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cli_test_case import CLI, TIMEOUT_S, CliTestCase  # noqa: E402


class BadInput(CliTestCase):
    def setUp(self):
        super().setUp()
        with open(os.path.join(self.folder, "text"), "w", encoding="utf-8") as file:
            file.write("no capture\n")

    def run_cli(self, *arguments, stdout=subprocess.DEVNULL):
        done = subprocess.run([CLI, *arguments], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=stdout,
                              stderr=subprocess.PIPE, universal_newlines=True, timeout=TIMEOUT_S, check=False)
        return done.returncode, done.stderr

    def wait_for_secrets(self, name):
        """Until the key log has those of application data, as when its owner is connected."""
        for _ in range(TIMEOUT_S * 20):
            with contextlib.suppress(FileNotFoundError):
                with open(os.path.join(self.folder, name), encoding="utf-8") as file:
                    if "SERVER_TRAFFIC_SECRET_0" in file.read():
                        return
            time.sleep(0.05)
        self.fail("nobody connects")

    def test_wrong_uses_are_2(self):
        identity = ("--cert", "cert.pem", "--key", "key.pem")
        for words in ((), ("unknown",), ("server",), ("server", "word"), ("server", "--port", "0", "--key", "key.pem"),
                      ("server", "--port", "65536", *identity), ("client",), ("client", "--port", "0"),
                      ("client", "--port", "1", "--groups", "P-1"), ("client", "--port", "1", "--psk", "x"), ("relay",),
                      ("relay", "--listen", "0", "--to", "0", "--capture", "c"),
                      ("relay", "--listen", "0", "--to", "1", "--capture", "c", "--drop", "x"), ("ladder",)):
            with self.subTest(words):
                status, said = self.run_cli(*words)
                self.assertEqual(status, 2, said)
                self.assertTrue(said)

    def test_what_fails_is_one_sentence_and_1(self):
        taken = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(taken.close)
        taken.bind(("127.0.0.1", 0))
        port = str(taken.getsockname()[1])
        for words in (("server", "--port", "0", "--cert", "cert.pem", "--key", "none"),
                      ("server", "--port", "0", "--cert", "key.pem", "--key", "key.pem"),
                      ("server", "--port", port, "--cert", "cert.pem", "--key", "key.pem"),
                      ("server", "--port", "0", "--cert", "cert.pem", "--key", "key.pem", "--ca", "none"),
                      ("server", "--port", "0", "--key", "key.pem", "--raw-public-key", "none"),
                      ("client", "--port", port, "--ca", "none"), ("client", "--port", port, "--seconds", "1"),
                      ("relay", "--listen", port, "--to", "1", "--capture", "c"),
                      ("relay", "--listen", "0", "--to", "1", "--capture", "/nowhere/c"),
                      ("ladder", "--capture", "none"), ("ladder", "--capture", "text"),
                      ("ladder", "--capture", "/dev/null", "--keylog", "none")):
            with self.subTest(words):
                status, said = self.run_cli(*words)
                self.assertEqual(status, 1, said)
                self.assertEqual(len(said.splitlines()), 1, said)

    def test_a_full_disk_is_said_and_survived(self):
        server, port = self.start_listening("server", "--port", "0", "--cert", "cert.pem", "--key", "key.pem", "--echo")
        relay, relay_port = self.start_listening("relay", "--listen", "0", "--to", port, "--capture", "/dev/full")
        status, said = self.run_cli("client", "--port", relay_port, "--count", "5", "--await-echo", "--close-first")
        self.assertEqual((status, server.wait(TIMEOUT_S)), (0, 0), said)
        relay.terminate()
        self.assertRegex(relay.communicate(timeout=TIMEOUT_S)[0],
                         r"^dtls13_cli relay: \d+ datagrams could not be written to /dev/full: No space left on device\.$")
        self.assertEqual(relay.returncode, 1)

    def test_keys_that_cannot_be_logged_are_said(self):
        for path in ("/nowhere/keys", "/dev/full"):
            with self.subTest(path):
                _, port = self.start_listening("server", "--port", "0", "--cert", "cert.pem", "--key", "key.pem")
                status, said = self.run_cli("client", "--port", port, "--keylog", path, "--close-first")
                self.assertEqual(status, 1)
                self.assertIn("cannot write " + path, said)

    def test_signals_end_it_cleanly(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                server, port = self.start_listening("server", "--port", "0", "--cert", "cert.pem", "--key", "key.pem",
                                                    "--expect", "1000000")
                keys = "keys-%d" % number
                client = self.start("client", "--port", port, "--expect", "1000000", "--keylog", keys)
                self.wait_for_secrets(keys)
                client.send_signal(number)
                said = client.communicate(timeout=TIMEOUT_S)[0]
                self.assertEqual(client.returncode, 0, said)
                self.assertIn("sent 0 datagrams", said)
                # Its server hears of it.
                self.assertIn("the peer closed", server.communicate(timeout=TIMEOUT_S)[0])

    def test_a_server_without_clients_ends_with_a_signal_too(self):
        server, _ = self.start_listening("server", "--port", "0", "--cert", "cert.pem", "--key", "key.pem",
                                         "--associations", "2")
        server.terminate()
        self.assertEqual(server.wait(TIMEOUT_S), 0)


unittest.main()
