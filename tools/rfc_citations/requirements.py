# SPDX-License-Identifier: Apache-2.0
"""Reads the lists of requirements, and what is excepted from them.

A list is a TOML file: document (the name that citations use), source (its address), within (only if the
list holds one section of the document), and a [[spec]] with id, section, title, level and quote for each
normative sentence. `items` of a [[spec]] are the bullets that its sentence introduces.

exceptions.toml has an [[exception]] with id and reason for each sentence that is met nowhere; the reason
is a full sentence.
"""

import collections
import os
import re
import tomllib

from rfc_citations.citations import normalize

LEVELS = ("MUST", "SHOULD", "MAY")
EXCEPTIONS = "exceptions.toml"

Requirement = collections.namedtuple("Requirement", "id section title level quote items")
FULL_SENTENCE = re.compile(r"^[A-Z].*\S \S.*[.]$")


class BadList(Exception):
    """A list or the exceptions cannot be used; the text says which, and why."""


class Document:
    """One list: its requirements, in the document's order."""

    def __init__(self, name, source, within, requirements):
        self.name, self.source, self.within, self.requirements = name, source, within, requirements

    def holds(self, section):
        """Whether every normative sentence of `section` is in the list."""
        return self.within is None or (section + ".").startswith(self.within + ".")


def _load(path):
    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise BadList("%s: %s" % (path, error)) from error


def _requirement(path, spec):
    try:
        requirement = Requirement(spec["id"], spec["section"], spec["title"], spec["level"],
                                  normalize(spec["quote"]),
                                  [normalize(item) for item in spec.get("items", [])])
    except KeyError as error:
        raise BadList("%s: a [[spec]] has no %s" % (path, error)) from error
    if requirement.level not in LEVELS:
        raise BadList("%s: %s: level is one of %s" % (path, requirement.id, ", ".join(LEVELS)))
    return requirement


def load_documents(folder):
    """Returns the documents by name, in the order of the files' names."""
    documents, seen = {}, set()
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".toml") or name == EXCEPTIONS:
            continue
        path = os.path.join(folder, name)
        data = _load(path)
        if not {"document", "source", "spec"} <= data.keys():
            raise BadList("%s: needs document, source and [[spec]]" % path)
        requirements = [_requirement(path, spec) for spec in data["spec"]]
        for requirement in requirements:
            if requirement.id in seen:
                raise BadList("%s: %s is there twice" % (path, requirement.id))
            seen.add(requirement.id)
        if data["document"] in documents:
            raise BadList("%s: a second list of %s" % (path, data["document"]))
        documents[data["document"]] = Document(data["document"], data["source"],
                                               data.get("within"), requirements)
    if not documents:
        raise BadList("%s holds no list" % folder)
    return documents


def load_exceptions(folder, documents):
    """Returns the reasons by requirement id. A folder without exceptions.toml excepts nothing."""
    path = os.path.join(folder, EXCEPTIONS)
    if not os.path.exists(path):
        return {}
    known = {r.id for document in documents.values() for r in document.requirements}
    reasons = {}
    for entry in _load(path).get("exception", []):
        identifier, reason = entry.get("id"), " ".join(entry.get("reason", "").split())
        if identifier not in known:
            raise BadList("%s: no list has %s" % (path, identifier))
        if identifier in reasons:
            raise BadList("%s: %s is there twice" % (path, identifier))
        if not FULL_SENTENCE.match(reason):
            raise BadList("%s: %s: the reason is a full sentence" % (path, identifier))
        reasons[identifier] = reason
    return reasons
