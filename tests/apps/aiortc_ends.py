# SPDX-License-Identifier: Apache-2.0
"""aiortc's peers as a test's programs, in Debian's own Python. They speak the lines of webrtcbin_peer.py."""

import subprocess

import gstreamer
import harness
import webrtc


class Peer(gstreamer.Peer):
    def __init__(self, start, role, options=()):
        super().__init__(start, "aiortc_peer.py", [role, *options])


def prepare():
    """Finds aiortc, and gives the namespace what ICE asks for."""
    result = subprocess.run([gstreamer.PYTHON, "-c", "import aiortc"], stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL, check=False)
    if result.returncode != 0:
        raise harness.Unavailable("not installed: aiortc")
    webrtc.prepare_network()
