#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A preloaded s_server keeps neither memory nor descriptors: many_connections_test.py LIBRARY CLIENTS."""

import contextlib
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.append(os.path.join(HERE, "..", "abi"))
import programs
from programs import expect

LIBRARY, CLIENTS = sys.argv[1:3]
FOLDER = programs.Folder()

# By then the allocator's pools, libcrypto's caches and s_server's cache of 128 sessions are full.
NUM_WARM_UP = 500
# The smallest piece that malloc gives out, with its header. One that was lost per connection would
# be seen; what the pages that hold it do in between is left.
SMALLEST_LEAK = 32
SLACK = 64 * 1024


@contextlib.contextmanager
def server_of_many():
    """s_server with its output in a file, because there will be much of it; yields (pid, port)."""
    with tempfile.TemporaryFile() as output:
        server = subprocess.Popen(
            ["openssl", "s_server", "-accept", "127.0.0.1:0"] + FOLDER.credential() + ["-dtls"],
            stdin=subprocess.PIPE, stdout=output, stderr=output,
            env=programs.environment(LIBRARY, {"ASAN_OPTIONS": "detect_leaks=0"}))

        def accepts():
            beginning = os.pread(output.fileno(), 4096, 0)
            return re.search(rb"^ACCEPT [0-9.]+:(\d+)$", beginning, re.MULTILINE)

        try:
            programs.wait_until(lambda: accepts() or server.poll() is not None, "s_server to accept")
            yield server.pid, accepts().group(1).decode()
            expect(server.poll() is None, "s_server ended")
        finally:
            server.kill()
            server.wait()


def connect(port, count, library=LIBRARY):
    run = subprocess.run([CLIENTS, port, "connect", str(count)], stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, env=programs.environment(library))
    num_dtls13 = count if library else 0
    expect(run.stdout.decode() == "connected: %d, DTLS 1.3: %d\n" % (count, num_dtls13),
           run.stdout.decode())


def anonymous_memory(pid):
    """Bytes. Without the pages of files, which come and go."""
    with open("/proc/%d/status" % pid, encoding="ascii") as file:
        return int(re.search(r"^RssAnon:\s+(\d+) kB$", file.read(), re.MULTILINE).group(1)) * 1024


def num_descriptors(pid):
    return len(os.listdir("/proc/%d/fd" % pid))


def keeps_nothing(count, client_library=LIBRARY):
    with server_of_many() as (pid, port):
        connect(port, NUM_WARM_UP, client_library)
        memory, descriptors = anonymous_memory(pid), num_descriptors(pid)
        connect(port, count - NUM_WARM_UP, client_library)
        expect(num_descriptors(pid) == descriptors,
               "%d descriptors became %d" % (descriptors, num_descriptors(pid)))
        growth = anonymous_memory(pid) - memory
        print("%d connections: %d KB of memory, %+d KB since the first %d; %d descriptors" %
              (count, anonymous_memory(pid) / 1024, growth / 1024, NUM_WARM_UP, descriptors))
        if programs.is_sanitized(LIBRARY):
            print("SKIPPED: a sanitizer's allocator keeps what is freed; its growth says nothing")
            return
        expect(growth < max(SLACK, SMALLEST_LEAK * (count - NUM_WARM_UP) // 2), "memory grows")


def ten_thousand_connections():
    keeps_nothing(10000)


def clients_of_dtls12():
    keeps_nothing(2000, client_library=None)


sys.exit(programs.run_all([
    ten_thousand_connections,
    clients_of_dtls12,
]) != 0)
