#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds a C program on the installed library, and finds the provider: linking_test.py, in its target's runfiles."""

import os
import shutil
import subprocess
import sys

import installation
import programs
from programs import expect

TREE = installation.Tree()
VERSION = TREE.version()
# It says which version runs and whose function SSL_connect is.
PROGRAM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <dtls13/version.h>
#include <openssl/ssl.h>
#include <stdio.h>

int main(void) {
  Dl_info info;
  if (!dladdr(dlsym(RTLD_DEFAULT, "SSL_connect"), &info)) return 1;
  SSL_CTX* context = SSL_CTX_new(DTLS_method());
  printf("%s %s %s\n", dtls13_version(), info.dli_fname, context ? "a context" : "no context");
  SSL_CTX_free(context);
  return 0;
}
"""
PROJECT = """
cmake_minimum_required(VERSION 3.13)
project(user C)
find_package(dtls13 %s CONFIG REQUIRED)
add_executable(program program.c)
target_link_libraries(program PRIVATE dtls13::dtls13)
"""


def installed():
    """A prefix of its own: without --destdir what is written into files holds."""
    prefix = TREE.folder()
    modules = os.path.join(prefix, "modules")
    TREE.succeed("--prefix", prefix, environment={"OPENSSL_MODULES": modules})
    return prefix, modules


PREFIX, MODULES = installed()


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def run(*command, **environment):
    result = TREE.run(*command[1:], program=command[0], environment=environment)
    expect(result.returncode == 0, "%s: exit status %d\n%s%s" % (
        " ".join(command), result.returncode, result.stdout, result.stderr))
    return result.stdout


def check_program(program):
    """It has the library's functions, by the name that the library is installed by."""
    needed = programs.needed(program)
    expect("libdtls13.so." + VERSION.split(".", maxsplit=1)[0] in needed, "%s needs %s" % (program, needed))
    version, function, context = run(program, LD_LIBRARY_PATH=PREFIX + "/lib").split(maxsplit=2)
    expect(version == VERSION and context == "a context\n", "it says %r, %r" % (version, context))
    expect(os.path.realpath(function) == "%s/lib/libdtls13.so.%s" % (PREFIX, VERSION),
           "SSL_connect is of " + function)


def with_pkg_config():
    folder = TREE.folder()
    source = write(folder, "program.c", PROGRAM)
    path = {"PKG_CONFIG_PATH": PREFIX + "/lib/pkgconfig"}
    expect(run("pkg-config", "--modversion", "dtls13", **path) == VERSION + "\n", "another version")
    flags = run("pkg-config", "--cflags", "--libs", "dtls13", **path).split()
    expect(flags.index("-ldtls13") < flags.index("-lssl"), "libssl comes first: %s" % flags)
    program = os.path.join(folder, "program")
    run("cc", source, "-o", program, *flags)
    check_program(program)


def with_cmake():
    folder = TREE.folder()
    write(folder, "program.c", PROGRAM)
    write(folder, "CMakeLists.txt", PROJECT % VERSION)
    build = os.path.join(folder, "build")
    run("cmake", "-S", folder, "-B", build, "-DCMAKE_PREFIX_PATH=" + PREFIX)
    run("cmake", "--build", build)
    check_program(os.path.join(build, "program"))


def cmake_refuses_another_version():
    major, minor, _ = VERSION.split(".")
    for version in ("%s.%d" % (major, int(minor) + 1), "%d.0" % (int(major) + 1)):
        folder = TREE.folder()
        write(folder, "CMakeLists.txt", PROJECT % version)
        result = TREE.run("-S", folder, "-B", folder + "/build", "-DCMAKE_PREFIX_PATH=" + PREFIX, program="cmake")
        expect(result.returncode != 0 and "version: " + VERSION in result.stderr,
               "%s is had:\n%s" % (version, result.stderr))


def the_provider_is_found():
    """By its name, and by the example of an openssl.cnf."""
    environment = {"OPENSSL_MODULES": MODULES}
    named = run("openssl", "list", "-providers", "-provider", "dtls13", **environment)
    expect("dtls13\n" in named and "version: " + VERSION in named, named)
    environment["OPENSSL_CONF"] = PREFIX + "/share/doc/dtls13/openssl-dtls13.cnf"
    configured = run("openssl", "list", "-providers", **environment)
    expect("dtls13\n" in configured and "default\n" in configured, configured)


def is_provider():
    exported = subprocess.run(["nm", "-D", "--defined-only", "libdtls13.so"], check=True, stdout=subprocess.PIPE,
                              text=True).stdout
    return "OSSL_provider_init" in exported


def main():
    if programs.is_sanitized("libdtls13.so"):
        print("SKIPPED: the compiler's programs have no sanitizer's runtime")
        return 0
    tests = [with_pkg_config]
    if shutil.which("cmake"):
        tests += [with_cmake, cmake_refuses_another_version]
    else:
        print("SKIPPED: CMake's files, for cmake is not installed")
    if is_provider():
        tests.append(the_provider_is_found)
    else:
        print("NOT CHECKED: the provider, which this library is not: it has no OSSL_provider_init")
    return programs.run_all(tests) != 0


sys.exit(main())
