#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Installs into folders, removes, and fails on the way: install_test.py, in the runfiles of its target."""

import os
import re
import subprocess
import sys

import installation
import programs
from installation import contents
from programs import expect

TREE = installation.Tree()
VERSION = TREE.version()
MAJOR = VERSION.split(".", maxsplit=1)[0]
MODULES = "opt/modules"
ENVIRONMENT = {"OPENSSL_MODULES": "/" + MODULES}
MANUAL = ["man1/dtls13.1", "man3/libdtls13.3", "man5/dtls13-policy.5", "man7/dtls13-provider.7"]
DROP_INS = ["coap-server", "coturn", "radsecproxy", "snmpd"]


def expected(prefix, lib, modules):
    return sorted([
        lib + "/libdtls13.so",
        lib + "/libdtls13.so." + MAJOR,
        lib + "/libdtls13.so." + VERSION,
        lib + "/cmake/dtls13/dtls13-config-version.cmake",
        lib + "/cmake/dtls13/dtls13-config.cmake",
        lib + "/pkgconfig/dtls13.pc",
        modules + "/dtls13.so",
        prefix + "/bin/dtls13",
        prefix + "/include/dtls13/version.h",
        prefix + "/share/doc/dtls13/openssl-dtls13.cnf",
        prefix + "/share/dtls13/installed",
    ] + [prefix + "/share/man/" + page for page in MANUAL] +
                  [prefix + "/share/doc/dtls13/examples/systemd/%s.conf" % name for name in DROP_INS])


def files(root):
    return sorted(path for path, what in contents(root).items() if not what.startswith("folder"))


def make_used_folder():
    """A destination with files of others, in folders that the library goes to as well."""
    root = TREE.folder()
    for path in ("usr/local/lib/libother.so", "usr/local/share/man/man1/other.1", MODULES + "/other.so"):
        TREE.succeed("-Dm644", "/dev/null", os.path.join(root, path), program="install")
    return root


def install(root, *arguments, **kwargs):
    return TREE.succeed("--destdir", root, *arguments, environment=ENVIRONMENT, **kwargs)


def every_file_is_in_its_place():
    root = TREE.folder()
    install(root)
    expect(files(root) == expected("usr/local", "usr/local/lib", MODULES), "installed: %s" % files(root))
    found = contents(root)
    lib = "usr/local/lib/"
    expect(found[lib + "libdtls13.so"] == "libdtls13.so." + MAJOR, "a link to elsewhere")
    expect(found[lib + "libdtls13.so." + MAJOR] == "libdtls13.so." + VERSION, "a link to elsewhere")
    for path, what in found.items():
        mode = what.split()[0] if " " in what else None
        allowed = "755" if path.endswith((".so." + VERSION, "/bin/dtls13")) else "644"
        expect(mode in (None, "folder", allowed), "%s has mode %s" % (path, mode))
    for path in ("lib/pkgconfig/dtls13.pc", "lib/cmake/dtls13/dtls13-config.cmake",
                 "lib/cmake/dtls13/dtls13-config-version.cmake"):
        with open(os.path.join(root, "usr/local", path), encoding="utf-8") as file:
            text = file.read()
        expect(VERSION in text and "@" not in text and root not in text, "%s:\n%s" % (path, text))


def debians_folder_under_usr():
    root = TREE.folder()
    install(root, "--prefix", "/usr/")
    multiarch = subprocess.run(["gcc", "-print-multiarch"], check=True, stdout=subprocess.PIPE,
                               text=True).stdout.strip()
    expect(files(root) == expected("usr", "usr/lib/" + multiarch, MODULES), "installed: %s" % files(root))


def openssls_folder_of_modules():
    """By itself it is where this system's OpenSSL looks."""
    root = TREE.folder()
    TREE.succeed("--destdir", root, "--prefix", "/usr")
    said = subprocess.run(["openssl", "version", "-m"], check=True, stdout=subprocess.PIPE, text=True).stdout
    modules = re.search('"/(.*)"', said).group(1)
    link = os.path.join(root, modules, "dtls13.so")
    expect(not os.readlink(link).startswith("/"), "%s is absolute, within one top folder" % os.readlink(link))
    expect(os.path.realpath(link).endswith("/libdtls13.so." + VERSION) and os.path.isfile(link),
           "the provider is %s" % os.path.realpath(link))


def the_library_has_the_name_it_is_installed_by():
    dynamic = subprocess.run(["readelf", "-d", os.path.join(TREE.root, "libdtls13.so")], check=True,
                             stdout=subprocess.PIPE, text=True).stdout
    soname = re.search(r"\(SONAME\).*\[(.*)\]", dynamic).group(1)
    expect(soname == "libdtls13.so." + MAJOR, "the SONAME is " + soname)


def removal_leaves_nothing():
    for prefix in ("/usr/local", "/usr", "/opt/dtls13", "/"):
        root = make_used_folder()
        before = contents(root)
        install(root, "--prefix", prefix)
        expect(len(files(root)) > len(before) / 2, "nothing installed")
        TREE.succeed("--remove", "--destdir", root, "--prefix", prefix)
        expect(contents(root) == before, "%s: left %s" % (prefix, set(contents(root)) ^ set(before)))
        TREE.refuse("--remove", "--destdir", root, "--prefix", prefix, status=1, words=["nothing of dtls13"])


def removal_leaves_no_folder_that_was_made():
    root = os.path.join(TREE.folder(), "not there yet")
    install(root)
    expect(files(root) == expected("usr/local", "usr/local/lib", MODULES), "installed: %s" % files(root))
    TREE.succeed("--remove", "--destdir", root)
    expect(not os.path.exists(root), "left %s" % list(contents(root)))


def removal_leaves_what_others_put_there_since():
    root = make_used_folder()
    before = contents(root)
    install(root)
    for path in ("usr/local/share/doc/dtls13/notes", "usr/local/include/other.h"):
        TREE.succeed("-Dm644", "/dev/null", os.path.join(root, path), program="install")
    TREE.succeed("--remove", "--destdir", root)
    left = set(files(root)) - set(before)
    expect(left == {"usr/local/share/doc/dtls13/notes", "usr/local/include/other.h"}, "left %s" % left)


def another_version_takes_the_place():
    root = make_used_folder()
    before = contents(root)
    install(root)
    once = contents(root)
    install(root)
    expect(contents(root) == once, "installing again changes %s" % (set(contents(root)) ^ set(once)))
    try:
        TREE.set_version(MAJOR + ".99.0")
        install(root)
    finally:
        TREE.set_version(VERSION)
    lib = "usr/local/lib/libdtls13.so."
    found = contents(root)
    expect(lib + VERSION not in found and found[lib + MAJOR] == "libdtls13.so." + MAJOR + ".99.0",
           "both versions: %s" % files(root))
    TREE.succeed("--remove", "--destdir", root)
    expect(contents(root) == before, "left %s" % (set(contents(root)) ^ set(before)))


def a_file_of_others_is_not_replaced():
    for path in ("usr/local/include/dtls13/version.h", MODULES + "/dtls13.so"):
        root = make_used_folder()
        TREE.succeed("-s", "/nowhere", os.path.join(root, "link"), program="ln")
        TREE.succeed("-D", "-m", "600", "/etc/hostname", os.path.join(root, path), program="install")
        before = contents(root)
        TREE.refuse("--destdir", root, status=1, words=[os.path.join(root, path), "is there already"],
                    environment=ENVIRONMENT)
        expect(contents(root) == before, "changed: %s" % (set(contents(root)) ^ set(before)))


def denied(root, *arguments, words=("ermission denied",)):
    """Without the right to write into the modules' folder nothing else changes either."""
    before = contents(root)
    os.chmod(os.path.join(root, MODULES), 0o555)
    try:
        TREE.refuse("--destdir", root, *arguments, status=1, environment=ENVIRONMENT,
                    words=[os.path.join(root, MODULES, "dtls13.so"), "nothing was changed", *words])
    finally:
        os.chmod(os.path.join(root, MODULES), 0o755)
    expect(contents(root) == before, "changed: %s" % (set(contents(root).items()) ^ set(before.items())))


def what_fails_on_the_way_is_undone():
    root = make_used_folder()
    denied(root)
    install(root)
    denied(root, "--remove")
    try:
        TREE.set_version(MAJOR + ".99.0")
        denied(root)
    finally:
        TREE.set_version(VERSION)
    TREE.succeed("--remove", "--destdir", root)


def without_permission():
    root = make_used_folder()
    before = contents(root)
    for path in ("usr/local", "usr/local/lib"):
        os.chmod(os.path.join(root, path), 0o555)
        TREE.refuse("--destdir", root, status=1, words=[os.path.join(root, path), "ermission denied"],
                    environment=ENVIRONMENT)
        os.chmod(os.path.join(root, path), 0o755)
        expect(contents(root) == before, "changed: %s" % (set(contents(root)) ^ set(before)))


def a_file_where_a_folder_should_be():
    root = make_used_folder()
    TREE.succeed("-Dm644", "/dev/null", os.path.join(root, "usr/local/include"), program="install")
    before = contents(root)
    TREE.refuse("--destdir", root, status=1, words=[os.path.join(root, "usr/local/include"), "nothing was changed"],
                environment=ENVIRONMENT)
    expect(contents(root) == before, "changed: %s" % (set(contents(root)) ^ set(before)))


def a_signal_on_the_way():
    """An mv that ends who calls it, in place of the system's, when half of the files are where they go."""
    programs_folder = TREE.folder()
    wrapper = os.path.join(programs_folder, "mv")
    with open(wrapper, "w", encoding="utf-8") as file:
        file.write('#!/bin/bash\n/bin/mv "$@"\n[[ ${!#} != */share/man/man1/dtls13.1 ]] || kill -TERM $PPID\n')
    os.chmod(wrapper, 0o755)
    path = {"PATH": programs_folder + ":" + os.environ["PATH"]}
    root = make_used_folder()
    for _ in range(2):
        before = contents(root)
        result = TREE.run("--destdir", root, environment=dict(ENVIRONMENT, **path))
        expect(result.returncode != 0, "it was not ended:\n" + result.stdout)
        expect(contents(root) == before, "changed: %s" % (set(contents(root)) ^ set(before)))
        install(root)  # so that the second time there is something to put back


def without_a_library():
    root, built = TREE.folder(), TREE.folder()
    TREE.refuse("--destdir", root, status=1, built=built, environment=ENVIRONMENT,
                words=[os.path.join(built, "libdtls13.so")])
    expect(not contents(root), "left %s" % list(contents(root)))


def a_list_that_leads_elsewhere():
    for line in ("relative", "/usr/local/../../etc/passwd", "/usr/local/share/..", "/etc/passwd", "/usr/localhost",
                 "/usr/local/share", ""):
        root = TREE.folder()
        install(root)
        before = contents(root)
        list_path = os.path.join(root, "usr/local/share/dtls13/installed")
        with open(list_path, encoding="utf-8") as file:
            text = file.read()
        with open(list_path, "w", encoding="utf-8") as file:
            file.write(text + line + "\n")
        TREE.refuse("--remove", "--destdir", root, status=1, words=[list_path, "'%s'" % line])
        with open(list_path, "w", encoding="utf-8") as file:
            file.write(text)
        expect(contents(root) == before, "changed: %s" % (set(contents(root)) ^ set(before)))


def no_folder_of_modules():
    root = TREE.folder()
    TREE.refuse("--destdir", root, status=1, words=["OPENSSL_MODULES", "'modules'"],
                environment={"OPENSSL_MODULES": "modules"})
    expect(not contents(root), "left %s" % list(contents(root)))


def the_manual_page_has_every_command():
    """And every option of each."""
    command = os.path.join(TREE.root, "tools/dtls13/dtls13")
    with open(os.path.join(TREE.root, "docs/man/dtls13.1"), encoding="utf-8") as file:
        page = file.read().replace("\\-", "-")
    names = re.findall(r"^  (\w+) ", TREE.succeed("--help", program=command), re.MULTILINE)
    expect(names, "dtls13 --help names no command")
    for name in names:
        expect("\n.SS dtls13 %s\n" % name in page, "the page has no dtls13 " + name)
        for option in re.findall(r"^  (--[\w-]+) ", TREE.succeed(name, "--help", program=command), re.MULTILINE):
            expect(option in page, "the page has no %s of dtls13 %s" % (option, name))


def the_command_finds_the_library():
    prefix = TREE.folder()
    TREE.succeed("--prefix", prefix, environment={"OPENSSL_MODULES": prefix + "/modules"})
    maps = TREE.succeed("run", "cat", "/proc/self/maps", program=prefix + "/bin/dtls13")
    expect("%s/lib/libdtls13.so.%s" % (prefix, VERSION) in maps, "it runs with\n" + maps)


def wrong_arguments():
    for arguments, words in ((["--prefix", "usr"], ["--prefix", "'usr'"]),
                             (["--prefix", "/a b"], ["--prefix", "'/a b'"]),
                             (["--destdir", ""], ["--destdir"]),
                             (["--frobnicate"], ["'--frobnicate'"]),
                             (["now"], ["'now'"])):
        TREE.refuse(*arguments, status=2, words=words)
    TREE.refuse("--remove", "--prefix", status=2, words=["--prefix"])
    TREE.refuse("--built", TREE.root, "--remove", status=2, words=["--remove", "--built"])


def wrong_arguments_of_package():
    folder = TREE.folder()
    os.chmod(folder, 0o555)
    for arguments, status, words in ((["--output", ""], 2, ["--output"]),
                                     (["--output", "/nowhere"], 2, ["--output", "/nowhere"]),
                                     (["--frobnicate"], 2, ["'--frobnicate'"]),
                                     (["--output", folder], 1, [folder])):
        TREE.refuse(*arguments, status=status, words=words, program="tools/package")


def help_and_version():
    for program in ("install", "package"):
        for option, start in (("--help", "usage: tools/" + program), ("--version", program + " " + VERSION)):
            result = TREE.run(option, program="tools/" + program)
            expect(result.returncode == 0 and result.stdout.startswith(start) and not result.stderr,
                   "%s says %s%s" % (option, result.stdout, result.stderr))


TESTS = [
    every_file_is_in_its_place,
    debians_folder_under_usr,
    openssls_folder_of_modules,
    the_library_has_the_name_it_is_installed_by,
    removal_leaves_nothing,
    removal_leaves_no_folder_that_was_made,
    removal_leaves_what_others_put_there_since,
    another_version_takes_the_place,
    a_file_of_others_is_not_replaced,
    what_fails_on_the_way_is_undone,
    without_permission,
    a_file_where_a_folder_should_be,
    a_signal_on_the_way,
    without_a_library,
    a_list_that_leads_elsewhere,
    no_folder_of_modules,
    the_manual_page_has_every_command,
    wrong_arguments,
    wrong_arguments_of_package,
    help_and_version,
]
if programs.is_sanitized("libdtls13.so"):
    print("SKIPPED: the_command_finds_the_library: no program of the system has a sanitizer's runtime")
else:
    TESTS.append(the_command_finds_the_library)
sys.exit(programs.run_all(TESTS) != 0)
