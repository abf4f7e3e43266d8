#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Clients and servers of the wire profiles: wire_profile_test.py CLI.

Two of draft-26 reach each other, resume, and send early data; one of draft-26 and one of RFC 9147 do not, whichever
is the server.
"""

import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cli_test_case import CLI, TIMEOUT_S, CliTestCase  # noqa: E402

DRAFT = "--wire-profile=draft-26"


class WireProfile(CliTestCase):
    def start_server(self, *arguments):
        return self.start_listening("server", "--port", "0", "--cert", "cert.pem", "--key", "key.pem", "--echo",
                                    *arguments)

    def run_pair(self, server_arguments, client_arguments):
        """Returns (exit status, output) of the server, which is ended where no client was served, and the client."""
        server, port = self.start_server(*server_arguments)
        client = self.start("client", "--port", port, "--count", "20", "--await-echo", "--close-first",
                            *client_arguments)
        client_output = client.communicate(timeout=TIMEOUT_S)[0]
        if client.returncode != 0:
            server.terminate()
        server_output = server.communicate(timeout=TIMEOUT_S)[0]
        return (server.returncode, server_output), (client.returncode, client_output)

    def test_two_of_draft_26_reach_each_other(self):
        for more in ([], ["--key-update"], ["--mtu", "300"]):
            with self.subTest(more):
                server, client = self.run_pair([DRAFT, "--cookie"] + more, [DRAFT] + more)
                self.assertEqual((server[0], client[0]), (0, 0), server[1] + client[1])
                self.assertIn("received 20 datagrams", client[1])

    def test_they_resume_and_send_early_data(self):
        both = [DRAFT, "--associations", "2", "--early-data"]
        server, client = self.run_pair(both, both)
        self.assertEqual((server[0], client[0]), (0, 0), server[1] + client[1])
        self.assertIn("early data", server[1])

    def captured(self, relay_arguments, both, client_arguments=()):
        """What ladder shows of a client and a server that a relay stands between."""
        server, port = self.start_server(*both)
        relay, relay_port = self.start_listening("relay", "--listen", "0", "--to", port, "--capture", "capture",
                                                 *relay_arguments)
        client = self.start("client", "--port", relay_port, "--count", "20", "--await-echo", "--close-first",
                            "--keylog", "keys", *both, *client_arguments)
        output = client.communicate(timeout=TIMEOUT_S)[0]
        self.assertEqual((client.returncode, server.wait(TIMEOUT_S)), (0, 0), output)
        relay.terminate()
        self.assertEqual(relay.wait(TIMEOUT_S), 0)
        return self.ladder("--keylog", "keys")

    def ladder(self, *arguments):
        return subprocess.run([CLI, "ladder", "--capture", "capture", *arguments], cwd=self.folder, check=True,
                              timeout=TIMEOUT_S, stdout=subprocess.PIPE, universal_newlines=True).stdout

    def test_ladder_reads_what_they_say(self):
        text = self.captured(["--drop", "s2c:1"], [DRAFT], ["--key-update"])
        self.assertIn("draft-ietf-tls-dtls13-26", text)
        for line in (r"long +2:0 .* EncryptedExtensions", r"long +3:\d+ .* ACK of 2:\d+", r"long +3:\d+ .* KeyUpdate",
                     r"long +4:\d+ .* application data, \d+ bytes", r"alert close_notify", r"sent again"):
            self.assertRegex(text, line)
        self.assertNotIn("  protected", text)
        self.assertNotIn("content type", text)
        # Without the keys what is in the clear still shows.
        without = self.ladder()
        self.assertRegex(without, r"long +2:\? .* protected")
        self.assertEqual(len(self.ladder("--sizes", "--keylog", "keys").splitlines()), 40)

    def test_ladder_shows_early_data_and_its_end(self):
        text = self.captured([], [DRAFT, "--associations", "2", "--early-data"])
        self.assertRegex(text, r"long +1:\d+ .* application data, \d+ bytes")
        self.assertRegex(text, r"long +1:\d+ .* EndOfEarlyData")

    def test_ladder_still_reads_rfc_9147(self):
        text = self.captured([], [])
        self.assertRegex(text, r"unified c.. +3:\d+ .* application data, \d+ bytes")
        self.assertNotIn("draft", text)

    def test_a_default_server_refuses_it(self):
        _, client = self.run_pair([], [DRAFT])
        self.assertEqual(client[0], 1, client[1])
        self.assertIn("protocol_version", client[1])

    def test_its_server_refuses_a_default_client(self):
        _, client = self.run_pair([DRAFT], [])
        self.assertEqual(client[0], 1, client[1])
        self.assertIn("protocol_version", client[1])

    def test_other_names_are_refused(self):
        server = self.start("client", "--port", "1", "--wire-profile", "draft-27")
        output = server.communicate(timeout=TIMEOUT_S)[0]
        self.assertNotEqual(server.returncode, 0)
        self.assertIn("--wire-profile takes rfc9147 and draft-26, not 'draft-27'.", output)


unittest.main()
