#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two WebRTC peers with rtpengine between them, which ends the DTLS and the SRTP of both: rtpengine_test.py LIBRARY [FILTER].

The caller's leg has rtpengine as the DTLS client, the callee's as the server.
"""

import json
import socket
import sys

import aiortc_ends as aiortc
import gstreamer
import harness
import webrtc
from harness import expect

CONTROL = ("127.0.0.1", 2223)
# Only what passes between a peer and rtpengine has an end here.
FIRST_PORT, LAST_PORT = 30000, 30099
CALL_ID = "one"


def encode(value):
    """A value in bencode."""
    if isinstance(value, dict):
        return b"d%se" % b"".join(encode(key) + encode(value[key]) for key in sorted(value))
    if isinstance(value, list):
        return b"l%se" % b"".join(encode(item) for item in value)
    data = value.encode()
    return b"%d:%s" % (len(data), data)


def decode(data, at=0):
    """The value that begins at `at`, and where it ends."""
    kind = data[at:at + 1]
    if kind in b"dl":
        items = []
        at += 1
        while data[at:at + 1] != b"e":
            item, at = decode(data, at)
            items.append(item)
        return (dict(zip(items[::2], items[1::2])) if kind == b"d" else items), at + 1
    if kind == b"i":
        end = data.index(b"e", at)
        return int(data[at + 1:end]), end + 1
    colon = data.index(b":", at)
    end = colon + 1 + int(data[at:colon])
    return data[colon + 1:end].decode(), end


class Rtpengine:
    """rtpengine, and the call that it is told of."""

    def __init__(self, start):
        self._program = start([
            "rtpengine", "--foreground", "--log-stderr", "--log-level=6", "--config-file=none", "--table=-1",
            "--interface=" + webrtc.ADDRESS, "--listen-ng=%s:%d" % CONTROL, "--num-threads=2",
            "--port-min=%d" % FIRST_PORT, "--port-max=%d" % LAST_PORT])
        self._num_told = 0

    def describe(self, command, description, **tags):
        """Hands the session description of one peer on; returns the one for the other."""
        # aiortc reads no a=rtcp with the port alone.
        answer = self.tell(command, sdp=description["sdp"], ICE="force", flags=["full-rtcp-attribute"], **tags,
                           **{"transport-protocol": "UDP/TLS/RTP/SAVPF", "rtcp-mux": ["require"]})
        return {"type": command, "sdp": answer["sdp"]}

    def tell(self, command, **values):
        self._num_told += 1
        cookie = b"%d " % self._num_told
        message = cookie + encode({"command": command, "call-id": CALL_ID, **values})
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            control.settimeout(60)
            control.sendto(message, CONTROL)
            reply = control.recv(65536)
        expect(reply.startswith(cookie), "rtpengine answers %r" % reply)
        answer = decode(reply, len(cookie))[0]
        expect(answer["result"] == "ok", "rtpengine: %s" % answer)
        return answer


def leg_versions(run):
    """The versions that rtpengine speaks as a client and as a server."""
    is_its = lambda address: FIRST_PORT <= address[1] <= LAST_PORT
    versions = ["none", "none"]
    for association in run.capture.associations():
        expect(association.fault is None, "on the wire: %s" % association.fault)
        expect(is_its(association.client) != is_its(association.server), "a leg without rtpengine")
        if association.is_up():
            versions[is_its(association.server)] = association.version()
    return tuple(versions)


def call(run, caller_start, callee_start, versions):
    engine = Rtpengine(run.server)
    run.wait_for_port(CONTROL[1])
    caller = aiortc.Peer(caller_start, "offer", ["only-media"])
    callee = aiortc.Peer(callee_start, "answer", ["only-media"])
    offer = json.loads(caller.wait_for("^offer (.*)$").group(1))
    callee.tell("remote " + json.dumps(engine.describe("offer", offer, **{"from-tag": "caller"})))
    answer = json.loads(callee.wait_for("^answer (.*)$").group(1))
    caller.tell("remote " + json.dumps(
        engine.describe("answer", answer, **{"from-tag": "caller", "to-tag": "callee"})))
    gstreamer.stream(caller, callee)
    expect(leg_versions(run) == versions, "the wire says %s, not %s" % (leg_versions(run), versions))
    passed = engine.tell("query")["totals"]["RTP"]
    expect(passed["errors"] == 0 and passed["packets"] >= 20, "rtpengine counts %s" % passed)
    for end in (caller, callee):
        expect(end.finish() == 0, "an exit status")


def plain(run):
    """Starts a peer that speaks DTLS 1.2."""
    return lambda arguments, environment: run.start(arguments, extra_environment=environment)


def all_new(run):
    call(run, run.client, run.client, (harness.DTLS13, harness.DTLS13))


def old_caller(run):
    call(run, plain(run), run.client, (harness.DTLS12, harness.DTLS13))


def old_callee(run):
    call(run, run.client, plain(run), (harness.DTLS13, harness.DTLS12))


def old_engine(run):
    call(run, run.client, run.client, (harness.DTLS12, harness.DTLS12))


sys.exit(harness.main("rtpengine", ["rtpengine", gstreamer.PYTHON, "ip"], [
    harness.case("media both ways", all_new, harness.BOTH, None),
    harness.case("media both ways, the caller plain", old_caller, harness.BOTH, None),
    harness.case("media both ways, the callee plain", old_callee, harness.BOTH, None),
    harness.case("media both ways", old_engine, harness.CLIENT_ONLY, None),
], aiortc.prepare, bears_thread_sanitizer=False))
