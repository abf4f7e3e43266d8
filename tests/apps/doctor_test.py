#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `dtls13 doctor` says of Debian's programs, held against what is known of each: doctor_test.py COMMAND LIBRARY.

The other tests of this folder show that those which it calls reachable are.
"""

import collections
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.realpath(__file__))
for folder in (("..", "abi"), ("..", "..", "tools", "bazel")):
    sys.path.append(os.path.join(HERE, *folder))

import case_report
import programs
from programs import Failed, expect

REACHABLE, NOT, PERHAPS = 0, 1, 3
VERDICTS = {REACHABLE: "verdict: reachable: ", NOT: "verdict: not reachable: ", PERHAPS: "verdict: perhaps reachable: "}

# A program, by its name or by a pattern of its file's path; what the doctor ends with and what its lines have.
Program = collections.namedtuple("Program", "name reach lines")

LIBSSL = r"^libssl:  /\S*/libssl\.so\.3"
PROGRAMS = (
    Program("openssl", REACHABLE, [LIBSSL + "$", "^DTLS:    openssl asks for it: .*DTLS_client_method"]),
    Program("socat", REACHABLE, [LIBSSL + "$", "^DTLS:    socat asks for it: .*DTLS_server_method"]),
    Program("coap-server-openssl", REACHABLE, [LIBSSL + r", asked for by libcoap-3-openssl\.so\.3$"]),
    Program("coap-client-openssl", REACHABLE, [LIBSSL + r", asked for by libcoap-3-openssl\.so\.3$"]),
    Program("coap-server-gnutls", NOT, [r"^verdict: .*GnuTLS's \(libgnutls\.so\.\d+\)"]),
    Program("turnserver", REACHABLE, [LIBSSL, "^DTLS:    turnserver asks for it: DTLS_server_method$",
                                      "^pin:     turnserver has methods .*: DTLSv1_2_server_method$"]),
    Program("snmpd", REACHABLE, [LIBSSL + r", asked for by libnetsnmp\.so", r"^verdict: .*libnetsnmp\.so\.\d+ calls"]),
    Program("snmpget", REACHABLE, [LIBSSL + r", asked for by libnetsnmp\.so"]),
    Program("radsecproxy", REACHABLE, ["^DTLS:    radsecproxy asks for it: .*DTLS_method"]),
    Program("janus", REACHABLE, ["^DTLS:    janus asks for it: DTLS_method", "^other:   GnuTLS "]),
    Program("rtpengine", REACHABLE, ["^DTLS:    rtpengine asks for it: DTLS_client_method, DTLS_server_method"]),
    Program("ncat", REACHABLE, ["^DTLS:    ncat asks for it: DTLS_client_method$"]),
    Program("baresip", REACHABLE, [r"^DTLS:    libre\.so\.\d+ asks for it: DTLS_method"]),
    Program("/usr/bin/python3", PERHAPS, ["loads libraries while it runs"]),
    Program("/usr/lib/*/gstreamer-1.0/libgstdtls.so", REACHABLE,
            [r"^program: .*, a library\)$", r"^DTLS:    libgstdtls\.so asks for it: DTLS_method"]),
    Program("/usr/lib/python3/dist-packages/cryptography/hazmat/bindings/_openssl.abi3.so", REACHABLE,
            ["asks for it: .*DTLS_method", r"^pin:     \S+ has methods of one version: .*DTLSv1_method"]),
    Program("chromium", PERHAPS, ["^script:  run by /bin/sh$", "a script for sh, "]),
    Program("/usr/lib/chromium/chromium", NOT, ["^inside:  chromium has BoringSSL$", "BoringSSL's, linked into"]),
    Program("firefox-esr", NOT, [r"^other:   NSS \(libssl3\.so\), asked for by libxul\.so$", r"NSS's \(libssl3\.so\)"]),
    Program("su", NOT, ["more rights than you \\(set-user-ID\\)"]),
    Program("ldconfig", NOT, [r"^program: \S+ \(\S+, static\)$", "linked statically"]),
)


def path_of(program):
    """The program's file, or None where it is not installed."""
    if program.name.startswith("/"):
        return next(iter(sorted(glob.glob(program.name))), None)
    return shutil.which(program.name)


def call(arguments):
    """Exit code, stdout and stderr for a user who is not root, whom set-user-ID programs give no more than he has."""
    nobody = {"user": 65534, "group": 65534} if os.geteuid() == 0 else {}
    done = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                          timeout=programs.TIMEOUT_S, **nobody)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def examine(command, program):
    started = time.monotonic()
    fault = None
    status, out, err = call([command, "doctor", path_of(program)])
    try:
        expect(status == program.reach, "ends with %d" % status)
        expect(out.splitlines()[-1].startswith(VERDICTS[program.reach]), "another verdict")
        for pattern in program.lines:
            expect(re.search(pattern, out, re.MULTILINE), "no %r" % pattern)
    except Failed as failure:
        fault = "%s:\n%s%s" % (failure, out, err)
    print("[%s] %s%s" % (" ok " if fault is None else "FAIL", program.name, "" if fault is None else ": " + fault))
    return case_report.Case("doctor", program.name, time.monotonic() - started, fault)


def others(command, library):
    """What belongs to somebody else: nothing of it is run or told."""
    started = time.monotonic()
    fault = None
    try:
        status, out, err = call([command, "run", "--library", library, "su", "--help"])
        expect(status == 1 and not out and "set-user-ID" in err, "run of su: %d %r %r" % (status, out, err))
        status, out, err = call([command, "doctor", "1"])
        expect(status == PERHAPS and not out and "process 1 cannot be read" in err,
               "doctor of another's process: %d %r %r" % (status, out, err))
        status, out, err = call([command, "status", "1"])
        expect(status == 1 and not out and "process 1 cannot be read" in err,
               "status of another's process: %d %r %r" % (status, out, err))
    except Failed as failure:
        fault = str(failure)
    print("[%s] what is another's%s" % (" ok " if fault is None else "FAIL", "" if fault is None else ": " + fault))
    return case_report.Case("doctor", "what is another's", time.monotonic() - started, fault)


def main():
    folder = tempfile.TemporaryDirectory()
    os.chmod(folder.name, 0o755)
    # Where everybody may read them.
    command, library = (shutil.copy(argument, folder.name) for argument in sys.argv[1:3])
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    missing = [program.name for program in PROGRAMS if path_of(program) is None]
    cases = [examine(command, program) for program in PROGRAMS if program.name not in missing]
    cases.append(others(command, library))
    for name in missing:
        print("SKIPPED: doctor: not installed: " + name)
    if os.environ.get("XML_OUTPUT_FILE"):
        case_report.write_xml(os.environ["XML_OUTPUT_FILE"], "doctor", cases)
    is_loud = missing and os.environ.get("DTLS13_REQUIRE_PEERS") == "1"
    return 1 if is_loud or any(case.fault is not None for case in cases) else 0


if __name__ == "__main__":
    sys.exit(main())
