#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""GStreamer's dtlsenc and dtlsdec speak DTLS 1.3 under the preloaded library: gstreamer_test.py LIBRARY [FILTER].

Messages go over DTLS, media under SRTP with the keys that the association exports.
"""

import sys

import gstreamer
import harness
from harness import expect

SERVER_PORT, CLIENT_PORT = 5000, 5001
TEXTS = ("one", "two", "three")


def start(run, relay=None):
    """Both ends, connected: directly, or by way of a wire.Relay."""
    server = gstreamer.DtlsPeer(run.server, "server", SERVER_PORT,
                                relay.server_side_port if relay else CLIENT_PORT)
    run.wait_for_port(SERVER_PORT)
    client = gstreamer.DtlsPeer(run.client, "client", CLIENT_PORT,
                                relay.port if relay else SERVER_PORT)
    for end in (server, client):
        end.wait_for("^state connected$")
    return server, client


def finish(*ends):
    for end in ends:
        expect(end.finish() == 0, "an exit status")


def messages_and_media(run):
    ends = start(run)
    with gstreamer.LoopbackTap() as tap:
        for kind in ("data", "media"):
            gstreamer.exchange(kind, *ends, [kind + " " + text for text in TEXTS])
        expect(tap.num_packets > 4 * len(TEXTS), "the tap saw %d packets" % tap.num_packets)
        for kind in ("data", "media"):
            expect(not tap.has((kind + " ").encode()), "%s went over the wire in the clear" % kind)
    finish(*ends)


def lossy_link(run):
    """GStreamer waits for each timer that it is told of on a clock of its own."""
    relay = run.relay(SERVER_PORT, loss_rate=0.2)
    ends = start(run, relay)
    gstreamer.stream(*ends)
    expect(relay.num_lost > 0, "the relay lost nothing")
    finish(*ends)


def client_closes(run):
    server, client = start(run)
    client.tell("close")
    server.wait_for("^state closed$")
    finish(server, client)


def server_closes(run):
    server, client = start(run)
    server.tell("close")
    client.wait_for("^state closed$")
    finish(server, client)


def prepare():
    gstreamer.check(["appsink", "appsrc", "dtlssrtpdec", "dtlssrtpenc", "udpsink", "udpsrc"])


MIXES = (harness.BOTH, harness.CLIENT_ONLY, harness.SERVER_ONLY)
sys.exit(harness.main("gstreamer", [gstreamer.PYTHON], [
    *harness.matrix("messages and media", messages_and_media, MIXES),
    *harness.matrix("client closes", client_closes, MIXES),
    *harness.matrix("server closes", server_closes, MIXES),
    *harness.matrix("a fifth of the datagrams lost", lossy_link, MIXES),
], prepare))
