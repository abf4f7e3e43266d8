#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""DTLS 1.3 and the provider's algorithms on OpenSSL's FIPS module, under the property query fips=yes:

  fips_test.py LIBRARY FIPS PROVIDER_HOST

The module is that of `prepare_openssl fips`. libssl's TLS 1.3 on the same module is the measure. Where the module cannot
be had, prints "SKIPPED: reason" and succeeds, unless DTLS13_REQUIRE_PEERS=1 says that it must be had.
"""

import difflib
import os
import re
import sys
import tempfile

import programs
from programs import expect, expect_lines

QUERY = "fips=yes"
CHACHA20, X25519, P256, X25519MLKEM768 = "1303", "001d", "0017", "11ec"
UNAVAILABLE = "not available under the property query: no provider has the ciphers of TLS_CHACHA20_POLY1305_SHA256 under "
# Which providers a library context has.
ALONE = ("fips", "base")
BESIDE = ALONE + ("default",)


class Setting:
    """A folder of modules and configurations."""

    def __init__(self, folder, facts, library):
        self._folder = folder
        self._section = facts["config"]
        self._library = os.path.abspath(library)
        os.symlink(os.path.join(facts["modules"], "fips.so"), self._path("fips.so"))
        os.symlink(self._library, self._path("dtls13.so"))

    def _path(self, name):
        return os.path.join(self._folder, name)

    def config(self, providers, defaults="", interpose=False):
        """An openssl.cnf with these providers, `defaults` as default properties, and this one if it is to interpose."""
        sections = [name for name in providers if name != "fips"]
        if interpose:
            providers = providers + ("dtls13",)
        path = self._path("-".join(providers) + defaults + ".cnf")
        with open(path, "w", encoding="ascii") as file:
            file.write("openssl_conf = openssl_init\n.include %s\n[openssl_init]\nproviders = providers_sect\n" %
                       self._section)
            file.write("alg_section = algorithm_sect\n[algorithm_sect]\n")
            file.write("default_properties = %s\n" % defaults if defaults else "")
            file.write("[providers_sect]\n" + "".join("%s = %s_sect\n" % (name, name) for name in providers))
            file.write("".join("[%s_sect]\nactivate = 1\n" % name for name in sections))
            if interpose:
                file.write("[dtls13_sect]\nmodule = %s\nactivate = 1\ninterpose = yes\n" % self._library)
        return path

    def run(self, *arguments, library=None):
        program = programs.Program(list(arguments), library, self.environment())
        status = program.finish()
        expect(status == 0, "exit status %d:\n%s" % (status, program.output))
        return program.output

    def environment(self, config="/dev/null"):
        return {"OPENSSL_MODULES": self._folder, "OPENSSL_CONF": config}


class Handshakes:
    """What the program FIPS prints with some providers and some query: libssl's TLS 1.3, and DTLS of the library."""

    def __init__(self, setting, program, library, providers, *query):
        config = setting.config(providers)
        self.tls13 = setting.run(program, "tls", config, *query)
        self.dtls13 = setting.run(program, "dtls", config, *query, library=library)

    def are_like_libssls(self):
        for output, version in ((self.tls13, "TLSv1.3"), (self.dtls13, "DTLSv1.3")):
            found = re.findall(r"^# version (\S+)$", output, re.MULTILINE)
            expect(set(found) == {version} and len(found) == 16, "negotiated %s" % found)
        lines = [[line for line in output.splitlines() if not line.startswith("#")]
                 for output in (self.tls13, self.dtls13)]
        difference = list(difflib.unified_diff(*lines, "libssl", "preloaded", lineterm=""))
        expect(not difference, "\n" + "\n".join(difference))
        # libssl has finite fields and more signatures; a newer module than this libssl has ML-KEM.
        for what in ("# offered groups", "# offered signatures"):
            more = self.offered(what) - self._offered(self.tls13, what)
            expect(more <= {X25519MLKEM768}, "%s, and libssl not: %s" % (what, more))

    def offered(self, what):
        return self._offered(self.dtls13, what)

    @staticmethod
    def _offered(output, what):
        """What each ClientHello offered, as a set; they offer the same."""
        lists = set(re.findall("^%s:(.*)$" % what, output, re.MULTILINE))
        expect(len(lists) == 1, "%s: %s" % (what, lists))
        return set(lists.pop().split())

    def approves_x25519(self):
        """Whether the module calls it so: OpenSSL 3.0's does, 3.5's does not."""
        values = set(re.findall("^X25519 is approved: (.)$", self.dtls13, re.MULTILINE))
        expect(len(values) == 1, "X25519 is approved: %s" % values)
        return values == {"1"}

    def scenarios(self, name, count=2):
        """What it printed of one, for each certificate."""
        parts = re.findall(r"^== %s\n(.*?)(?=^==|\Z)" % re.escape(name), self.dtls13, re.MULTILINE | re.DOTALL)
        expect(len(parts) == count, "%s: %d times" % (name, len(parts)))
        return parts


def run_under_fips(handshakes):
    """`handshakes` are held to the module: both of its suites with P-256, and nothing that it has not."""
    handshakes.are_like_libssls()
    for name, suite in (("AES-128", "TLS_AES_128_GCM_SHA256"), ("AES-256", "TLS_AES_256_GCM_SHA384")):
        for text in handshakes.scenarios(name):
            for side in ("client", "server"):
                expect(re.search("^%s: %s, group prime256v1, .*, verification 0, exporter 1$" % (side, suite), text,
                                 re.MULTILINE), text)
                expect("received: from the %s\n" % side in text, text)
    for text in handshakes.scenarios("resumption"):
        expect("client reused: 1\nserver reused: 1\n" in text, text)
    for name in ("older client", "older server"):
        for text in handshakes.scenarios(name):
            expect("# down to DTLSv1.2\n" in text, name + text)
    # What would change libssl's hash of the hello is kept out of a context under FIPS rules.
    for text in handshakes.scenarios("older server without cookies"):
        expect("# handshake: 0\n" in text and "reason=unsupported protocol\n" in text, text)
    expect(handshakes.offered("offered suites") == {"1301", "1302"}, "ChaCha20 is offered")
    groups = handshakes.offered("# offered groups")
    expect(P256 in groups, "P-256 is not offered")
    for name in ("ChaCha20 alone, client", "ChaCha20 alone, server"):
        for text in handshakes.scenarios(name):
            expect("handshake: 0\n" in text and "reason=no ciphers available\n" in text, name + text)
    approved = handshakes.approves_x25519()
    expect(approved == bool({X25519, X25519MLKEM768} & groups), "X25519 is approved: %s; offered: %s" % (approved, groups))
    for name in ("X25519 alone, client", "X25519 alone, server"):
        for text in handshakes.scenarios(name):
            expect(("set: 1 " if approved else "set: 0 error=1 ") in text, name + text)


def run_without_query(handshakes):
    """With the default provider beside and no query, what the module has not is used: the query is what forbids it."""
    handshakes.are_like_libssls()
    expect(CHACHA20 in handshakes.offered("offered suites"), "ChaCha20 is not offered")
    expect(X25519 in handshakes.offered("# offered groups"), "X25519 is not offered")
    for side in ("client", "server"):
        for text in handshakes.scenarios("ChaCha20 alone, " + side):
            expect("handshake: 1\n" in text and "TLS_CHACHA20_POLY1305_SHA256" in text, text)
    expect("handshake: 1\n" in handshakes.scenarios("short key", count=1)[0], "a short key is refused")


def run_sessions(setting, library, folder):
    """openssl's own programs, whose openssl.cnf puts the whole process under FIPS rules, preloaded and not."""
    for interpose in (False, True):
        preloaded = None if interpose else library
        # What is not the module's is not for such a process, whoever asks for it.
        environment = dict(setting.environment(setting.config(ALONE, QUERY, interpose)),
                           DTLS13_OPTIONS="record_crypto=ipsec-mb")
        for name in ("server", "other"):
            with programs.Session(folder, ["-dtls"] + folder.credential(name),
                                  ["-dtls", "-CAfile", folder.path(name + ".pem")], preloaded, preloaded,
                                  client_environment=environment, server_environment=environment) as running:
                running.client.wait_for("^    Protocol  : DTLSv1.3$")
                running.client.wait_for("^    Verify return code: ")
                running.exchange()
                for program in (running.client, running.server):
                    expect("libIPSec_MB" not in program.maps(), "libipsec-mb is loaded")
                expect(running.close() == (0, 0), "exit status")
                expect_lines(running.client, "^New, TLSv1.3, Cipher is TLS_AES_256_GCM_SHA384$",
                             r"^    Verify return code: 0 \(ok\)$")
        # libssl's own client finds the list empty too.
        with programs.Session(folder, ["-dtls"],
                              ["-dtls", "-cipher", "ECDHE-RSA-CHACHA20-POLY1305", "-ciphersuites",
                               "TLS_CHACHA20_POLY1305_SHA256"], preloaded, preloaded,
                              client_environment=environment, server_environment=environment) as running:
            expect(running.client.finish() == 1, "exit status")
            expect_lines(running.client, "no (ciphers available|cipher match)")


def run_provider_alone(setting, host):
    """The provider on the module, by the library context's default properties."""
    output = setting.run(host, "fips-alone", setting.config(ALONE))
    for line in ("DTLS13-CHACHA20-POLY1305: 0: %sthe default properties" % UNAVAILABLE,
                 "DTLS13-SN-CHACHA20: 0: %sthe default properties" % UNAVAILABLE, "DTLS13-SN-AES-128: 1"):
        expect(line in output.splitlines(), "no %r:\n%s" % (line, output))
    tested = re.search("^tested: (.*)$", output, re.MULTILINE)
    expect(tested and set(tested.group(1).split()) == {
        "DTLS13-KDF", "DTLS13-AES-128-GCM", "DTLS13-AES-256-GCM", "DTLS13-SN-AES-128", "DTLS13-SN-AES-256"}, output)


def run_provider_by_parameter(setting, host):
    """The provider with the default provider beside the module, told by the parameter `properties`."""
    output = setting.run(host, "fips-by-parameter", setting.config(BESIDE))
    refused = "DTLS13-CHACHA20-POLY1305: 0: %sthe property query '%s'" % (UNAVAILABLE, QUERY)
    expected = ["DTLS13-AES-128-GCM: 1"] * 2 + ["DTLS13-AES-256-GCM: 1"] * 2 + ["DTLS13-CHACHA20-POLY1305: 1", refused]
    expect(output.splitlines() == expected, output)


def main():
    if len(sys.argv) != 4:
        print(__doc__)
        return 2
    library, program, host = sys.argv[1:4]
    if programs.is_sanitized(library):
        print("openssl has no sanitizer's runtime: the unit tests of provider/ and shim/ run under it.")
        return 0
    try:
        facts = programs.prepare_openssl("fips")
    except programs.Unavailable as reason:
        return programs.skipped(reason)
    print("FIPS module of OpenSSL %s" % facts["version"])
    folder = programs.Folder()
    with tempfile.TemporaryDirectory() as path:
        setting = Setting(path, facts, library)

        def handshakes(providers, *query):
            return Handshakes(setting, program, library, providers, *query)

        def completes_on_the_module_alone():
            run_under_fips(handshakes(ALONE, QUERY))

        def keeps_to_the_module_beside_others():
            beside = handshakes(BESIDE, QUERY)
            run_under_fips(beside)
            short_key, = beside.scenarios("short key", count=1)
            expect("handshake: 0\n" in short_key and "reason=invalid key length\n" in short_key, short_key)

        def is_held_by_the_query_alone():
            run_without_query(handshakes(BESIDE))

        def serves_a_process_under_fips_rules():
            run_sessions(setting, library, folder)

        def provider_works_on_the_module_alone():
            run_provider_alone(setting, host)

        def provider_heeds_its_parameter():
            run_provider_by_parameter(setting, host)

        return programs.run_all([
            completes_on_the_module_alone,
            keeps_to_the_module_beside_others,
            is_held_by_the_query_alone,
            serves_a_process_under_fips_rules,
            provider_works_on_the_module_alone,
            provider_heeds_its_parameter,
        ]) != 0


sys.exit(main())
