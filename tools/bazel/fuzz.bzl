# SPDX-License-Identifier: Apache-2.0
"""fuzz_target: one LLVMFuzzerTestOneInput, built two ways."""

def fuzz_target(name, srcs, deps = [], corpus = None, max_len = 4096, size = "small", tags = []):
    """Declares a test that runs a fuzz entry point.

    In the ordinary build `bazel test :name` replays the corpus and a bounded number of seeded
    mutations of it, with any compiler. With --config=fuzz the same target is a libFuzzer binary that
    starts from the corpus and runs for a bounded time (--test_arg=-max_total_time=SECONDS changes it).

    Args:
      name: of the cc_test.
      srcs: sources that define LLVMFuzzerTestOneInput.
      deps: what they use.
      corpus: a directory of this package with the inputs to start from.
      max_len: bytes of the longest input libFuzzer makes.
      size: of the test.
      tags: more tags; `fuzz` is always there.
    """
    native.cc_test(
        name = name,
        size = size,
        srcs = srcs + select({
            "//tools/bazel:fuzzing": ["//tools/bazel:fuzz_init.cc"],
            "//conditions:default": ["//tools/bazel:fuzz_replay.cc"],
        }),
        args = select({
            "//tools/bazel:fuzzing": [
                "-max_len=%d" % max_len,
                "-max_total_time=5",
                "-rss_limit_mb=1024",
            ],
            "//conditions:default": [],
        }) + (["%s/%s" % (native.package_name(), corpus)] if corpus else []),
        data = native.glob([corpus + "/**"]) if corpus else [],
        linkopts = select({
            "//tools/bazel:fuzzing": ["-fsanitize=fuzzer"],
            "//conditions:default": [],
        }),
        tags = tags + ["fuzz"],
        deps = deps,
    )
