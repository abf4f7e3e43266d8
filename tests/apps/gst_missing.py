#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Prints those of its arguments that are no elements of GStreamer here; fails where there is none."""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import Gst

Gst.init(None)
print(*[name for name in sys.argv[1:] if Gst.ElementFactory.find(name) is None])
