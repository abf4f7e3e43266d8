# SPDX-License-Identifier: Apache-2.0
"""Prints what is covered, for a terminal."""

from rfc_citations.matching import DONE, EXCEPTED
from rfc_citations.requirements import LEVELS


class Row:
    """Counts of some requirements: how many there are, and how they are met."""

    def __init__(self, findings):
        self.total = len(findings)
        self.code = sum(bool(finding.code) for finding in findings)
        self.tests = sum(bool(finding.tests) for finding in findings)
        self.excepted = sum(finding.status == EXCEPTED for finding in findings)
        self.missing = sum(finding.status not in (DONE, EXCEPTED) for finding in findings)


def by_section(findings):
    """Returns [(section, title, findings)] in the order of the document."""
    sections = {}
    for finding in findings:
        requirement = finding.requirement
        sections.setdefault((requirement.section, requirement.title), []).append(finding)
    return [(section, title, group) for (section, title), group in sections.items()]


def _print_rows(name, findings):
    for level in LEVELS:
        row = Row([finding for finding in findings if finding.requirement.level == level])
        if row.total:
            print("%-36s %-6s %5d %6d %7d %9d %8d" % (name[:36], level, row.total, row.code,
                                                      row.tests, row.excepted, row.missing))
            name = ""


def print_table(result):
    for document, findings in result.findings.items():
        print("%-36s %-6s %5s %6s %7s %9s %8s" % (document, "level", "total", "code", "tested",
                                                  "excepted", "missing"))
        for section, title, group in by_section(findings):
            _print_rows("  %s %s" % (section, title), group)
        _print_rows("  all", findings)
        print()
    if result.others:
        print("cited without a list, for their form only: " + ", ".join(
            "%s (%d)" % pair for pair in sorted(result.others.items())))


def print_missing(result, levels):
    """Lists each sentence that lacks code or a test, and says which."""
    for findings in result.findings.values():
        for finding in findings:
            requirement = finding.requirement
            if requirement.level in levels and finding.status not in (DONE, EXCEPTED):
                print("%s %s, %s#section-%s: %s\n    %s" %
                      (requirement.id, requirement.level, requirement.document, requirement.section,
                       finding.status, requirement.quote))
                if requirement.met_as is not None:
                    print("    met as %s" % requirement.met_as)
                for citation in finding.code + finding.tests:
                    print("    %s:%d" % (citation.path, citation.line))
