#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the examples against one another over 127.0.0.1: examples_test.py CLIENT SERVER."""

import os
import re
import subprocess
import sys
import tempfile

CLIENT, SERVER = (os.path.abspath(path) for path in sys.argv[1:3])
TIMEOUT_S = 60


def make_certificate(folder, name):
    files = [os.path.join(folder, name + ending) for ending in (".pem", ".key")]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-subj", "/CN=localhost", "-out", files[0], "-keyout", files[1]],
                   check=True, stderr=subprocess.DEVNULL)
    return files


def run_client(port, authority):
    return subprocess.run([CLIENT, port, authority], timeout=TIMEOUT_S, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, universal_newlines=True)


def check(ok, client):
    if not ok:
        raise SystemExit("status %d, stdout %r, stderr %r" % (client.returncode, client.stdout, client.stderr))


def main():
    with tempfile.TemporaryDirectory() as folder:
        certificate, key = make_certificate(folder, "server")
        stranger, _ = make_certificate(folder, "stranger")
        with subprocess.Popen([SERVER, certificate, key], stdout=subprocess.PIPE, universal_newlines=True) as server:
            try:
                port = re.search(r":(\d+)$", server.stdout.readline()).group(1)
                for _ in range(2):
                    client = run_client(port, certificate)
                    check(client.returncode == 0 and client.stdout == "hello\n", client)
                client = run_client(port, stranger)
                check(client.returncode == 1 and client.stdout == "", client)
            finally:
                server.kill()


main()
