#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests tools/rfc_coverage on trees of a few lines."""

import os
import re
import subprocess
import sys
import tempfile
import unittest

TOOL = os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(__file__))), "rfc_coverage")

LIST = """
document = "rfc1"
source = "https://example.org/rfc1"
[[spec]]
id = "rfc1-2-01"
section = "2"
title = "Hosts"
level = "MUST"
quote = '''
A host MUST count each record that it
drops, and MUST NOT answer it.
'''
[[spec]]
id = "rfc1-2-02"
section = "2"
title = "Hosts"
level = "SHOULD"
quote = '''
It SHOULD use a round-
trip time.
'''
[[spec]]
id = "rfc1-3.1-01"
section = "3.1"
title = "Rules"
level = "MAY"
quote = '''
Hosts MAY follow these rules:
'''
items = ['Send each of the answers at once, or never.']
"""

SECTION_LIST = """
target = "https://example.org/texts/rfc1#2"

# 2. Hosts
#
# A host MUST count each record that it drops, and MUST NOT answer it.

[[spec]]
level = "MUST"
quote = '''
A host MUST count each record that it
drops, and MUST NOT answer it.
'''
"""

WHOLE = """
//= rfc1#section-2
//# A host MUST count each
//# record that it drops, and MUST NOT answer it.
"""
WHOLE_TEST = WHOLE.replace("section-2\n", "section-2\n//= type=test\n")


class RfcCoverage(unittest.TestCase):
    def setUp(self):
        self._folder = tempfile.TemporaryDirectory()
        self.addCleanup(self._folder.cleanup)
        self.root = self._folder.name
        self.write("tests/conformance/requirements/rfc1.toml", LIST)

    def write(self, path, text):
        path = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def run_tool(self, *options):
        done = subprocess.run([sys.executable, TOOL, "--root", self.root] + list(options),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return done.returncode, done.stdout.decode()

    def expect_fault(self, text, path="dtls13/a.cc"):
        status, output = self.run_tool()
        self.assertEqual(status, 1, output)
        self.assertRegex(output, "(?m)^" + re.escape(path) + r":\d+: .*" + re.escape(text))

    def row(self, level):
        """The counts of all sentences of a level: total, code, tested, excepted, missing."""
        _, output = self.run_tool()
        whole = output[output.index("\n  all"):]
        return [int(n) for n in re.search(level + r" +([\d ]+)", whole).group(1).split()]

    def test_nothing_is_cited(self):
        self.assertEqual(self.run_tool()[0], 0)
        self.assertEqual(self.row("MUST"), [1, 0, 0, 0, 1])
        self.assertEqual(self.run_tool("--require", "MUST")[0], 1)

    def test_a_sentence_needs_code_and_a_test(self):
        self.write("dtls13/a.cc", WHOLE)
        self.assertEqual(self.row("MUST"), [1, 1, 0, 0, 1])
        self.assertIn("rfc1-2-01 MUST, rfc1#section-2: not tested", self.run_tool("--missing")[1])
        self.write("dtls13/a_test.cc", WHOLE_TEST)
        self.assertEqual(self.row("MUST"), [1, 1, 1, 0, 0])
        self.assertEqual(self.run_tool("--require", "MUST")[0], 0)
        self.assertEqual(self.run_tool("--require", "SHOULD")[0], 1)

    def test_six_words_of_a_sentence_are_enough_and_five_are_not(self):
        self.write("dtls13/a.cc", "//= rfc1#section-2\n//# count each record that it drops,\n")
        self.assertEqual(self.row("MUST")[1], 1)
        self.write("dtls13/a.cc", "//= rfc1#section-2\n//# count each record that it\n")
        self.assertEqual(self.row("MUST")[1], 0)

    def test_a_citation_may_hold_several_sentences(self):
        self.write("dtls13/a.cc", WHOLE + "//# It SHOULD use a round-trip time.\n")
        self.assertEqual(self.row("MUST")[1], 1)
        self.assertEqual(self.row("SHOULD")[1], 1)

    def test_a_citation_may_begin_or_end_amid_a_sentence(self):
        for text in ("Hosts have rules. A host MUST count each record that",
                     "it drops, and MUST NOT answer it. That is all."):
            with self.subTest(text):
                self.write("dtls13/a.cc", "//= rfc1#section-2\n//# " + text + "\n")
                self.assertEqual(self.row("MUST")[1], 1)
        self.write("dtls13/a.cc", "//= rfc1#section-2\n//# Hosts have rules. A host MUST count each\n")
        self.expect_fault("requires something")

    def test_a_bullet_is_evidence_for_its_sentence(self):
        self.write("dtls13/a.cc", "//= rfc1#section-3.1\n//# Send each of the answers at once,\n")
        self.assertEqual(self.row("MAY")[1], 1)

    def test_a_misquotation_is_a_fault(self):
        self.write("dtls13/a.cc", WHOLE.replace("each", "every"))
        self.expect_fault("a misquotation of rfc1-2-01")

    def test_case_matters(self):
        self.write("dtls13/a.cc", WHOLE.replace("MUST count", "must count"))
        self.expect_fault("a misquotation of rfc1-2-01")

    def test_an_unknown_demand_is_a_fault_and_other_words_are_not(self):
        self.write("dtls13/a.cc", "//= rfc1#section-2\n//# Routers are not hosts.\n")
        self.assertEqual(self.run_tool()[0], 0)
        self.write("dtls13/a.cc", "//= rfc1#section-2\n//# Routers MUST NOT be hosts.\n")
        self.expect_fault("requires something")

    def test_the_section_must_be_the_right_one(self):
        self.write("dtls13/a.cc", WHOLE.replace("section-2", "section-3.1"))
        self.expect_fault("section-2 has this")

    def test_a_test_says_so_and_code_does_not(self):
        self.write("dtls13/a_test.cc", WHOLE)
        self.expect_fault("type=test is for tests", "dtls13/a_test.cc")
        os.remove(os.path.join(self.root, "dtls13/a_test.cc"))
        self.write("dtls13/a.cc", WHOLE_TEST)
        self.expect_fault("type=test is for tests")

    def test_malformed_citations(self):
        for text, fault in (
                ("//= rfc1 section 2\n//# words\n", "is not DOCUMENT#section-N"),
                ("//= rfc1#section-2\n", "without a quotation"),
                ("//= rfc1#section-2\n//= type=proof\n//# words\n", "is not a type"),
                ("//# words\n", "without the line that names its document"),
                ("//= type=test\n//# words\n", "stands apart"),
                ("// = rfc1#section-2\n", "a citation's line begins with"),
                ("//=rfc1#section-2\n", "a citation's line begins with")):
            with self.subTest(text):
                self.write("dtls13/a.cc", text)
                self.expect_fault(fault)

    def test_python_cites_after_a_hash(self):
        self.write("tests/abi/a_test.py", re.sub("(?m)^//", "# //", WHOLE_TEST))
        self.assertEqual(self.row("MUST")[2], 1)

    def test_other_documents_are_counted_apart(self):
        self.write("dtls13/a.cc", "//= rfc2#appendix-A.1\n//# All MUST be well.\n")
        status, output = self.run_tool()
        self.assertEqual(status, 0)
        self.assertIn("rfc2 (1)", output)

    def test_a_list_of_some_sections_says_nothing_of_the_others(self):
        self.write("dtls13/a.cc", "//= rfc1#section-21\n//# All MUST be well.\n")
        for within in ('"2"', '["2"]', '["1.1", "2"]'):
            self.write("tests/conformance/requirements/rfc1.toml", "within = %s\n%s" % (within, LIST))
            status, output = self.run_tool()
            self.assertEqual(status, 0, output)
            self.assertIn("rfc1 (1)", output)
        self.write("tests/conformance/requirements/rfc1.toml", 'within = ["2", "21"]\n' + LIST)
        self.expect_fault("requires something, and is neither a sentence of the list")

    def test_a_list_of_others_form_is_held_against_the_same_citations(self):
        self.write("tests/conformance/requirements/others-rfc1-2.toml", SECTION_LIST)
        self.write("dtls13/a.cc", WHOLE)
        status, output = self.run_tool("--missing")
        self.assertEqual(status, 0, output)
        for name in ("rfc1-2-01", "others-rfc1-2-01"):
            self.assertIn(name + " MUST, rfc1#section-2: not tested", output)
        self.write("dtls13/a_test.cc", WHOLE_TEST)
        self.assertEqual(self.run_tool("--require", "MUST")[0], 0)
        _, output = self.run_tool()
        self.assertIn("example.org/texts/rfc1#2", output)
        self.assertEqual(len(re.findall(r"(?m)^  2 Hosts +MUST +1 +1 +1 +0 +0$", output)), 2, output)

    def test_a_list_of_others_form_alone_refuses_no_quotation(self):
        os.remove(os.path.join(self.root, "tests/conformance/requirements/rfc1.toml"))
        self.write("tests/conformance/requirements/others-rfc1-2.toml", SECTION_LIST)
        self.write("dtls13/a.cc", WHOLE + "\n//= rfc1#section-2\n//# Routers MUST NOT be hosts.\n")
        status, output = self.run_tool("--missing")
        self.assertEqual(status, 0, output)
        self.assertIn("others-rfc1-2-01 MUST, rfc1#section-2: not tested", output)

    def test_the_target_of_a_list_of_others_form_is_checked(self):
        self.write("tests/conformance/requirements/others-rfc1-2.toml",
                   SECTION_LIST.replace("rfc1#2", "rfc1"))
        status, output = self.run_tool()
        self.assertEqual(status, 2)
        self.assertIn("is not the address of a document and its section", output)

    def repeat_first(self, met_as):
        self.write("tests/conformance/requirements/rfc2.toml", """
document = "rfc2"
source = "https://example.org/rfc2"
[[spec]]
id = "rfc2-2-01"
section = "2"
title = "Hosts"
level = "MUST"
met_as = "%s"
quote = "Hosts MUST count dropped records."
""" % met_as)

    def row_of_second(self):
        _, output = self.run_tool()
        second = output[output.index("\nrfc2 "):]
        return [int(n) for n in re.search(r"all +MUST +([\d ]+)", second).group(1).split()]

    def test_a_sentence_may_be_met_as_another(self):
        self.repeat_first("rfc1-2-01")
        self.assertEqual(self.row_of_second(), [1, 0, 0, 0, 1])
        self.assertIn("met as rfc1-2-01", self.run_tool("--missing")[1])
        self.write("dtls13/a.cc", WHOLE)
        self.assertEqual(self.row_of_second(), [1, 1, 0, 0, 1])
        self.write("dtls13/a_test.cc", WHOLE_TEST)
        self.assertEqual(self.row_of_second(), [1, 1, 1, 0, 0])
        page = os.path.join(self.root, "page.html")
        self.run_tool("--html", page)
        with open(page, encoding="utf-8") as file:
            self.assertIn('Met as <a href="#rfc1-2-01">', file.read())

    def test_what_a_sentence_is_met_as_is_there_and_met_by_itself(self):
        self.repeat_first("rfc1-9-01")
        status, output = self.run_tool()
        self.assertEqual(status, 2)
        self.assertIn("rfc2-2-01: no list has rfc1-9-01", output)
        self.repeat_first("rfc2-2-01")
        self.assertIn("rfc2-2-01 is met as another itself", self.run_tool()[1])

    def test_nothing_is_met_as_what_is_excepted(self):
        self.repeat_first("rfc1-2-01")
        self.except_first("This binds hosts, and we are a router.")
        status, output = self.run_tool()
        self.assertEqual(status, 1)
        self.assertIn("rfc2-2-01 is met as rfc1-2-01, which is excepted", output)

    def except_first(self, reason):
        self.write("tests/conformance/requirements/exceptions.toml",
                   '[[exception]]\nid = "rfc1-2-01"\nreason = "%s"\n' % reason)

    def test_an_exception_needs_no_evidence_and_bears_none(self):
        self.except_first("This binds hosts, and we are a router.")
        self.assertEqual(self.row("MUST"), [1, 0, 0, 1, 0])
        self.assertEqual(self.run_tool("--require", "MUST")[0], 0)
        self.write("dtls13/a.cc", WHOLE)
        self.expect_fault("cites rfc1-2-01, which is excepted")

    def test_exceptions_are_checked(self):
        self.except_first("n/a")
        self.assertEqual(self.run_tool()[0], 2)
        self.write("tests/conformance/requirements/exceptions.toml",
                   '[[exception]]\nid = "rfc1-9-01"\nreason = "There is no such sentence."\n')
        status, output = self.run_tool()
        self.assertEqual(status, 2)
        self.assertIn("no list has rfc1-9-01", output)

    def test_a_broken_list_is_named(self):
        self.write("tests/conformance/requirements/rfc1.toml", "document = ")
        status, output = self.run_tool()
        self.assertEqual(status, 2)
        self.assertIn("rfc1.toml", output)

    def test_whole_texts_show_what_no_list_can(self):
        texts = os.path.join(self.root, "texts")
        self.write("texts/rfc1.txt", "Routers are\nno hosts.\n\nAuthor    [Page 1]\n\f\n"
                   "RFC 1     Title     May 2020\n\nThey are fewer.\n")
        self.write("dtls13/a.cc", "//= rfc1#section-2\n//# Routers are no hosts. They are fewer.\n")
        self.assertEqual(self.run_tool("--texts", texts)[0], 0)
        self.write("dtls13/a.cc", "//= rfc1#section-2\n//# Routers are not hosts.\n")
        status, output = self.run_tool("--texts", texts)
        self.assertEqual(status, 1)
        self.assertIn("rfc1 does not say: Routers are not hosts.", output)

    def test_the_page_holds_each_sentence_and_its_evidence(self):
        self.write("dtls13/a.cc", WHOLE)
        page_path = os.path.join(self.root, "out", "page.html")
        os.mkdir(os.path.dirname(page_path))
        self.assertEqual(self.run_tool("--html", page_path)[0], 0)
        with open(page_path, encoding="utf-8") as file:
            page = file.read()
        self.assertIn('<article id="rfc1-2-01" data-status="not tested" data-level="MUST">', page)
        self.assertIn('<a href="../dtls13/a.cc">dtls13/a.cc:2</a>', page)
        self.assertEqual(page.count("<article "), 3)
        self.assertNotRegex(page, r"<(?:script|link|img)[^>]* (?:src|href)=")

    def test_what_cannot_be_written_is_one_sentence(self):
        status, output = self.run_tool("--html", os.path.join(self.root, "nowhere", "page.html"))
        self.assertEqual(status, 1)
        self.assertRegex(output, r"(?m)^rfc_coverage: \S+/page\.html: No such file or directory\.$")
        self.assertNotIn("Traceback", output)
        with open("/dev/full", "w", encoding="utf-8") as full:
            for options in ([], ["--html", "/dev/full"]):
                result = subprocess.run([sys.executable, TOOL, "--root", self.root, *options], stdout=full,
                                        stderr=subprocess.PIPE, universal_newlines=True, check=False)
                self.assertEqual(result.returncode, 1)
                self.assertEqual(result.stderr,
                                 "rfc_coverage: cannot write: No space left on device.\n")

    def test_a_wrong_folder_is_named(self):
        status, output = self.run_tool("--texts", "/nowhere")
        self.assertEqual(status, 2)
        self.assertIn("/nowhere is not a folder", output)


if __name__ == "__main__":
    unittest.main()
