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

def over_ipsec_mb(tests, **kwargs):
    """Declares for each of `tests`, NAME_test, a NAME_over_ipsec_mb_test that runs it over libipsec-mb.

    Args:
      tests: names of unit tests of the same package, whose records are DefaultAlgorithms().
      **kwargs: anything else that a sh_test takes.
    """
    status = "//dtls13/crypto:print_ipsec_mb_status"
    for test in tests:
        native.sh_test(
            name = test[:-len("_test")] + "_over_ipsec_mb_test",
            srcs = ["//tools/bazel:over_ipsec_mb.sh"],
            args = ["$(location %s)" % status, "$(location :%s)" % test],
            data = [status, ":" + test],
            **kwargs
        )
