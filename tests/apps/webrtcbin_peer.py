#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A WebRTC peer of GStreamer's webrtcbin: a data channel and, if asked for, an audio stream.

  webrtcbin_peer.py offer|answer [media]

Prints "offer JSON" or "answer JSON", its session description with all candidates, and takes "remote JSON", the
other's. The answerer's end is the active one: the DTLS client. Then prints "open" and "closed" of the data
channel, "data TEXT" and "media TEXT" for what arrives, and "state NAME" for each state of its DTLS connection.
Takes "data TEXT", "media TEXT", "close" (the channel), "shut" (sends close_notify) and "quit".
"""

import json
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import Gst, GstSdp, GstWebRTC

import gst_lines
from gst_lines import say

SDP_TYPES = {"offer": GstWebRTC.WebRTCSDPType.OFFER, "answer": GstWebRTC.WebRTCSDPType.ANSWER}


class Peer:
    def __init__(self, role, with_media):
        self._role = role
        self._packets = gst_lines.RtpPackets(ssrc=1 + list(SDP_TYPES).index(role))
        self._channel = None
        self._media_in = None
        self._encoder = None
        self._pipeline = Gst.Pipeline.new()
        self._webrtc = Gst.ElementFactory.make("webrtcbin")
        self._webrtc.set_property("bundle-policy", GstWebRTC.WebRTCBundlePolicy.MAX_BUNDLE)
        self._pipeline.add(self._webrtc)
        if with_media:
            self._media_in = Gst.parse_launch(
                "appsrc format=time is-live=true do-timestamp=true caps=" + gst_lines.RTP_CAPS)
            self._pipeline.add(self._media_in)
            pad = self._webrtc.request_pad_simple("sink_%u")
            self._media_in.get_static_pad("src").link(pad)
            # Otherwise descriptions leave the stream out until its caps have come down the pad.
            pad.get_property("transceiver").set_property(
                "codec-preferences", Gst.Caps.from_string(gst_lines.RTP_CAPS))
        self._webrtc.connect("on-data-channel", lambda _, channel: self._use(channel))
        self._webrtc.connect("pad-added", self._on_pad)
        self._webrtc.connect("notify::ice-gathering-state", self._on_gathering)
        self._pipeline.connect("deep-element-added", self._on_element)
        gst_lines.print_errors(self._pipeline)

    def run(self):
        if self._role == "offer":
            self._pipeline.set_state(Gst.State.READY)
            self._use(self._webrtc.emit("create-data-channel", "test", None))
        self._pipeline.set_state(Gst.State.PLAYING)
        if self._role == "offer":
            self._describe_self()
        gst_lines.serve({
            "remote": self._on_remote,
            "data": lambda text: self._channel.emit("send-string", text),
            "media": lambda text: self._media_in.emit(
                "push-buffer", Gst.Buffer.new_wrapped(self._packets.make(text))),
            "close": lambda _: self._channel.emit("close"),
            "shut": lambda _: self._encoder.send_event(Gst.Event.new_eos()),
        })
        self._pipeline.set_state(Gst.State.NULL)

    def _describe_self(self):
        def on_made(promise):
            reply = promise.get_reply()  # owns the description
            self._webrtc.emit("set-local-description", reply.get_value(self._role), None)

        self._webrtc.emit("create-" + self._role, None, Gst.Promise.new_with_change_func(on_made))

    def _on_gathering(self, webrtc, _):
        if webrtc.get_property("ice-gathering-state") == GstWebRTC.WebRTCICEGatheringState.COMPLETE:
            text = webrtc.get_property("local-description").sdp.as_text()
            say("%s %s" % (self._role, json.dumps({"type": self._role, "sdp": text})))

    def _on_remote(self, text):
        remote = json.loads(text)
        _, sdp = GstSdp.SDPMessage.new_from_text(remote["sdp"])
        description = GstWebRTC.WebRTCSessionDescription.new(SDP_TYPES[remote["type"]], sdp)

        def on_set(_):
            if self._role == "answer":
                self._describe_self()

        self._webrtc.emit("set-remote-description", description,
                          Gst.Promise.new_with_change_func(on_set))

    def _use(self, channel):
        self._channel = channel
        channel.connect("on-open", lambda _: say("open"))
        channel.connect("on-close", lambda _: say("closed"))
        channel.connect("on-message-string", lambda _, text: say("data " + text))

    def _on_pad(self, _, pad):
        if pad.get_direction() != Gst.PadDirection.SRC:
            return
        sink = Gst.ElementFactory.make("appsink")
        gst_lines.print_samples(sink, "media", gst_lines.RTP_HEADER_LEN)
        self._pipeline.add(sink)
        sink.sync_state_with_parent()
        pad.link(sink.get_static_pad("sink"))

    def _on_element(self, _, __, element):
        factory = element.get_factory()
        if factory is not None and factory.get_name() == "dtlsenc":
            self._encoder = element
            gst_lines.print_states(element, "state")


def main():
    Gst.init(None)
    Peer(sys.argv[1], "media" in sys.argv[2:]).run()


main()
