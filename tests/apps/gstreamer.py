# SPDX-License-Identifier: Apache-2.0
"""GStreamer's peers as a test's programs, each in a Python of Debian's own."""

import itertools
import os
import re
import socket
import subprocess
import threading

import harness

# The modules of GStreamer are Debian's Python's, not any other's.
PYTHON = "/usr/bin/python3"

ETH_P_ALL = 3


def check(elements):
    """Finds out whether GStreamer and those elements of it are there."""
    script = os.path.join(harness.HERE, "gst_missing.py")
    result = subprocess.run([PYTHON, script] + elements, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, check=False)
    if result.returncode != 0:
        raise harness.Unavailable((result.stderr.strip().splitlines() or ["no reason"])[-1])
    if result.stdout.strip():
        raise harness.Unavailable("GStreamer has no " + result.stdout.strip())


class Peer:
    """One of the peers that speak in lines; see gst_lines.py. `start` is Run.server or Run.client."""

    def __init__(self, start, script, arguments, environment=None):
        self._program = start([PYTHON, os.path.join(harness.HERE, script)] + arguments,
                              {"ASAN_OPTIONS": "detect_leaks=0", **(environment or {})})

    def wait_for(self, pattern, count=1):
        return self._program.wait_for(pattern, count)

    def tell(self, line):
        self._program.send(line + "\n")

    def finish(self):
        """Ends it; returns the exit status."""
        self.tell("quit")
        return self._program.finish()


class DtlsPeer(Peer):
    def __init__(self, start, role, own_port, peer_port):
        super().__init__(start, "gst_dtls_peer.py", [role, str(own_port), str(peer_port)])


class WebrtcbinPeer(Peer):
    def __init__(self, start, role, options=(), environment=None):
        super().__init__(start, "webrtcbin_peer.py", [role, *options], environment)


def exchange(kind, one, other, texts):
    """Each text passes both ways, as `kind`: data or media."""
    for text in texts:
        for sender, receiver in ((one, other), (other, one)):
            sender.tell("%s %s" % (kind, text))
            receiver.wait_for("^%s %s$" % (kind, re.escape(text)))


def stream(one, other):
    """Media flows both ways until some of it came through: nobody repeats what is lost."""
    stream_to(one, other)
    stream_to(other, one)


def stream_to(sender, receiver):
    """Media flows until some of it came through."""
    flow = threading.Event()

    def send():
        for number in itertools.count():
            sender.tell("media %d" % number)
            if flow.wait(0.02):
                return

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    try:
        receiver.wait_for(r"^media \d+$", count=10)
    finally:
        flow.set()
        thread.join()


class LoopbackTap:
    """What passes the loopback device between entering and leaving, for looking into."""

    def __enter__(self):
        self._packets = []
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self._socket.bind(("lo", ETH_P_ALL))
        self._socket.setblocking(False)
        return self

    def __exit__(self, *_):
        self._socket.close()

    @property
    def num_packets(self):
        self._drain()
        return len(self._packets)

    def has(self, content):
        self._drain()
        return any(content in packet for packet in self._packets)

    def _drain(self):
        try:
            while True:
                self._packets.append(self._socket.recv(65536))
        except BlockingIOError:
            pass
