# SPDX-License-Identifier: Apache-2.0
"""A repository with the options that only some compilers and assemblers take, found by trying them."""

# Where a record's branches come to lie is worth 2 to 4 percent of its time on Intel's cores, and
# moves with every change elsewhere in a file. `bazel run -c opt //tools/bench:record` shows it.
_BRANCH_LAYOUT = [
    "-falign-functions=64",
    "-falign-jumps=32",
    "-falign-loops=32",
    "-Wa,-mbranches-within-32B-boundaries",
]

def _is_taken(ctx, compiler, option):
    """Says whether `compiler` and its assembler make an object file with `option`, without a word."""
    result = ctx.execute([compiler, "-Werror", option, "-c", "-o", "probe.o", "probe.c"])
    return result.return_code == 0

def _compiler_options_impl(ctx):
    ctx.file("BUILD", "")
    ctx.file("probe.c", "int main(void) { return 0; }\n")
    compiler = ctx.which(ctx.os.environ.get("CC") or "gcc")

    # They belong together: each alone moves what the others put in its place.
    taken = compiler and all([_is_taken(ctx, compiler, option) for option in _BRANCH_LAYOUT])
    ctx.file("options.bzl", "BRANCH_LAYOUT = %r\n" % (_BRANCH_LAYOUT if taken else []))

compiler_options = repository_rule(
    implementation = _compiler_options_impl,
    doc = "options.bzl, with BRANCH_LAYOUT: where branches and their targets lie, or nothing.",
    configure = True,
    environ = ["CC", "PATH"],
    local = True,
)
