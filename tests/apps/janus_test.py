#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Janus' echo test sends a WebRTC peer its own media and data back: janus_test.py LIBRARY [FILTER].

Janus is the DTLS client of a peer that leaves the choice to it, and the server of one that wants to be the client.
"""

import json
import os
import sys
import urllib.request

import aiortc_ends
import gstreamer
import harness
from harness import expect

PORT = 8088
PLUGIN = "janus.plugin.echotest"
# What the echo test puts before each text.
ECHO = "Janus EchoTest here! You wrote: "
TEXTS = ("one", "two", "three")

# Nothing beside what the test needs.
CONFIG = """general: { debug_colors = false }
plugins: { disable = "%s" }
transports: { disable = "%s" }
""" % (",".join("libjanus_%s.so" % name for name in (
    "audiobridge", "duktape", "lua", "nosip", "recordplay", "sip", "streaming", "textroom", "videocall", "videoroom",
    "voicemail")),
       ",".join("libjanus_%s.so" % name for name in ("mqtt", "nanomsg", "pfunix", "rabbitmq", "websockets")))


class Janus:
    """Janus, and one session with its echo test."""

    def __init__(self, run, start):
        folder = run.path("janus")
        os.makedirs(folder, exist_ok=True)
        run.write("janus/janus.jcfg", CONFIG)
        run.write("janus/janus.transport.http.jcfg", 'general: { http = true, ip = "127.0.0.1", port = %d }\n' % PORT)
        start(["janus", "--configs-folder=" + folder]).wait_for(
            r"REST .* transport plugin initialized")
        self._url = "http://127.0.0.1:%d/janus" % PORT
        for request in ({"janus": "create"}, {"janus": "attach", "plugin": PLUGIN}):
            self._url += "/%d" % self._ask("success", request)["data"]["id"]

    def echo(self, offer):
        """The answer to a peer that wants all of its own back."""
        self._ask("ack", {"janus": "message", "body": {"audio": True, "video": False}, "jsep": offer})
        # Events are the session's, which is named before its handle.
        return self._answer("event", self._url.rpartition("/")[0])["jsep"]

    def _ask(self, kind, request):
        return self._answer(kind, self._url, json.dumps({**request, "transaction": "one"}).encode())

    @staticmethod
    def _answer(kind, url, request=None):
        try:
            with urllib.request.urlopen(url, request, timeout=10) as reply:
                answer = json.load(reply)
        except OSError as error:
            raise harness.Failed("Janus: %s" % error) from error
        expect(answer["janus"] == kind, "Janus: %s" % answer)
        return answer


def echo(run, janus_start, peer_start, role):
    """`role` is what the peer wants to be in DTLS."""
    janus = Janus(run, janus_start)
    peer = aiortc_ends.Peer(peer_start, "offer")
    offer = peer.wait_for(r"^offer (.*)$").group(1).replace("a=setup:actpass", "a=setup:" + role)
    peer.tell("remote " + json.dumps(janus.echo(json.loads(offer))))
    peer.wait_for("^open$")
    for text in TEXTS:
        peer.tell("data " + text)
        peer.wait_for("^data %s%s$" % (ECHO, text))
    gstreamer.stream_to(peer, peer)
    expect(peer.finish() == 0, "an exit status")


def janus_accepts(run):
    echo(run, run.server, run.client, "active")


def janus_connects(run):
    echo(run, run.client, run.server, "actpass")


sys.exit(harness.main("janus", ["janus", gstreamer.PYTHON, "ip"], [
    *harness.matrix("echo of Janus as the server", janus_accepts),
    *harness.matrix("echo of Janus as the client", janus_connects),
], aiortc_ends.prepare, bears_thread_sanitizer=False))
