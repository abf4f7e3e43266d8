# SPDX-License-Identifier: Apache-2.0
"""Writes a test's cases as XML in GoogleTest's form, which count_tests.py reads."""

import collections
import xml.sax.saxutils

# `fault` is None for a case that passed.
Case = collections.namedtuple("Case", "group name seconds fault")


def write_xml(path, suite, cases):
    escape = xml.sax.saxutils.quoteattr
    with open(path, "w", encoding="utf-8") as file:
        file.write('<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n<testsuite name=%s>\n' %
                   escape(suite))
        for case in cases:
            file.write("<testcase classname=%s name=%s result=\"completed\" time=\"%.3f\">" % (
                escape(case.group), escape(case.name), case.seconds))
            if case.fault is not None:
                file.write("<failure message=%s/>" % escape(case.fault))
            file.write("</testcase>\n")
        file.write("</testsuite>\n</testsuites>\n")
