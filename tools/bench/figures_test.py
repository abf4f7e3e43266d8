#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests how two builds' figures are paired and compared."""

import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.realpath(__file__))))

from bench import figures  # noqa: E402

OURS = """suite           bytes   ours
AES seal           64  150.0
AES seal          512  300.0
AES open           64  110.0
share                   70.0 %
"""
THEIRS = OURS.replace("150.0", "100.0").replace("300.0", "400.0").replace("110.0", "100.0").replace("70.0", "35.0")


class Rows(unittest.TestCase):
    def test_lines_of_one_label_are_told_apart_by_their_order(self):
        self.assertEqual(figures.rows(OURS), {
            ("AES seal", 1): [64, 150], ("AES seal", 2): [512, 300], ("AES open", 1): [64, 110], ("share %", 1): [70]})

    def test_names_with_digits_and_headings_are_no_figures(self):
        self.assertEqual(figures.rows("TLS_AES_128_GCM_SHA256 P-256 x2\n\n"), {})

    def test_a_percentage_grown_to_its_sign_is_a_figure(self):
        self.assertEqual(figures.rows("of the ceiling 71.5%"), {("of the ceiling", 1): [71.5]})

    def test_lines_without_a_number_are_headings(self):
        self.assertEqual(figures.headings(OURS), ["suite           bytes   ours"])


class Compare(unittest.TestCase):
    def test_each_figure_is_ours_to_theirs(self):
        compared = {(label, *given): [ratio.median for ratio in ratios]
                    for label, given, ratios in figures.compare([THEIRS], [OURS])}
        self.assertEqual(compared, {("AES seal", "64"): [1.5], ("AES seal", "512"): [0.75],
                                    ("AES open", "64"): [1.1], ("share %",): [2.0]})

    def test_the_spread_is_that_of_runs_side_by_side(self):
        theirs = ["x 10.0", "x 20.0", "x 10.0"]
        ours = ["x 11.0", "x 30.0", "x 10.0"]
        (_, _, (ratio,)), = figures.compare(theirs, ours)
        self.assertAlmostEqual(ratio.median, 1.1)
        self.assertAlmostEqual(ratio.least, 1.0)
        self.assertAlmostEqual(ratio.most, 1.5)
        self.assertEqual(str(ratio), "1.100 [1.000 1.500]")

    def test_a_figure_near_nothing_has_no_ratio(self):
        (_, given, ratios), = figures.compare(["a 0.00 5.0"], ["a 0.01 6.0"])
        self.assertEqual(given, [])
        self.assertIsNone(ratios[0])
        self.assertAlmostEqual(ratios[1].median, 1.2)

    def test_what_never_changes_is_no_figure(self):
        self.assertEqual(list(figures.compare(["a 64"], ["a 64"])), [])

    def test_lines_of_one_build_alone_are_named(self):
        theirs, ours = ["a 1.0\nold 3.0\nb 1.0 2.0"], ["a 2.0\nnew 4.0\nb 2.0"]
        self.assertEqual([label for label, _, _ in figures.compare(theirs, ours)], ["a"])
        self.assertEqual(figures.unpaired(theirs, ours), ["b", "new", "old"])


if __name__ == "__main__":
    unittest.main()
