#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""openssl's s_server and s_client of Debian 13 under LD_PRELOAD: the groups and signatures that OpenSSL 3.5 has beside 3.0's.

  post_quantum_test.py LIBDTLS13 | --sanitized

Needs root and prepare_peers' folder of Debian 13, and a library without a sanitizer, whose runtime the folder lacks
(--sanitized says so). Where the folder cannot be had, prints "SKIPPED: reason" and succeeds, unless DTLS13_REQUIRE_PEERS=1
says that it must be had.
"""

import os
import re
import struct
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.append(os.path.join(HERE, "..", "wire"))
sys.path.append(os.path.join(HERE, "..", "..", "tools", "bazel"))

import case_report
import programs

P256 = ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
BRAINPOOL = ["EC", "-pkeyopt", "ec_paramgen_curve:brainpoolP256r1"]
# The code point, and how long a server's share is.
GROUPS = {
    "X25519": (29, 32),
    "brainpoolP384r1tls13": (32, 97),
    "MLKEM512": (0x200, 768),
    "MLKEM768": (0x201, 1088),
    "MLKEM1024": (0x202, 1568),
    "SecP256r1MLKEM768": (0x11eb, 1153),
    "X25519MLKEM768": (0x11ec, 1120),
    "SecP384r1MLKEM1024": (0x11ed, 1665),
}
# Name; the server's key, by openssl genpkey's -algorithm; options of both sides; the group of the ServerHello, and the
# signature that s_client prints.
CASES = [
    ("defaults", P256, [], "X25519", "ecdsa_secp256r1_sha256"),
    ("X25519", P256, ["-groups", "X25519"], "X25519", "ecdsa_secp256r1_sha256"),
    ("ML-DSA-44", ["ML-DSA-44"], [], "X25519", "mldsa44"),
    ("ML-DSA-65", ["ML-DSA-65"], [], "X25519", "mldsa65"),
    ("ML-DSA-87", ["ML-DSA-87"], [], "X25519", "mldsa87"),
    ("X25519MLKEM768", P256, ["-groups", "X25519MLKEM768"], "X25519MLKEM768", "ecdsa_secp256r1_sha256"),
    ("SecP256r1MLKEM768", P256, ["-groups", "SecP256r1MLKEM768"], "SecP256r1MLKEM768", "ecdsa_secp256r1_sha256"),
    ("SecP384r1MLKEM1024", P256, ["-groups", "SecP384r1MLKEM1024"], "SecP384r1MLKEM1024", "ecdsa_secp256r1_sha256"),
    ("MLKEM512", P256, ["-groups", "MLKEM512"], "MLKEM512", "ecdsa_secp256r1_sha256"),
    ("MLKEM768", P256, ["-groups", "MLKEM768"], "MLKEM768", "ecdsa_secp256r1_sha256"),
    ("MLKEM1024", P256, ["-groups", "MLKEM1024"], "MLKEM1024", "ecdsa_secp256r1_sha256"),
    ("brainpoolP384r1tls13", P256, ["-groups", "brainpoolP384r1tls13"], "brainpoolP384r1tls13",
     "ecdsa_secp256r1_sha256"),
    ("brainpool certificate", BRAINPOOL, ["-sigalgs", "ecdsa_brainpoolP256r1tls13_sha256"], "X25519",
     "ecdsa_brainpoolP256r1tls13_sha256"),
    ("both sides' certificates of ML-DSA-65", ["ML-DSA-65"], ["mutual"], "X25519", "mldsa65"),
]


def received_bytes(text):
    """What came, by what -msg printed: that names no message of a version which it does not know."""
    dumps = re.findall(r"^<<< [^\n]*\n((?: +(?:[0-9a-f]{2} ?)+\n)+)", text, re.MULTILINE)
    return bytes.fromhex("".join(dumps))


class Runner:
    def __init__(self, folder, library):
        self._folder = folder
        self._openssl = folder.preloaded(library)
        self._plain = ["chroot", folder.root, "openssl"]

    def run(self, key, options, group, signature):
        certificate, private = self._folder.inside("pq.pem"), self._folder.inside("pq.key")
        programs.run(self._plain + ["genpkey", "-algorithm"] + key + ["-out", private])
        programs.run(self._plain + ["req", "-x509", "-key", private, "-subj", "/CN=" + programs.HOST_NAME, "-days", "2",
                                    "-out", certificate])
        is_mutual = options == ["mutual"]
        both = [] if is_mutual else options
        port = programs.free_port()
        server_options = ["-cert", certificate, "-key", private, "-CAfile", certificate] + both
        client_options = ["-CAfile", certificate, "-verify_return_error", "-msg"] + both
        if is_mutual:
            server_options += ["-Verify", "1", "-verify_return_error"]
            client_options += ["-cert", certificate, "-key", private]
        server = subprocess.Popen(
            self._openssl + ["s_server", "-dtls", "-accept", "127.0.0.1:%d" % port, "-naccept", "1"] +
            server_options, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        client = None
        try:
            self._read_until(server, "ACCEPT")
            client = subprocess.Popen(
                self._openssl + ["s_client", "-dtls", "-connect", "127.0.0.1:%d" % port] + client_options,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            text = self._read_until(client, "Verify return code")
            client.stdin.write("from the client\n")
            client.stdin.flush()
            self._read_until(server, "from the client")
        finally:
            for program in (client, server):
                if program is not None:
                    program.kill()
            server_text = server.communicate()[0]
        for wanted in ("Protocol: DTLSv1.3", "Peer signature type: " + signature, "Verification: OK"):
            if wanted not in text:
                raise programs.Failed("no '%s':\n%s\nthe server:\n%s" % (wanted, text, server_text))
        number, share_len = GROUPS[group]
        # s_client names no group of a KEM over DTLS, so it is read from the ServerHello that -msg prints: extension, its
        # length, group, length of the share.
        key_share = struct.pack(">HHHH", 51, share_len + 4, number, share_len)
        if key_share not in received_bytes(text):
            raise programs.Failed("the ServerHello's group is not %s:\n%s" % (group, text))

    @staticmethod
    def _read_until(program, word):
        """What it prints until then. A program that goes on and says nothing is for Bazel to end."""
        text = ""
        for line in program.stdout:
            text += line
            if word in line:
                return text
        raise programs.Failed("%s ended without '%s':\n%s" % (" ".join(program.args), word, text))


def main():
    if sys.argv[1:] == ["--sanitized"]:
        print("SKIPPED: the folder has no sanitizer's runtime")
        return 0
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        print(__doc__)
        return 2
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    try:
        folder = programs.Folder(os.path.join(HERE, "prepare_peers"), "trixie")
    except programs.Unavailable as reason:
        print("SKIPPED: %s" % reason)
        return 1 if os.environ.get("DTLS13_REQUIRE_PEERS") == "1" else 0
    results = []
    try:
        runner = Runner(folder, os.path.abspath(sys.argv[1]))
        for name, key, options, group, signature in CASES:
            start, fault = time.monotonic(), None
            try:
                runner.run(key, options, group, signature)
            except programs.Failed as failure:
                fault = str(failure)
            results.append(case_report.Case("post_quantum", name, time.monotonic() - start, fault))
            print("%-4s %s%s" % ("FAIL" if fault else "ok", name, ": " + fault if fault else ""), flush=True)
    finally:
        folder.remove()
    if os.environ.get("XML_OUTPUT_FILE"):
        case_report.write_xml(os.environ["XML_OUTPUT_FILE"], "post_quantum", results)
    num_failed = sum(result.fault is not None for result in results)
    print("%d passed, %d failed" % (len(results) - num_failed, num_failed))
    return 1 if num_failed else 0


if __name__ == "__main__":
    sys.exit(main())
