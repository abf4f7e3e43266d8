# SPDX-License-Identifier: Apache-2.0
"""The programs at the two ends: an independent library's peer, dtls13_cli, and openssl's own s_server and s_client.

Each has the same few calls: start, wait for a moment, close, finish, and facts() in the same words, so that
a scenario does not ask which program it runs.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

import messages
import wire

HOST_NAME = "server.example"

# Long enough for a machine that does ten other things; reached only by a test that fails.
GIVE_UP_SECONDS = 60

# Our name: code point, the name openssl takes, and what openssl prints.
GROUPS = {
    "x25519": (29, "X25519", "X25519, 253 bits"),
    "p256": (23, "P-256", "ECDH, prime256v1, 256 bits"),
    "p384": (24, "P-384", "ECDH, secp384r1, 384 bits"),
    "x25519mlkem768": (0x11ec, "X25519MLKEM768", "X25519MLKEM768"),
}
SUITES = {
    "TLS_AES_128_GCM_SHA256": 0x1301,
    "TLS_AES_256_GCM_SHA384": 0x1302,
    "TLS_CHACHA20_POLY1305_SHA256": 0x1303,
}
# The certificate: its key for openssl's req, and the signature scheme it signs with.
CERTIFICATES = {
    "ecdsa": (["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], 0x0403),
    "rsa": (["rsa:2048"], 0x0804),
}
# Only the first has signed them.
AUTHORITIES = ("ca", "other-ca")


class Failed(Exception):
    """A test found something else than it should."""


class Unavailable(Exception):
    """The peer cannot be had here; says why."""


def run(command, **options):
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, check=False, **options)
    if result.returncode != 0:
        raise Failed("%s: exit %d: %s" % (" ".join(command), result.returncode, result.stdout))
    return result.stdout


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Folder:
    """A folder with a newer Debian (`suite`) and its libraries, and inside it one with this run's certificates."""

    def __init__(self, prepare, suite):
        prepared = subprocess.run([prepare, suite], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True, check=False)
        if prepared.returncode == 77:
            raise Unavailable(prepared.stderr.strip().splitlines()[-1])
        if prepared.returncode != 0:
            raise Failed("prepare_peers: exit %d: %s" % (prepared.returncode, prepared.stderr))
        # The peer programs by the names of their libraries, the libraries' versions by NAME_version.
        self.facts = dict(line.split("=", 1) for line in prepared.stdout.splitlines())
        self.root = self.facts["root"]
        self.path = tempfile.mkdtemp(prefix="dtls13-", dir=os.path.join(self.root, "tmp"))
        self._make_certificates()

    def openssl_version(self):
        """Major and minor number of the OpenSSL in it."""
        text = run(["chroot", self.root, "openssl", "version"])
        return tuple(map(int, re.match(r"OpenSSL (\d+)\.(\d+)", text).groups()))

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)

    def file(self, name):
        return os.path.join(self.path, name)

    def bring(self, program):
        """Copies a program built here into the folder, with the libraries that only Debian 12 has (abseil's);
        libcrypto it finds in the folder, and that is a newer one. Returns the command that runs it there."""
        if not os.path.exists(self.file(os.path.basename(program))):
            for library in re.findall(r" => (/\S*/libabsl_\S+)", run(["ldd", program])):
                shutil.copy(library, self.path)
        return ["chroot", self.root, "env", "LD_LIBRARY_PATH=" + self.inside("."), self.bring_file(program)]

    def bring_file(self, path):
        """Returns what it is called inside."""
        name = os.path.basename(path)
        if not os.path.exists(self.file(name)):
            shutil.copy(path, self.file(name))
        return self.inside(name)

    def preloaded(self, library):
        """The command that runs the folder's openssl, a newer one, with `library` preloaded."""
        return ["chroot", self.root, "env", "LD_PRELOAD=" + self.bring_file(library), "openssl"]

    def inside(self, name):
        return "/" + os.path.relpath(self.file(name), self.root)

    def _make_certificates(self):
        for authority in AUTHORITIES:
            run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                 "-nodes", "-keyout", self.file(authority + ".key"), "-out",
                 self.file(authority + ".pem"), "-subj", "/CN=" + authority, "-days", "2"])
        with open(self.file("extensions"), "w", encoding="ascii") as file:
            file.write("subjectAltName=DNS:%s\nbasicConstraints=CA:FALSE\n" % HOST_NAME)
        # NSS gives certificates of one subject one nickname, so each has its own.
        for name, (key, _) in CERTIFICATES.items():
            run(["openssl", "req", "-newkey"] + key + ["-nodes", "-keyout", self.file(name + ".key"),
                 "-out", self.file(name + ".csr"), "-subj", "/CN=%s %s" % (HOST_NAME, name)])
            run(["openssl", "x509", "-req", "-in", self.file(name + ".csr"), "-CA",
                 self.file("ca.pem"), "-CAkey", self.file("ca.key"), "-CAcreateserial", "-days", "2",
                 "-extfile", self.file("extensions"), "-out", self.file(name + ".pem")])
            run(["openssl", "pkcs12", "-export", "-inkey", self.file(name + ".key"), "-in",
                 self.file(name + ".pem"), "-name", name, "-passout", "pass:interop", "-out",
                 self.file(name + ".p12")])
            run(["openssl", "pkey", "-in", self.file(name + ".key"), "-pubout", "-outform", "DER", "-out",
                 self.file(name + ".spki")])
        for authority in AUTHORITIES:
            self._make_nss_database(authority)

    def _make_nss_database(self, authority):
        """One that trusts the authority, as wolfSSL does with AUTHORITY.pem, and has all certificates."""
        database = "sql:" + self.inside("db-" + authority)
        os.mkdir(self.file("db-" + authority))
        self._nss_tool("certutil", "-N", "-d", database, "--empty-password")
        self._nss_tool("certutil", "-A", "-d", database, "-n", authority, "-t", "CT,,", "-i",
                       self.inside(authority + ".pem"))
        for name in CERTIFICATES:
            self._nss_tool("pk12util", "-i", self.inside(name + ".p12"), "-d", database, "-W", "interop",
                           "-K", "")

    def _nss_tool(self, *command):
        run(["chroot", self.root] + list(command))


class Program:
    """A running program, and what it has printed so far."""

    def __init__(self, name, command, environment=None):
        self.name = name
        # The program at the other end; once it has failed, there is nothing to wait for.
        self.other = None
        self._text = {"out": b"", "err": b""}
        self._changed = threading.Condition()
        self._process, streams = self._spawn(command, dict(os.environ, **(environment or {})))
        self._threads = [threading.Thread(target=self._collect, args=item, daemon=True)
                         for item in streams.items()]
        for thread in self._threads:
            thread.start()

    def _spawn(self, command, environment):
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        return process, {"out": process.stdout, "err": process.stderr}

    def _collect(self, key, stream):
        while True:
            chunk = os.read(stream.fileno(), 65536)
            if not chunk:
                return
            self._append(key, chunk)

    def _append(self, key, chunk):
        with self._changed:
            self._text[key] += chunk
            self._changed.notify_all()

    def text(self, key=None):
        with self._changed:
            whole = self._text[key] if key else self._text["out"] + self._text["err"]
        return whole.decode("utf-8", "replace")

    def wait_for(self, pattern):
        """Returns the match of `pattern` in what is printed; fails if the program ends without it."""
        deadline = time.monotonic() + GIVE_UP_SECONDS
        while True:
            ended = self._process.poll() is not None
            if ended:
                for thread in self._threads:
                    thread.join()
            match = re.search(pattern, self.text(), re.MULTILINE)
            if match:
                return match
            if self.other is not None and self.other.has_failed():
                raise Failed("%s failed%s" % (self.other.name, self.other.last_words()))
            if ended or time.monotonic() > deadline:
                raise Failed("%s %s without '%s'%s" % (
                    self.name, "ended" if ended else "went on", pattern, self.last_words()))
            with self._changed:
                self._changed.wait(0.02)

    def find_facts(self, patterns):
        """Each pattern's group where it matches last in what is printed, by name."""
        text = self.text()
        matches = {name: list(re.finditer(pattern, text, re.MULTILINE))
                   for name, pattern in patterns.items()}
        return {name: found[-1].group(1) for name, found in matches.items() if found}

    def has_failed(self):
        return self._process.poll() not in (None, 0)

    def last_words(self):
        lines = self.text("err").strip().splitlines()[-3:]
        return ": " + " | ".join(lines) if lines else ""

    def finish(self):
        """Waits for the end; returns the exit status."""
        try:
            status = self._process.wait(GIVE_UP_SECONDS)
        except subprocess.TimeoutExpired:
            raise Failed("%s never ended%s" % (self.name, self.last_words())) from None
        for thread in self._threads:
            thread.join()
        return status

    def stop(self):
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()


class LibraryPeer(Program):
    """The peer program on `library` (NSS or wolfSSL). Prints its facts as lines "<when> name=value ..."."""

    def __init__(self, folder, library, role, arguments):
        super().__init__(
            "%s %s" % (library, role),
            ["chroot", folder.root, folder.facts[library.lower()], "--" + role, "--files", folder.inside(".")] +
            arguments)

    def port(self):
        return int(self.wait_for(r"^listening port=(\d+)$").group(1))

    def wait_connected(self):
        self.wait_for(r"^connected .*$")

    def wait_data(self, association=0):
        """Waits until what this end sends is back."""
        self.wait_for(r"(^epochs [^\n]*$[\s\S]*?){%d}" % (association + 1))

    def facts(self):
        facts = {}
        for line in self.text("out").splitlines():
            for word in line.split()[1:]:
                name, _, value = word.partition("=")
                facts[name] = value
        return facts


class CliPeer(Program):
    """`command` runs dtls13_cli."""

    def __init__(self, command, role, arguments):
        super().__init__("dtls13_cli " + role, command + [role] + arguments)

    def port(self):
        return int(self.wait_for(r"^server: listening on port (\d+)$").group(1))

    def wait_connected(self):
        self.wait_for(r"^connected: .*$")

    def facts(self):
        return self.find_facts({
            "connected": r"^connected: (.*)$",
            "data": r"^(sent .*)$",
            "peer_closed": r"^(the peer closed)$",
            "said": r"^dtls13_cli \S+: (.*)$",
        })


class OpensslProgram(Program):
    """s_server or s_client as a system ships them, under LD_PRELOAD; `command` runs openssl so.

    Its standard input and output are sockets that keep message boundaries, so that each write here is one
    message to the peer. What is a message of the sequence goes back at once; everything else is text.
    """

    def __init__(self, command, role, arguments):
        self.num_echoed = 0
        self._pending = b""
        super().__init__("s_" + role, command + ["s_" + role] + arguments)

    def _spawn(self, command, environment):
        kind = socket.SOCK_SEQPACKET
        self._stdin, child_stdin = socket.socketpair(socket.AF_UNIX, kind)
        stdout, child_stdout = socket.socketpair(socket.AF_UNIX, kind)
        process = subprocess.Popen(command, env=environment, stdin=child_stdin, stdout=child_stdout,
                                   stderr=subprocess.PIPE)
        child_stdin.close()
        child_stdout.close()
        return process, {"out": stdout, "err": process.stderr}

    def _append(self, key, chunk):
        if key != "out":
            super()._append(key, chunk)
            return
        # s_client reads 1024 bytes at a time, so a message may come in parts.
        self._pending += chunk
        if self._pending.startswith(messages.START):
            # Each association begins anew.
            self.num_echoed = 0
        while self._pending:
            message = messages.make_message(self.num_echoed)
            if message.startswith(self._pending) and message != self._pending:
                return
            if not self._pending.startswith(message):
                super()._append(key, self._pending)
                self._pending = b""
                return
            self._pending = self._pending[len(message):]
            self.num_echoed += 1
            try:
                self._stdin.send(message)
            except OSError:
                # The program is gone, which the test finds by other means.
                return

    def say(self, message):
        """Has it sent to the peer."""
        self._stdin.send(message)

    def facts(self):
        """What -brief prints, and how many messages went back."""
        facts = self.find_facts({
            "protocol": r"^Protocol version: (\S+)$",
            "suite_name": r"^Ciphersuite: (\S+)$",
            "temp_key": r"^(?:Server|Peer) Temp Key: (.*)$",
            "signature_type": r"^Signature type: (\S+)$",
            "verification": r"^Verification: (.*)$",
            "peername": r"^Verified peername: (\S+)$",
        })
        facts["echoed"] = str(self.num_echoed)
        return facts


class SServer(OpensslProgram):
    """`brief` shows the version but takes no commands; without it, the version is not shown."""

    def __init__(self, command, arguments, brief=True, associations=1):
        # -brief says nothing of the port, so it is chosen here.
        self._port = free_port()
        super().__init__(
            command, "server", ["-dtls", "-accept", "127.0.0.1:%d" % self._port, "-naccept",
                       str(associations)] + (["-brief"] if brief else []) + arguments)

    def port(self):
        deadline = time.monotonic() + GIVE_UP_SECONDS
        while self._port not in wire.bound_ports():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise Failed("s_server does not listen%s" % self.last_words())
            time.sleep(0.01)
        return self._port

    def wait_connected(self):
        self.wait_for(r"^(Protocol version: .*|CIPHER is .*)$")

    def quit(self):
        """Closes its socket and then its association, in that order, so the peer hears nothing."""
        self.say(b"Q")


class SClient(OpensslProgram):
    def __init__(self, command, port, arguments):
        super().__init__(
            command, "client",
            ["-dtls", "-connect", "127.0.0.1:%d" % port, "-brief", "-nocommands", "-servername",
             HOST_NAME] + arguments)

    def wait_connected(self):
        self.wait_for(r"^CONNECTION ESTABLISHED$")

    def close(self):
        self._stdin.shutdown(socket.SHUT_WR)
