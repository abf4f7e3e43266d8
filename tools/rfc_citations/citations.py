# SPDX-License-Identifier: Apache-2.0
"""Finds the citations that stand beside code and tests.

A citation is a run of comment lines, indented as the code is; in Python and shell a "#" goes before:

    //= rfc9147#section-4.2.1            the document and its section
    //= type=test                        only in a test
    //# Implementations MUST send ...    the words of the document, wrapped anyhow
"""

import collections
import os
import re

Citation = collections.namedtuple("Citation", "document section is_test quote path line")

TOPS = ("dtls13", "provider", "shim", "tests", "tools", "udp_notif")
EXTENSIONS = (".c", ".cc", ".h", ".inc", ".py", ".sh")
# Not evidence: this tool and its fixtures quote for other reasons.
SKIPPED = ("tools/rfc_citations",)

MARK = re.compile(r"^\s*(?:# )?//([=#])(?: (.*?))?\s*$")
LOOSE_MARK = re.compile(r"^\s*(?:#\s*)?//\s?[=#](?:\s|$|[a-z])")
TARGET = re.compile(r"^([a-z0-9-]+)#(?:section-([0-9]+(?:\.[0-9]+)*)|appendix-([A-Z](?:\.[0-9]+)*))$")


def normalize(text):
    """Joins wrapped lines: one space between words, none where a line ends in a hyphen."""
    return re.sub(r"(?<=\S)- ", "-", " ".join(text.split()))


def is_test_path(path):
    name = os.path.splitext(os.path.basename(path))[0]
    return path.startswith("tests/") or name.endswith(("_test", "_test_util", "_fuzz"))


def source_paths(root):
    for top in TOPS:
        for directory, folders, names in os.walk(os.path.join(root, top)):
            folders.sort()
            for name in sorted(names):
                path = os.path.relpath(os.path.join(directory, name), root)
                if name.endswith(EXTENSIONS) and not path.startswith(SKIPPED):
                    yield path


class _Reader:
    """Reads one file's lines into citations and faults; holds the citation that is open."""

    def __init__(self, path):
        self.path, self.citations, self.faults = path, [], []
        self._target = None  # (document, section, line)
        self._is_test, self._words = False, []

    def fault(self, line, text):
        self.faults.append("%s:%d: %s" % (self.path, line, text))

    def read(self, lines):
        for number, line in enumerate(lines, 1):
            match = MARK.match(line)
            if match is None:
                if LOOSE_MARK.match(line):
                    self.fault(number, 'a citation\'s line begins with "//= " or "//# "')
                self.close()
            elif match.group(1) == "#":
                self.quote(number, match.group(2) or "")
            elif (match.group(2) or "").startswith("type="):
                self.type(number, match.group(2))
            else:
                self.close()
                self.open(number, match.group(2) or "")
        self.close()

    def open(self, number, text):
        match = TARGET.match(text)
        if match is None:
            self.fault(number, "'%s' is not DOCUMENT#section-N or DOCUMENT#appendix-X" % text)
            return
        self._target = (match.group(1), match.group(2) or match.group(3), number)

    def type(self, number, text):
        if text != "type=test":
            self.fault(number, "'%s' is not a type; only type=test is" % text)
        elif self._target is None or self._words:
            self.fault(number, "type=test stands apart from the line that names its document")
        self._is_test = True

    def quote(self, number, text):
        if self._target is None:
            self.fault(number, "a quotation without the line that names its document")
            self._target = (None, None, number)
        self._words.append(text)

    def close(self):
        if self._target is not None and self._target[0] is not None:
            document, section, line = self._target
            quote = normalize(" ".join(self._words))
            if not quote:
                self.fault(line, "a citation without a quotation")
            elif self._is_test != is_test_path(self.path):
                self.fault(line, "type=test is for tests, and for every citation in one")
            else:
                self.citations.append(
                    Citation(document, section, self._is_test, quote, self.path, line))
        self._target, self._is_test, self._words = None, False, []


def read_citations(root):
    """Returns (citations, faults) of every source file below `root`."""
    citations, faults = [], []
    for path in source_paths(root):
        reader = _Reader(path)
        with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
            reader.read(file)
        citations += reader.citations
        faults += reader.faults
    return citations, faults
