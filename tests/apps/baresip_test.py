#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two baresip call each other with DTLS-SRTP: baresip_test.py LIBRARY [FILTER].

The caller is the DTLS server. Each end sends a tone, and shows how many bits a second it sends and hears.
"""

import os
import sys

import harness
import webrtc
from harness import expect

ADDRESS = webrtc.ADDRESS  # baresip looks for one beside loopback
CALLER_PORT, CALLEE_PORT = 5060, 5062

# The tone has 48 kHz, which Opus takes; what is heard goes nowhere.
CONFIG = """sip_listen %s:%d
rtcp_mux yes
audio_source ausine,440
audio_player aubridge,nowhere
audio_alert aubridge,nowhere
module_path /usr/lib/baresip/modules
module opus.so
module ausine.so
module aubridge.so
module dtls_srtp.so
module stdio.so
module_app account.so
module_app menu.so
"""
ACCOUNT = "<sip:%s@%s:%d>;regint=0;mediaenc=dtls_srtp;answermode=auto;audio_codecs=opus/48000/2\n"


class Phone:
    def __init__(self, run, start, name, port):
        folder = run.path(name)
        os.makedirs(folder, exist_ok=True)
        for file, text in (("config", CONFIG % (ADDRESS, port)), ("accounts", ACCOUNT % (name, ADDRESS, port)),
                           ("contacts", "")):
            run.write(os.path.join(name, file), text)
        self._program = start(["baresip", "-f", folder])
        self._program.wait_for("baresip is ready")
        self.uri = "sip:%s@%s:%d" % (name, ADDRESS, port)

    def tell(self, command):
        self._program.send("/%s\n" % command)

    def wait_for_media(self):
        """Until it has sent and heard in several of the second's tenths."""
        self._program.wait_for("DTLS-SRTP complete")
        self._program.wait_for(r"audio=[1-9]\d*/[1-9]\d* \(bit/s\)", count=5)
        expect("failed to decrypt" not in self._program.output, "it cannot decrypt what it hears")

    def finish(self):
        self.tell("quit")
        expect(self._program.finish() == 0, "an exit status")


def call(run):
    caller = Phone(run, run.server, "caller", CALLER_PORT)
    callee = Phone(run, run.client, "callee", CALLEE_PORT)
    caller.tell("dial " + callee.uri)
    for phone in (caller, callee):
        phone.wait_for_media()
    for phone in (caller, callee):
        phone.finish()


sys.exit(harness.main("baresip", ["baresip", "ip"], harness.matrix("a call", call), webrtc.prepare_network))
