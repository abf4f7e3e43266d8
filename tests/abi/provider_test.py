#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Drives libdtls13.so as an OpenSSL provider from the command line, and in programs of libcrypto's and of libssl's:
provider_test.py LIBRARY VERSION HOST HOST_OF_LIBSSL."""

import glob
import os
import re
import sys
import tempfile

import programs
from programs import expect

LIBRARY, VERSION, HOST, HOST_OF_LIBSSL = sys.argv[1:5]
LEGACY = "/usr/lib/*/ossl-modules/legacy.so"
# Its answer is the first of provider/known_answers.h, which provider/known_answers.py makes without OpenSSL.
KEY = "".join("%02x" % i for i in range(32))
ANSWER = "CC:95:AB:C2:58:D3:09:42:4D:DB:F7:CB:A6:8B:D7:7E"


def openssl(*arguments, modules, environment=None, status=0):
    """The output of Debian's openssl, which finds providers in the folder `modules`."""
    extra = {"OPENSSL_MODULES": modules}
    extra.update(environment or {})
    program = programs.Program(["openssl"] + list(arguments), None, extra)
    ended = program.finish()
    expect(ended == status, "openssl %s ends with %d: %s" % (" ".join(arguments), ended, program.output))
    return program.output


def kdf(*options, modules, providers=("dtls13", "default"), status=0):
    arguments = ["kdf"]
    for provider in providers:
        arguments += ["-provider", provider]
    arguments += ["-keylen", "16"]
    for option in options:
        arguments += ["-kdfopt", option]
    return openssl(*arguments, "DTLS13-KDF", modules=modules, status=status)


def is_listed(modules):
    output = openssl("list", "-providers", "-provider", "dtls13", "-verbose", modules=modules)
    for line in ("name: DTLS 1.3 provider", "version: " + re.escape(VERSION), "status: active", "ssl-entries: unsigned integer.*"):
        expect(re.search("^ *%s$" % line, output, re.MULTILINE), "no line %r:\n%s" % (line, output))


def lists_its_algorithms(modules):
    ciphers = ["AES-128-GCM", "AES-256-GCM", "CHACHA20-POLY1305", "SN-AES-128", "SN-AES-256", "SN-CHACHA20"]
    for kind, names in (("-kdf-algorithms", ["DTLS13-KDF"]),
                        ("-cipher-algorithms", ["DTLS13-" + name for name in ciphers])):
        output = openssl("list", kind, "-provider", "dtls13", modules=modules)
        for name in names:
            expect(re.search(r"\b%s @ dtls13$" % name, output, re.MULTILINE), "no %s:\n%s" % (name, output))


def derives(modules):
    options = ("digest:SHA256", "hexkey:" + KEY, "label:key")
    for more in ((), ("mode:EXPAND_ONLY",), ("prefix:dtls13",)):
        for providers in (("dtls13", "default"), ("default", "dtls13"), ("dtls13",)):
            output = kdf(*options, *more, modules=modules, providers=providers)
            expect(output.strip() == ANSWER, "%s %s: %s" % (more, providers, output))


def refuses_with_text(modules):
    for options, text in (
            (("digest:SHA1", "hexkey:" + KEY), "the digest is SHA2-256 or SHA2-384, not 'SHA1'"),
            (("digest:SHA256", "hexkey:" + KEY, "mode:EXTRACT_AND_EXPAND"), "not EXTRACT_AND_EXPAND"),
            (("digest:SHA256",), "there is no key to expand"),
            (("digest:SHA256", "hexkey:" + KEY, "properties:fips=yes"),
             "no provider has HMAC and SHA2-256 under the property query 'fips=yes'")):
        output = kdf(*options, modules=modules, status=1)
        expect(text in output and "dtls13" in output, "no %r:\n%s" % (text, output))


def configured(modules, *lines):
    """The environment of a program whose openssl.cnf has the default provider, and this one with `lines`."""
    path = os.path.join(modules, "openssl.cnf")
    with open(path, "w", encoding="ascii") as file:
        file.write("openssl_conf = openssl_init\n[openssl_init]\nproviders = providers_sect\n[providers_sect]\n"
                   "default = default_sect\ndtls13 = dtls13_sect\n[default_sect]\nactivate = 1\n"
                   "[dtls13_sect]\nmodule = %s\n%s\n" % (os.path.abspath(LIBRARY), "\n".join(lines)))
    return {"OPENSSL_CONF": path}


def is_loaded_by_configuration(modules):
    for lines in (("activate = 1",), ("activate = 1", "self-test = yes")):
        output = openssl("list", "-providers", modules="/nonexistent", environment=configured(modules, *lines))
        expect("DTLS 1.3 provider" in output, "%s: %s" % (lines, output))


def wrong_configuration_is_named(modules):
    """libcrypto shows why a provider does not load where it is asked for, and drops it where it is only configured."""
    output = openssl("list", "-providers", "-provider", "dtls13", modules="/nonexistent", status=1,
                     environment=configured(modules, "self-test = maybe"))
    expect("'self-test' is yes or no, not 'maybe'" in output, output)


def host(what, modules, program=HOST, preloaded=None):
    run = programs.Program([program, what], preloaded, {"OPENSSL_MODULES": modules})
    expect(run.finish() == 0, "%s %s fails: %s" % (program, what, run.output))
    return run.output.strip()


def says_whether_entries_are_in_force(modules):
    for preloaded, value in ((None, "0"), (LIBRARY, "1")):
        for program in (HOST, HOST_OF_LIBSSL):
            output = host("entries", modules, program, preloaded)
            expect(output == "ssl-entries: " + value, "preloaded %s, %s: %s" % (preloaded, program, output))


def brings_no_libssl(modules):
    for preloaded in (None, LIBRARY):
        maps = host("maps", modules, preloaded=preloaded)
        expect("libdtls13.so" in maps, "the provider is not there:\n" + maps)
        expect("libssl" not in maps, "libssl was loaded:\n" + maps)


def loads_and_unloads_a_thousand_times(modules):
    output = host("churn", modules)
    grown = re.fullmatch(r"(-?[0-9]+) blocks more after 1000 times", output)
    expect(grown and int(grown.group(1)) <= 10, output)


def is_torn_down_in_every_order(modules):
    expect(host("orders", modules) == "every order", "another order")


def serves_several_contexts(modules):
    expect(host("contexts", modules) == "every context", "another context")


def survives_forks(modules):
    for program in (HOST, HOST_OF_LIBSSL):
        expect(host("forks", modules, program) == "every child", "another child")


def serves_threads_at_once(modules):
    expect(host("threads", modules) == "every thread", "another thread")


def enc_leaves_records_alone(modules):
    """It takes every key for one of EVP_MAX_KEY_LENGTH bytes, and would make records of streams."""
    output = openssl("enc", "-DTLS13-AES-256-GCM", "-provider", "dtls13", "-provider", "default", "-K", "00" * 64,
                     "-iv", "00" * 12, modules=modules, status=1)
    expect("AEAD ciphers not supported" in output, output)


def main():
    if programs.is_sanitized(LIBRARY):
        print("openssl has no sanitizer's runtime: the unit tests of provider/ run under it.")
        return 0
    with tempfile.TemporaryDirectory() as modules:
        os.symlink(os.path.abspath(LIBRARY), os.path.join(modules, "dtls13.so"))
        legacy = glob.glob(LEGACY)
        if not legacy:
            print("OpenSSL's legacy provider is not there: no %s" % LEGACY)
            return 1
        os.symlink(legacy[0], os.path.join(modules, "legacy.so"))

        def with_modules(check):
            def run():
                check(modules)
            run.__name__ = check.__name__
            return run

        return programs.run_all([with_modules(check) for check in (
            is_listed,
            lists_its_algorithms,
            derives,
            refuses_with_text,
            enc_leaves_records_alone,
            says_whether_entries_are_in_force,
            brings_no_libssl,
            loads_and_unloads_a_thousand_times,
            is_torn_down_in_every_order,
            serves_several_contexts,
            survives_forks,
            serves_threads_at_once,
            is_loaded_by_configuration,
            wrong_configuration_is_named,
        )]) != 0


sys.exit(main())
