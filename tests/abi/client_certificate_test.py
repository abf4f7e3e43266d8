#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Client certificates between Debian's s_client and s_server: client_certificate_test.py LIBRARY.

What DTLS 1.3 says of each case is what libssl's own TLS 1.3 says of it.
"""

import re
import sys

import programs
from programs import Session, expect, expect_lines

LIBRARY = sys.argv[1]
FOLDER = programs.Folder()
EC = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]

# A line of the error queue without what differs by version: thread, function, file and line.
ERROR = re.compile(r":error:([0-9A-F]{8}):[^:]*:[^:]*:([^:]*):[^:]*:\d+:(.*)$", re.MULTILINE)
# What s_server says of a client's certificate, and s_client of the authorities it may be from.
SAID = re.compile(r"^(?:depth=|verify |CN = |subject=|issuer=|Client certificate$|"
                  r"Acceptable client|No client certificate CA).*", re.MULTILINE)


def session(server, client, over_dtls=True):
    protocol, library = ("-dtls", LIBRARY) if over_dtls else ("-tls1_3", None)
    trust = ["-CAfile", FOLDER.path("authority.pem")]
    return Session(FOLDER, [protocol] + trust + server, [protocol] + trust + client, library,
                   library)


def said_by(program):
    return ERROR.findall(program.output), SAID.findall(program.output)


def outcome(server, client, over_dtls, is_accepted):
    with session(server, client, over_dtls) as running:
        if is_accepted:
            running.exchange()
            status = running.close()
        else:
            status = running.client.finish(), running.server.finish()
        return status, said_by(running.client), said_by(running.server)


def check(server, client, is_accepted):
    over_tls = outcome(server, client, False, is_accepted)
    over_dtls = outcome(server, client, True, is_accepted)
    expect(over_tls == over_dtls, "TLS: %s\nDTLS: %s" % (over_tls, over_dtls))
    expect((over_dtls[0] == (0, 0)) == is_accepted, "status %s" % (over_dtls[0],))


REQUIRED = ["-Verify", "3", "-verify_return_error"]
OPTIONAL = ["-verify", "3", "-verify_return_error"]


def trusted():
    for key in ("client", "rsa_client"):
        check(REQUIRED, FOLDER.credential(key), True)


def none_where_optional():
    check(OPTIONAL, [], True)


def none_where_required():
    check(REQUIRED, [], False)


def wrong_authority():
    check(REQUIRED, FOLDER.credential("other"), False)
    check(OPTIONAL, FOLDER.credential("other"), False)


def wrong_authority_is_let_in_by_a_callback():
    check(["-verify", "3"], FOLDER.credential("other"), True)


def expired():
    check(REQUIRED, FOLDER.credential("expired"), False)


def chain_too_long():
    leaf = FOLDER.credential("deep") + ["-cert_chain", FOLDER.path("intermediate.pem")]
    check(["-Verify", "0", "-verify_return_error", "-verify_depth", "0"], leaf, False)
    check(REQUIRED, leaf, True)


def for_servers_only():
    check(REQUIRED, FOLDER.credential("for_servers"), False)


def signature_algorithms():
    check(REQUIRED + ["-client_sigalgs", "RSA-PSS+SHA256"], FOLDER.credential("client"), False)
    check(REQUIRED + ["-client_sigalgs", "RSA-PSS+SHA256"], FOLDER.credential("rsa_client"), True)


def states():
    """The messages of client authentication go by the info callback under libssl's names."""
    with session(REQUIRED + ["-state"], FOLDER.credential("client") + ["-state"]) as running:
        running.client.wait_for("^    Protocol  : DTLSv1.3$")
        running.exchange()
        expect(running.close() == (0, 0), "exit status")
        expect_lines(running.client,
                     "^SSL_connect:SSLv3/TLS read server certificate request$",
                     "^SSL_connect:SSLv3/TLS write client certificate$",
                     "^SSL_connect:SSLv3/TLS write certificate verify$")
        expect_lines(running.server, "^SSL_accept:SSLv3/TLS write certificate request$",
                     "^SSL_accept:SSLv3/TLS read client certificate$",
                     "^SSL_accept:SSLv3/TLS read certificate verify$",
                     "^Peer signature type: ECDSA$")


def make_certificates():
    FOLDER.make_self_signed("authority", EC, "authority.example")
    FOLDER.issue("client", EC, "authority")
    FOLDER.issue("rsa_client", ["-newkey", "rsa:2048"], "authority")
    FOLDER.issue("expired", EC, "authority", days=-1)
    FOLDER.issue("for_servers", EC, "authority", extensions="extendedKeyUsage=serverAuth")
    FOLDER.issue("intermediate", EC, "authority", extensions="basicConstraints=critical,CA:true")
    FOLDER.issue("deep", EC, "intermediate")


make_certificates()
sys.exit(programs.run_all([
    trusted,
    none_where_optional,
    none_where_required,
    wrong_authority,
    wrong_authority_is_let_in_by_a_callback,
    expired,
    chain_too_long,
    for_servers_only,
    signature_algorithms,
    states,
]) != 0)
