#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""aiortc to aiortc under the preloaded library: aiortc_test.py LIBRARY [FILTER]."""

import sys

import aiortc_ends
import gstreamer
import harness
import webrtc
from harness import expect


def data_and_media(run):
    """The answerer is the DTLS client."""
    server = aiortc_ends.Peer(run.server, "offer")
    client = aiortc_ends.Peer(run.client, "answer")
    webrtc.connect(server, client)
    gstreamer.exchange("data", server, client, webrtc.MESSAGES)
    gstreamer.stream(server, client)
    webrtc.close_channel(client, server)
    for end in (client, server):
        expect(end.finish() == 0, "an exit status")


sys.exit(harness.main("aiortc", [gstreamer.PYTHON, "ip"],
                      harness.matrix("data channel and media", data_and_media), aiortc_ends.prepare))
