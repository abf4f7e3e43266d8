# SPDX-License-Identifier: Apache-2.0
"""Tests of Debian's programs under the preloaded library."""

def app_test(name, data = [], **kwargs):
    """A test that runs NAME.py LIBRARY; `data` is what it needs beside the harness.

    It makes a network namespace, which a sandbox would not let it; so it runs beside any other test.
    """
    native.sh_test(
        name = name,
        size = "medium",
        srcs = [name + ".py"],
        args = ["$(location //:libdtls13.so)"],
        data = data + [
            "harness.py",
            "uninstrumented.tsan",
            "//:libdtls13.so",
            "//tests/abi:programs.py",
            "//tests/wire:capture.py",
            "//tests/wire:wire.py",
            "//tools/bazel:case_report.py",
        ],
        tags = [
            "local",
            "requires-root",
        ],
        **kwargs
    )
