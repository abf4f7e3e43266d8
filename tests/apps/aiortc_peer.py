#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A WebRTC peer of aiortc: an audio stream and, unless not wanted, a data channel.

  aiortc_peer.py offer|answer [only-media]

Speaks the lines of webrtcbin_peer.py. Each "media TEXT" that it takes is 20 ms of a tone; it prints "media NUMBER" for
the tone that arrives.
"""

import asyncio
import fractions
import json
import math
import sys

import av
from aiortc import (MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription)

RATE, SAMPLES = 48000, 960
PERIOD = 96  # 500 Hz
AMPLITUDE = 10000
# Opus gives the tone back about as loud as it was, and nothing as silence.
LOUD = AMPLITUDE // 4


def say(line):
    print(line, flush=True)


class Tone(MediaStreamTrack):
    """As many frames as were asked for."""

    kind = "audio"

    def __init__(self):
        super().__init__()
        self._wanted = asyncio.Queue()
        self._num_made = 0

    def add_frame(self):
        self._wanted.put_nowait(None)

    async def recv(self):
        await self._wanted.get()
        frame = av.AudioFrame(format="s16", layout="mono", samples=SAMPLES)
        samples = (round(AMPLITUDE * math.sin(2 * math.pi * index / PERIOD)) for index in range(SAMPLES))
        frame.planes[0].update(b"".join(sample.to_bytes(2, sys.byteorder, signed=True) for sample in samples))
        frame.pts = self._num_made * SAMPLES
        frame.sample_rate = RATE
        frame.time_base = fractions.Fraction(1, RATE)
        self._num_made += 1
        return frame


async def print_tone(track):
    num_heard = 0
    while True:
        frame = await track.recv()
        samples = memoryview(bytes(frame.planes[0])).cast("h")
        if max(samples) > LOUD:
            say("media %d" % num_heard)
            num_heard += 1


class Peer:
    def __init__(self, role, with_channel):
        self._role = role
        self._with_channel = with_channel
        self._channel = None
        self._tone = Tone()
        self._listener = None
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._connection.on("datachannel", self._use)
        self._connection.on("track", self._on_track)
        self._connection.addTrack(self._tone)

    async def run(self):
        if self._role == "offer":
            if self._with_channel:
                self._use(self._connection.createDataChannel("test"))
            await self._describe_self()
        lines = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
        while True:
            word, _, text = (await lines.readline()).decode().strip().partition(" ")
            if word in ("", "quit"):
                break
            await getattr(self, "_on_" + word)(text)
        await self._connection.close()

    async def _describe_self(self):
        connection = self._connection
        description = await (connection.createOffer() if self._role == "offer" else connection.createAnswer())
        await connection.setLocalDescription(description)
        local = connection.localDescription
        say("%s %s" % (self._role, json.dumps({"type": local.type, "sdp": local.sdp})))

    def _use(self, channel):
        self._channel = channel
        channel.on("open", lambda: say("open"))
        channel.on("close", lambda: say("closed"))
        channel.on("message", lambda text: say("data " + text))
        if channel.readyState == "open":
            say("open")

    def _on_track(self, track):
        self._listener = asyncio.ensure_future(print_tone(track))

    async def _on_remote(self, text):
        await self._connection.setRemoteDescription(RTCSessionDescription(**json.loads(text)))
        if self._role == "answer":
            await self._describe_self()

    async def _on_data(self, text):
        self._channel.send(text)

    async def _on_media(self, _):
        self._tone.add_frame()

    async def _on_close(self, _):
        self._channel.close()


async def main():
    # aiortc asks for the running loop where it makes its parts.
    await Peer(sys.argv[1], "only-media" not in sys.argv[2:]).run()


asyncio.run(main())
