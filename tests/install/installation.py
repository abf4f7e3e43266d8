# SPDX-License-Identifier: Apache-2.0
"""Runs tools/install and tools/package from a copy of what they take, as a user whom permissions hold."""

import hashlib
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "abi"))

from programs import expect  # noqa: E402

# Debian's user of no files.
NOBODY = 65534
# What is copied of the tree, which has the library at its top, as bazel-bin has.
PARTS = ["CHANGELOG.md", "dtls13/version.h", "docs/man", "examples", "libdtls13.so", "tools"]


class Tree:
    """A copy of the tree that another user can read, and a folder of that user's for what is made."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory()
        os.chmod(self._folder.name, 0o755)
        self.root = os.path.join(self._folder.name, "tree")
        for part in PARTS:
            target = os.path.join(self.root, part)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            if os.path.isdir(part):
                shutil.copytree(part, target)
            else:
                shutil.copyfile(part, target)
        self._num_folders = 0

    def version(self):
        with open(os.path.join(self.root, "tools/bazel/version.bzl"), encoding="utf-8") as file:
            return re.search('^DTLS13_VERSION = "(.*)"$', file.read(), re.MULTILINE).group(1)

    def set_version(self, version):
        with open(os.path.join(self.root, "tools/bazel/version.bzl"), "w", encoding="utf-8") as file:
            file.write('DTLS13_VERSION = "%s"\n' % version)

    def folder(self):
        """A new one, which the other user owns."""
        self._num_folders += 1
        path = os.path.join(self._folder.name, "folder%d" % self._num_folders)
        os.mkdir(path)
        if os.geteuid() == 0:
            os.chown(path, NOBODY, NOBODY)
        return path

    def run(self, *arguments, built=None, environment=None, program="tools/install", cwd="/"):
        """Runs one of the scripts, or another program; returns what subprocess.run does."""
        is_script = program.startswith("tools/")
        command = [os.path.join(self.root, program) if is_script else program, *arguments]
        if is_script and "--remove" not in arguments:
            command += ["--built", built or self.root]
        env = {key: value for key, value in os.environ.items()
               if key not in ("LD_PRELOAD", "OPENSSL_MODULES", "OPENSSL_CONF")}
        env.update({"LC_ALL": "C", "HOME": self._folder.name}, **(environment or {}))
        other = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        return subprocess.run(command, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, check=False, **other)

    def succeed(self, *arguments, **kwargs):
        result = self.run(*arguments, **kwargs)
        expect(result.returncode == 0, "%s: exit status %d\n%s%s" % (
            " ".join(arguments), result.returncode, result.stdout, result.stderr))
        expect(result.stderr == "", "%s: says %s" % (" ".join(arguments), result.stderr))
        return result.stdout

    def refuse(self, *arguments, status, words, program="tools/install", **kwargs):
        """It ends with `status` and one sentence that has the words."""
        result = self.run(*arguments, program=program, **kwargs)
        expect(result.returncode == status, "%s: exit status %d\n%s%s" % (
            " ".join(arguments), result.returncode, result.stdout, result.stderr))
        expect(result.stderr.startswith(os.path.basename(program) + ": ") and result.stderr.endswith(".\n") and
               result.stderr.count("\n") == 1, "%s: says %r" % (" ".join(arguments), result.stderr))
        for word in words:
            expect(word in result.stderr, "%s: %r does not name %s" % (" ".join(arguments), result.stderr, word))


def contents(root):
    """What is below `root`: a dict from path to what is there."""
    found = {}
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            path = os.path.join(folder, name)
            status = os.lstat(path)
            if stat.S_ISLNK(status.st_mode):
                what = os.readlink(path)
            elif stat.S_ISDIR(status.st_mode):
                what = "folder %o" % stat.S_IMODE(status.st_mode)
            else:
                with open(path, "rb") as file:
                    what = "%o %s" % (stat.S_IMODE(status.st_mode), hashlib.sha256(file.read()).hexdigest())
            found[os.path.relpath(path, root)] = what
    return found
