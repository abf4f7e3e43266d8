#!/usr/bin/env python3
"""Runs a C program under the preloaded library: version_limits_test.py LIBRARY PROGRAM."""

import sys

import programs
from programs import expect

LIBRARY, PROGRAM = sys.argv[1:3]


def version_limits():
    program = programs.Program([PROGRAM], LIBRARY)
    status = program.finish()
    expect(status == 0 and not program.output, "status %d: %s" % (status, program.output))


sys.exit(programs.run_all([version_limits]) != 0)
