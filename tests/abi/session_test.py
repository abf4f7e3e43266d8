#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whole sessions of Debian's s_client and s_server with the library: session_test.py LIBRARY.

How a handshake goes, how it ends, what loss and strangers do to it, and who serves a DTLS 1.2 peer.
"""

import contextlib
import ctypes
import os
import socket
import sys

import programs
from programs import Program, expect, expect_lines
from session_relay import Relay

LIBRARY = sys.argv[1]
FOLDER = programs.Folder()

# RFC 8446 section 4.1.3: the random of a ServerHello that is a HelloRetryRequest.
RETRY_RANDOM = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")


@contextlib.contextmanager
def running(*arguments, library=LIBRARY, environment=None):
    program = Program(list(arguments), library, environment)
    try:
        yield program
    finally:
        program.kill()


@contextlib.contextmanager
def server(*options, library=LIBRARY, version="-dtls", environment=None):
    with running("openssl", "s_server", version, "-accept", "127.0.0.1:0", *FOLDER.credential(),
                 *options, library=library, environment=environment) as program:
        program.port = int(program.wait_for(r"^ACCEPT [0-9.]+:(\d+)$").group(1))
        yield program


def client(port, *options, library=LIBRARY, version="-dtls", environment=None):
    return running("openssl", "s_client", version, "-connect", "127.0.0.1:%d" % port, *options,
                   library=library, environment=environment)


def wait_until_connected(program, version):
    program.wait_for(r"^ +Protocol +: %s$" % version)
    program.wait_for(r"^---$", count=program.output.count("\n---\n"))


def exchange(listener, caller, word):
    """One line each way, told apart from others by `word`."""
    caller.send("%s from the client\n" % word)
    listener.wait_for("^%s from the client$" % word)
    listener.send("%s from the server\n" % word)
    caller.wait_for("^%s from the server$" % word)


def run_session(listener, caller, word="word", version="DTLSv1.3"):
    wait_until_connected(caller, version)
    exchange(listener, caller, word)
    caller.send("Q\n")
    expect(caller.finish() == 0, "s_client failed:\n" + caller.output)


def clients_one_after_another():
    with server() as listener:
        for number in range(3):
            with client(listener.port) as caller:
                run_session(listener, caller, "word%d" % number)
            listener.wait_for("^CONNECTION CLOSED$", count=number + 1)


def listen_keeps_the_second_hello():
    with server("-listen") as listener, client(listener.port) as caller:
        run_session(listener, caller)


def small_mtu_splits_the_handshake():
    with server("-mtu", "400", "-listen") as listener, Relay(listener.port) as relay:
        with client(relay.port) as caller:
            run_session(listener, caller)
        longest = max(len(datagram) for datagram in relay.datagrams["server"])
        expect(longest <= 400 - 28, "a datagram of %d bytes on a link of 400" % longest)


def policy_bounds_datagrams():
    longest = []
    for options in ("", "mtu=400"):
        with server(environment={"DTLS13_OPTIONS": options}) as listener, \
                Relay(listener.port) as relay:
            with client(relay.port) as caller:
                run_session(listener, caller)
            longest.append(max(len(datagram) for datagram in relay.datagrams["server"]))
    expect(longest[0] > 400 >= longest[1], "the longest of %d and %d bytes" % tuple(longest))


def has_ipsec_mb():
    for name in ("libIPSec_MB.so.2", "libIPSec_MB.so.1"):
        with contextlib.suppress(OSError):
            return bool(ctypes.CDLL(name))
    return False


def records_by_ipsec_mb_are_the_same():
    """Where it is not installed they are libcrypto's, and nothing is said of it."""
    chosen = {"DTLS13_OPTIONS": "record_crypto=ipsec-mb"}
    for suite in ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"):
        options = ("-ciphersuites", suite)
        with server(environment=chosen) as listener, client(listener.port, *options) as caller:
            run_session(listener, caller)
            expect(("libIPSec_MB" in listener.maps()) == has_ipsec_mb(), "libipsec-mb is loaded, or not")
            expect("IPSec" not in listener.output and "ipsec" not in listener.output, listener.output)
        with server() as listener, client(listener.port, *options, environment=chosen) as caller:
            run_session(listener, caller)


def refused_certificate_ends_both_sides():
    with server() as listener, client(listener.port, "-verify_return_error") as caller:
        expect(caller.finish() == 1, "s_client went on:\n" + caller.output)
        expect_lines(caller, "certificate verify failed", "^Verification error: self-signed")
        listener.wait_for("alert unknown ca")


def client_closes():
    with server("-state") as listener, client(listener.port, "-state") as caller:
        run_session(listener, caller)
        expect_lines(caller, "^SSL3 alert write:warning:close notify")
        listener.wait_for("^CONNECTION CLOSED$")
        expect_lines(listener, "^SSL3 alert read:warning:close notify")
        expect("ERROR" not in listener.output, "s_server has an error:\n" + listener.output)


def server_closes():
    # s_server closes its socket before it calls SSL_shutdown, so its client hears nothing; what can
    # be seen is that SSL_shutdown does not mind.
    with server() as listener, client(listener.port) as caller:
        wait_until_connected(caller, "DTLSv1.3")
        exchange(listener, caller, "word")
        listener.send("Q\n")
        expect(listener.finish() == 0, "s_server failed:\n" + listener.output)
        expect_lines(listener, "^CONNECTION CLOSED$")


def lost_close_notify_keeps_nobody_waiting():
    # F41
    with server("-listen") as listener, Relay(listener.port) as relay:
        with client(relay.port) as caller:
            wait_until_connected(caller, "DTLSv1.3")
            exchange(listener, caller, "word")
            relay.lose_all()
            caller.send("Q\n")
            expect(caller.finish() == 0, "s_client failed:\n" + caller.output)


def first_hello():
    """A ClientHello of a client that nobody answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
        nobody.bind(("127.0.0.1", 0))
        nobody.settimeout(programs.TIMEOUT_S)
        with client(nobody.getsockname()[1]):
            return nobody.recv(65536)


def ask(port, *datagrams):
    """The first answer to any of the datagrams, sent from an address that was never seen before."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.settimeout(programs.TIMEOUT_S)
        asker.connect(("127.0.0.1", port))
        for datagram in datagrams:
            asker.send(datagram)
        return asker.recv(65536)


def unproved_address_gets_a_small_retry():
    hello = first_hello()
    for options in ((), ("-listen",)):
        with server(*options) as listener:
            for _ in range(3):
                answer = ask(listener.port, hello)
                expect(RETRY_RANDOM in answer, "the answer is no HelloRetryRequest")
                expect(len(answer) < 2 * len(hello), "%d bytes for %d" % (len(answer), len(hello)))
            # Those who never came back have cost nothing: the next client is served.
            with client(listener.port) as caller:
                run_session(listener, caller)


def cookie_is_good_for_its_address_alone():
    with server() as listener, Relay(listener.port) as relay:
        with client(relay.port) as caller:
            run_session(listener, caller)
        listener.wait_for("^CONNECTION CLOSED$")
        hello, hello_with_cookie = relay.datagrams["client"][:2]
        # From elsewhere the cookie is invalid: illegal_parameter, in an alert smaller than the hello.
        answer = ask(listener.port, hello_with_cookie)
        expect(answer[:1] == b"\x15" and answer[-2:] == b"\x02\x2f",
               "another address was served with the cookie")
        # The server is still waiting for whoever is next.
        expect(RETRY_RANDOM in ask(listener.port, hello), "the answer is no HelloRetryRequest")


def any_one_datagram_may_be_lost():
    # F7, through the whole library: timers of blocking sockets included.
    with server("-listen") as listener, Relay(listener.port) as relay:
        with client(relay.port) as caller:
            wait_until_connected(caller, "DTLSv1.3")
            exchange(listener, caller, "word")
        flights = {side: len(sent) for side, sent in relay.datagrams.items()}
    expect(min(flights.values()) >= 3, "these are not all datagrams: %r" % flights)
    with contextlib.ExitStack() as stack:
        sessions = []
        for side, num_datagrams in flights.items():
            # The last one of each side is the line that was exchanged, which nobody sends again.
            for number in range(num_datagrams - 1):
                listener = stack.enter_context(server("-listen"))
                relay = stack.enter_context(Relay(listener.port, lost=[(side, number)]))
                sessions.append((listener, stack.enter_context(client(relay.port))))
        for listener, caller in sessions:
            run_session(listener, caller)


def garbage_does_not_disturb():
    with server("-listen") as listener, Relay(listener.port) as relay:
        with client(relay.port) as caller:
            wait_until_connected(caller, "DTLSv1.3")
            for garbage in (b"\0", b"\x2f" * 40, b"\x16\xfe\xfd" + bytes(10), os.urandom(1200)):
                relay.inject(garbage)
            run_session(listener, caller)


def stranger_cannot_take_an_unconnected_socket():
    """s_server without -listen shares its socket with whoever sends to it during a session."""
    hello = first_hello()
    with server() as listener, client(listener.port) as caller:
        wait_until_connected(caller, "DTLSv1.3")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.sendto(hello, ("127.0.0.1", listener.port))
            run_session(listener, caller)


def old_client_gets_libssls_dtls12():
    for options in ((), ("-listen",)):
        with server(*options) as listener, client(listener.port, library=None) as caller:
            run_session(listener, caller, version="DTLSv1.2")


def versions_take_turns_on_one_server():
    with server() as listener:
        for number, library in enumerate((LIBRARY, None, LIBRARY)):
            with client(listener.port, library=library) as caller:
                run_session(listener, caller, "word%d" % number,
                            version="DTLSv1.3" if library else "DTLSv1.2")
            listener.wait_for("^CONNECTION CLOSED$", count=number + 1)


def pinned_dtls12_stays_libssls():
    for pinned in ("-dtls", "-dtls1_2"):
        with server(version=pinned) as listener:
            with client(listener.port, version="-dtls1_2") as caller:
                run_session(listener, caller, version="DTLSv1.2")


if __name__ == "__main__":
    sys.exit(1 if programs.run_all([
        clients_one_after_another,
        listen_keeps_the_second_hello,
        small_mtu_splits_the_handshake,
        policy_bounds_datagrams,
        records_by_ipsec_mb_are_the_same,
        refused_certificate_ends_both_sides,
        client_closes,
        server_closes,
        lost_close_notify_keeps_nobody_waiting,
        unproved_address_gets_a_small_retry,
        cookie_is_good_for_its_address_alone,
        any_one_datagram_may_be_lost,
        garbage_does_not_disturb,
        stranger_cannot_take_an_unconnected_socket,
        old_client_gets_libssls_dtls12,
        versions_take_turns_on_one_server,
        pinned_dtls12_stays_libssls,
    ]) else 0)
