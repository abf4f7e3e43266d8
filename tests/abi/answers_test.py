#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Asks the preloaded library what answers.c asks, and holds it against libssl: answers_test.py LIBRARY PROGRAM.

DTLS 1.3's sessions are TLS 1.3's, whose answers are the measure; DTLS 1.2's are for what has no use in TLS 1.3.
"""

import difflib
import re
import sys

import programs
from programs import expect

LIBRARY, PROGRAM = sys.argv[1:3]

# SSLs that set a way to resume that only DTLS 1.2 has speak DTLS 1.2; libssl's TLS 1.3 fails.
AS_DTLS12 = ("ticket extension", "session secret")


def scenarios(protocol, library=None):
    """What the program prints of each scenario, by its name."""
    program = programs.Program([PROGRAM, protocol], library)
    status = program.finish()
    expect(status == 0, "exit status %d:\n%s" % (status, program.output))
    parts = re.split(r"^== (.*)\n", program.output, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def lines(text):
    return [line for line in text.splitlines() if not line.startswith("#")]


def answers_as_libssl():
    tls13, dtls12, preloaded = scenarios("tls"), scenarios("dtls"), scenarios("dtls", LIBRARY)
    for measure, version in ((tls13, "TLSv1.3"), (dtls12, "DTLSv1.2"), (preloaded, "DTLSv1.3")):
        expect("# version %s\n" % version in measure["statistics"], "not %s" % version)
    expect(list(preloaded) == list(tls13) == list(dtls12), "scenarios %s" % list(preloaded))
    differences = []
    for name, text in preloaded.items():
        measure = dtls12 if name in AS_DTLS12 else tls13
        differences += difflib.unified_diff(lines(measure[name]), lines(text), "libssl: " + name,
                                            "preloaded: " + name, lineterm="")
    expect(not differences, "\n" + "\n".join(differences))


sys.exit(programs.run_all([answers_as_libssl]) != 0)
