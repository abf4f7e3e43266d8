#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a receiver and a publisher as processes, and checks how they part: udp_notif_close_test.py CLI."""

import os
import re
import subprocess
import sys
import tempfile

CLI = os.path.abspath(sys.argv[1])
TIMEOUT_S = 60


def start(folder, *arguments):
    return subprocess.Popen([CLI] + list(arguments), cwd=folder, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, universal_newlines=True, bufsize=1)


def make_certificate(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-subj", "/CN=receiver", "-keyout", "key.pem", "-out", "cert.pem"],
                   cwd=folder, check=True, stderr=subprocess.DEVNULL)


def port_of(receiver):
    for line in receiver.stdout:
        match = re.search(r"\bport (\d+)|:(\d+)\b", line)
        if match:
            return match.group(1) or match.group(2)
    raise SystemExit("the receiver says no port")


def run():
    with tempfile.TemporaryDirectory() as folder:
        make_certificate(folder)
        receiver = start(folder, "server", "--port", "0", "--cert", "cert.pem", "--key", "key.pem")
        publisher = start(folder, "client", "--port", port_of(receiver), "--text", "notification",
                          "--close-first")
        outputs = {}
        for name, program in (("publisher", publisher), ("receiver", receiver)):
            outputs[name] = program.communicate(timeout=TIMEOUT_S)[0]
            if program.returncode != 0:
                raise SystemExit("the %s failed:\n%s" % (name, outputs[name]))
        # The publisher closes when it has nothing more to send, and says so.
        # //= draft-unyte-udp-notif-dtls#section-4.3
        # //= type=test
        # //# A Publisher MUST close the associated DTLS connection if the connection is
        # //# not expected to deliver any UDP-notif Messages later.
        #
        # //= draft-unyte-udp-notif-dtls#section-4.3
        # //= type=test
        # //# Once the Receiver gets a close_notify from the Publisher, it MUST reply with a
        # //# close_notify.
        for name, output in outputs.items():
            if "the peer closed\n" not in output:
                raise SystemExit("the %s saw no close_notify:\n%s" % (name, output))


run()
