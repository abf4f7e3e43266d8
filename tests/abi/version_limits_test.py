#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a C program under the preloaded library: version_limits_test.py LIBRARY PROGRAM."""

import os
import re
import sys
import tempfile

import programs
from programs import expect

LIBRARY, PROGRAM = sys.argv[1:3]

V10, V12, V13, NONE = "DTLSv1", "DTLSv1.2", "DTLSv1.3", "none"
COMPLAINT = "libdtls13: DTLS13_OPTIONS: ignored: "


def version_limits():
    program = programs.Program([PROGRAM], LIBRARY)
    status = program.finish()
    expect(status == 0 and not program.output, "status %d: %s" % (status, program.output))


def pins(library, **environment):
    """What `version_limits pins` prints: {name: (version, limits read back)}, and everything else."""
    program = programs.Program([PROGRAM, "pins"], library, environment)
    status = program.finish()
    expect(status == 0, "status %d: %s" % (status, program.output))
    rows, rest = {}, []
    for line in program.output.splitlines():
        row = re.match(r"(.*): (\S+), (client .*)$", line)
        if row:
            rows[row.group(1)] = row.groups()[1:]
        else:
            rest.append(line)
    return rows, rest


def expect_versions(rows, expected):
    got = {name: rows[name][0] for name in expected}
    expect(got == expected, "negotiated %s, not %s" % (got, expected))


def expect_own_limits(rows):
    """The limits read back as they do without the library."""
    without, _ = pins(None)
    for name, (_, limits) in without.items():
        # libssl alone has no such number.
        if name != "demands DTLSv1.3":
            expect(rows[name][1] == limits, "%s: %s, not %s" % (name, rows[name][1], limits))


PINNED = {"method": V12, "client's method": V12, "server's method": V12, "old method": V10,
          "limits": V12, "old limit": V10, "command": V12}


def pins_are_kept():
    rows, rest = pins(LIBRARY)
    expect(not rest, rest)
    expect_versions(rows, dict(PINNED, open=V13, option=V12, **{"demands DTLSv1.3": V13}))
    expect_own_limits(rows)


def policy_overrides_pins():
    rows, rest = pins(LIBRARY, DTLS13_OPTIONS="override_pins=yes")
    expect(not rest, rest)
    expect_versions(rows, dict({name: V13 for name in PINNED}, open=V13, option=V12))
    expect_own_limits(rows)


def policy_has_a_lower_bound():
    rows, _ = pins(LIBRARY, DTLS13_OPTIONS="min_version=DTLSv1.3")
    expect_versions(rows, dict({name: NONE for name in PINNED}, open=V13, option=NONE))
    expect_own_limits(rows)
    rows, _ = pins(LIBRARY, DTLS13_OPTIONS="min_version=DTLSv1.2")
    expect_versions(rows, dict(PINNED, open=V13, **{"old method": NONE, "old limit": NONE}))
    expect_own_limits(rows)
    rows, _ = pins(LIBRARY, DTLS13_OPTIONS="override_pins=yes,min_version=DTLSv1.3")
    expect_versions(rows, dict({name: V13 for name in PINNED}, open=V13, option=NONE))


def policy_has_an_upper_bound():
    for options in ("max_version=DTLSv1.2", "override_pins=yes,max_version=DTLSv1.2"):
        rows, _ = pins(LIBRARY, DTLS13_OPTIONS=options)
        expect_versions(rows, dict(PINNED, open=V12, option=V12, **{"demands DTLSv1.3": NONE}))
        expect_own_limits(rows)
    rows, _ = pins(LIBRARY, DTLS13_OPTIONS="max_version=DTLSv1")
    expect_versions(rows, {"method": NONE, "limits": NONE, "old method": V10, "old limit": V10})


def openssl_cnf():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "openssl.cnf")

        def write(line):
            with open(path, "w") as file:
                file.write("openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\n" +
                           line + "\n")

        write("MaxProtocol = DTLSv1.2")
        rows, _ = pins(LIBRARY, OPENSSL_CONF=path)
        # The program's own limits, "none" among them, come after and replace those of the file.
        expect_versions(rows, {"open": V13, "limits": V12})
        program = programs.Program([PROGRAM, "system"], LIBRARY, {"OPENSSL_CONF": path})
        expect(program.finish() == 0 and program.output.strip() == V12, program.output)
        program = programs.Program([PROGRAM, "system"], LIBRARY,
                                   {"OPENSSL_CONF": path, "DTLS13_OPTIONS": "override_pins=yes"})
        expect(program.finish() == 0 and program.output.strip() == V13, program.output)
        write("MinProtocol = DTLSv1.2")
        program = programs.Program([PROGRAM, "system"], LIBRARY, {"OPENSSL_CONF": path})
        expect(program.finish() == 0 and program.output.strip() == V13, program.output)


def what_cannot_be_used_is_named_once():
    rows, rest = pins(LIBRARY, DTLS13_OPTIONS="colour=blue,override_pins=maybe,max_version=DTLSv1.2")
    expect(len(rest) == 2 and rest[0].startswith(COMPLAINT + "there is no key 'colour'") and
           rest[1].startswith(COMPLAINT + "override_pins takes yes or no"), rest)
    expect_versions(rows, dict(PINNED, open=V12))
    _, rest = pins(LIBRARY, DTLS13_OPTIONS="help")
    expect(any("override_pins" in line for line in rest), rest)


def policy_logs_keys():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "keys.log")
        program = programs.Program([PROGRAM, "system"], LIBRARY, {"DTLS13_OPTIONS": "key_log=" + path})
        expect(program.finish() == 0 and program.output.strip() == V13, program.output)
        expect(os.stat(path).st_mode & 0o077 == 0, "others may read the secrets")
        with open(path) as file:
            lines = file.read().splitlines()
        # Each side has written the same lines.
        expect(len(lines) >= 8 and len(set(lines)) * 2 == len(lines), lines)
        for line in lines:
            expect(re.match(r"[A-Z_0-9]+ [0-9a-f]{64} [0-9a-f]{64,96}$", line), line)


def a_key_log_that_cannot_be_written_is_named_once():
    program = programs.Program([PROGRAM, "system"], LIBRARY, {"DTLS13_OPTIONS": "key_log=/nowhere/keys.log"})
    expect(program.finish() == 0, program.output)
    said = "libdtls13: key_log: /nowhere/keys.log cannot be written: No such file or directory"
    expect(sorted(program.output.split("\n")) == sorted(["", said, V13]), program.output)


def nothing_is_said_without_dtls():
    for command in (["cat", "/dev/null"], ["openssl", "ciphers", "-s", "-tls1_2", "AES128-SHA"]):
        program = programs.Program(command, LIBRARY, {"DTLS13_OPTIONS": "colour=blue"})
        expect(program.finish() == 0, program.output)
        expect("libdtls13" not in program.output, program.output)


sys.exit(programs.run_all([
    version_limits, pins_are_kept, policy_overrides_pins, policy_has_a_lower_bound,
    policy_has_an_upper_bound, openssl_cnf, what_cannot_be_used_is_named_once,
    policy_logs_keys, a_key_log_that_cannot_be_written_is_named_once, nothing_is_said_without_dtls]) != 0)
