#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A path that carries less than the client's own link, through a router: path_mtu_test.py LIBRARY PROGRAM.

Where the test cannot run, it prints "SKIPPED: reason" and succeeds, unless DTLS13_REQUIRE_PEERS=1.
"""

import difflib
import os
import re
import shutil
import subprocess
import sys

import programs
from programs import expect

LIBRARY, PROGRAM = sys.argv[1:3]

# What a DTLS 1.3 record adds to application data: a header without length, content type, tag.
RECORD_OVERHEAD = 3 + 1 + 16
LINK_MTU = 700
DATA_MTU = LINK_MTU - 28 - RECORD_OVERHEAD


class Namespace:
    """A network namespace, kept by a process that sleeps in it."""

    def __init__(self):
        self._keeper = subprocess.Popen(["unshare", "-n", "sh", "-c", "echo; exec sleep 600"],
                                        stdout=subprocess.PIPE)
        self._keeper.stdout.readline()
        self.pid = str(self._keeper.pid)
        self.path = "/proc/%s/ns/net" % self.pid

    def enter(self, *command):
        return ["nsenter", "--net=" + self.path] + list(command)

    def run(self, *command):
        subprocess.run(self.enter(*command), check=True)

    def close(self):
        self._keeper.kill()
        self._keeper.wait()


class Path:
    """client 10.0.1.2 - 10.0.1.1 router 10.0.2.1 - 10.0.2.2 server, whose link has LINK_MTU."""

    def __init__(self):
        self.client, self.router, self.server = self._all = [Namespace() for _ in range(3)]

    def __enter__(self):
        return self

    def lay(self):
        for end, subnet, mtu in ((self.client, 1, 1500), (self.server, 2, LINK_MTU)):
            link = "to%d" % subnet
            self.router.run("ip", "link", "add", link, "mtu", str(mtu), "type", "veth", "peer", "name",
                            "path0", "mtu", str(mtu), "netns", end.pid)
            self.router.run("ip", "address", "add", "10.0.%d.1/24" % subnet, "dev", link)
            self.router.run("ip", "link", "set", link, "up")
            end.run("ip", "address", "add", "10.0.%d.2/24" % subnet, "dev", "path0")
            end.run("ip", "link", "set", "path0", "up")
            end.run("ip", "route", "add", "default", "via", "10.0.%d.1" % subnet)
        # /proc/sys/net is that of the process that looks.
        self.router.run("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")

    def __exit__(self, *_):
        for namespace in self._all:
            namespace.close()


def run(library, scenario):
    with Path() as path:
        path.lay()
        program = programs.Program(path.client.enter(PROGRAM, path.server.path, scenario), library)
        status = program.finish()
        expect(status == 0, "exit status %d:\n%s" % (status, program.output))
        return program.output


def compared(output):
    return [line for line in output.splitlines() if not line.startswith("#")]


def compare(scenario):
    """What the program prints preloaded, which for the rest is what it prints on libssl."""
    on_libssl, preloaded = run(None, scenario), run(LIBRARY, scenario)
    expect("# version DTLSv1.2" in on_libssl and "# version DTLSv1.3" in preloaded, preloaded)
    difference = list(difflib.unified_diff(compared(on_libssl), compared(preloaded), "libssl",
                                           "preloaded", lineterm=""))
    expect(not difference, "\n" + "\n".join(difference))
    found = re.findall(r"^# data MTU (\d+)$", preloaded, re.MULTILINE)
    expect(found == [str(DATA_MTU)], "data MTU %s, not %d:\n%s" % (found, DATA_MTU, preloaded))
    return preloaded


def refusal_of_small_data_is_reported_and_not_blamed_on_it():
    compare("data")


def refusal_of_a_small_message_is_not_blamed_on_it():
    output = compare("message")
    expect("# KeyUpdate 1\n" in output, output)


def read_that_reports_finds_the_mtu():
    compare("read")


def obstacle():
    """Why the test cannot run here; None when it can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    missing = [name for name in ("ip", "nsenter", "unshare") if shutil.which(name) is None]
    if missing:
        return "not installed: " + ", ".join(missing)
    if subprocess.run(["unshare", "-n", "true"], check=False).returncode != 0:
        return "no network namespaces"
    return None


os.environ["PATH"] += ":/usr/sbin:/sbin"
reason = obstacle()
if reason is not None:
    sys.exit(programs.skipped(reason))
sys.exit(programs.run_all([
    refusal_of_small_data_is_reported_and_not_blamed_on_it,
    refusal_of_a_small_message_is_not_blamed_on_it, read_that_reports_finds_the_mtu]) != 0)
