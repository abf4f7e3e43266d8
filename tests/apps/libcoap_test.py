#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""libcoap's client and server speak DTLS 1.3 under the preloaded library: libcoap_test.py LIBRARY [FILTER]."""

import collections
import contextlib
import random
import socket
import sys

import harness
from harness import expect

CLIENT, SERVER = "coap-client-openssl", "coap-server-openssl"

PORT = 5683
SECURE_PORT = PORT + 1

# How coap-server's example begins before anybody has put anything there.
EXAMPLE = "a123456789b123456789"

# What a lossy link loses, and how many handshakes go over it.
LOSS_RATE = 0.2
NUM_LOSSY = 6


def serve(run, *options):
    server = run.server([SERVER, "-A", "127.0.0.1", "-p", str(PORT), "-v", "6", *options])
    run.wait_for_port(SECURE_PORT)
    return server


def serve_pki(run, *options):
    return serve(run, "-c", run.path("server.pem"), "-j", run.path("server.key"), *options)


def request(run, path, *options, port=SECURE_PORT, environment=None):
    """Starts one client, whose association is its own."""
    return run.client([CLIENT, "-v", "5", "-w", "-B", "60", *options,
                       "coaps://127.0.0.1:%d/%s" % (port, path)], environment)


def trusting(run):
    """Options of a client that checks the server's certificate and has none."""
    return ["-R", run.path("ca.pem")]


def known(run, name="client"):
    """Options of a client with a certificate of its own."""
    return ["-C", run.path("ca.pem"), "-c", run.path(name + ".pem"), "-j", run.path(name + ".key")]


def answer(client):
    """What the client printed when it has ended."""
    expect(client.finish() == 0, "the client's exit status")
    return client.output


def put_and_get(run, options, environment=None):
    text = "as put by the client"
    answer(request(run, "example_data", *options, "-m", "put", "-e", text.replace(" ", "%20"),
                   environment=environment))
    got = answer(request(run, "example_data", *options, environment=environment))
    expect(got.strip() == text, "got %r" % got)


def certificate_of_server(run):
    serve_pki(run)
    put_and_get(run, trusting(run))


def certificates_of_both(run):
    server = serve_pki(run, "-C", run.path("ca.pem"))
    put_and_get(run, known(run))
    server.wait_for(r"presented by client \(Certificate\)", count=2)


def refused(run, server_options, client_options):
    """No answer comes; the server lives on."""
    serve_pki(run, *server_options)
    got = answer(request(run, "example_data", *client_options, "-B", "8"))
    expect(EXAMPLE not in got and "unknown CA" in got, "got %r" % got[-400:])
    put_and_get(run, known(run))


def stranger_as_client(run):
    refused(run, ["-C", run.path("ca.pem")], known(run, "stranger"))


def large_body(run):
    """Blocks of a body that does not fit a datagram, each way."""
    serve_pki(run, "-d", "10")
    body = "".join(random.Random(1).choice("abcdefgh") for _ in range(9000))
    path = run.write("body", body)
    answer(request(run, "made", *trusting(run), "-m", "put", "-b", "1024", "-f", path))
    got = answer(request(run, "made", *trusting(run), "-b", "1024"))
    expect(got.strip() == body, "%d bytes came back" % len(got.strip()))


def observe(run):
    """A connection that stays, over which the server sends by itself."""
    serve_pki(run)
    client = request(run, "time?ticks", *trusting(run), "-s", "4")
    client.wait_for("^[0-9]+", count=3)
    answer(client)


def many_clients_at_once(run):
    """The server's one spare SSL becomes one after the other's."""
    serve_pki(run)
    clients = [request(run, "example_data", *trusting(run)) for _ in range(8)]
    for client in clients:
        expect(answer(client).startswith(EXAMPLE), "got %r" % client.output[-400:])
    expect(run.capture.wait_for_up(len(clients), 5), "not every client has an association")


# A client with -k limits its SSL to DTLS 1.2 by itself.
OVERRIDE = {"DTLS13_OPTIONS": "override_pins=yes"}
KEY = ["-u", "me", "-k", "the key of me"]


def serve_psk(run, *options):
    return serve(run, "-k", KEY[3], "-h", "a hint", *options)


def psk(environment):
    def run_it(run):
        serve_psk(run)
        put_and_get(run, KEY, environment)
    return run_it


def wrong_psk(run):
    serve_psk(run)
    got = answer(request(run, "example_data", *KEY[:3], "another key", "-B", "8",
                         environment=OVERRIDE))
    expect(EXAMPLE not in got, "got %r" % got[-400:])
    put_and_get(run, KEY, OVERRIDE)


def psk_by_identity(run):
    """The server has another key for this client."""
    matches = run.write("identities", "a hint,me,my own key\n")
    serve(run, "-k", "the key of others", "-h", "a hint", "-i", matches)
    put_and_get(run, ["-u", "me", "-k", "my own key"], OVERRIDE)


def psk_and_certificates(run):
    """One server for both kinds of client, which it tells apart by their cipher suites' names."""
    serve_pki(run, "-k", KEY[3], "-h", "a hint")
    put_and_get(run, KEY, OVERRIDE)
    put_and_get(run, trusting(run))


def over_loss(run):
    """Clients of both kinds at the same time, each over a link of its own."""
    serve_pki(run, "-C", run.path("ca.pem"), "-k", KEY[3], "-h", "a hint")
    relays = [run.relay(SECURE_PORT, LOSS_RATE, seed) for seed in range(NUM_LOSSY)]
    clients = [request(run, "example_data", *(KEY if seed % 2 else known(run)),
                       port=relay.port, environment=OVERRIDE) for seed, relay in enumerate(relays)]
    for seed, client in enumerate(clients):
        expect(EXAMPLE in answer(client), "seed %d: got %r" % (seed, client.output[-400:]))
    expect(sum(relay.num_lost for relay in relays) > 0, "nothing was lost")


def silent_server(run):
    """Nobody answers: each client sends its hello again until its own time is up, after the fourth."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", SECURE_PORT))
        clients = [request(run, "example_data", *trusting(run), "-B", "10") for _ in range(4)]
        for client in clients:
            expect(EXAMPLE not in answer(client), "an answer")
        silent.setblocking(False)
        num_hellos = collections.Counter()
        with contextlib.suppress(BlockingIOError):
            while True:
                num_hellos[silent.recvfrom(65536)[1]] += 1
    expect(len(num_hellos) == 4 and min(num_hellos.values()) >= 3, "hellos: %s" % num_hellos)


sys.exit(harness.main("libcoap", [CLIENT, SERVER], [
    *harness.matrix("certificate", certificate_of_server),
    *harness.matrix("certificates of both", certificates_of_both),
    *harness.matrix("stranger as client", stranger_as_client),
    *harness.matrix("large body", large_body),
    *harness.matrix("observe", observe),
    *harness.matrix("many clients at once", many_clients_at_once),
    harness.case("PSK, pinned", psk(None), harness.BOTH, harness.DTLS12),
    *harness.matrix("PSK", psk(OVERRIDE)),
    *harness.matrix("wrong PSK", wrong_psk),
    *harness.matrix("PSK by identity", psk_by_identity),
    *harness.matrix("PSK and certificates", psk_and_certificates),
    *harness.matrix("over loss", over_loss),
    harness.case("silent server", silent_server, harness.CLIENT_ONLY, None),
]))
