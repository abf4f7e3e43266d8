#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A preloaded s_server outlives what it is sent, and serves on: storm_test.py LIBRARY CLIENTS."""

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.append(os.path.join(HERE, "..", "abi"))
import programs
from programs import expect

LIBRARY, CLIENTS = sys.argv[1:3]
FOLDER = programs.Folder()


class Server(programs.Program):
    def __init__(self, arguments):
        super().__init__(["openssl", "s_server", "-dtls", "-accept", "127.0.0.1:0"] +
                         FOLDER.credential() + arguments, LIBRARY)
        self.port = self.wait_for(r"^ACCEPT [0-9.]+:(\d+)$").group(1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def is_sent(self, command, number, says="", library=LIBRARY):
        """Runs clients against the server; they say what is expected."""
        run = subprocess.run([CLIENTS, self.port, command, str(number)], stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, env=programs.environment(library),
                             timeout=programs.TIMEOUT_S)
        expect(run.returncode == 0 and run.stdout.decode() == says,
               "%s: %s" % (command, run.stdout.decode()))


def accepting():
    with Server([]) as server:
        for seed, library in enumerate((LIBRARY, None)):
            server.is_sent("storm", seed, library=library)
            server.is_sent("connect", 1, "connected: 1, DTLS 1.3: 1\n")
            server.is_sent("refuse", 10, "refused: 10\n", library)
            server.is_sent("connect", 1, "connected: 1, DTLS 1.3: 1\n")
            server.is_sent("connect", 1, "connected: 1, DTLS 1.3: 0\n", library=None)


def in_the_middle_of_a_connection():
    with Server([]) as server:
        for seed in range(2):
            server.is_sent("amid", seed, "closed in order: 1\n")


def listening():
    """It serves one client and then no other, whatever it is sent."""
    for version, library in enumerate((None, LIBRARY)):
        with Server(["-listen"]) as server:
            server.is_sent("storm", 1)
            server.is_sent("storm", 2, library=None)
            server.is_sent("connect", 1, "connected: 1, DTLS 1.3: %d\n" % version, library)


sys.exit(programs.run_all([
    accepting,
    in_the_middle_of_a_connection,
    listening,
]) != 0)
