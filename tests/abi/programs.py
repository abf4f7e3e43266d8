# SPDX-License-Identifier: Apache-2.0
"""Runs programs, Debian's openssl s_server and s_client first, with or without the library preloaded."""

import codecs
import contextlib
import os
import pty
import re
import signal
import subprocess
import tempfile
import threading
import time
import tty

# Long enough for a loaded machine; nothing that works waits for it.
TIMEOUT_S = 60

HERE = os.path.dirname(os.path.realpath(__file__))
# Of RHEL 9 and Ubuntu 22.04, where what Debian builds is to run too.
OLDEST_GLIBC = (2, 34)
# Of Debian 12, where what is to run with the oldest is made.
NEWEST_GLIBC_FOR_RELEASES = (2, 36)
SANITIZERS = re.compile(r"lib(a|l|t|ub)san\.so")


class Failed(Exception):
    """A check that did not hold. The message is for a person."""


class Unavailable(Exception):
    """What a test is of cannot be had here; says why."""


def skipped(reason):
    """Says it loudly; returns the test's exit status."""
    print("SKIPPED: %s" % reason)
    return 1 if os.environ.get("DTLS13_REQUIRE_PEERS") == "1" else 0


def prepare_openssl(what):
    """Has prepare_openssl build `what` unless that is done; returns what it prints, by name."""
    prepared = subprocess.run([os.path.join(HERE, "prepare_openssl"), what], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if prepared.returncode == 77:
        raise Unavailable(prepared.stderr.strip().splitlines()[-1])
    expect(prepared.returncode == 0, "prepare_openssl: exit %d: %s" % (prepared.returncode, prepared.stderr))
    return dict(line.split("=", 1) for line in prepared.stdout.splitlines())


def needed(library):
    """The names in the library's NEEDED list."""
    dynamic = subprocess.run(["readelf", "-d", library], check=True, stdout=subprocess.PIPE).stdout
    return re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic.decode())


def glibc_floor(binary):
    """The newest version of glibc's symbols that it asks for, as (2, 34)."""
    versions = subprocess.run(["readelf", "--version-info", "--wide", binary], check=True,
                              stdout=subprocess.PIPE).stdout.decode()
    return max(tuple(map(int, version.split("."))) for version in re.findall(r"Name: GLIBC_([\d.]+)", versions))


def is_sanitized(library):
    return any(SANITIZERS.match(name) for name in needed(library))


def environment(library=None, extra=None):
    """The environment of a program, with `library` preloaded if one is given."""
    env = {key: value for key, value in os.environ.items() if key != "LD_PRELOAD"}
    env.update({"LC_ALL": "C", "OPENSSL_CONF": "/dev/null"})
    if library:
        # A sanitizer's runtime has to come before the library that wants it.
        runtimes = [name for name in needed(library) if SANITIZERS.match(name)]
        env["LD_PRELOAD"] = " ".join(runtimes + [os.path.abspath(library)])
    env.update(extra or {})
    return env


class Program:
    """One running program; its output is collected as it comes."""

    def __init__(self, arguments, library=None, extra_environment=None):
        self.arguments = arguments
        env = environment(library, extra_environment)
        if "/" not in arguments[0] or arguments[0].startswith("/usr/"):
            # Debian's own programs leave memory to the end of the process.
            env["ASAN_OPTIONS"] = env.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
        self.output = ""
        self._changed = threading.Condition()
        self._ended = False
        # A terminal, because into a pipe the C library holds lines back.
        self._terminal, slave = pty.openpty()
        tty.setraw(slave)
        self._process = subprocess.Popen(
            arguments, stdin=subprocess.PIPE, stdout=slave, stderr=slave, env=env,
            start_new_session=True)
        os.close(slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def maps(self):
        """What is mapped into it, libraries among others."""
        with open("/proc/%d/maps" % self._process.pid, encoding="utf-8") as file:
            return file.read()

    def _read(self):
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        data = b"-"
        while data:
            try:
                data = os.read(self._terminal, 65536)
            except OSError:  # what a terminal says at its end
                data = b""
            with self._changed:
                self.output += decoder.decode(data)
                self._ended = not data
                self._changed.notify_all()
        os.close(self._terminal)

    def wait_for(self, pattern, count=1):
        """Waits until the output has `count` matches of `pattern`; returns the last one."""
        deadline = time.monotonic() + TIMEOUT_S
        with self._changed:
            while True:
                matches = list(re.finditer(pattern, self.output, re.MULTILINE))
                if len(matches) >= count:
                    return matches[count - 1]
                left = deadline - time.monotonic()
                if left <= 0 or self._ended:
                    raise Failed("%s: no %r in the output:\n%s" %
                                 (" ".join(self.arguments), pattern, self.output))
                self._changed.wait(left)

    def send(self, text):
        try:
            self._process.stdin.write(text.encode())
            self._process.stdin.flush()
        except BrokenPipeError:
            raise Failed("%s: takes no input. Its output:\n%s" %
                         (" ".join(self.arguments), self.output))

    def end_input(self):
        self._process.stdin.close()

    def finish(self):
        """Waits for the end; returns the exit status."""
        try:
            status = self._process.wait(TIMEOUT_S)
        except subprocess.TimeoutExpired:
            raise Failed("%s: does not end. Its output:\n%s" %
                         (" ".join(self.arguments), self.output))
        self._reader.join(TIMEOUT_S)
        return status

    def kill(self):
        """Ends the program and what it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if not self._process.stdin.closed:
            try:
                self._process.stdin.close()
            except BrokenPipeError:
                pass


def wait_until(condition, what):
    """Waits until `condition()` holds."""
    deadline = time.monotonic() + TIMEOUT_S
    while not condition():
        expect(time.monotonic() < deadline, "waited in vain for " + what)
        time.sleep(0.01)


class Folder:
    """A folder with throw-away certificates: server, other, and the names that tests use."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory()
        self.make_self_signed("server", ["-newkey", "rsa:2048"], "localhost")
        self.make_self_signed("other", ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
                              "other.example")

    def make_self_signed(self, name, key, host):
        subprocess.run(
            ["openssl", "req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=" + host, "-addext",
             "subjectAltName=DNS:" + host, "-keyout", self.path(name + ".key"), "-out",
             self.path(name + ".pem")] + key,
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def issue(self, name, key, authority, days=2, extensions=""):
        """A certificate by `authority`, which is one of the folder; `extensions` in X.509v3 syntax."""
        run = lambda *arguments: subprocess.run(
            ["openssl"] + list(arguments), check=True, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        run("req", "-new", "-nodes", "-subj", "/CN=" + name, "-keyout", self.path(name + ".key"),
            "-out", self.path(name + ".csr"), *key)
        with open(self.path(name + ".ext"), "w", encoding="ascii") as file:
            file.write(extensions + "\n")
        run("x509", "-req", "-in", self.path(name + ".csr"), "-CA", self.path(authority + ".pem"),
            "-CAkey", self.path(authority + ".key"), "-days", str(days), "-extfile",
            self.path(name + ".ext"), "-out", self.path(name + ".pem"))

    def path(self, name):
        return os.path.join(self._folder.name, name)

    def credential(self, name="server", suffix=""):
        return ["-cert" + suffix, self.path(name + ".pem"), "-key" + suffix,
                self.path(name + ".key")]


class Session:
    """s_server and s_client connected to each other, until leaving the `with` block."""

    def __init__(self, folder, server_arguments, client_arguments, server_library=None,
                 client_library=None, client_environment=None, server_environment=None):
        self.server = Program(["openssl", "s_server", "-naccept", "1", "-accept", "127.0.0.1:0"] +
                              folder.credential() + server_arguments, server_library, server_environment)
        self.client = None
        self._client_arguments = client_arguments
        self._client_library = client_library
        self._client_environment = client_environment

    def __enter__(self):
        try:
            port = self.server.wait_for(r"^ACCEPT [0-9.]+:(\d+)$").group(1)
            self.client = Program(["openssl", "s_client", "-connect", "127.0.0.1:" + port] +
                                  self._client_arguments, self._client_library,
                                  self._client_environment)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for program in (self.client, self.server):
            if program:
                program.kill()

    def exchange(self):
        """One line each way."""
        self.client.send("from the client\n")
        self.server.wait_for("^from the client$")
        self.server.send("from the server\n")
        self.client.wait_for("^from the server$")

    def close(self):
        """The client leaves, and so the server does; returns both exit statuses."""
        self.client.send("Q\n")
        return self.client.finish(), self.server.finish()


def run_all(tests):
    """Runs functions one by one; returns the number that failed."""
    num_failed = 0
    for test in tests:
        name = getattr(test, "__name__", str(test))
        try:
            test()
            print("[ ok ] " + name)
        except Failed as failure:
            num_failed += 1
            print("[FAIL] %s: %s" % (name, failure))
    return num_failed


def expect(condition, message):
    if not condition:
        raise Failed(message)


def expect_lines(program, *patterns):
    """Each pattern matches somewhere in what the program printed."""
    for pattern in patterns:
        expect(re.search(pattern, program.output, re.MULTILINE),
               "no %r in the output:\n%s" % (pattern, program.output))
