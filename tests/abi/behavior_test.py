#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs one C program on libssl and again preloaded, and compares: behavior_test.py LIBRARY PROGRAM."""

import difflib
import re
import sys

import programs
from programs import expect

LIBRARY, PROGRAM = sys.argv[1:3]


def run(library):
    program = programs.Program([PROGRAM], library)
    status = program.finish()
    expect(status == 0, "exit status %d:\n%s" % (status, program.output))
    return program.output


def compared(output):
    return [line for line in output.splitlines() if not line.startswith("#")]


def behaves_as_libssl():
    on_libssl, preloaded = run(None), run(LIBRARY)
    versions = [set(re.findall(r"^# version (\S+)$", output, re.MULTILINE))
                for output in (on_libssl, preloaded)]
    expect(versions == [{"DTLSv1.2"}, {"DTLSv1.3"}], "negotiated %s" % versions)
    difference = list(difflib.unified_diff(compared(on_libssl), compared(preloaded), "libssl",
                                           "preloaded", lineterm=""))
    expect(not difference, "\n" + "\n".join(difference))


sys.exit(programs.run_all([behaves_as_libssl]) != 0)
