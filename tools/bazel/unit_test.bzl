# SPDX-License-Identifier: Apache-2.0
"""unit_test: the GoogleTest beside the file it tests."""

def unit_test(name, size = "small", deps = [], **kwargs):
    """Declares a cc_test of the source `name`.cc.

    Args:
      name: of the test and, with .cc behind it, of its source.
      size: of the test.
      deps: what it uses; GoogleTest's main comes by itself.
      **kwargs: anything else that a cc_test takes.
    """
    native.cc_test(
        name = name,
        size = size,
        srcs = [name + ".cc"],
        deps = deps + ["@googletest//:gtest_main"],
        **kwargs
    )
