#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The command as a person has it: dtls13_test.py COMMAND LIBRARY."""

import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time

sys.path.append(os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "tests", "abi"))

import programs
from programs import expect

COMMAND, LIBRARY = (os.path.abspath(argument) for argument in sys.argv[1:3])
RUN = [COMMAND, "run", "--library", LIBRARY]


def runtimes():
    """LD_PRELOAD for what a sanitized library needs before it."""
    if not programs.is_sanitized(LIBRARY):
        return {}
    return {"LD_PRELOAD": programs.environment(LIBRARY)["LD_PRELOAD"].rpartition(" ")[0]}


def call(arguments, extra=None):
    """Exit code, stdout and stderr; a sanitizer's runtime is preloaded as the library needs it."""
    environment = programs.environment(None, dict(extra or {}, **runtimes()))
    if programs.is_sanitized(LIBRARY):
        environment["ASAN_OPTIONS"] = "detect_leaks=0"
    done = subprocess.run(arguments, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=programs.TIMEOUT_S)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def runs_wherever_the_library_does():
    if programs.is_sanitized(COMMAND):
        return  # a sanitizer's runtime brings its own
    floor = programs.glibc_floor(COMMAND)
    expect(floor <= programs.OLDEST_GLIBC, "runs from glibc %d.%d on only" % floor)


def expect_refusal(arguments, code, pattern, extra=None):
    status, out, err = call(arguments, extra)
    expect(status == code, "%s: exit code %d, not %d: %s" % (arguments, status, code, err))
    expect(re.search(pattern, err), "%s: says %r" % (arguments, err))
    expect(out == "", "%s: something ran: %r" % (arguments, out))
    expect(err.count("\n") == 1, "%s: not one line: %r" % (arguments, err))


def write(folder, name, content, mode=0o755):
    path = os.path.join(folder, name)
    with open(path, "wb") as file:
        file.write(content)
    os.chmod(path, mode)
    return path


def static_program():
    """An ELF program without an interpreter, which ends with exit code 7."""
    code = b"\xb8\x3c\x00\x00\x00\xbf\x07\x00\x00\x00\x0f\x05"  # exit(7) of x86-64
    header = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9) + struct.pack(
        "<HHIQQQIHHHHHH", 2, 62, 1, 0x400078, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, 0x400000, 0x400000, 120 + len(code), 120 + len(code), 0x1000)
    return header + segment + code


def runs_with_the_library():
    status, out, _ = call(RUN + ["--mtu", "1400", "--", "sh", "-c", "echo $LD_PRELOAD; echo $DTLS13_OPTIONS; exit 9"],
                          {"DTLS13_OPTIONS": "mtu=1300"})
    expect(status == 9, "exit code %d" % status)
    preload, options = out.splitlines()
    expect(preload.endswith(os.path.realpath(LIBRARY)), "LD_PRELOAD=%s" % preload)
    expect(options == "mtu=1300,mtu=1400", "DTLS13_OPTIONS=%s" % options)


def keeps_what_is_preloaded_and_adds_the_library_once():
    inner = RUN + ["sh", "-c", "echo $LD_PRELOAD"]
    _, once, _ = call(inner)
    _, twice, _ = call(RUN + inner)
    expect(once == twice, "%r and %r" % (once, twice))


def finds_the_library_where_it_is_installed():
    for place in ("lib/libdtls13.so.0", "lib/libdtls13.so", "bin/libdtls13.so"):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("bin", "lib"):
                os.mkdir(os.path.join(folder, name))
            command = os.path.join(folder, "bin", "dtls13")
            with open(COMMAND, "rb") as file:
                write(folder, "bin/dtls13", file.read())
            expect_refusal([command, "run", "true"], 1, r"there is no libdtls13\.so in .*--library")
            os.symlink(LIBRARY, os.path.join(folder, place))
            status, out, err = call([command, "run", "sh", "-c", "echo $LD_PRELOAD"])
            expect(status == 0 and os.path.realpath(LIBRARY) in out, "%s: %r %r" % (place, out, err))


def refuses_as_shells_do():
    with tempfile.TemporaryDirectory() as folder:
        expect_refusal(RUN + ["no-such-program"], 127, "no-such-program: there is no such program")
        expect_refusal(RUN + [os.path.join(folder, "none")], 127, "none: No such file")
        expect_refusal(RUN + [write(folder, "text", b"text", 0o644)], 126, "text: Permission denied")
        expect_refusal(RUN + [folder], 126, "Is a directory")
        expect_refusal(RUN + [write(folder, "lost", b"#!/no/such/interpreter\n")], 127, "lost: No such file")


def refuses_what_cannot_have_the_library():
    with tempfile.TemporaryDirectory() as folder:
        static = write(folder, "static", static_program())
        expect_refusal(RUN + [static], 1, "static cannot have the library: it is linked statically")
        expect_refusal(RUN + [write(folder, "script", b"#!" + static.encode() + b"\n")], 1, "linked statically")
        other = bytearray(static_program())
        other[18] = 22  # EM_S390
        expect_refusal(RUN + [write(folder, "other", bytes(other))], 1, "for another machine")
        if os.uname().machine == "x86_64":
            status, _, err = call(RUN + ["--force", static])
            expect(status == 7, "with --force: %d %s" % (status, err))


def refuses_wrong_options():
    for arguments, pattern in ((["--mtu", "12"], "mtu takes 256 to 65507, not '12'"),
                               (["--min-version", "1.3"], "takes DTLSv1, DTLSv1.2 or DTLSv1.3, not '1.3'"),
                               (["--key-log", "/no/such/file"], "/no/such/file cannot be written"),
                               (["--colour"], "unknown option '--colour'"),
                               (["--mtu"], "needs a value")):
        expect_refusal(RUN + arguments + (["true"] if len(arguments) > 1 else []), 2, pattern)
    expect_refusal(RUN, 2, "needs a program")
    expect_refusal(RUN + ["--max-version", "DTLSv1.2", "true"], 2, "leaves no version",
                   {"DTLS13_OPTIONS": "min_version=DTLSv1.3"})
    expect_refusal([COMMAND, "run", "--library", "/no/such.so", "true"], 1, "there is no library /no/such.so")


def speaks_to_a_person():
    status, out, err = call([COMMAND, "--help"])
    expect(status == 0 and not err, "--help: %d %s" % (status, err))
    for name in ("run", "doctor", "status", "config", "ladder"):
        expect(re.search(r"^  %s " % name, out, re.MULTILINE), "--help has no %s" % name)
        status, text, _ = call([COMMAND, name, "--help"])
        expect(status == 0 and text.startswith("usage: dtls13 " + name), "%s --help: %r" % (name, text))
    status, out, _ = call([COMMAND, "--version"])
    expect(status == 0 and re.match(r"dtls13 \d+\.\d+\.\d+\n$", out), "--version: %r" % out)
    status, out, err = call([COMMAND, "colour"])
    expect(status == 2 and "no command 'colour'" in err and "usage" in err, "an unknown command: %d %r" % (status, err))
    status, _, err = call([COMMAND])
    expect(status == 2 and err.startswith("usage"), "no command: %d %r" % (status, err))


def shows_the_policy_in_force():
    status, out, err = call([COMMAND, "config"], {"DTLS13_OPTIONS": "mtu=1300,min_version=DTLSv1.2"})
    expect(status == 0 and not err, "config: %d %r" % (status, err))
    expect(re.search(r"^mtu +1300 +DTLS13_OPTIONS +256 to 65507$", out, re.MULTILINE), out)
    expect(re.search(r"^key_log +- +default +a file$", out, re.MULTILINE), out)
    status, _, err = call([COMMAND, "config"], {"DTLS13_OPTIONS": "mtu=1"})
    expect(status == 1 and "mtu takes 256 to 65507, not '1'" in err, "config of a wrong value: %d %r" % (status, err))


def examines_a_process():
    folder = programs.Folder()
    arguments = ["openssl", "s_server", "-dtls", "-accept", "127.0.0.1:0"] + folder.credential()
    for library, code, pattern in ((LIBRARY, 0, "verdict: reachable: openssl"),
                                   (None, 1, "verdict: not reachable: it was started without the library")):
        server = programs.Program(arguments, library)
        try:
            server.wait_for("^ACCEPT ")
            pid = str(server._process.pid)
            status, out, err = call([COMMAND, "doctor", pid])
            expect(status == code and pattern in out, "%s: %d %r %r" % (library, status, out, err))
        finally:
            server.kill()
    expect_refusal([COMMAND, "doctor", pid], 2, "there is no process " + pid)


def writes_nothing_that_rules_a_terminal():
    """What a process has in its environment, and a file in its name, is somebody else's."""
    with tempfile.TemporaryDirectory() as folder:
        sleep = os.path.join(folder, "a\033[2J")
        shutil.copy("/bin/sleep", sleep)
        process = subprocess.Popen([sleep, "60"], env={"DTLS13_OPTIONS": "x\nverdict: reachable\u009b1m"})
        try:
            # Before its exec the environment is ours.
            while os.readlink("/proc/%d/exe" % process.pid) != sleep:
                time.sleep(0.01)
            status, out, err = call([COMMAND, "doctor", str(process.pid)])
        finally:
            process.kill()
            process.wait()
        expect(status == 1 and not err, "doctor: %d %r" % (status, err))
        expect("a?[2J" in out and "x?verdict: reachable" in out, "it writes %r" % out)
        expect(not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", out), "it writes %r" % out)
        expect_refusal([COMMAND, "doctor", sleep + "none"], 2, r"there is no such file")
        _, _, err = call([COMMAND, "run", "--library", LIBRARY, sleep + "none"])
        expect("\033" not in err and "a?[2Jnone" in err, "run: %r" % err)


def tells_the_status_of_a_process():
    folder = programs.Folder()
    arguments = ["openssl", "s_server", "-dtls", "-accept", "127.0.0.1:0"] + folder.credential()
    server = programs.Program(RUN + ["--status"] + arguments, None, runtimes())
    try:
        port = server.wait_for(r"^ACCEPT [0-9.]+:(\d+)$").group(1)
        pid = str(server._process.pid)  # `run` has become the server
        client = programs.Program(["openssl", "s_client", "-dtls", "-connect", "127.0.0.1:" + port], LIBRARY)
        try:
            client.send("from the client\n")
            server.wait_for("^from the client$")
            status, out, err = call([COMMAND, "status", pid])
            expect(status == 0, "status: %d %r" % (status, err))
            for pattern in (r"^library: +libdtls13 \d+\.\d+\.\d+$",
                            "^connections: in handshake 0, open 1, over 0, begun 1, DTLSv1.3 negotiated 1, failed 0$",
                            "^suite: +TLS_AES_256_GCM_SHA384 1$", "^group: +X25519 1$", "^records by: +libcrypto 1$",
                            "^to libssl: +none$",
                            r"^sending: .*MTU of the newest \d+"):
                expect(re.search(pattern, out, re.MULTILINE), "no %r in:\n%s" % (pattern, out))
            client_pid = str(client._process.pid)
            expect_refusal([COMMAND, "status", client_pid], 1, "process %s tells no status: " % client_pid)
        finally:
            client.kill()
    finally:
        server.kill()
    expect_refusal([COMMAND, "status", pid], 2, "there is no process " + pid)
    expect_refusal([COMMAND, "status", "openssl"], 2, "'openssl' is no process")
    expect_refusal([COMMAND, "status"], 2, "needs one process")


def refuses_to_examine_nothing():
    expect_refusal([COMMAND, "doctor"], 2, "needs one program")
    expect_refusal([COMMAND, "doctor", "no-such-program"], 2, "there is no such program")
    expect_refusal([COMMAND, "doctor", "./no-such-file"], 2, "there is no such file")
    expect_refusal([COMMAND, "doctor", "99999999999999"], 2, "is no process")
    with tempfile.TemporaryDirectory() as folder:
        expect_refusal([COMMAND, "doctor", write(folder, "text", b"text")], 3, "text is no ELF file")
        damaged = static_program()[:64] + b"\xff" * 56
        expect_refusal([COMMAND, "doctor", write(folder, "damaged", damaged[:100])], 3, "damaged ELF file")


if __name__ == "__main__":
    sys.exit(1 if programs.run_all([
        runs_wherever_the_library_does, runs_with_the_library, keeps_what_is_preloaded_and_adds_the_library_once,
        finds_the_library_where_it_is_installed, refuses_as_shells_do, refuses_what_cannot_have_the_library,
        refuses_wrong_options, speaks_to_a_person, shows_the_policy_in_force, examines_a_process,
        tells_the_status_of_a_process, writes_nothing_that_rules_a_terminal, refuses_to_examine_nothing]) else 0)
