#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs tests of this tree on Debian 13's OpenSSL, which has what Debian 12's lacks: ML-KEM, for one.

  newer_openssl_test.py TEST_PROGRAM... | --sanitized

Each program is one that was built here; it runs inside prepare_peers' folder of Debian 13, whose libcrypto it then finds.
A test that is skipped there is a failure: what it misses on the older OpenSSL must be in the newer one.
Needs root, and programs without a sanitizer, whose runtime the folder lacks (--sanitized says so). Where
the folder cannot be had, prints "SKIPPED: reason" and succeeds, unless DTLS13_REQUIRE_PEERS=1 says that it
must be had.
"""

import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.append(os.path.join(HERE, "..", "wire"))

import programs

OLDEST_WITH_ML_KEM = (3, 5)


def check_version(folder):
    version = folder.openssl_version()
    print("OpenSSL %d.%d" % version)
    if version < OLDEST_WITH_ML_KEM:
        raise programs.Failed("the folder's OpenSSL is not newer")


def run_inside(folder, program):
    """Returns whether every test of `program` ran and passed."""
    name = os.path.basename(program)
    # Bazel's variables name files outside the folder.
    result = subprocess.run(folder.bring(program) + ["--gtest_brief=1"],
                            env={"PATH": os.environ["PATH"]}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, check=False)
    skipped = re.findall(r"^\[  SKIPPED \] (\S+)", result.stdout, re.MULTILINE)
    passed = result.returncode == 0 and not skipped
    print("%-4s %s" % ("ok" if passed else "FAIL", name))
    if not passed:
        print(result.stdout)
    return passed


def main():
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        print(__doc__)
        return 0 if len(sys.argv) >= 2 else 2
    if sys.argv[1] == "--sanitized":
        print("SKIPPED: the folder has no sanitizer's runtime")
        return 0
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    try:
        folder = programs.Folder(os.path.join(HERE, "prepare_peers"), "trixie")
    except programs.Unavailable as reason:
        print("SKIPPED: %s" % reason)
        return 1 if os.environ.get("DTLS13_REQUIRE_PEERS") == "1" else 0
    try:
        check_version(folder)
        num_failed = sum(not run_inside(folder, program) for program in sys.argv[1:])
    finally:
        folder.remove()
    print("%d passed, %d failed" % (len(sys.argv) - 1 - num_failed, num_failed))
    return 1 if num_failed else 0


if __name__ == "__main__":
    sys.exit(main())
