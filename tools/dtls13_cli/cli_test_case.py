# SPDX-License-Identifier: Apache-2.0
"""What the tests of dtls13_cli begin with: a folder with a certificate, and the program, which the first argument
names."""

import os
import subprocess
import sys
import tempfile
import unittest

CLI = os.path.abspath(sys.argv.pop(1))
TIMEOUT_S = 60


class CliTestCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-subj", "/CN=server", "-keyout", "key.pem", "-out", "cert.pem"],
                       cwd=self.folder, check=True, stderr=subprocess.DEVNULL)

    def start(self, *arguments):
        program = subprocess.Popen([CLI, *arguments], cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   universal_newlines=True)
        self.addCleanup(program.stdout.close)
        self.addCleanup(program.wait)
        self.addCleanup(program.kill)
        return program

    def start_listening(self, *arguments):
        """Returns the program and the port that it says first."""
        program = self.start(*arguments)
        return program, program.stdout.readline().rsplit(None, 1)[-1]
