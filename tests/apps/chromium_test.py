#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Chromium and webrtcbin under the preloaded library: chromium_test.py LIBRARY [FILTER]."""

import sys

import browsers
import gstreamer
import harness
import webrtc

# With it the browser names its addresses, and somebody would have to answer multicast DNS.
HIDDEN_ADDRESSES = "WebRtcHideLocalIpsWithMdns"


def start(run, profile, url, disabled_features):
    run.start(
        ["chromium", "--headless", "--no-sandbox", "--no-first-run", "--disable-gpu",
         "--disable-dev-shm-usage", "--log-level=3", "--user-data-dir=" + profile,
         "--disable-features=" + ",".join([HIDDEN_ADDRESSES, *disabled_features]), url],
        extra_environment={"HOME": profile})


sys.exit(harness.main("chromium", ["chromium", gstreamer.PYTHON, "ip"], [
    *browsers.cases(start, "as it comes"),
    *browsers.client_cases(start),
    *browsers.cases(start, "without its hybrid group", ["WebRtcPqcForDtls"]),
], webrtc.prepare))
