# SPDX-License-Identifier: Apache-2.0
"""cc_library: a part of what users run, with the options that its speed depends on."""

load("@compiler_options//:options.bzl", "BRANCH_LAYOUT")

def cc_library(copts = [], **kwargs):
    """Declares a native cc_library. Optimised builds lay its branches out.

    The options stand here and not in .bazelrc, which a repository that depends on this one does not read.

    Args:
      copts: more options.
      **kwargs: anything else that a cc_library takes.
    """
    native.cc_library(
        copts = copts + select({
            "//tools/bazel:optimising": BRANCH_LAYOUT,
            "//conditions:default": [],
        }),
        **kwargs
    )
