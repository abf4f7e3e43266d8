#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Programs that nothing is preloaded into, with an openssl.cnf that activates the library:
interpose_test.py LIBRARY PROGRAM_NOW PROGRAM_LAZY HOST PLUGIN OWN_PLUGIN."""

import os
import re
import shutil
import subprocess
import sys
import tempfile

import programs
from programs import expect

LIBRARY, PROGRAM_NOW, PROGRAM_LAZY, HOST, PLUGIN, OWN_PLUGIN = (os.path.abspath(path) for path in sys.argv[1:7])

CONFIG = """openssl_conf = openssl_init
[openssl_init]
providers = providers
[providers]
default = default_section
dtls13 = dtls13_section
[default_section]
activate = 1
[dtls13_section]
module = %s
activate = 1
%s
"""


def configure(folder, *settings):
    """The environment of a program whose openssl.cnf has `settings` in the library's section."""
    path = os.path.join(folder, "openssl.cnf")
    with open(path, "w", encoding="ascii") as file:
        file.write(CONFIG % (LIBRARY, "\n".join(settings)))
    environment = {"OPENSSL_CONF": path}
    if programs.is_sanitized(LIBRARY):
        environment["LD_PRELOAD"] = " ".join(
            name for name in programs.needed(LIBRARY) if programs.SANITIZERS.match(name))
    return environment


def run(arguments, folder, *settings, options=None, extra=None):
    """The output of a program in that environment."""
    environment = configure(folder, *settings)
    if options:
        environment["DTLS13_OPTIONS"] = options
    environment.update(extra or {})
    program = programs.Program(arguments, None, environment)
    status = program.finish()
    expect(status == 0, "%s ends with %d:\n%s" % (" ".join(arguments), status, program.output))
    return program.output


def says(output, *lines):
    for line in lines:
        expect(line in output.splitlines(), "no line %r:\n%s" % (line, output))


def puts_entries_in_force_where_asked(folder):
    for program in (PROGRAM_NOW, PROGRAM_LAZY):
        says(run([program], folder, "interpose = yes"), "program: DTLSv1.3")
        says(run([program], folder, "interpose = no"), "program: DTLSv1.2")
        says(run([program], folder), "program: DTLSv1.2")


def obeys_the_rest_of_the_section(folder):
    says(run([PROGRAM_NOW], folder, "interpose = yes", "max_version = DTLSv1.2"), "program: DTLSv1.2")


def variable_overrides(folder):
    says(run([PROGRAM_NOW], folder, "interpose = yes", options="interpose=no"), "program: DTLSv1.2")
    says(run([PROGRAM_NOW], folder, options="interpose=yes"), "program: DTLSv1.3")


def follows_what_is_loaded_later(folder):
    second = os.path.join(folder, "second.so")
    shutil.copy(PLUGIN, second)
    output = run([HOST, PLUGIN, second], folder, "interpose = yes")
    says(output, "plugin 1: DTLSv1.3, DTLSv1.3", "plugin 2: DTLSv1.3, DTLSv1.3")


def libssl_of_the_process():
    output = subprocess.run(["ldd", PROGRAM_NOW], check=True, stdout=subprocess.PIPE).stdout.decode()
    return re.search(r"libssl\.so\.3 => (\S+)", output).group(1)


def rename(source, target, old, new):
    """A copy in which `old` is called `new`, which is as long."""
    with open(source, "rb") as file:
        data = file.read()
    expect(len(old) == len(new) and old in data, "%s has no %r" % (source, old))
    with open(target, "wb") as file:
        file.write(data.replace(old, new))
    os.chmod(target, 0o755)


def leaves_another_libssl_alone(folder):
    """A plugin that has a copy of libssl, of the same functions and versions, keeps it."""
    rename(libssl_of_the_process(), os.path.join(folder, "libssl.so.9"), b"libssl.so.3\0", b"libssl.so.9\0")
    other = os.path.join(folder, "other.so")
    rename(PLUGIN, other, b"libssl.so.3\0", b"libssl.so.9\0")
    output = run([HOST, PLUGIN, other, PLUGIN], folder, "interpose = yes", extra={"LD_LIBRARY_PATH": folder})
    says(output, "plugin 1: DTLSv1.3, DTLSv1.3", "plugin 2: DTLSv1.2, DTLSv1.2", "plugin 3: DTLSv1.3, DTLSv1.3")


def leaves_a_plugin_its_own_functions(folder):
    """One that was linked with a libssl statically has its own, whatever the process finds by name since."""
    output = run([HOST, OWN_PLUGIN, "--global", PLUGIN, OWN_PLUGIN], folder, "interpose = yes")
    says(output, "plugin 1: its own, its own", "plugin 3: DTLSv1.3, DTLSv1.3", "plugin 4: its own, its own")


def refuses_where_memory_is_sealed(folder):
    output = run([PROGRAM_NOW, "--sealed"], folder, "interpose = yes")
    says(output, "libdtls13: openssl.cnf: the process does not let its relocations be written: Permission denied",
         "program: DTLSv1.2")
    # What the dynamic linker has not sealed needs no leave.
    says(run([PROGRAM_LAZY, "--sealed"], folder, "interpose = no"), "program: DTLSv1.2")


def names_what_is_wrong(folder):
    for setting, sentence in (
            ("mtu = 12", "mtu takes 256 to 65507, not '12'"),
            ("interpose = maybe", "interpose takes yes or no, not 'maybe'"),
            ("colour = blue", "there is no key 'colour'"),
            ("self-test = maybe", "the self-test did not pass, or 'self-test' is neither yes nor no"),
    ):
        output = run(["openssl", "list", "-providers"], folder, "interpose = yes", setting)
        says(output, "libdtls13: openssl.cnf: " + sentence)
        expect("dtls13" not in re.sub("^libdtls13:.*$", "", output, flags=re.MULTILINE),
               "it is active all the same:\n" + output)
        says(run([PROGRAM_NOW], folder, "interpose = yes", setting), "program: DTLSv1.2")


def serves_openssls_own_programs(folder):
    files = programs.Folder()
    for setting, version in (("interpose = yes", "DTLSv1.3"), ("interpose = no", "DTLSv1.2")):
        environment = configure(folder, setting)
        server = programs.Program(["openssl", "s_server", "-dtls", "-naccept", "1", "-accept", "127.0.0.1:0"] +
                                  files.credential(), None, environment)
        client = None
        try:
            port = server.wait_for(r"^ACCEPT [0-9.]+:(\d+)$").group(1)
            client = programs.Program(["openssl", "s_client", "-dtls", "-connect", "127.0.0.1:" + port], None,
                                      environment)
            client.wait_for("^ *Protocol *: " + version)
            client.send("from the client\n")
            server.wait_for("^from the client$")
        finally:
            for program in (client, server):
                if program:
                    program.kill()


def main():
    with tempfile.TemporaryDirectory() as folder:
        for check in (puts_entries_in_force_where_asked, obeys_the_rest_of_the_section, variable_overrides,
                      follows_what_is_loaded_later, leaves_another_libssl_alone, leaves_a_plugin_its_own_functions,
                      refuses_where_memory_is_sealed, names_what_is_wrong, serves_openssls_own_programs):
            check(folder)
            print(check.__name__)


main()
