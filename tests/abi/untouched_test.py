#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""TLS and pinned DTLS 1.2 through the preloaded library look as without it: untouched_test.py LIBRARY."""

import difflib
import re
import sys

import programs
from programs import expect

LIBRARY = sys.argv[1]
FOLDER = programs.Folder()

# What differs from run to run: keys, identifiers, tickets, times, ports.
RANDOM = [
    (r"^( +(?:Session-ID|Master-Key|Resumption PSK): ).*$", r"\1..."),
    (r"^( +Start Time: ).*$", r"\1..."),
    (r"^( +[0-9a-f]{4} - ).*$", r"\1..."),
    (r"^(ACCEPT .*:)\d+$", r"\1..."),
    (r"(-----BEGIN SSL SESSION PARAMETERS-----\n)[^-]*", r"\1...\n"),
]

# name: arguments of both sides, and how often the client prints a session
SESSIONS = {
    "TLS 1.3": (["-tls1_3"], 2),
    "TLS 1.2": (["-tls1_2"], 1),
    "TLS, any version": ([], 2),
    "DTLS 1.2": (["-dtls1_2"], 1),
    "DTLS 1.2 with messages": (["-dtls1_2", "-state"], 1),
}


def masked(output):
    for pattern, replacement in RANDOM:
        output = re.sub(pattern, replacement, output, flags=re.MULTILINE)
    return output.splitlines()


def run(arguments, num_sessions, library):
    with programs.Session(FOLDER, arguments, arguments + ["-servername", "localhost"], library,
                          library) as session:
        session.client.wait_for("^SSL-Session:", num_sessions)
        # The handshake's own traffic is over, so that the order of the lines is settled.
        session.server.wait_for("^CIPHER is")
        session.exchange()
        status = session.close()
        expect(status == (0, 0), "exit status %s" % (status,))
        return {"client": session.client.output, "server": session.server.output}


def make_test(name):
    def test():
        arguments, num_sessions = SESSIONS[name]
        before = run(arguments, num_sessions, None)
        after = run(arguments, num_sessions, LIBRARY)
        for side in before:
            difference = list(difflib.unified_diff(masked(before[side]), masked(after[side]),
                                                   side, side + ", preloaded", lineterm=""))
            expect(not difference, "\n" + "\n".join(difference))
    test.__name__ = name
    return test


sys.exit(programs.run_all([make_test(name) for name in SESSIONS]) != 0)
