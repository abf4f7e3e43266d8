#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""One end of a DTLS-SRTP association made of GStreamer's elements, on one UDP socket.

  gst_dtls_peer.py client|server OWN_PORT PEER_PORT

Prints "state NAME" for each state of the connection, and "data TEXT" and "media TEXT" for what arrives: a
message over DTLS, the payload of an RTP packet under SRTP. Takes lines: "data TEXT" and "media TEXT" send,
"close" sends the close_notify, "quit" ends.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gio, Gst

import gst_lines


class Peer:
    """dtlssrtpenc sends for dtlssrtpdec too: they share a connection by its id."""

    def __init__(self, role, own_port, peer_port):
        self._packets = gst_lines.RtpPackets(ssrc=own_port)
        self._pipeline = Gst.parse_launch(
            "udpsrc name=udp_in close-socket=false ! dtlssrtpdec name=decoder connection-id=it "
            "decoder.rtp_src ! appsink name=media_out "
            "decoder.data_src ! appsink name=data_out "
            "dtlssrtpenc name=encoder connection-id=it is-client=%s "
            "! udpsink name=udp_out close-socket=false host=127.0.0.1 port=%d sync=false async=false "
            "appsrc name=media_in format=time is-live=true caps=%s ! encoder.rtp_sink_0 "
            "appsrc name=data_in format=time is-live=true ! encoder.data_sink"
            % ("true" if role == "client" else "false", peer_port, gst_lines.RTP_CAPS))
        udp = Gio.Socket.new(Gio.SocketFamily.IPV4, Gio.SocketType.DATAGRAM, Gio.SocketProtocol.UDP)
        udp.bind(Gio.InetSocketAddress.new_from_string("127.0.0.1", own_port), False)
        for name in ("udp_in", "udp_out"):
            self._element(name).set_property("socket", udp)
        gst_lines.print_samples(self._element("media_out"), "media", gst_lines.RTP_HEADER_LEN)
        gst_lines.print_samples(self._element("data_out"), "data")
        gst_lines.print_states(self._element("encoder"), "state")
        gst_lines.print_errors(self._pipeline)

    def _element(self, name):
        return self._pipeline.get_by_name(name)

    def run(self):
        self._pipeline.set_state(Gst.State.PLAYING)
        gst_lines.serve({
            "data": lambda text: self._push("data_in", text.encode()),
            "media": lambda text: self._push("media_in", self._packets.make(text)),
            "close": lambda _: self._element("data_in").emit("end-of-stream"),
        })
        self._pipeline.set_state(Gst.State.NULL)

    def _push(self, source, content):
        self._element(source).emit("push-buffer", Gst.Buffer.new_wrapped(content))


def main():
    Gst.init(None)
    Peer(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])).run()


main()
