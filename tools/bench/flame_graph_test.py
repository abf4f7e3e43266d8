#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests flame_graph.py on samples of a few frames."""

import re
import unittest
import xml.etree.ElementTree

import flame_graph

MAIN = "\t 10 main+0x4 (/tmp/bench)\n"
FINISH = "\t 20 dtls13::bench::Runner::Finish(dtls13::bench::Ends&)+0x1f (/tmp/bench)\n"
DERIVE = "\t 30 dtls13::DeriveDiffieHellman(std::span<unsigned char, 18ul>)+0x2 (/tmp/bench)\n"
UNKNOWN = "\t 40 [unknown] (/usr/lib/libcrypto.so.3)\n"
MALLOC = "\t 50 __libc_malloc+0x19 (inlined)\n"


def sample(*frames):
    """Text of one sample, the innermost frame first as perf has it."""
    return "bench 1 2.3:  500000 cpu-clock: \n" + "".join(frames) + "\n"


def draw(*samples):
    return flame_graph.draw("".join(samples).splitlines(keepends=True), {"Finish"}, "A <title>")


def titles(svg):
    return re.findall("<title>(.*?)</title>", svg)


class FlameGraphTest(unittest.TestCase):

    def test_shares_are_of_the_samples_below_the_root(self):
        svg = draw(sample(MALLOC, FINISH, MAIN), sample(FINISH, MAIN), sample(MALLOC, MAIN))
        self.assertEqual(titles(svg), ["bench::Runner::Finish: 100.0 %", "__libc_malloc: 50.0 %"])
        self.assertIn("dtls13: 50.0 %", svg)

    def test_is_well_formed(self):
        root = xml.etree.ElementTree.fromstring(draw(sample(FINISH, MAIN)))
        self.assertTrue(root.tag.endswith("svg"))

    def test_neighbours_of_one_name_are_one_box(self):
        svg = draw(sample(UNKNOWN, UNKNOWN, UNKNOWN, FINISH, MAIN))
        self.assertEqual(titles(svg), ["bench::Runner::Finish: 100.0 %", "libcrypto: 100.0 %"])
        self.assertIn("libcrypto, the rest: 100.0 %", svg)

    def test_a_call_that_was_a_jump_has_its_name(self):
        svg = draw(sample(UNKNOWN, DERIVE, FINISH, MAIN))
        self.assertEqual(titles(svg)[1:], ["DeriveDiffieHellman: 100.0 %", "EVP_PKEY_derive: 100.0 %"])
        self.assertIn("public-key operations: 100.0 %", svg)

    def test_nothing_without_the_root(self):
        self.assertIsNone(draw(sample(MALLOC, MAIN)))
        self.assertIsNone(draw())


if __name__ == "__main__":
    unittest.main()
