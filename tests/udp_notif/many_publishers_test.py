#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Many publishers that stay connected to one port: many_publishers_test.py UDP_NOTIF PUBLISHERS [NUMBER [RATE]]

A test runs 1000 of them; by hand it may be 10000, as an argument, and how many messages a second all publish together.
"""

import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from programs import Collector, expect, expect_nearly_all, make_certificate, run_tests  # noqa: E402

PROGRAM, PUBLISHERS = (os.path.abspath(path) for path in sys.argv[1:3])
NUMBER = int(sys.argv[3]) if len(sys.argv) > 3 else 1000
RATE = int(sys.argv[4]) if len(sys.argv) > 4 else 1000
ROUNDS = 5
# Each needs three files open.
PER_PROCESS = 5000


def test_each_message_of_each_publisher_arrives(folder):
    collector = Collector(PROGRAM, folder, "many")
    processes = []
    for first in range(1, NUMBER + 1, PER_PROCESS):
        number = min(PER_PROCESS, NUMBER + 1 - first)
        processes.append(subprocess.Popen(
            [PUBLISHERS, str(collector.port), os.path.join(folder, "receiver.pem"), str(first), str(number), str(ROUNDS),
             str(RATE * number // NUMBER)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True))
    for process in processes:
        output, error = process.communicate(timeout=600)
        expect(process.returncode == 0, error)
        print(output.strip())
    collector.wait_for_lines(NUMBER * ROUNDS)
    code, lines = collector.stop()
    expect(code == 0, "collect ended with %d" % code)
    expect_nearly_all(NUMBER * ROUNDS, len(lines), collector.log())
    messages = {(line["publisher_id"], line["message_id"]) for line in lines}
    expect(len(messages) == len(lines), "some message is there twice")
    expect({publisher for publisher, _ in messages} == set(range(1, NUMBER + 1)), "some publisher is missing")
    print("%d of %d messages arrived" % (len(lines), NUMBER * ROUNDS))
    expect("%s connections" % format(NUMBER, ",") in collector.log(), collector.log())


def main():
    with tempfile.TemporaryDirectory() as folder:
        make_certificate(folder, "receiver", "serverAuth")
        run_tests([test_each_message_of_each_publisher_arrives], folder)


main()
