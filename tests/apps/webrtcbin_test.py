#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""webrtcbin to webrtcbin under the preloaded library: webrtcbin_test.py LIBRARY [FILTER]."""

import sys

import gstreamer
import harness
import webrtc
from harness import expect


def start(run, options=()):
    """The answerer is the DTLS client."""
    server = gstreamer.WebrtcbinPeer(run.server, "offer", options)
    client = gstreamer.WebrtcbinPeer(run.client, "answer", options)
    webrtc.connect(server, client)
    return server, client


def finish(*ends):
    for end in ends:
        expect(end.finish() == 0, "an exit status")


def data_channel(run):
    server, client = start(run)
    gstreamer.exchange("data", server, client, webrtc.MESSAGES)
    webrtc.close_channel(client, server)
    client.tell("shut")
    server.wait_for("^state closed$")
    finish(server, client)


def media(run):
    ends = start(run, ["media"])
    gstreamer.exchange("data", *ends, webrtc.MESSAGES)
    gstreamer.stream(*ends)
    finish(*ends)


MIXES = (harness.BOTH, harness.CLIENT_ONLY, harness.SERVER_ONLY)
sys.exit(harness.main("webrtcbin", [gstreamer.PYTHON, "ip"], [
    *harness.matrix("data channel", data_channel, MIXES),
    *harness.matrix("media beside a data channel", media, MIXES),
], webrtc.prepare))
