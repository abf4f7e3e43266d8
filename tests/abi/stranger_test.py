#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the library says in a program of the other libssl: stranger_test.py LIBRARY.

The other libssl is a stand-in made here: a libssl.so.4 whose methods have the names and the version node of the real
one's.
"""

import os
import subprocess
import sys
import tempfile

import programs
from programs import expect

LIBRARY = os.path.abspath(sys.argv[1])

METHODS = ["DTLS_method", "DTLS_client_method", "DTLS_server_method", "DTLSv1_2_method", "TLS_method"]

# Each method is a name, so that a program can show which it has been given.
STAND_IN = "".join("const char* %s(void) { return \"%s of libssl.so.4\"; }\n" % (name, name) for name in METHODS)

PROGRAM = """
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
%s
typedef const char* (*Method)(void);
int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const char* method = NULL;
    if (strcmp(argv[i], "looked up") == 0) {
      Method found = (Method)dlsym(RTLD_DEFAULT, "DTLS_method");
      method = found != NULL ? found() : NULL;
    }
%s
    printf("%%s\\n", method != NULL ? method : "none");
  }
  return 0;
}
""" % ("".join("const char* %s(void);\n" % name for name in METHODS),
       "".join("    if (strcmp(argv[i], \"%s\") == 0) method = %s();\n" % (name, name) for name in METHODS))

COMPLAINT = ("libdtls13: this program has libssl.so.4, and the library was built for libssl.so.3: it does nothing here.\n")


def build(folder):
    """Makes libssl.so.4 and a program of it; returns the program."""
    def write(name, text):
        with open(os.path.join(folder, name), "w", encoding="ascii") as file:
            file.write(text)

    def compile_c(*arguments):
        subprocess.run(["cc", *arguments], check=True, cwd=folder)

    write("stand_in.c", STAND_IN)
    write("stand_in.lds", "OPENSSL_4.0.0 { global: %s local: *; };\n" % "".join(name + "; " for name in METHODS))
    write("program.c", PROGRAM)
    compile_c("-shared", "-fPIC", "-Wl,-soname,libssl.so.4", "-Wl,--version-script=stand_in.lds", "stand_in.c", "-o",
              "libssl.so.4")
    compile_c("program.c", "libssl.so.4", "-ldl", "-Wl,-rpath," + folder, "-o", "program")
    return os.path.join(folder, "program")


def run(arguments, library=LIBRARY):
    """What it prints and what is on stderr."""
    result = subprocess.run([PROGRAM_FILE, *arguments], env=programs.environment(library), stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    expect(result.returncode == 0, "exit status %d: %s" % (result.returncode, result.stderr))
    return result.stdout.splitlines(), result.stderr


def method_of(name):
    return name + " of libssl.so.4"


def each_use_of_dtls_is_told_once():
    for name in METHODS[:3]:
        output, said = run([name, name, *METHODS])
        expect(said == COMPLAINT, "%s: on stderr is %r" % (name, said))
        expect(output == [method_of(called) for called in [name, name, *METHODS]], "%s: %s" % (name, output))


def nothing_is_said_of_tls_or_of_one_version():
    output, said = run(["TLS_method", "DTLSv1_2_method"])
    expect(said == "", "on stderr is %r" % said)
    expect(output == [method_of("TLS_method"), method_of("DTLSv1_2_method")], str(output))


def a_lookup_without_a_version_finds_libssls():
    output, said = run(["looked up"])
    expect(said == "", "on stderr is %r" % said)
    expect(output == [method_of("DTLS_method")], str(output))


def nothing_is_said_unless_preloaded():
    output, said = run(METHODS, library=None)
    expect(said == "" and output == [method_of(name) for name in METHODS], "%r, %s" % (said, output))


with tempfile.TemporaryDirectory() as FOLDER:
    PROGRAM_FILE = build(FOLDER)
    status = programs.run_all([
        each_use_of_dtls_is_told_once,
        nothing_is_said_of_tls_or_of_one_version,
        a_lookup_without_a_version_finds_libssls,
        nothing_is_said_unless_preloaded,
    ])
sys.exit(status != 0)
