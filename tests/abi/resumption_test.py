#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sessions of Debian's s_client and s_server, kept in files: resumption_test.py LIBRARY."""

import base64
import itertools
import os
import re
import subprocess
import sys

import programs
from programs import expect, expect_lines
from session_test import FOLDER, LIBRARY, client, exchange, run_session, server
from session_test import wait_until_connected

NUMBERS = itertools.count()
TRUST = ("-CAfile", FOLDER.path("server.pem"))


def run_session_of(caller, listener, how):
    """A whole session that began `how`: New or Reused."""
    # A word of its own: the server's output still holds those of the sessions before.
    run_session(listener, caller, "word%d" % next(NUMBERS))
    expect_lines(caller, "^%s, TLSv1.3, Cipher is TLS_" % how)


def new_session(listener, name, *options):
    path = FOLDER.path(name)
    closed = listener.output.count("CONNECTION CLOSED")
    with client(listener.port, "-sess_out", path, *options) as caller:
        run_session_of(caller, listener, "New")
    listener.wait_for("^CONNECTION CLOSED$", count=closed + 1)
    return path


def next_session(listener, path, how, *options):
    closed = listener.output.count("CONNECTION CLOSED")
    with client(listener.port, "-sess_in", path, *options) as caller:
        run_session_of(caller, listener, how)
        output = caller.output
    listener.wait_for("^CONNECTION CLOSED$", count=closed + 1)
    return output


def session_of_a_file_is_resumed():
    with server() as listener:
        path = new_session(listener, "resumed.pem", *TRUST)
        for _ in range(2):
            # Nobody vouches for the server but the session.
            output = next_session(listener, path, "Reused")
            expect("Verify return code: 0 (ok)" in output, "another verify result:\n" + output)
            expect(re.search("subject=CN ?= ?localhost", output), "no certificate:\n" + output)


def each_connection_leaves_a_session():
    with server() as listener:
        path = new_session(listener, "chain.pem")
        for number in range(3):
            following = FOLDER.path("chain%d.pem" % number)
            next_session(listener, path, "Reused", "-sess_out", following)
            path = following


def name_and_protocol_belong_to_the_session():
    with server() as listener:
        path = new_session(listener, "name.pem", "-servername", "localhost")
        next_session(listener, path, "Reused", "-servername", "localhost")
        next_session(listener, path, "New", "-servername", "other.example")


def other_server_begins_anew():
    with server() as listener:
        path = new_session(listener, "foreign.pem")
    with server() as listener:
        next_session(listener, path, "New")


def tickets_are_as_many_as_the_server_is_told():
    # Without tickets the server keeps the session, as on libssl, unless it has no cache either.
    for options, has_session in ((("-num_tickets", "0"), False), (("-num_tickets", "3"), True),
                                 (("-no_ticket",), True), (("-no_ticket", "-no_cache"), False)):
        name = "tickets%s.pem" % "".join(options)
        with server(*options) as listener:
            path = new_session(listener, name)
            expect(os.path.exists(path) == has_session,
                   "%r: a session: %r" % (options, not has_session))


def sess_id(path, library):
    done = subprocess.run(["openssl", "sess_id", "-in", path, "-noout", "-text"],
                          env=programs.environment(library), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    return done.returncode, done.stdout.decode()


def session_file_is_one_of_libssls():
    with server() as listener:
        path = new_session(listener, "printed.pem")
    for library, protocol in ((LIBRARY, "DTLSv1.3"), (None, "unknown")):
        status, text = sess_id(path, library)
        expect(status == 0 and re.search("Protocol +: " + protocol, text), text)
        expect("ticket lifetime hint: 7200 (seconds)" in text, text)


def pem_of(der):
    text = base64.encodebytes(der).decode()
    return "-----BEGIN SSL SESSION PARAMETERS-----\n%s-----END SSL SESSION PARAMETERS-----\n" % text


def damaged_session_files_do_no_harm():
    with server() as listener:
        path = new_session(listener, "whole.pem")
        with open(path, encoding="ascii") as file:
            lines = file.read().split("-----")[2]
        der = base64.b64decode(lines)
        damaged = FOLDER.path("damaged.pem")

        def write(content):
            with open(damaged, "w", encoding="ascii") as file:
                file.write(pem_of(content))

        # Inside the ticket, which is most of a session; a server knows it no more.
        status, text = sess_id(path, LIBRARY)
        first = re.search("0000 - ([0-9a-f -]+?)   ", text).group(1).replace("-", " ")
        ticket = bytes.fromhex(first.replace(" ", ""))
        at = der.index(ticket)
        write(der[:at + 20] + bytes([der[at + 20] ^ 1]) + der[at + 21:])
        next_session(listener, damaged, "New")
        # Cut, it is no session for libssl: s_client says so and ends.
        write(der[:len(der) // 2])
        with client(listener.port, "-sess_in", damaged) as caller:
            expect(caller.finish() == 1, "s_client went on:\n" + caller.output)
        next_session(listener, path, "Reused")


def session_of_another_version_begins_anew():
    with server() as listener:
        path = new_session(listener, "13.pem")
        old = FOLDER.path("12.pem")
        with client(listener.port, "-sess_out", old, version="-dtls1_2") as caller:
            run_session(listener, caller, "word%d" % next(NUMBERS), "DTLSv1.2")
        listener.wait_for("^CONNECTION CLOSED$", count=2)
        next_session(listener, old, "New")
        # Each is of no use to the other, and DTLS 1.2's still is to DTLS 1.2.
        for session, how in ((path, "New"), (old, "Reused")):
            closed = listener.output.count("CONNECTION CLOSED")
            with client(listener.port, "-sess_in", session, version="-dtls1_2") as caller:
                run_session(listener, caller, "word%d" % next(NUMBERS), "DTLSv1.2")
                expect_lines(caller, "^%s, " % how)
            listener.wait_for("^CONNECTION CLOSED$", count=closed + 1)


def early_data_before_a_cookie_is_not_taken():
    # s_server always asks for a cookie, which keeps nothing of the first ClientHello, and a client
    # that was sent back may not offer early data again.
    data = FOLDER.path("early.txt")
    with open(data, "w", encoding="ascii") as file:
        file.write("early words\n")
    with server("-early_data") as listener:
        path = new_session(listener, "early.pem")
        status, text = sess_id(path, LIBRARY)
        expect("Max Early Data: 16384" in text, text)
        next_session(listener, path, "Reused", "-early_data", data)
        listener.wait_for("^No early data received$", count=2)
        expect("early words" not in listener.output, "it was taken:\n" + listener.output)


def reconnecting_client_is_served():
    with server() as listener, client(listener.port, "-reconnect") as caller:
        caller.wait_for("^drop connection and then reconnect$", count=5)
        caller.wait_for("^(New|Reused), TLSv1.3, Cipher is TLS_", count=6)
        wait_until_connected(caller, "DTLSv1.3")
        exchange(listener, caller, "word")


if __name__ == "__main__":
    sys.exit(1 if programs.run_all([
        session_of_a_file_is_resumed,
        each_connection_leaves_a_session,
        name_and_protocol_belong_to_the_session,
        other_server_begins_anew,
        tickets_are_as_many_as_the_server_is_told,
        session_file_is_one_of_libssls,
        damaged_session_files_do_no_harm,
        session_of_another_version_begins_anew,
        early_data_before_a_cookie_is_not_taken,
        reconnecting_client_is_served,
    ]) else 0)
