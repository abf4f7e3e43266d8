"""fuzz_target: one LLVMFuzzerTestOneInput, built two ways."""

def fuzz_target(name, srcs, deps = [], corpus = [], size = "small", tags = []):
    """Declares a test that runs a fuzz entry point.

    In the ordinary build `bazel test :name` replays the corpus and a bounded number of seeded
    mutations of it, with any compiler. With --config=fuzz the same target is a libFuzzer binary, which
    `tools/test` runs for a bounded time.

    Args:
      name: of the cc_test.
      srcs: sources that define LLVMFuzzerTestOneInput.
      deps: what they use.
      corpus: labels of the inputs to start from.
      size: of the test.
      tags: more tags; `fuzz` is always there.
    """
    native.cc_test(
        name = name,
        size = size,
        srcs = srcs + select({
            "//tools/bazel:fuzzing": [],
            "//conditions:default": ["//tools/bazel:fuzz_replay.cc"],
        }),
        args = select({
            "//tools/bazel:fuzzing": [
                "-runs=2000",
                "-rss_limit_mb=1024",
            ],
            "//conditions:default": [],
        }) + ["$(locations %s)" % label for label in corpus],
        data = corpus,
        linkopts = select({
            "//tools/bazel:fuzzing": ["-fsanitize=fuzzer"],
            "//conditions:default": [],
        }),
        tags = tags + ["fuzz"],
        deps = deps,
    )
