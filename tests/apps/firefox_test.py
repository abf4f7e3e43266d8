#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Firefox ESR and webrtcbin under the preloaded library: firefox_test.py LIBRARY [FILTER]."""

import sys

import browsers
import gstreamer
import harness
import webrtc

# Otherwise the browser names its addresses, and somebody would have to answer multicast DNS.
SHOWN_ADDRESSES = ("media.peerconnection.ice.obfuscate_host_addresses", "false")


def start(run, profile, url, preferences):
    with open(profile + "/user.js", "w", encoding="ascii") as file:
        for preference in (SHOWN_ADDRESSES, *preferences):
            file.write('user_pref("%s", %s);\n' % preference)
    run.start(["firefox-esr", "--headless", "--no-remote", "--profile", profile, url],
              extra_environment={"HOME": profile})


sys.exit(harness.main("firefox", ["firefox-esr", gstreamer.PYTHON, "ip"], [
    *browsers.cases(start, "as it comes"),
    *browsers.client_cases(start),
    *browsers.cases(start, "DTLS 1.2 at most", [("media.peerconnection.dtls.version.max", "771")],
                    harness.DTLS12),
], webrtc.prepare))
