# SPDX-License-Identifier: Apache-2.0
"""The ends of a WebRTC connection: webrtcbin in a process of its own, and the page of a browser.

Both speak the lines that webrtcbin_peer.py describes. A test makes two ends, an offerer and an answerer, and
carries the session descriptions between them itself. The answerer connects: it is the DTLS client.
"""

import http.server
import os
import queue
import re
import subprocess
import threading
import time

import capture
import gstreamer
import harness
import programs
import wire

PAGE = os.path.join(harness.HERE, "webrtc_page.html")

# Nothing of the kind is routed anywhere: RFC 5737.
ADDRESS = "192.0.2.1"
GATEWAY = "192.0.2.2"

# The last is several SCTP packets, and as many DTLS records.
MESSAGES = ("one", "two", "three", " ".join(["long"] * 1000))

ELEMENTS = ["appsink", "appsrc", "dtlssrtpdec", "dtlssrtpenc", "nicesink", "nicesrc", "sctpdec", "sctpenc",
            "webrtcbin"]


def prepare():
    """Finds GStreamer, and gives the namespace what ICE asks for."""
    gstreamer.check(ELEMENTS)
    prepare_network()


def prepare_network():
    """An address that is not loopback's, and a default route. What is sent to the address passes the loopback
    device all the same; between the link-local addresses that the kernel would add it would not."""
    for command in ("link add ice0 type veth peer name ice1", "address add %s/24 dev ice0" % ADDRESS,
                    "link set ice0 addrgenmode none", "link set ice1 addrgenmode none",
                    "link set ice0 up", "link set ice1 up", "route add default via " + GATEWAY):
        result = subprocess.run(["ip"] + command.split(), stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, check=False)
        if result.returncode != 0:
            raise harness.Unavailable("ip %s: %s" % (command, result.stdout.strip()))


class PageServer:
    """Serves the page to one browser, and passes lines to and from it."""

    def __init__(self, role):
        self._lines = ""
        self._changed = threading.Condition()
        self._told = queue.Queue()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = "http://127.0.0.1:%d/page?%s" % (self._server.server_address[1], role)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def wait_for(self, pattern):
        deadline = time.monotonic() + programs.TIMEOUT_S
        with self._changed:
            while True:
                match = re.search(pattern, self._lines, re.MULTILINE)
                if match:
                    return match
                left = deadline - time.monotonic()
                if left <= 0:
                    raise harness.Failed("the page: no %r in what it said:\n%s" %
                                         (pattern, self._lines))
                self._changed.wait(left)

    def tell(self, line):
        self._told.put(line)

    def _note(self, line):
        with self._changed:
            self._lines += line + "\n"
            self._changed.notify_all()

    def _handler(self):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                if self.path.startswith("/page?"):
                    with open(PAGE, "rb") as file:
                        self._answer(200, file.read())
                elif self.path == "/told":
                    self._answer(200, outer._told.get().encode())
                else:
                    self._answer(404)

            def do_POST(self):
                outer._note(self.rfile.read(int(self.headers["Content-Length"])).decode())
                self._answer(200)

            def _answer(self, status, body=b""):
                self.send_response(status)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        return Handler


def connect(offerer, answerer):
    """Until the data channel is open at both ends."""
    answerer.tell("remote " + offerer.wait_for(r"^offer (.*)$").group(1))
    offerer.tell("remote " + answerer.wait_for(r"^answer (.*)$").group(1))
    for end in (offerer, answerer):
        end.wait_for("^open$")


def close_channel(closer, other):
    closer.tell("close")
    for end in (closer, other):
        end.wait_for("^closed$")


def describe_handshake(run):
    """What the client offered at first and what became of it, for a person."""
    # The capture may be behind the programs.
    harness.expect(run.capture.wait_for_up(1, programs.TIMEOUT_S), "no association came up")
    association = run.capture.associations()[-1]
    hello = association.trace.client_hellos()[0]
    versions = wire.code_points(hello, wire.SUPPORTED_VERSIONS, 1)
    groups = wire.code_points(hello, wire.SUPPORTED_GROUPS, 2)
    chosen = wire.key_share_groups(association.trace.server_hellos()[-1])
    return "the client offers %s; groups %s, shares of %s; its hello came %s; %s%s" % (
        _names(versions, capture.VERSION_NAMES), _names(groups, wire.GROUP_NAMES),
        _names(wire.key_share_groups(hello), wire.GROUP_NAMES),
        "in pieces" if association.opening_is_cut() else "whole", association.describe(),
        " with " + _names(chosen, wire.GROUP_NAMES) if chosen else "")


def _names(numbers, known):
    return " ".join(known.get(number, "0x%04x" % number) for number in numbers) or "none"
