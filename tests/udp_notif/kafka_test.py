#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""udp_notif collect into librdkafka's mock cluster, brokers failing: kafka_test.py UDP_NOTIF KAFKA_CLUSTER"""

import json
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from programs import (Collector, expect, expect_nearly_all, expect_one_sentence, make_certificate,  # noqa: E402
                      published, run_tests)

PROGRAM, CLUSTER = (os.path.abspath(path) for path in sys.argv[1:3])
TOPIC = "notifications"
NUMBER = 100000


class Cluster:
    """The mock cluster's process."""

    def __init__(self):
        self._process = subprocess.Popen([CLUSTER, TOPIC], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         universal_newlines=True, bufsize=1)
        self.brokers = self._process.stdout.readline().strip()

    def order(self, text):
        self._process.stdin.write(text + "\n")

    def read(self, number):
        self.order("read %d" % number)
        lines = []
        for line in self._process.stdout:
            if line == "end\n":
                break
            lines.append(json.loads(line))
        return lines

    def close(self):
        self._process.stdin.close()
        self._process.wait(60)


def collect(folder, cluster, name):
    return Collector(PROGRAM, folder, name, "--kafka", cluster.brokers, "--topic", TOPIC, "--metrics", "127.0.0.1:0",
                     output=False)


def check(cluster, collector, number):
    """Each message that arrived is in the cluster once or more, none is missing."""
    code = collector.stop()[0]
    log = collector.log()
    arrived = int(re.search(r"([\d,]+) messages", log).group(1).replace(",", ""))
    expect_nearly_all(number, arrived, log)
    expect(code == 0, "collect ended with %d:\n%s" % (code, log))
    expect("%s lines written, 0 lost" % format(arrived, ",") in log, log)
    lines = cluster.read(arrived)
    identifiers = {line["message_id"] for line in lines}
    expect(len(identifiers) == arrived and identifiers <= set(range(1, number + 1)),
           "Kafka has %d of %d:\n%s" % (len(identifiers), arrived, log))
    cluster.close()


def notifications(number):
    return b"".join(b'{"n":%d}\n' % n for n in range(number))


def test_all_messages_are_in_the_cluster(folder):
    cluster = Cluster()
    collector = collect(folder, cluster, "all")
    published(PROGRAM, folder, collector.port, "--rate", "10000", stdin=notifications(NUMBER))
    check(cluster, collector, NUMBER)


def test_brokers_that_fail_lose_nothing(folder):
    cluster = Cluster()
    collector = collect(folder, cluster, "failing")
    part = notifications(2000)
    first_id = 1
    for order in ("refuse 5", "down 1", "down 2", "up 2", "up 1"):
        cluster.order(order)
        published(PROGRAM, folder, collector.port, "--rate", "5000", "--first-id", str(first_id), stdin=part)
        first_id += 2000
    check(cluster, collector, 5 * 2000)


def test_a_cluster_that_is_not_there_is_one_sentence(folder):
    expect_one_sentence(PROGRAM, ["collect", "--listen", "127.0.0.1:0", "--kafka", "127.0.0.1:1", "--topic", TOPIC,
                                  "--key", os.path.join(folder, "receiver.key"),
                                  "--cert", os.path.join(folder, "receiver.pem")], 1)


def main():
    if "TSAN_OPTIONS" in os.environ:
        print("SKIPPED: ThreadSanitizer cannot follow librdkafka's threads, which are C11's")
        return
    with tempfile.TemporaryDirectory() as folder:
        make_certificate(folder, "receiver", "serverAuth")
        run_tests([test_all_messages_are_in_the_cluster, test_brokers_that_fail_lose_nothing,
                   test_a_cluster_that_is_not_there_is_one_sentence], folder)


main()
