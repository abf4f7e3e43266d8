# SPDX-License-Identifier: Apache-2.0
"""Runs unmodified programs against each other in a network namespace, and reads the version off the wire.

A test is a list of Cases and one call of main(). Each case starts a server and a client, with or without
the library preloaded as its Mix says, moves data, and returns; the harness then asks the wire which
version was spoken. Fixed ports are free: the namespace is the test's own.

  TEST LIBRARY [FILTER]    runs the cases whose names match FILTER

Where the test cannot run, it prints "SKIPPED: reason" and succeeds, unless DTLS13_REQUIRE_PEERS=1.
"""

import collections
import ctypes
import fcntl
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.realpath(__file__))
for folder in (("..", "abi"), ("..", "wire"), ("..", "..", "tools", "bazel")):
    sys.path.append(os.path.join(HERE, *folder))

import capture
import case_report
import programs
import wire
from programs import Failed, expect  # what a test takes from here

CLONE_NEWNET = 0x40000000
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1

TIMEOUT_S = programs.TIMEOUT_S
DTLS12 = capture.VERSION_NAMES[wire.DTLS12_VERSION]
DTLS13 = capture.VERSION_NAMES[wire.DTLS13_VERSION]


class Unavailable(Exception):
    """The test cannot run here; says why."""


# Which side has the library preloaded, and the version that the two then speak.
Mix = collections.namedtuple("Mix", "name server client version")
BOTH = Mix("1.3 on both sides", True, True, DTLS13)
CLIENT_ONLY = Mix("1.3 client, plain server", False, True, DTLS12)
SERVER_ONLY = Mix("plain client, 1.3 server", True, False, DTLS12)
PINNED = Mix("preloaded, pinned to 1.2", True, True, DTLS12)
NEITHER = Mix("plain on both sides", False, False, DTLS12)
# What every program is tried with.
MIXES = (BOTH, CLIENT_ONLY, SERVER_ONLY)

# `run` is called with a Run. `version` is what every association that came up must speak; None leaves the
# wire to `run`.
Case = collections.namedtuple("Case", "name run mix version")
Result = collections.namedtuple("Result", "case seconds versions fault")


def case(name, run, mix=BOTH, version=""):
    return Case(name, run, mix, mix.version if version == "" else version)


def matrix(name, run, mixes=MIXES):
    """The same case with the library on either side or both."""
    return [case(name, run, mix) for mix in mixes]


def wait_until(condition, fault):
    """Asks again and again until the condition holds; `fault` is what to say if it never does."""
    deadline = time.monotonic() + programs.TIMEOUT_S
    while not condition():
        if time.monotonic() > deadline:
            raise Failed(fault)
        time.sleep(0.02)


class Certificates:
    """A folder with an authority (ca), certificates of its: server, client and rsa (a server's), and one
    of another authority: stranger. Each has a .pem, a .key and a .both with the two."""

    HOSTS = "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1"

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="dtls13-apps-")
        # Some programs give up root before they read.
        os.chmod(self._folder.name, 0o755)
        for authority in ("ca", "other-ca"):
            self._make(authority, ["-addext", "basicConstraints=critical,CA:TRUE"])
        for name, authority in (("server", "ca"), ("client", "ca"), ("rsa", "ca"),
                                ("stranger", "other-ca")):
            self._make(name, ["-CA", self.path(authority + ".pem"), "-CAkey",
                              self.path(authority + ".key"), "-addext", self.HOSTS,
                              "-addext", "basicConstraints=critical,CA:FALSE"])

    def _make(self, name, options):
        key = ["rsa:2048"] if name == "rsa" else ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        subject = "/CN=" + ("localhost" if name in ("server", "rsa") else name)
        subprocess.run(
            ["openssl", "req", "-x509", "-nodes", "-days", "2", "-subj", subject, "-keyout",
             self.path(name + ".key"), "-out", self.path(name + ".pem"), "-newkey"] + key + options,
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.chmod(self.path(name + ".key"), 0o644)
        with open(self.path(name + ".both"), "w", encoding="ascii") as both:
            for part in (".pem", ".key"):
                with open(self.path(name + part), encoding="ascii") as file:
                    both.write(file.read())

    def path(self, name):
        return os.path.join(self._folder.name, name)


class Run:
    """One case as it runs: starts its programs, and listens to the wire meanwhile."""

    def __init__(self, library, certificates, mix):
        self.capture = capture.Capture()
        self._library = library
        self._certificates = certificates
        self._mix = mix
        self._programs = []
        self._relays = []

    def server(self, arguments, extra_environment=None):
        """Starts a program as the server's side."""
        return self.start(arguments, self._mix.server, extra_environment)

    def client(self, arguments, extra_environment=None):
        return self.start(arguments, self._mix.client, extra_environment)

    def start(self, arguments, preloaded=False, extra_environment=None):
        program = programs.Program(arguments, self._library if preloaded else None,
                                   extra_environment)
        self._programs.append(program)
        return program

    def path(self, name):
        """A file in the test's folder: a certificate's (see Certificates), or one of the case's own."""
        return self._certificates.path(name)

    def write(self, name, text):
        """Writes a file into the test's folder; returns its path."""
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def relay(self, server_port, loss_rate, seed=1):
        """A wire.Relay to 127.0.0.1:server_port that loses datagrams at random; its port is `.port`."""
        self._relays.append(wire.Relay(server_port, loss_rate=loss_rate, seed=seed))
        return self._relays[-1]

    def wait_for_port(self, port):
        """Waits until a program has bound the UDP port."""
        wait_until(lambda: port in wire.bound_ports(), "nobody binds port %d" % port)

    @staticmethod
    def send_until(sender, text, receiver, pattern):
        """Sends `text` again and again until the receiver prints `pattern`: data over a path with loss."""
        def has_come():
            sender.send(text)
            return re.search(pattern, receiver.output, re.MULTILINE)

        wait_until(has_come, "%s: no %r" % (" ".join(receiver.arguments), pattern))

    def versions(self, server_port=None):
        """The versions of the associations that came up, each once."""
        return sorted({association.version()
                       for association in self.capture.associations(server_port)
                       if association.is_up()})

    def check_wire(self, version):
        """Every association that came up speaks `version`, one did, and the wire was well-formed."""
        expect(self.capture.wait_for_up(1, programs.TIMEOUT_S), "no association came up")
        expect(self.versions() == [version],
               "the wire says %s, not %s" % (self.versions(), version))
        for association in self.capture.associations():
            expect(association.fault is None, "on the wire: %s" % association.fault)

    def describe(self):
        """What the wire showed and the programs said last, for a person."""
        lines = ["wire: " + association.describe() for association in self.capture.associations()]
        for program in self._programs:
            lines.append("$ " + " ".join(program.arguments))
            lines += ["  " + line for line in program.output.splitlines()[-25:]]
        return lines

    def end_programs(self):
        for program in self._programs:
            program.kill()

    def close(self):
        self.end_programs()
        for relay in self._relays:
            relay.close()
        self.capture.close()
        # What a program started dies after it, and must not take the next case's datagrams.
        wait_until(lambda: not wire.bound_ports(), "a socket is left of the last case")


def exchange(server, client, first=0):
    """Lines each way between two programs that print what they receive, numbered from `first`: a server's
    second client needs other lines than its first."""
    for number in range(first, first + 3):
        client.send("from the client %d\n" % number)
        server.wait_for("^from the client %d$" % number)
        server.send("from the server %d\n" % number)
        client.wait_for("^from the server %d$" % number)


def enter_network_namespace():
    """Gives this process, and what it starts, a network of its own with nothing but loopback."""
    if os.geteuid() != 0:
        raise Unavailable("a network namespace of its own needs root")
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        raise Unavailable("no network namespace: " + os.strerror(ctypes.get_errno()))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sh14x", b"lo", 0)
        name, flags = struct.unpack("16sh14x", fcntl.ioctl(control, SIOCGIFFLAGS, request))
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh14x", name, flags | IFF_UP))


def check_programs(needed):
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    missing = [name for name in needed if shutil.which(name) is None]
    if missing:
        raise Unavailable("not installed: " + ", ".join(missing))


def run_case(library, certificates, one):
    start = time.monotonic()
    run = Run(library, certificates, one.mix)
    fault = None
    try:
        one.run(run)
        if one.version is not None:
            run.check_wire(one.version)
    except Failed as failure:
        # What follows the first line is a program's output, which describe() gives shorter.
        fault = "\n    | ".join(str(failure).splitlines()[:1] + run.describe())
    finally:
        run.close()
    return Result(one, time.monotonic() - start, run.versions(), fault)


def print_table(program, results):
    line = "%-14s %-26s %-12s %s"
    print("\n" + line % ("program", "preloaded", "wire", "cases passed"))
    groups = collections.OrderedDict()
    for result in results:
        key = (result.case.mix.name, " ".join(result.versions) or "none")
        groups.setdefault(key, []).append(result.fault is None)
    for (mix, versions), passed in groups.items():
        print(line % (program, mix, versions, "%d/%d" % (sum(passed), len(passed))))


def run_cases(program, library, cases):
    certificates = Certificates()
    results = []
    for one in cases:
        result = run_case(library, certificates, one)
        results.append(result)
        print("[%s] %s %s: %s; wire: %s%s" % (
            " ok " if result.fault is None else "FAIL", program, one.name, one.mix.name,
            " ".join(result.versions) or "none",
            "" if result.fault is None else "\n    " + result.fault), flush=True)
    print_table(program, results)
    if os.environ.get("XML_OUTPUT_FILE"):
        case_report.write_xml(os.environ["XML_OUTPUT_FILE"], program, [
            case_report.Case(result.case.mix.name, result.case.name, result.seconds, result.fault)
            for result in results])
    return sum(result.fault is not None for result in results)


def main(program, needed, cases, prepare=None, bears_sanitizer=True, bears_thread_sanitizer=True):
    """Runs the cases of one program, which needs the named commands. `prepare` is called in the new namespace;
    it may raise Unavailable. Returns the exit status."""
    pattern = sys.argv[2] if len(sys.argv) > 2 else ""
    if not bears_sanitizer and programs.is_sanitized(sys.argv[1]):
        print("SKIPPED: %s: it does not run with a sanitizer's runtime" % program)
        return 0
    if not bears_thread_sanitizer and "TSAN_OPTIONS" in os.environ:
        print("SKIPPED: %s: ThreadSanitizer cannot follow the threads of its own" % program)
        return 0
    os.environ["TSAN_OPTIONS"] = "%s:suppressions=%s" % (os.environ.get("TSAN_OPTIONS", ""), os.path.join(
        os.path.dirname(os.path.abspath(__file__)), "uninstrumented.tsan"))
    try:
        check_programs(needed)
        enter_network_namespace()
        if prepare is not None:
            prepare()
    except Unavailable as reason:
        print("SKIPPED: %s: %s" % (program, reason))
        return 1 if os.environ.get("DTLS13_REQUIRE_PEERS") == "1" else 0
    chosen = [one for one in cases if re.search(pattern, "%s: %s" % (one.name, one.mix.name))]
    return 1 if run_cases(program, os.path.abspath(sys.argv[1]), chosen) else 0
