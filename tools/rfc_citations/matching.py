# SPDX-License-Identifier: Apache-2.0
"""Says which requirement each citation is evidence for, and which citations quote wrongly."""

import collections
import difflib
import glob
import os
import re

from rfc_citations.citations import normalize

# A shorter piece of a sentence could be found in many.
MIN_WORDS = 6
# How much of the words is alike where a quotation is taken for a misquoted sentence.
ALIKE = 0.8

DONE, UNTESTED, UNIMPLEMENTED, MISSING, EXCEPTED = (
    "done", "not tested", "not implemented", "missing", "excepted")
STATUSES = (DONE, UNTESTED, UNIMPLEMENTED, MISSING, EXCEPTED)

KEYWORD = re.compile(r"\b(?:MUST|SHALL|SHOULD|MAY|REQUIRED|RECOMMENDED|OPTIONAL)\b")
# The foot and the head of a page in the RFC Editor's older texts.
PAGE_BREAK = re.compile(r"^(?:\S.*\[Page \d+\]|RFC \d+ .*\d{4})\s*$", re.MULTILINE)


class Finding:
    """One requirement with its evidence: citations in code and in tests, or the reason for neither."""

    def __init__(self, requirement, reason):
        self.requirement, self.reason = requirement, reason
        self.code, self.tests = [], []

    @property
    def status(self):
        if self.reason is not None:
            return EXCEPTED
        if self.code:
            return DONE if self.tests else UNTESTED
        return UNIMPLEMENTED if self.tests else MISSING


class Result:
    """findings: by document, in its order. others: documents without a list, with how often they are
    cited. notes: citations of sentences that no list has, for they require nothing. faults: lines of text."""

    def __init__(self):
        self.findings, self.faults = {}, []
        self.others, self.notes = collections.Counter(), []

    def all_findings(self):
        return [finding for findings in self.findings.values() for finding in findings]


def _overlap(first, second):
    """Whether enough words at the end of `first` are those at the beginning of `second`."""
    first, second = first.split(), second.split()
    return any(first[-length:] == second[:length]
               for length in range(MIN_WORDS, min(len(first), len(second)) + 1))


def covers(quote, requirement):
    """Whether `quote` holds the sentence, or enough words of it (or of its bullets) in their order: from
    its middle alone, or together with what stands before or behind it."""
    if requirement.quote in quote:
        return True
    if len(quote.split()) < MIN_WORDS:
        return False
    return any(quote in text or _overlap(quote, text) or _overlap(text, quote)
               for text in [requirement.quote] + requirement.items)


def _misquote(citation, findings):
    """Says what is wrong with a quotation that covers nothing, or None if it need not."""
    closest, likeness = None, ALIKE
    for finding in findings:
        if covers(citation.quote, finding.requirement):
            return "section-%s has this, as %s" % (finding.requirement.section,
                                                   finding.requirement.id)
        ratio = difflib.SequenceMatcher(None, finding.requirement.quote.split(),
                                        citation.quote.split(), False).ratio()
        if ratio > likeness:
            closest, likeness = finding.requirement, ratio
    if closest is not None:
        return "a misquotation of %s: %s" % (closest.id, closest.quote)
    if KEYWORD.search(citation.quote):
        return ("requires something, and is neither a sentence of the list nor %d words of one: %s" %
                (MIN_WORDS, citation.quote))
    return None


def _texts_of(document, folders):
    return [path for folder in folders
            for path in sorted(glob.glob(os.path.join(glob.escape(folder), document + "*.txt")))]


class _Texts:
    """The whole texts of documents, where they are at hand."""

    def __init__(self, folders):
        self._folders, self._texts = folders, {}

    def lacks(self, citation):
        """Whether the document is at hand and does not have the quotation."""
        if citation.document not in self._texts:
            self._texts[citation.document] = [self._read(path) for path in
                                              _texts_of(citation.document, self._folders)]
        texts = self._texts[citation.document]
        return bool(texts) and not any(citation.quote in text for text in texts)

    @staticmethod
    def _read(path):
        with open(path, encoding="utf-8", errors="replace") as file:
            return normalize(PAGE_BREAK.sub("", file.read()))


def _match_one(result, document, citation, where):
    """Adds the citation to the findings of one list, or to what is wrong with it."""
    findings = result.findings[document.name]
    hits = [finding for finding in findings
            if finding.requirement.section == citation.section and covers(citation.quote, finding.requirement)]
    for finding in hits:
        (finding.tests if citation.is_test else finding.code).append(citation)
    if hits or document.is_second:
        return
    fault = _misquote(citation, findings)
    if fault is None:
        result.notes.append(citation)
    else:
        result.faults.append(where + fault)


def _lend_evidence(findings):
    """Gives each sentence that is met as another the evidence for that one, and returns the faults."""
    by_id = {finding.requirement.id: finding for finding in findings}
    faults = []
    for finding in findings:
        other = by_id.get(finding.requirement.met_as)
        if other is None:
            continue
        if other.reason is not None:
            faults.append("%s is met as %s, which is excepted" %
                          (finding.requirement.id, other.requirement.id))
        finding.code = finding.code + other.code
        finding.tests = finding.tests + other.tests
    return faults


def match(documents, reasons, citations, text_folders=()):
    result, texts = Result(), _Texts(text_folders)
    for name, document in documents.items():
        result.findings[name] = [Finding(r, reasons.get(r.id)) for r in document.requirements]
    for citation in citations:
        where = "%s:%d: " % (citation.path, citation.line)
        if texts.lacks(citation):
            result.faults.append(where + "%s does not say: %s" % (citation.document, citation.quote))
        lists = [document for document in documents.values()
                 if document.cited == citation.document and document.holds(citation.section)]
        if not any(not document.is_second for document in lists):
            result.others[citation.document] += 1
        for document in lists:
            _match_one(result, document, citation, where)
    result.faults += _lend_evidence(result.all_findings())
    for finding in result.all_findings():
        if finding.reason is not None and finding.code + finding.tests:
            citation = (finding.code + finding.tests)[0]
            result.faults.append("%s:%d: cites %s, which is excepted" %
                                 (citation.path, citation.line, finding.requirement.id))
    return result
