#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""net-snmp's agent and tools speak DTLS 1.3 under the preloaded library: netsnmp_test.py LIBRARY [FILTER].

SNMP over DTLS (RFC 6353) with certificates of both sides and the transport security model: the agent takes
the user's name from the client's certificate.
"""

import os
import shutil
import sys

import harness
from harness import expect

PORT = 10161
TARGET = "dtlsudp:127.0.0.1:%d" % PORT
SYS_NAME, SYS_LOCATION, SYSTEM = ".1.3.6.1.2.1.1.5.0", ".1.3.6.1.2.1.1.6.0", ".1.3.6.1.2.1.1"

# The user is the client certificate's common name.
AGENT_CONFIGURATION = """
[snmp] localCert server
sysName the name of this agent
certSecName 10 client --cn
rwuser -s tsm client authPriv .1
"""


def folder(run, name, certificates, key):
    """A configuration folder: certificates by name, one of them with its key. Returns the environment."""
    root = run.path(name)
    shutil.rmtree(root, ignore_errors=True)
    for part in ("ca-certs", "certs", "private"):
        os.makedirs(os.path.join(root, "tls", part))
    shutil.copy(run.path("ca.pem"), os.path.join(root, "tls", "ca-certs", "ca.crt"))
    for certificate in certificates:
        shutil.copy(run.path(certificate + ".pem"),
                    os.path.join(root, "tls", "certs", certificate + ".crt"))
    private = os.path.join(root, "tls", "private", key + ".key")
    shutil.copy(run.path(key + ".key"), private)
    os.chmod(private, 0o600)
    return {"SNMPCONFPATH": root, "SNMP_PERSISTENT_DIR": root, "MIBS": ""}


def serve(run):
    environment = folder(run, "agent", ["server", "client"], "server")
    configuration = run.write("snmpd.conf", AGENT_CONFIGURATION)
    agent = run.server(["snmpd", "-f", "-Lo", "-C", "-c", configuration, "-p",
                        run.path("snmpd.pid"), "-I", "-smux", TARGET], environment)
    agent.wait_for("NET-SNMP version")
    run.wait_for_port(PORT)
    return agent


def ask(run, tool, *arguments, own="client", options=()):
    """Runs one of the tools, which makes an association of its own; returns its output and status."""
    environment = folder(run, "manager", ["server", own], own)
    program = run.client([tool, "-v", "3", "--defSecurityModel=tsm", "-u", "ignored", "-l",
                          "authPriv", "-t", "5", "-T", "our_identity=" + own, "-T",
                          "their_identity=server", *options, TARGET, *arguments], environment)
    status = program.finish()
    return status, program.output


def answer(run, tool, *arguments):
    status, output = ask(run, tool, *arguments)
    expect(status == 0, "%s: status %d: %s" % (tool, status, output))
    return output


def get_set_walk(run):
    serve(run)
    expect("the name of this agent" in answer(run, "snmpget", SYS_NAME), "no name")
    answer(run, "snmpset", SYS_LOCATION, "s", "here it is")
    expect("here it is" in answer(run, "snmpget", SYS_LOCATION), "what was set is not there")
    walked = answer(run, "snmpwalk", SYSTEM).splitlines()
    expect(len(walked) > 20, "a walk of %d lines" % len(walked))


def large_answer(run):
    """More than a datagram of handshake size in one record."""
    serve(run)
    answer(run, "snmpset", SYS_LOCATION, "s", "x" * 250)
    got = answer(run, "snmpbulkget", "-Cn0", "-Cr40", SYSTEM)
    expect("x" * 250 in got and got.count(" = ") == 40, got)


def stranger(run):
    """A certificate that the agent does not know gets no answer."""
    agent = serve(run)
    answer(run, "snmpget", SYS_NAME)
    status, output = ask(run, "snmpget", SYS_NAME, own="stranger", options=["-r", "0", "-t", "3"])
    expect(status != 0 and "the name" not in output, output)
    agent.wait_for("certificate verify failed")


TOOLS = ["snmpd", "snmpget", "snmpset", "snmpwalk", "snmpbulkget"]

sys.exit(harness.main("net-snmp", TOOLS, [
    *harness.matrix("get, set, walk", get_set_walk),
    *harness.matrix("large answer", large_answer),
    *harness.matrix("stranger", stranger),
]))
