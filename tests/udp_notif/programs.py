# SPDX-License-Identifier: Apache-2.0
"""Runs the udp_notif programs for tests, and what stands between them."""

import json
import os
import random
import re
import select
import signal
import socket
import subprocess
import threading
import time

TIMEOUT_S = 120


class Failure(Exception):
    """What a test found wrong; the text says it."""


def expect(condition, text):
    if not condition:
        raise Failure(text)


def expect_nearly_all(number, arrived, log):
    """What the machine was too busy for is counted as lost, and is a small part. `log` has the collector's summary."""
    expect("  %s lost" % format(number - arrived, ",") in log, "%d of %d arrived:\n%s" % (arrived, number, log))
    expect(arrived >= number * 0.99, "only %d of %d arrived" % (arrived, number))


def make_certificate(folder, name, usage):
    """A self-signed certificate, NAME.pem, and its key, NAME.key."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-subj", "/CN=" + name, "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                    "-addext", "extendedKeyUsage=" + usage,
                    "-keyout", os.path.join(folder, name + ".key"), "-out", os.path.join(folder, name + ".pem")],
                   check=True, stderr=subprocess.DEVNULL)


class Collector:
    """A `udp_notif collect` on a port of its own, which writes to NAME.jsonl and NAME.log in `folder`."""

    def __init__(self, program, folder, name, *options, output=True):
        self.path = os.path.join(folder, name + ".jsonl")
        self.log_path = os.path.join(folder, name + ".log")
        arguments = [program, "collect", "--listen", "127.0.0.1:0", "--key", os.path.join(folder, "receiver.key"),
                     "--cert", os.path.join(folder, "receiver.pem")]
        if output:
            arguments += ["--output", self.path]
        with open(self.log_path, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(arguments + list(options), stdout=subprocess.DEVNULL, stderr=log)
        self.port = int(self.wait_for(r"listening on \S+:(\d+)"))

    def log(self):
        with open(self.log_path, encoding="utf-8") as log:
            return log.read()

    def wait_for(self, pattern):
        """The first group of `pattern`, once the log has it."""
        for _ in range(TIMEOUT_S * 20):
            match = re.search(pattern, self.log())
            if match:
                return match.group(1)
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise Failure("the collector never said '%s':\n%s" % (pattern, self.log()))

    def count_lines(self):
        with open(self.path, "rb") as file:
            return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))

    def wait_for_lines(self, number):
        """Waits until so many lines are written, or for no more having come for some seconds."""
        last, quiet = -1, 0
        while last < number and quiet < 40:
            now = self.count_lines()
            quiet = 0 if now > last else quiet + 1
            last = now
            time.sleep(0.1)

    def stop(self, number=signal.SIGINT):
        """Ends it, and returns its exit code and its lines, each parsed."""
        self.process.send_signal(number)
        code = self.process.wait(TIMEOUT_S)
        if not os.path.exists(self.path):
            return code, []
        with open(self.path, encoding="utf-8") as file:
            text = file.read()
        expect(text == "" or text.endswith("\n"), "the last line is cut: %r" % text[-200:])
        return code, [json.loads(line) for line in text.splitlines()]


def publish(program, folder, port, *options, stdin=b""):
    """Runs `udp_notif publish` to its end."""
    return subprocess.run([program, "publish", "--to", "127.0.0.1:%d" % port, "--ca",
                           os.path.join(folder, "receiver.pem"), "--quiet"] + list(options),
                          input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=TIMEOUT_S, check=False)


def published(program, folder, port, *options, stdin=b""):
    result = publish(program, folder, port, *options, stdin=stdin)
    expect(result.returncode == 0, "publish failed: %s" % result.stderr.decode())
    return result


class Relay(threading.Thread):
    """Carries datagrams between a publisher and the port `to` until close().

    `shuffle`: those to the receiver wait, and leave in another order once nothing came for a moment.
    rebind(): from then on they come from another port, as behind a NAT that has forgotten.
    """

    def __init__(self, to, shuffle=False):
        super().__init__(daemon=True)
        self._to, self._shuffle = to, shuffle
        self._random = random.Random(1)
        self._front = self._socket()
        self._back = self._socket()
        self._publisher, self._waiting, self._over = None, [], False
        self.num_carried = 0
        self.port = self._front.getsockname()[1]
        self.start()

    @staticmethod
    def _socket():
        new = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        new.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        new.bind(("127.0.0.1", 0))
        return new

    def rebind(self):
        self._back = self._socket()

    def close(self):
        self._over = True
        self.join()

    def run(self):
        while not self._over:
            back = self._back
            ready = select.select([self._front, back], [], [], 0.05)[0]
            if self._front in ready:
                datagram, self._publisher = self._front.recvfrom(65536)
                self._waiting.append(datagram)
                # Handshake records have their boundaries shuffled too, and are repeated for it.
                if not self._shuffle:
                    self._send()
            elif self._waiting:
                self._random.shuffle(self._waiting)
                self._send()
            if back in ready:
                self._front.sendto(back.recv(65536), self._publisher)

    def _send(self):
        for datagram in self._waiting:
            self._back.sendto(datagram, ("127.0.0.1", self._to))
            self.num_carried += 1
        self._waiting = []


def expect_one_sentence(program, arguments, code):
    """The program cannot do as it is told: it says so in one line, which names a path that is not there."""
    result = subprocess.run([program] + arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, timeout=60, check=False)
    text = result.stderr.decode()
    expect(result.returncode == code, "%s ended with %d: %s" % (arguments, result.returncode, text))
    expect(len(text.splitlines()) == 1 or not arguments, "%s said:\n%s" % (arguments, text))
    expect("/nonexistent" not in arguments or "/nonexistent" in text, text)


def run_tests(tests, *arguments):
    """Runs each function with `arguments`, says what came of it, and ends the process."""
    failed = 0
    for test in tests:
        try:
            test(*arguments)
            print("ok   %s" % test.__name__, flush=True)
        except (Failure, AssertionError, subprocess.TimeoutExpired) as failure:
            failed += 1
            print("FAIL %s: %s" % (test.__name__, failure), flush=True)
    raise SystemExit(1 if failed else 0)
