#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks what libdtls13.so shows and what it needs: exports_test.py LIBRARY EXPORTS_LDS VERSION."""

import ctypes
import os
import re
import subprocess
import sys
import tempfile

import programs
from programs import expect

LIBRARY, EXPORTS, VERSION = sys.argv[1:4]
NODE = "OPENSSL_3.0.0"
# Of what came with a later libssl than the oldest.
LATER_NODES = ["OPENSSL_3.2.0", "OPENSSL_3.3.0", "OPENSSL_3.4.0"]
# Of what programs of another libssl ask for, hidden from whoever names no version.
STRANGE_NODE = "OPENSSL_4.0.0"
# Of what is not libssl's.
OWN_NODE = "DTLS13_0"
ALLOWED = {"libcrypto.so.3", "libc.so.6", "libgcc_s.so.1", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}


def defined():
    listing = subprocess.run(["nm", "-D", "--defined-only", LIBRARY], check=True,
                             stdout=subprocess.PIPE).stdout.decode()
    return [line.split()[1:] for line in listing.splitlines()]


def listed(node=NODE):
    with open(EXPORTS, encoding="utf-8") as file:
        script = file.read()
    body = re.search(r"^%s \{$(.*?)^\};$" % re.escape(node), script, re.MULTILINE | re.DOTALL)
    expect(body, "%s has no node %s" % (EXPORTS, node))
    return set(re.findall(r"^\s+(\w+);$", body.group(1), re.MULTILINE))


def exports_are_the_listed_names():
    exported = {node: set() for node in [NODE, *LATER_NODES, STRANGE_NODE, OWN_NODE]}
    for kind, symbol in defined():
        name, at, version = re.fullmatch("([^@]*)(@*)(.*)", symbol).groups()
        if kind == "A" and name in exported:
            continue  # the version node itself
        expect((at == "@") == (version == STRANGE_NODE), "%s is found by whoever names no version, or ought to be" % symbol)
        expect(version in exported, "%s is exported under %r" % (name, version or "no version"))
        exported[version].add(name)
    for node, names in exported.items():
        expect(names == listed(node), "exported and not listed: %s; listed and not exported: %s" %
               (sorted(names - listed(node)), sorted(listed(node) - names)))


def shown_by(library):
    path = subprocess.run(["gcc", "-print-file-name=" + library], check=True,
                          stdout=subprocess.PIPE).stdout.decode().strip()
    listing = subprocess.run(["nm", "-D", "--defined-only", path], check=True,
                             stdout=subprocess.PIPE).stdout.decode()
    return {line.split()[2] for line in listing.splitlines()}


def every_export_is_libssls():
    """Or libcrypto's, of which libssl draws the random of its ServerHello."""
    libssl, libcrypto = shown_by("libssl.so.3"), shown_by("libcrypto.so.3")
    strangers = {name for name in listed() if "%s@@%s" % (name, NODE) not in libssl}
    expect(strangers == {"RAND_bytes_ex"}, "not functions of libssl: %s" % sorted(strangers))
    strangers = {name for name in strangers if "%s@@%s" % (name, NODE) not in libcrypto}
    expect(not strangers, "not functions of libcrypto: %s" % sorted(strangers))
    for node in LATER_NODES:
        here = {symbol.partition("@@")[0] for symbol in libssl if symbol.endswith("@@" + node)}
        # An older libssl has no such node.
        expect(not here or listed(node) <= here,
               "not functions of libssl's %s: %s" % (node, sorted(listed(node) - here)))


def own_exports_are_not_libssls():
    expect(not listed() & listed(OWN_NODE), "listed in both nodes")
    strangers = {name for name in listed(OWN_NODE) if not name.startswith("dtls13_")}
    # What libcrypto asks each provider's file for, by its handle.
    expect(strangers == {"OSSL_provider_init"},
           "without the library's prefix: %s" % sorted(strangers))


def calls_its_own_entries():
    """None by name: where libssl comes before the library, as when it is loaded as a provider, libssl's would answer."""
    relocations = subprocess.run(["readelf", "-rW", LIBRARY], check=True, stdout=subprocess.PIPE).stdout.decode()
    named = set(re.findall(r"_JUMP_SLOT?\s+\S+\s+(\w+)", relocations))
    expect("EVP_CIPHER_fetch" in named, "no calls of libcrypto's:\n" + relocations)
    own = named & (listed() | listed(OWN_NODE))
    expect(not own, "calls by name: %s" % sorted(own))


def says_its_version():
    dynamic = subprocess.run(["readelf", "-d", LIBRARY], check=True,
                             stdout=subprocess.PIPE).stdout.decode()
    soname = re.search(r"\(SONAME\).*\[(.*)\]", dynamic)
    expect(soname, "no SONAME:\n" + dynamic)
    expect(soname.group(1) == "libdtls13.so." + VERSION.split(".")[0],
           "the SONAME is %s" % soname.group(1))
    if programs.is_sanitized(LIBRARY):
        return  # Python has no sanitizer's runtime
    library = ctypes.CDLL(LIBRARY)
    library.dtls13_version.restype = ctypes.c_char_p
    version = library.dtls13_version().decode()
    expect(version == VERSION, "dtls13_version() is %r" % version)


PROGRAM = r"""
#include <openssl/ssl.h>
#include <stdio.h>
const char* dtls13_version(void);
int main(void) {
  SSL_CTX* ctx = SSL_CTX_new(DTLS_client_method());
  if (ctx == NULL || !SSL_CTX_set_min_proto_version(ctx, 0xfefc)) return 1;
  puts(dtls13_version());
  return 0;
}
"""


def a_program_can_be_linked_with_it():
    """Linked before libssl, and found at run time by its SONAME, preloaded or not."""
    if programs.is_sanitized(LIBRARY):
        return
    with tempfile.TemporaryDirectory() as folder:
        source, program = os.path.join(folder, "program.c"), os.path.join(folder, "program")
        with open(source, "w", encoding="ascii") as file:
            file.write(PROGRAM)
        subprocess.run(["gcc", source, "-o", program, LIBRARY, "-lssl", "-lcrypto"], check=True)
        os.symlink(os.path.abspath(LIBRARY),
                   os.path.join(folder, "libdtls13.so." + VERSION.split(".")[0]))
        for preloaded in (None, LIBRARY):
            run = programs.Program([program], preloaded, {"LD_LIBRARY_PATH": folder})
            expect(run.finish() == 0, "it does not run: %s" % run.output)
            expect(run.output.strip() == VERSION, "it prints %r" % run.output)


def needs_libcrypto_and_the_c_runtime_alone():
    if programs.is_sanitized(LIBRARY):
        return  # a sanitizer's runtime brings its own
    surplus = set(programs.needed(LIBRARY)) - ALLOWED
    expect(not surplus, "needs %s" % sorted(surplus))
    floor = programs.glibc_floor(LIBRARY)
    newest = tuple(map(int, os.confstr("CS_GNU_LIBC_VERSION").split()[1].split(".")))
    if newest > programs.NEWEST_GLIBC_FOR_RELEASES:
        print("the oldest glibc is not looked at: headers of %d.%d ask for newer functions, and releases are made with"
              " %d.%d" % (newest + programs.NEWEST_GLIBC_FOR_RELEASES))
        return
    expect(floor <= programs.OLDEST_GLIBC, "runs from glibc %d.%d on only" % floor)


def randomness_is_libcryptos():
    """What it exports of libcrypto hands on what libcrypto draws."""
    drawn = set()
    for library in (None, LIBRARY, LIBRARY):
        program = programs.Program(["openssl", "rand", "-hex", "32"], library)
        expect(program.finish() == 0, "openssl rand fails: %s" % program.output)
        expect(re.fullmatch("[0-9a-f]{64}", program.output.strip()), program.output)
        drawn.add(program.output)
    expect(len(drawn) == 3, "the same randomness again")


def other_providers_are_not_hidden():
    """Preloaded, its OSSL_provider_init is found before that of the file that is loaded; libcrypto asks by handle."""
    output = {}
    for library in (None, LIBRARY):
        program = programs.Program(["openssl", "list", "-providers", "-provider", "legacy"], library)
        expect(program.finish() == 0, "openssl list fails: %s" % program.output)
        output[library] = program.output
    expect("OpenSSL Legacy Provider" in output[None], "no legacy provider: %s" % output[None])
    expect(output[None] == output[LIBRARY], "prints %r" % output[LIBRARY])


def leaves_other_programs_alone():
    """Preloaded into a program without libssl it changes nothing and brings no libssl in."""
    output = {}
    for library in (None, LIBRARY):
        program = programs.Program(["sh", "-c", "echo out; echo err >&2; exit 3"], library)
        expect(program.finish() == 3, "another exit status")
        output[library] = program.output
    expect(output[None] == output[LIBRARY], "prints %r" % output[LIBRARY])
    maps = programs.Program(["cat", "/proc/self/maps"], LIBRARY)
    maps.finish()
    expect("libdtls13.so" in maps.output, "not preloaded:\n" + maps.output)
    expect("libssl" not in maps.output, "libssl was loaded:\n" + maps.output)


sys.exit(programs.run_all([
    exports_are_the_listed_names,
    every_export_is_libssls,
    own_exports_are_not_libssls,
    calls_its_own_entries,
    says_its_version,
    a_program_can_be_linked_with_it,
    needs_libcrypto_and_the_c_runtime_alone,
    randomness_is_libcryptos,
    other_providers_are_not_hidden,
    leaves_other_programs_alone,
]) != 0)
