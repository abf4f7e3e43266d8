# SPDX-License-Identifier: Apache-2.0
"""What the peers made of GStreamer share: lines in, lines out, and RTP packets that carry text."""

import sys

from gi.repository import GLib, Gst

RTP_CAPS = "application/x-rtp,media=audio,clock-rate=8000,encoding-name=PCMU,payload=0"
RTP_HEADER_LEN = 12


def say(line):
    # One write: several threads speak.
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


class RtpPackets:
    """Packets of one source, 20 ms of 8 kHz each."""

    def __init__(self, ssrc):
        self._ssrc = ssrc
        self._num_made = 0

    def make(self, text):
        fields = ((0x8000, 2), (self._num_made, 2), (160 * self._num_made, 4), (self._ssrc, 4))
        self._num_made += 1
        return b"".join(value.to_bytes(length, "big") for value, length in fields) + text.encode()


def print_samples(sink, kind, header_len=0):
    """Prints "KIND TEXT" for each buffer that comes to an appsink."""

    def on_sample(_):
        buffer = sink.emit("pull-sample").get_buffer()
        content = buffer.extract_dup(header_len, buffer.get_size() - header_len)
        say("%s %s" % (kind, content.decode("utf-8", "backslashreplace")))
        return Gst.FlowReturn.OK

    for name, value in (("emit-signals", True), ("sync", False), ("async", False)):
        sink.set_property(name, value)
    sink.connect("new-sample", on_sample)


def print_states(element, word):
    """Prints "WORD STATE" for each state of an element's connection."""
    element.connect("notify::connection-state", lambda *_: say(
        "%s %s" % (word, element.get_property("connection-state").value_nick)))


def print_errors(pipeline):
    bus = pipeline.get_bus()
    bus.add_signal_watch()
    bus.connect("message::error", lambda _, message: say(
        "error " + message.parse_error().gerror.message))


def serve(commands):
    """Calls commands[WORD](TEXT) for each line "WORD TEXT" of standard input, until "quit" or its end."""
    loop = GLib.MainLoop()

    def on_input(*_):
        word, _, text = source.readline().decode().strip().partition(" ")
        if word in commands:
            commands[word](text)
        else:
            loop.quit()
        return True

    # Unbuffered, so that no line waits behind another for the next event.
    source = open(sys.stdin.fileno(), "rb", buffering=0, closefd=False)
    GLib.io_add_watch(source.fileno(), GLib.IO_IN | GLib.IO_HUP, on_input)
    loop.run()
