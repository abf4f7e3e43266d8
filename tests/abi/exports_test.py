#!/usr/bin/env python3
"""Checks what libdtls13.so shows and what it needs: exports_test.py LIBRARY EXPORTS_LDS."""

import re
import subprocess
import sys

import programs
from programs import expect

LIBRARY, EXPORTS = sys.argv[1:3]
NODE = "OPENSSL_3.0.0"
ALLOWED = {"libcrypto.so.3", "libc.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}


def defined():
    listing = subprocess.run(["nm", "-D", "--defined-only", LIBRARY], check=True,
                             stdout=subprocess.PIPE).stdout.decode()
    return [line.split()[1:] for line in listing.splitlines()]


def listed():
    with open(EXPORTS, encoding="utf-8") as file:
        script = file.read()
    return set(re.findall(r"^\s+(\w+);$", script, re.MULTILINE))


def exports_are_the_listed_names():
    names = set()
    for kind, symbol in defined():
        name, _, version = symbol.partition("@@")
        if kind == "A" and name == NODE:
            continue  # the version node itself
        expect(version == NODE, "%s is exported under %r" % (name, version or "no version"))
        names.add(name)
    expect(names == listed(), "exported and not listed: %s; listed and not exported: %s" %
           (sorted(names - listed()), sorted(listed() - names)))


def every_export_is_libssls():
    library = subprocess.run(["gcc", "-print-file-name=libssl.so.3"], check=True,
                             stdout=subprocess.PIPE).stdout.decode().strip()
    listing = subprocess.run(["nm", "-D", "--defined-only", library], check=True,
                             stdout=subprocess.PIPE).stdout.decode()
    libssl = {line.split()[2] for line in listing.splitlines()}
    strangers = {name for name in listed() if "%s@@%s" % (name, NODE) not in libssl}
    expect(not strangers, "not functions of libssl: %s" % sorted(strangers))


def needs_libcrypto_and_libc_alone():
    if programs.is_sanitized(LIBRARY):
        return  # a sanitizer's runtime brings its own
    surplus = set(programs.needed(LIBRARY)) - ALLOWED
    expect(not surplus, "needs %s" % sorted(surplus))


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
    needs_libcrypto_and_libc_alone,
    leaves_other_programs_alone,
]) != 0)
