#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs OpenSSL's own tests of (D)TLS on libssl and again with the library preloaded, and compares case by case.

  openssl_suite_test.py LIBRARY README.md

The programs are those of `prepare_openssl suite`. Each runs three times: on libssl, preloaded, and preloaded with
DTLS13_OPTIONS=max_version=DTLSv1.2. The third must give what the first gives; where the second does not, a row of the
last table of README.md says so and why. A row that is no longer true is a failure too.
Where the programs cannot be had, prints "SKIPPED: reason" and succeeds, unless DTLS13_REQUIRE_PEERS=1 says that they
must be had.
"""

import collections
import glob
import os
import re
import subprocess
import sys
import tempfile

import programs

# Each takes seconds; reached only by a program that hangs.
GIVE_UP_SECONDS = 300
HELD_DOWN = {"DTLS13_OPTIONS": "max_version=DTLSv1.2"}

# A line of the programs' output, which is TAP: the cases of one test are indented, a case alone is not.
RESULT = re.compile(r"^(?P<indent> *)(?P<outcome>ok|not ok) \d+ - (?P<name>.*?)(?P<skip> *# skip.*)?$",
                    re.IGNORECASE)
SUBTEST = re.compile(r"^ +# Subtest: (.*)$")
# An outcome beside these three: how a program ended that said nothing of the case.
OK, NOT_OK, SKIP = "ok", "not ok", "skip"

# What these two test is not in Debian's build.
NOT_BUILT = {"22-compression.cnf": "zlib", "29-dtls-sctp-label-bug.cnf": "SCTP"}

Program = collections.namedtuple("Program", "name arguments is_tap")


class Suite:
    """OpenSSL's test programs, and what they are run with."""

    def __init__(self, folder):
        facts = programs.prepare_openssl("suite")
        self.version = facts["version"]
        self._folder = folder
        self._build = facts["build"]
        self._libraries = facts["libraries"]
        self._data = os.path.join(facts["source"], "test")

    def path(self, *names):
        return os.path.join(self._data, *names)

    def programs(self):
        """Every program with its arguments: test programs first, then ssl_test and ssl_old_test many times."""
        pair = [self.path("certs", "servercert.pem"), self.path("certs", "serverkey.pem")]
        api = self.path("recipes", "90-test_sslapi_data")
        for name, arguments in [
                ("bad_dtls_test", []), ("dtls_mtu_test", []), ("dtlstest", pair), ("dtlsv1listentest", []),
                ("fatalerrtest", pair), ("recordlentest", pair), ("servername_test", pair),
                ("sslapitest", [
                    self.path("certs"), os.path.join(api, "passwd.txt"), os.path.join(self._folder, "session"),
                    "default", self.path("default.cnf"), os.path.join(api, "dhparams.pem")
                ]), ("sslbuffertest", pair), ("sslcorrupttest", pair)]:
            yield Program(name, [name] + arguments, True)
        for path in sorted(glob.glob(self.path("ssl-tests", "*.cnf"))):
            name = os.path.basename(path)
            if name not in NOT_BUILT:
                yield Program("ssl_test " + name, ["ssl_test", path, "none"], True)
        common = self._old_credentials()
        for name in self._old_cases():
            words = [self.path("serverinfo.pem") if word == "serverinfo.pem" else word for word in name.split()]
            yield Program("ssl_old_test " + name, ["ssl_old_test"] + common + words, False)

    def _old_credentials(self):
        """What ssl_old_test's two sides show, and one file of what they trust."""
        trusted = os.path.join(self._folder, "trusted.pem")
        with open(trusted, "w", encoding="ascii") as file:
            for name in ("rootcert.pem", "root-cert.pem"):
                with open(self.path("certs", name), encoding="ascii") as root:
                    file.write(root.read())
        certs = lambda name: self.path("certs", name)
        return ["-s_cert", certs("servercert.pem"), "-s_key", certs("serverkey.pem"), "-c_cert",
                certs("ee-client-chain.pem"), "-c_key", certs("ee-key.pem"), "-CAfile", trusted]

    @staticmethod
    def _old_cases():
        """Arguments that OpenSSL's recipe gives ssl_old_test for TLS, for each version of DTLS and for TLS."""
        info = "-serverinfo_file serverinfo.pem"
        for version in ("-dtls", "-dtls12", "-dtls1", "-tls1_2", ""):
            # DTLS 1.0 signs with SHA-1.
            cipher = " -cipher %s:@SECLEVEL=0" if version == "-dtls1" else " -cipher %s"
            default = version + (cipher % "DEFAULT" if version == "-dtls1" else "")
            yield from ("%s %s" % (default, case) for case in (
                "-server_auth", "-client_auth", "-server_auth -client_auth", "-server_auth -client_auth -app_verify",
                "-no_dhe -no_ecdhe", "-num 10 -reuse", "-num 3 -f", "-num 10 -reuse -no_ticket", "-bytes 4096",
                "-bytes 100000", "-custom_ext", info, info + " -serverinfo_sct", info + " -serverinfo_tack",
                info + " -serverinfo_sct -serverinfo_tack", "-custom_ext %s -serverinfo_sct -serverinfo_tack" % info,
                "-alpn_client foo,bar -alpn_server bar -alpn_expected bar", "-alpn_client foo -alpn_server bar",
                "-sn_client alice -sn_server1 alice -sn_server2 bob -sn_expect1",
                "-sn_client bob -sn_server1 alice -sn_server2 bob -sn_expect2", "-ipv4"))
            yield "%s -dhe1024dsa -cipher ADH:@SECLEVEL=0" % version
            yield version + cipher % "PSK" + " -psk abc123"

    def run(self, arguments, library, extra):
        """Returns the output and, as a word, how the program ended."""
        environment = programs.environment(library, dict({
            "CTLOG_FILE": self.path("ct", "log_list.cnf"),
            "LD_LIBRARY_PATH": self._libraries,
            "OPENSSL_ENGINES": os.path.join(self._build, "engines"),
            "OPENSSL_MODULES": os.path.join(self._libraries, "ossl-modules"),
            "TEST_CERTS_DIR": self.path("certs"),
        }, **extra))
        # They let go of no memory where they fail.
        environment["ASAN_OPTIONS"] = environment.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
        command = [os.path.join(self._build, "test", arguments[0])] + arguments[1:]
        try:
            ended = subprocess.run(command, env=environment, cwd=self._folder, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                                   timeout=GIVE_UP_SECONDS)
        except subprocess.TimeoutExpired:
            return "", "hangs"
        output = ended.stdout.decode(errors="replace")
        if ended.returncode < 0:
            return output, "died"
        return output, OK if ended.returncode == 0 else NOT_OK


def cases(output):
    """The cases that a program named: a test's iterations, or the test itself where it has none."""
    found, test, parents = {}, None, set()
    for line in output.splitlines():
        subtest = SUBTEST.match(line)
        if subtest:
            test = subtest.group(1)
            parents.add(test)
            continue
        result = RESULT.match(line)
        if not result:
            continue
        name = result.group("name")
        if result.group("indent"):
            name = "%s %s" % (test, name.replace("iteration ", ""))
        elif name in parents:
            continue
        found[name] = SKIP if result.group("skip") else result.group("outcome").lower()
    return found


def run_program(suite, program, library=None, extra=None, expected=()):
    """{case: outcome}, and all output. A program that dies is run again for each of `expected` that it did not reach."""
    extra = extra or {}
    output, end = suite.run(program.arguments, library, extra)
    if not program.is_tap:
        return {"": end}, output
    found = cases(output)
    if end in (OK, NOT_OK):
        # How it ends follows from the cases, unless it says otherwise.
        if (end == OK) != (NOT_OK not in found.values()):
            found["exit"] = end
        return found, output
    for name in expected:
        if name in found:
            continue
        test, _, iteration = name.partition(" ")
        alone, alone_end = suite.run(program.arguments[:1] + ["-test", test] + (["-iter", iteration] if iteration else
                                                                              []) + program.arguments[1:],
                                     library, extra)
        results = list(cases(alone).values())
        found[name] = results[0] if alone_end in (OK, NOT_OK) and len(results) == 1 else alone_end
        output += alone
    return found, output


def listed_cases(cell):
    """"name 1, 3-5" is `name 1`, `name 3`, `name 4`, `name 5`."""
    test = ""
    for item in cell.replace("`", "").split(", "):
        name, _, numbers = item.rpartition(" ")
        bounds = re.match(r"^(\d+)(?:-(\d+))?$", numbers)
        if not bounds:
            yield item
            continue
        test = name or test
        for number in range(int(bounds.group(1)), int(bounds.group(2) or bounds.group(1)) + 1):
            yield "%s %d" % (test, number)


def known_differences(readme):
    """{(program, case): (libssl's outcome, ours)} of the last table."""
    with open(readme, encoding="utf-8") as file:
        lines = file.read().splitlines()
    start = max(i for i, line in enumerate(lines) if line.startswith("| program | cases |"))
    known = {}
    for line in lines[start + 2:]:
        if not line.startswith("|"):
            break
        program, cell, on_libssl, preloaded, reason = [part.strip() for part in line.strip("|").split("|")]
        if not reason:
            raise programs.Failed("no reason in README.md: " + line)
        for case in listed_cases(cell):
            known[program.replace("`", ""), "" if case == "exit status" else case] = (on_libssl, preloaded)
    return known


def differences(program, on_libssl, other):
    return {(program.name, case): (on_libssl.get(case, "none"), other.get(case, "none"))
            for case in list(on_libssl) + [case for case in other if case not in on_libssl]
            if on_libssl.get(case) != other.get(case)}


def show(title, found):
    for (program, case), outcomes in found.items():
        print("%s: %s: %s: libssl: %s; preloaded: %s" % ((title, program, case or "exit status") + outcomes))


def compare(suite, library, known):
    """Runs everything; returns whether all is as it should be."""
    found, held = {}, {}
    table = collections.Counter()
    for program in suite.programs():
        on_libssl, _ = run_program(suite, program)
        preloaded, output = run_program(suite, program, library, expected=on_libssl)
        different = differences(program, on_libssl, preloaded)
        low, low_output = run_program(suite, program, library, HELD_DOWN, expected=on_libssl)
        different_low = differences(program, on_libssl, low)
        if {key: value for key, value in different.items() if known.get(key) != value}:
            print("---- %s, preloaded:\n%s" % (program.name, output))
        if different_low:
            print("---- %s, preloaded and held to DTLS 1.2:\n%s" % (program.name, low_output))
        family = program.name.split()[0]
        for column, count in (("cases", len(on_libssl)), ("ok", list(on_libssl.values()).count(OK)),
                              ("differ", len(different)), ("differ12", len(different_low))):
            table[family, column] += count
        found.update(different)
        held.update(different_low)
    new = {key: value for key, value in found.items() if known.get(key) != value}
    gone = {key: value for key, value in known.items() if key not in found}
    print("%-18s %6s %13s %20s %23s" % ("program", "cases", "ok on libssl", "different preloaded", "and held to DTLS 1.2"))
    for family in dict.fromkeys(name for name, _ in table):
        print("%-18s %6d %13d %20d %23d" % ((family,) + tuple(table[family, column]
                                                              for column in ("cases", "ok", "differ", "differ12"))))
    show("a difference that README.md has not", new)
    show("a difference from libssl in DTLS 1.2", held)
    show("README.md has a difference that there is not", gone)
    return not (new or held or gone)


def main():
    if len(sys.argv) != 3 or sys.argv[1] in ("-h", "--help"):
        print(__doc__)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        try:
            suite = Suite(folder)
        except programs.Unavailable as reason:
            return programs.skipped(reason)
        print("OpenSSL %s" % suite.version)
        return 0 if compare(suite, os.path.abspath(sys.argv[1]), known_differences(sys.argv[2])) else 1


if __name__ == "__main__":
    sys.exit(main())
