# SPDX-License-Identifier: Apache-2.0
"""system_libraries: the repositories of deps.bzl for MODULE.bazel.

A file of its own, since Bazel 4 reads deps.bzl and knows no module_extension.
"""

load("//:deps.bzl", "system_repositories")

def _system_libraries_impl(_module_ctx):
    system_repositories()

system_libraries = module_extension(
    implementation = _system_libraries_impl,
    doc = "What is installed, by pkg-config, and what the compiler takes.",
)
