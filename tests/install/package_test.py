#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the Debian packages, and installs, uses and removes one where nothing else of ours is, in this Debian and in
newer ones: package_test.py PREPARE_PEERS.

The folders that PREPARE_PEERS makes of Debian 12 and 13 stay as they are: what happens in them is laid over them in memory. All
but the making of those folders is without a network. In the runfiles of its target; needs root.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile

import installation
from programs import Failed, expect

sys.path.append(os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "apps"))

import harness  # noqa: E402

PREPARE = os.path.abspath(sys.argv[1])
PORT, SECURE_PORT, OPENSSL_PORT = 5683, 5684, 4433
# How coap-server's example begins.
EXAMPLE = "a123456789b123456789"
# The releases that a package is tried in, the oldest first.
RELEASES = {"bookworm": 12, "trixie": 13}
# What dpkg and apt note of any package, in names that stay.
NOTES = re.compile(r"(dev|proc|sys|tmp|var/cache|var/lib/apt|var/log)/|var/lib/dpkg/[^/]*$")


def run(*command, **kwargs):
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, **kwargs)


def succeed(*command):
    result = run(*command)
    if result.returncode != 0:
        print(result.stdout)
        raise Failed("%s: exit status %d" % (" ".join(command), result.returncode))
    return result.stdout


class Debian:
    """A folder with a Debian as it was made, which forgets what is done in it. In a mount namespace of its own."""

    def __init__(self, made):
        self.before = None
        self._memory = memory = tempfile.mkdtemp(prefix="dtls13-package-")
        succeed("mount", "-t", "tmpfs", "tmpfs", memory)
        for name in ("changes", "work", "root"):
            os.mkdir(os.path.join(memory, name))
        self.root = os.path.join(memory, "root")
        succeed("mount", "-t", "overlay", "overlay", "-o", "lowerdir=%s,upperdir=%s/changes,workdir=%s/work" % (
            made, memory, memory), self.root)
        succeed("mount", "-t", "proc", "proc", self.path("/proc"))
        succeed("mount", "--rbind", "/dev", self.path("/dev"))

    def close(self):
        succeed("umount", "--recursive", "--lazy", self._memory)
        os.rmdir(self._memory)

    def path(self, inside):
        return self.root + inside

    def has(self, inside):
        return os.path.isfile(os.path.realpath(self.path(inside)))

    def bring(self, file):
        """Returns what it is called inside."""
        shutil.copy(file, self.path("/tmp"))
        return "/tmp/" + os.path.basename(file)

    def command(self, *arguments, **environment):
        variables = dict({"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8",
                          "DEBIAN_FRONTEND": "noninteractive"}, **environment)
        return ["chroot", self.root, "/usr/bin/env", "-i", *("%s=%s" % item for item in variables.items()), *arguments]

    def preloaded(self, *arguments, **environment):
        """The program under the library, as the package has one run it."""
        if self.has("/usr/bin/dtls13"):
            return self.command("dtls13", "run", "--", *arguments, **environment)
        return self.command(*arguments, LD_PRELOAD="libdtls13.so.0", **environment)

    def files(self):
        """What is there, by name: size, mode and target of each, but for notes."""
        found = {}
        for name, what in ((os.path.relpath(os.path.join(folder, name), self.root), os.path.join(folder, name))
                           for folder, folders, files in os.walk(self.root) for name in folders + files):
            if NOTES.match(name):
                continue
            status = os.lstat(what)
            found[name] = (status.st_mode, os.readlink(what) if os.path.islink(what) else
                           None if os.path.isdir(what) else status.st_size)
        return found


class Packages:
    """The two packages, and by release the folders where the first is installed."""

    def __init__(self):
        self.tree = installation.Tree()
        self.version = self.tree.version()
        self.folder = self.tree.folder()
        self.debians = {}

    def make(self, made):
        """With what was built, as a user without rights. `made` has each release's folder."""
        result = self.tree.run("--output", self.folder, program="tools/package")
        print(result.stdout + result.stderr)
        expect(result.returncode == 0, "tools/package: exit status %d" % result.returncode)
        for release, folder in made.items():
            self.debians[release] = Debian(folder)

    def close(self):
        for debian in self.debians.values():
            debian.close()

    def path(self, name):
        architecture = succeed("dpkg", "--print-architecture").strip()
        return os.path.join(self.folder, "%s_%s_%s.deb" % (name, self.version, architecture))


PACKAGES = Packages()


def contents_of_both(_):
    listed = {}
    for name in ("dtls13", "dtls13-dev"):
        listing = succeed("dpkg-deb", "--contents", PACKAGES.path(name))
        listed[name] = {re.sub(r"/lib/[^/]*-linux-[^/]*/", "/lib/", line.split()[5]) for line in listing.splitlines()}
    library = {"./usr/bin/dtls13", "./usr/lib/libdtls13.so." + PACKAGES.version, "./usr/lib/libdtls13.so." + PACKAGES.version.split(".")[0],
               "./usr/lib/ossl-modules/dtls13.so", "./usr/share/man/man5/dtls13-policy.5.gz",
               "./usr/share/doc/dtls13/openssl-dtls13.cnf"}
    linking = {"./usr/lib/libdtls13.so", "./usr/include/dtls13/version.h", "./usr/lib/pkgconfig/dtls13.pc",
               "./usr/lib/cmake/dtls13/dtls13-config.cmake", "./usr/share/man/man3/libdtls13.3.gz"}
    for name, has, has_not in (("dtls13", library, linking), ("dtls13-dev", linking, library)):
        expect(has <= listed[name], "%s has no %s" % (name, has - listed[name]))
        expect(not has_not & listed[name], "%s has %s" % (name, has_not & listed[name]))
    depends = succeed("dpkg-deb", "--field", PACKAGES.path("dtls13-dev"), "Depends")
    expect("dtls13 (= %s)" % PACKAGES.version in depends, "it depends on " + depends)


def install(_, debian):
    debian.before = debian.files()
    # Its dependencies are in the folder; what were not could not be fetched.
    succeed(*debian.command("apt-get", "install", "-y", "--no-install-recommends",
                            debian.bring(PACKAGES.path("dtls13"))))
    folder = succeed(*debian.command("openssl", "version", "-m")).split('"')[1]
    expect(debian.has(folder + "/dtls13.so"), "no provider in " + folder)
    expect("libdtls13.so." in succeed(*debian.command("ldconfig", "-p")), "the loader does not know the library")


def coap(start):
    """A request and its answer, with `start`, a method of Debian's, for both programs."""
    def run_it(run, debian):
        authority, certificate, key = (debian.bring(run.path(name)) for name in ("ca.pem", "server.pem", "server.key"))
        run.start(start(debian, "coap-server-openssl", "-A", "127.0.0.1", "-p", str(PORT), "-c", certificate, "-j", key))
        run.wait_for_port(SECURE_PORT)
        client = run.start(start(debian, "coap-client-openssl", "-B", "60", "-R", authority,
                                 "coaps://127.0.0.1:%d/example_data" % SECURE_PORT))
        expect(client.finish() == 0 and EXAMPLE in client.output, "the client says %r" % client.output)
    return run_it


def openssl(run, debian):
    authority, certificate, key = (debian.bring(run.path(name)) for name in ("ca.pem", "server.pem", "server.key"))
    server = run.start(debian.preloaded("openssl", "s_server", "-dtls", "-accept", "127.0.0.1:%d" % OPENSSL_PORT,
                                        "-cert", certificate, "-key", key))
    run.wait_for_port(OPENSSL_PORT)
    client = run.start(debian.preloaded("openssl", "s_client", "-dtls", "-connect", "127.0.0.1:%d" % OPENSSL_PORT,
                                        "-CAfile", authority, "-brief"))
    client.wait_for("^Protocol version: DTLSv1.3$")
    harness.exchange(server, client)


REACHABLE, NOT, PERHAPS = 0, 1, 3
BY_NAME = (REACHABLE, "calls libssl's functions by name")
IN_EACH = {
    "openssl": BY_NAME,
    "bash": (PERHAPS, "loads libraries while it runs"),  # enable -f
    "ldconfig": (NOT, "linked statically"),
}
# What the installed doctor says of programs that a folder has: its exit status, and a part of its verdict.
DIAGNOSES = {
    "bookworm": {
        **IN_EACH,
        "coap-client-openssl": BY_NAME,
        "coap-server-openssl": BY_NAME,
        "coap-rd-openssl": BY_NAME,
        "coap-client-gnutls": (NOT, "GnuTLS's (libgnutls.so."),
        "coap-server-gnutls": (NOT, "GnuTLS's (libgnutls.so."),
        "coap-rd-gnutls": (NOT, "GnuTLS's (libgnutls.so."),
        "coap-client-notls": (NOT, "nothing in it uses libssl"),
    },
    "trixie": {**IN_EACH, "strsclnt": (NOT, "NSS")},
}


def doctor(diagnoses):
    def run_it(_, debian):
        for name, (status, words) in diagnoses.items():
            path = succeed(*debian.command("sh", "-c", "command -v " + name)).strip()
            result = run(*debian.command("dtls13", "doctor", path))
            verdict = result.stdout.splitlines()[-1]
            expect(result.returncode == status and words in verdict,
                   "of %s: %d, %s" % (name, result.returncode, result.stdout))
    return run_it


def remove(_, debian):
    during = debian.files()
    expect(any("libdtls13" in name for name in during), "it is not installed")
    succeed(*debian.command("apt-get", "purge", "-y", "dtls13"))
    after = debian.files()
    changed = {name for name in set(after) | set(debian.before) if after.get(name) != debian.before.get(name)}
    expect(not changed, "changed by it: %s" % sorted(changed))


def cases_in(release):
    """All that is done in a release's folder, in this order."""
    mix = harness.Mix("in a fresh Debian %d" % RELEASES[release], False, False, harness.DTLS13)

    def case(name, function, version=""):
        return harness.case(name, lambda run: function(run, PACKAGES.debians[release]), mix, version)

    cases = [case("install", install, None), case("openssl", openssl), case("doctor", doctor(DIAGNOSES[release]), None),
             case("remove", remove, None)]
    if release == "bookworm":
        # Its folder has these programs.
        cases.insert(1, case("coap", coap(Debian.preloaded)))
        cases.append(case("coap afterwards", coap(Debian.command), harness.DTLS12))
    return cases


def releases():
    """Those where a package that is made here can be installed: of this Debian and of newer ones."""
    release = platform.freedesktop_os_release()
    return [name for name, number in RELEASES.items() if number >= float(release.get("VERSION_ID", "inf"))]


def prepare(wanted):
    """Before the network is gone: each release's folder; or None and why not."""
    folders = {}
    for release in wanted:
        made = run(PREPARE, release)
        if made.returncode == 77:
            return None, made.stdout.strip().splitlines()[-1]
        expect(made.returncode == 0, "prepare_peers: exit status %d: %s" % (made.returncode, made.stdout))
        folders[release] = re.search("^root=(.*)$", made.stdout, re.MULTILINE).group(1)
    return folders, None


def main():
    if os.geteuid() == 0 and "DTLS13_MOUNTS" not in os.environ:
        os.environ["DTLS13_MOUNTS"] = "own"
        os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable, *sys.argv])
    wanted = releases()
    folders, reason = prepare(wanted)

    def make():
        if folders is None:
            raise harness.Unavailable(reason)
        PACKAGES.make(folders)

    sys.argv[1] = "libdtls13.so"
    made = harness.Mix("where it is built", False, False, None)
    cases = [harness.case("contents", contents_of_both, made)]
    status = harness.main("package", ["chroot", "dh", "dpkg-buildpackage", "lintian", "mount"],
                          cases + [case for release in wanted for case in cases_in(release)], prepare=make,
                          bears_sanitizer=False)
    PACKAGES.close()
    return status


sys.exit(main())
