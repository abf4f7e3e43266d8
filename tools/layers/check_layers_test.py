#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests tools/check_layers on trees of a few lines."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
TOOLS = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
sys.path.insert(0, TOOLS)

from layers import arrows  # noqa: E402


class Arrows(unittest.TestCase):
    def test_the_table_has_no_cycle(self):
        self.assertEqual(list(arrows.table_faults(arrows.ARROWS)), [])

    def test_a_cycle_is_told(self):
        self.assertEqual(arrows.cycle({"a": ("b",), "b": ("d", "c"), "c": ("b",), "d": ()}), ["b", "c", "b"])
        self.assertEqual(arrows.cycle({"a": ("b", "c"), "b": ("c",), "c": ()}), [])

    def test_a_room_that_is_not_there_is_told(self):
        self.assertIn("may include b, which is no room", list(arrows.table_faults({"a": ("b",)}))[0])

    def test_headers_of_the_interface_are_a_room_of_their_own(self):
        self.assertEqual(arrows.room_of("dtls13/association.h"), arrows.INTERFACE)
        self.assertEqual(arrows.room_of("dtls13/signer.h"), "dtls13")
        self.assertEqual(arrows.room_of("dtls13/wire/ack.h"), "dtls13/wire")
        self.assertIsNone(arrows.room_of("elsewhere/a.h"))


BUILD = """
cc_library(
    name = "a",
    srcs = ["a.cc"],
    hdrs = ["a.h"],
)

unit_test(
    name = "a_test",
    deps = [":a"],
)
"""


def rule(kind, name="b", **lists):
    return '%s(\n    name = "%s",\n%s)\n' % (
        kind, name, "".join("    %s = %s,\n" % (key, json.dumps(value)) for key, value in lists.items()))


class CheckLayers(unittest.TestCase):
    """The tool on a tree of one room, with a part and its test, and what a test adds."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = folder.name
        self.write("dtls13/wire/BUILD", BUILD)
        self.write("dtls13/wire/a.h", "int A();\n")
        self.write("dtls13/wire/a.cc", '#include "dtls13/wire/a.h"\n')
        self.write("dtls13/wire/a_test.cc", '#include "dtls13/wire/a.h"\n')

    def write(self, path, text):
        path = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def add_rules(self, *rules):
        """Gives the room's BUILD file `rules` besides the first two."""
        self.write("dtls13/wire/BUILD", BUILD + "".join(rules))

    def run_tool(self, *options):
        done = subprocess.run([sys.executable, os.path.join(TOOLS, "check_layers")] + list(options),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return done.returncode, done.stdout.decode()

    def expect_faults(self, *texts):
        """Runs the tool, and expects a fault with each of `texts`, and no other."""
        status, output = self.run_tool("--root", self.root)
        self.assertEqual(status, 1 if texts else 0, output)
        for text in texts:
            self.assertIn(text, output)
        self.assertEqual(len(output.splitlines()), len(texts) + 1, output)

    def test_a_tree_in_order_has_no_fault(self):
        self.expect_faults()

    def test_an_arrow_that_is_not_there(self):
        self.write("dtls13/record/BUILD", rule("cc_library", hdrs=["b.h"]))
        self.write("dtls13/record/b.h", "int B();\n")
        self.write("dtls13/flight/BUILD", rule("cc_library", srcs=["c.cc"], deps=["//dtls13/record:b"]))
        self.write("dtls13/flight/c.cc", '#include <vector>\n#include "dtls13/record/b.h"\n')
        self.expect_faults(
            "dtls13/flight/c.cc:2: includes dtls13/record/b.h: dtls13/flight may not include dtls13/record")

    def test_a_test_may_include_anything(self):
        self.write("tests/sim/BUILD", rule("cc_library", hdrs=["b.h"]))
        self.write("tests/sim/b.h", "#include <openssl/ssl.h>\n")
        self.add_rules(rule("unit_test", name="b_test", deps=["//tests/sim:b"]))
        self.write("dtls13/wire/b_test.cc", '#include "tests/sim/b.h"\n')
        self.expect_faults()
        self.add_rules(rule("cc_library", srcs=["b.cc"], deps=["//tests/sim:b"]),
                       rule("unit_test", name="b_test", deps=["//tests/sim:b"]))
        self.write("dtls13/wire/b.cc", '#include "tests/sim/b.h"\n')
        self.expect_faults("dtls13/wire/b.cc:1: includes tests/sim/b.h: dtls13/wire may not include tests")

    def test_headers_of_openssl(self):
        self.write("dtls13/wire/a.h", "#include <openssl/evp.h>\n")
        self.write("dtls13/crypto/BUILD", rule("cc_library", hdrs=["c.h"]))
        self.write("dtls13/crypto/c.h", "#include <openssl/evp.h>\n#include <openssl/ssl.h>\n")
        self.expect_faults(
            "dtls13/wire/a.h:1: includes openssl/evp.h: libcrypto's headers are seen only below dtls13/crypto",
            "dtls13/crypto/c.h:2: includes openssl/ssl.h: libssl's headers are seen only below shim")

    def test_a_file_in_no_room(self):
        self.write("tools/new/BUILD", rule("cc_library", hdrs=["b.h"]))
        self.write("tools/new/b.h", "int B();\n")
        self.expect_faults("tools/new/b.h: lies in no room")

    def test_an_include_without_its_dep(self):
        self.add_rules(rule("cc_library", hdrs=["b.h"]))
        self.write("dtls13/wire/b.h", '#include "dtls13/wire/a.h"\n')
        self.expect_faults("dtls13/wire/BUILD:12: b includes dtls13/wire/a.h without a dep on its rule")

    def test_a_dep_without_an_include(self):
        self.add_rules(rule("cc_library", hdrs=["b.h"], deps=["//dtls13/wire:a"]))
        self.write("dtls13/wire/b.h", "int B();\n")
        self.expect_faults("b includes nothing of its dep //dtls13/wire:a; leave it out")

    def test_a_library_without_files_stands_for_its_deps(self):
        self.write("dtls13/wire/b.h", '#include "dtls13/wire/a.h"\n')
        wrapper = rule("cc_library", name="all", deps=[":a"])
        self.add_rules(wrapper, rule("cc_library", hdrs=["b.h"], deps=[":all"]))
        self.expect_faults()
        self.add_rules(wrapper, rule("cc_library", hdrs=["b.h"], deps=[":a", ":all"]))
        self.expect_faults("b has dtls13/wire/a.h by //dtls13/wire:a and by //dtls13/wire:all; leave one out")

    def test_a_library_without_headers_is_there_to_be_linked(self):
        self.add_rules(rule("cc_library", srcs=["b.cc"]), rule("cc_binary", name="c", srcs=["c.cc"], deps=[":b"]))
        self.write("dtls13/wire/b.cc", "int B() { return 1; }\n")
        self.write("dtls13/wire/c.cc", "int main() {}\n")
        self.expect_faults()

    def test_all_branches_of_a_select_count(self):
        self.write("dtls13/wire/b.h", "int B();\n")
        self.write("dtls13/wire/c.h", "int C();\n")
        self.add_rules('cc_library(\n    name = "b",\n    hdrs = ["b.h"] + select({\n        ":x": ["c.h"],\n'
                       '        "//conditions:default": [],\n    }),\n)\n')
        self.expect_faults()

    def test_a_source_has_one_rule(self):
        self.write("dtls13/wire/b.cc", "")
        self.expect_faults("dtls13/wire/b.cc: is in no rule")
        self.add_rules(rule("cc_library", srcs=["b.cc"]), rule("cc_library", name="c", srcs=["b.cc"]))
        self.expect_faults("dtls13/wire/b.cc: is in //dtls13/wire:b and in //dtls13/wire:c; leave it to one")

    def test_globs_make_no_rule(self):
        self.add_rules('cc_library(\n    name = "b",\n    srcs = glob(["*.cc"]),\n)\n')
        self.expect_faults("the srcs of b are no plain list; name each one")

    def test_lists_are_in_order(self):
        self.add_rules(rule("filegroup", srcs=["y", ":x", "//b:a", "//a"]))
        self.expect_faults("dtls13/wire/BUILD:14: //b:a stands before //a; sort the list")
        self.add_rules(rule("package_group", packages=["//a", "//a"]))
        self.expect_faults("dtls13/wire/BUILD:14: has //a twice")

    def test_a_build_file_that_cannot_be_read(self):
        self.write("dtls13/record/BUILD", "cc_library(\n")
        self.expect_faults("dtls13/record/BUILD:1: cannot be read")

    def test_sizes(self):
        self.write("dtls13/wire/a.h", "int A() {\n" + "\n" * 79 + "}\nstruct B {\n" + "int a;\n" * 26 + "};\n")
        self.write("dtls13/wire/a.cc", '#include "dtls13/wire/a.h"\n' + "\n" * 800)
        self.expect_faults("dtls13/wire/a.cc: has 801 lines, at most 800",
                           "dtls13/wire/a.h:1: A has 81 lines, at most 80",
                           "dtls13/wire/a.h:82: B has 26 data members, at most 25")

    def test_sizes_of_a_test(self):
        body = '#include "dtls13/wire/a.h"\nTEST(A, B) {\n' + "\n" * 118 + "%s}\n" + "\n" * 1000
        self.write("dtls13/wire/a_test.cc", body % "")
        self.expect_faults()
        self.write("dtls13/wire/a_test.cc", body % "\n")
        self.expect_faults("dtls13/wire/a_test.cc:2: TEST(A, B) has 121 lines, at most 120")

    def test_a_header_may_be_long(self):
        self.write("dtls13/wire/a.h", "int A();\n" * 2000)
        self.expect_faults()

    def test_a_source_that_cannot_be_read(self):
        self.write("dtls13/wire/a.h", "int A() {\n")
        self.expect_faults("dtls13/wire/a.h: cannot be read: line 1: nothing closes this {")

    def test_a_wrong_folder_is_named(self):
        status, output = self.run_tool("--root", "/nowhere")
        self.assertEqual(status, 2)
        self.assertIn("/nowhere is not a folder", output)


if __name__ == "__main__":
    unittest.main()
