#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""coturn's server and client speak DTLS 1.3 under the preloaded library: coturn_test.py LIBRARY [FILTER].

turnutils_uclient takes DTLSv1_client_method or DTLSv1_2_client_method, by chance and again for each
connection; turnserver takes DTLSv1_2_server_method for those whose first record says 1.2. So both speak
DTLS 1.3 only by policy.
"""

import re
import sys

import harness
from harness import BOTH, CLIENT_ONLY, DTLS12, DTLS13, SERVER_ONLY, expect

PORT = 5349
USER, SECRET = "user", "secret"
OVERRIDE = {"DTLS13_OPTIONS": "override_pins=yes"}


def serve(run, options=(), environment=None):
    server = run.server([
        "turnserver", "-n", "-L", "127.0.0.1", "-E", "127.0.0.1", "--no-cli", "--no-tcp",
        "--allow-loopback-peers", "--cert", run.path("server.pem"), "--pkey",
        run.path("server.key"), "--lt-cred-mech", "--user", USER + ":" + SECRET, "--realm",
        "example", "--log-file", "stdout", "--pidfile", run.path("turnserver.pid"), "--userdb",
        run.path("turnserver.db"), "--verbose", *options], environment)
    run.wait_for_port(PORT)
    return server


def relay_messages(run, options, environment=None, num_messages=5):
    """Clients send messages through the server and get them back, none missing."""
    client = run.client(["turnutils_uclient", "-S", "-v", "-L", "127.0.0.1", "-u", USER, "-w",
                         SECRET, "-n", str(num_messages), *options, "127.0.0.1"], environment)
    expect(client.finish() == 0, "the client's exit status")
    sent, received = re.findall(r"tot_send_msgs=(\d+), tot_recv_msgs=(\d+)$", client.output,
                                re.MULTILINE)[-1]
    expect(int(sent) >= num_messages and sent == received,
           "%s of %s messages came back" % (received, sent))
    return client


def between_clients(server_environment=None, client_environment=None, options=()):
    def run_it(run):
        serve(run, environment=server_environment)
        relay_messages(run, ["-y", *options], client_environment)
    return run_it


def with_a_peer(run):
    serve(run, environment=OVERRIDE)
    run.start(["turnutils_peer", "-L", "127.0.0.1"])
    run.wait_for_port(3480)
    relay_messages(run, ["-e", "127.0.0.1"], OVERRIDE)


def certificates_of_both(run):
    serve(run, ["--CA-file", run.path("ca.pem")], OVERRIDE)
    relay_messages(run, ["-y", "-i", run.path("client.pem"), "-k", run.path("client.key"), "-E",
                         run.path("ca.pem")], OVERRIDE)


sys.exit(harness.main("coturn", ["turnserver", "turnutils_uclient", "turnutils_peer"], [
    harness.case("pins are kept", between_clients(), BOTH, DTLS12),
    harness.case("pins overridden", between_clients(OVERRIDE, OVERRIDE), BOTH, DTLS13),
    harness.case("client's pins overridden", between_clients(None, OVERRIDE), CLIENT_ONLY),
    harness.case("server's pin overridden", between_clients(OVERRIDE), SERVER_ONLY),
    # Our client's first record says 1.2.
    harness.case("server's pin is kept", between_clients(None, OVERRIDE), BOTH, DTLS12),
    harness.case("many clients", between_clients(OVERRIDE, OVERRIDE, ["-m", "10"]), BOTH, DTLS13),
    harness.case("with a peer", with_a_peer, BOTH, DTLS13),
    *harness.matrix("certificates of both", certificates_of_both),
]))
