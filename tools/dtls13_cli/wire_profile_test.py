#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Clients and servers of the wire profiles: wire_profile_test.py CLI.

Two of draft-26 reach each other, resume, and send early data; one of draft-26 and one of RFC 9147 do not, whichever
is the server.
"""

import os
import subprocess
import sys
import tempfile
import unittest

CLI = os.path.abspath(sys.argv.pop(1))
TIMEOUT_S = 60
DRAFT = "--wire-profile=draft-26"


class WireProfile(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-subj", "/CN=server", "-keyout", "key.pem", "-out", "cert.pem"],
                       cwd=self.folder, check=True, stderr=subprocess.DEVNULL)

    def start(self, *arguments):
        program = subprocess.Popen([CLI] + list(arguments), cwd=self.folder, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, universal_newlines=True)
        self.addCleanup(program.stdout.close)
        self.addCleanup(program.wait)
        self.addCleanup(program.kill)
        return program

    def start_server(self, *arguments):
        server = self.start("server", "--port", "0", "--cert", "cert.pem", "--key", "key.pem", "--echo", *arguments)
        return server, server.stdout.readline().rsplit(None, 1)[1]

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
