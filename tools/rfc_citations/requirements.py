# SPDX-License-Identifier: Apache-2.0
"""Reads the lists of requirements, and what is excepted from them.

A list is a TOML file: document (the name that citations use), source (its address), within (only if the
list holds some sections of the document alone: one, or a list of them), and a [[spec]] with id, section,
title, level and quote for each normative sentence. `items` of a [[spec]] are the bullets that its sentence
introduces. `met_as` of a [[spec]] is the id of another document's sentence that demands the same, or more:
what meets that meets this. It is for a document that repeats another, sentence by sentence.

A list of one section may have the form of others' tools instead: target (the address of the document, "#" and
the section) and a [[spec]] with level and quote for each sentence. It is held against the same citations as the
document's own list, and reported by itself. Its comments begin with the section's heading.

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

Requirement = collections.namedtuple("Requirement", "document id section title level quote items met_as")
TARGET = re.compile(r"^https?://(\S*/([a-z0-9-]+)#(?:section-)?([0-9]+(?:\.[0-9]+)*))$")
FULL_SENTENCE = re.compile(r"^[A-Z].*\S \S.*[.]$")


class BadList(Exception):
    """A list or the exceptions cannot be used; the text says which, and why."""


class Document:
    """One list: its requirements, in the document's order. `cited` is what citations call the document, `name` the
    same or what tells a second list of it apart."""

    def __init__(self, name, cited, source, within, requirements):
        self.name, self.cited, self.source = name, cited, source
        self.within, self.requirements = within, requirements

    @property
    def is_second(self):
        """Whether another list is the one that a quotation must be found in."""
        return self.name != self.cited

    def holds(self, section):
        """Whether every normative sentence of `section` is in the list."""
        return self.within is None or any((section + ".").startswith(part + ".") for part in self.within)


def _load(path):
    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise BadList("%s: %s" % (path, error)) from error


def _requirement(path, document, spec):
    try:
        requirement = Requirement(document, spec["id"], spec["section"], spec["title"], spec["level"],
                                  normalize(spec["quote"]),
                                  [normalize(item) for item in spec.get("items", [])],
                                  spec.get("met_as"))
    except KeyError as error:
        raise BadList("%s: a [[spec]] has no %s" % (path, error)) from error
    if requirement.level not in LEVELS:
        raise BadList("%s: %s: level is one of %s" % (path, requirement.id, ", ".join(LEVELS)))
    return requirement


def _heading(path, section):
    """What the comments of a list say that `section` is called; empty where they do not."""
    heading = re.compile(r"^#\s*%s\.?\s+(\S.*?)\s*$" % re.escape(section))
    with open(path, encoding="utf-8") as file:
        return next((match.group(1) for match in map(heading.match, file) if match), "")


def _section_list(path, data):
    """A list in the form of others' tools, as a Document."""
    match = TARGET.match(data["target"])
    if match is None:
        raise BadList("%s: '%s' is not the address of a document and its section" % (path, data["target"]))
    name, cited, section = match.groups()
    stem, title = os.path.splitext(os.path.basename(path))[0], _heading(path, section)
    specs = [dict(spec, id="%s-%02d" % (stem, number), section=section, title=title)
             for number, spec in enumerate(data["spec"], 1)]
    return Document(name, cited, data["target"], [section], [_requirement(path, cited, spec) for spec in specs])


def _document(path):
    data = _load(path)
    if {"target", "spec"} <= data.keys():
        return _section_list(path, data)
    if not {"document", "source", "spec"} <= data.keys():
        raise BadList("%s: needs document, source and [[spec]], or target and [[spec]]" % path)
    name = data["document"]
    within = data.get("within")
    return Document(name, name, data["source"], [within] if isinstance(within, str) else within,
                    [_requirement(path, name, spec) for spec in data["spec"]])


def _check_met_as(path, requirements):
    """No sentence is met as one that is not there, or that is itself met as another."""
    by_id = {requirement.id: requirement for requirement in requirements}
    for requirement in requirements:
        if requirement.met_as is None:
            continue
        other = by_id.get(requirement.met_as)
        if other is None:
            raise BadList("%s: %s: no list has %s" % (path, requirement.id, requirement.met_as))
        if other.met_as is not None:
            raise BadList("%s: %s: %s is met as another itself" % (path, requirement.id, other.id))


def load_documents(folder):
    """Returns the documents by name, in the order of the files' names."""
    documents, seen = {}, set()
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".toml") or name == EXCEPTIONS:
            continue
        path = os.path.join(folder, name)
        document = _document(path)
        for requirement in document.requirements:
            if requirement.id in seen:
                raise BadList("%s: %s is there twice" % (path, requirement.id))
            seen.add(requirement.id)
        if document.name in documents:
            raise BadList("%s: a second list of %s" % (path, document.name))
        documents[document.name] = document
    if not documents:
        raise BadList("%s holds no list" % folder)
    _check_met_as(folder, [r for document in documents.values() for r in document.requirements])
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
