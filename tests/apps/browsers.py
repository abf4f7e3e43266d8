# SPDX-License-Identifier: Apache-2.0
"""A data channel between the page of a browser and webrtcbin: the cases that both browsers' tests have.

The browser is started as anyone starts it, and loads the page from the test's own server, which carries the
signalling: nothing drives it. A case names the settings it changes, if any.
"""

import contextlib
import functools
import tempfile

import gstreamer
import harness
import webrtc
from harness import expect

P256_ONLY = """
openssl_conf = initialization
[initialization]
ssl_conf = libssl
[libssl]
system_default = policy
[policy]
Groups = P-256
"""

# Only webrtcbin has the library, whichever side it is.
BROWSER_CLIENT = harness.Mix("webrtcbin; browser client", True, False, harness.DTLS13)
BROWSER_SERVER = harness.Mix("webrtcbin; browser server", False, True, harness.DTLS13)


@contextlib.contextmanager
def browser_page(run, start_browser, settings, role):
    """The webrtc.PageServer of a browser that has its page open."""
    with tempfile.TemporaryDirectory(prefix="dtls13-browser-", ignore_cleanup_errors=True) as profile:
        with webrtc.PageServer(role) as page:
            try:
                start_browser(run, profile, page.url, settings)
                yield page
            finally:
                # While its profile and its page are there.
                run.end_programs()


@contextlib.contextmanager
def connection(run, start_browser, settings, browser_is_client, environment=None):
    """Both ends with their data channel open; `environment` is webrtcbin's. Who answers is the client."""
    with browser_page(run, start_browser, settings,
                      "answer" if browser_is_client else "offer") as page:
        if browser_is_client:
            peer = gstreamer.WebrtcbinPeer(run.server, "offer", environment=environment)
            webrtc.connect(peer, page)
        else:
            peer = gstreamer.WebrtcbinPeer(run.client, "answer", environment=environment)
            webrtc.connect(page, peer)
        print("  " + webrtc.describe_handshake(run))
        yield peer, page


def data_channel(run, start_browser, settings, browser_is_client):
    with connection(run, start_browser, settings, browser_is_client) as (peer, page):
        gstreamer.exchange("data", peer, page, webrtc.MESSAGES)
        webrtc.close_channel(peer, page)
        # The browser sends its close_notify.
        page.tell("quit")
        peer.wait_for("^state closed$")
        expect(peer.finish() == 0, "webrtcbin's exit status")


def other_group(run, start_browser):
    """webrtcbin's OpenSSL is configured to have no group that the browser sends a share of."""
    configuration = run.write("groups.cnf", P256_ONLY)
    with connection(run, start_browser, (), True, {"OPENSSL_CONF": configuration}) as ends:
        gstreamer.exchange("data", *ends, webrtc.MESSAGES)
        expect(run.capture.associations()[-1].trace.retries(), "no HelloRetryRequest on the wire")


def webrtcbin_leaves(run, start_browser):
    """The browser's channel ends with webrtcbin's close_notify."""
    with connection(run, start_browser, (), True) as (peer, page):
        peer.tell("shut")
        page.wait_for("^closed$")
        expect(peer.finish() == 0, "webrtcbin's exit status")


def cases(start_browser, name, settings=(), version=harness.DTLS13,
          mixes=(BROWSER_CLIENT, BROWSER_SERVER)):
    """A data channel with a browser told `settings`, on either side.

    `start_browser` is called with a Run, the path of an empty profile, the page's URL and the settings.
    """
    return [harness.case(name, functools.partial(
        data_channel, start_browser=start_browser, settings=settings,
        browser_is_client=mix is BROWSER_CLIENT), mix, version)
            for mix in mixes]


def client_cases(start_browser):
    """What is tested with the browser as it comes, as the client."""
    return [harness.case(name, functools.partial(run, start_browser=start_browser), BROWSER_CLIENT)
            for name, run in (("HelloRetryRequest", other_group),
                              ("webrtcbin leaves first", webrtcbin_leaves))]
