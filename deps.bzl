# SPDX-License-Identifier: Apache-2.0
"""dtls13_dependencies: all that a WORKSPACE which uses @dtls13 needs beside it."""

load("//tools/bazel:compiler_options.bzl", "compiler_options")
load("//tools/bazel:system_library.bzl", "inline_repository", "system_library")

# Bazel's own BUILD files load rules_cc, of which Debian's does not load on Bazel 4.2.3. Ours only has to
# hand on the native rules.
_RULES_CC = """
cc_binary = native.cc_binary
cc_import = native.cc_import
cc_library = native.cc_library
cc_proto_library = native.cc_proto_library
cc_test = native.cc_test
cc_toolchain = native.cc_toolchain
cc_toolchain_suite = native.cc_toolchain_suite
"""

# Any cc_test depends on the coverage collector, whether or not coverage is asked for.
_COVERAGE_TOOLS = """
filegroup(
    name = "coverage_report_generator",
    visibility = ["//visibility:public"],
)
"""

# What Bazel itself loads and Debian packages.
_BAZELS_OWN = {
    "platforms": "/usr/share/bazel/platforms",
    "rules_java": "/usr/share/bazel/rules/java",
    "rules_proto": "/usr/share/bazel/rules/proto",
}

# Repository to Debian package and pkg-config's modules by target.
_LIBRARIES = {
    "abseil": ("libabsl-dev", {
        "base": "absl_base",
        "bits": "absl_bits",
        "cleanup": "absl_cleanup",
        "fixed_array": "absl_fixed_array",
        "flat_hash_map": "absl_flat_hash_map",
        "flat_hash_set": "absl_flat_hash_set",
        "hash": "absl_hash",
        "inlined_vector": "absl_inlined_vector",
        "status": "absl_status",
        "statusor": "absl_statusor",
        "str_format": "absl_str_format",
        "strings": "absl_strings",
        "synchronization": "absl_synchronization",
        "time": "absl_time",
    }),
    "googletest": ("libgtest-dev and libgmock-dev", {
        "gmock": "gmock",
        "gtest": "gtest",
        "gtest_main": "gtest_main",
    }),
    "hiredis": ("libhiredis-dev", {"hiredis": "hiredis"}),
    "openssl": ("libssl-dev", {
        "crypto": "libcrypto",
        "ssl": "libssl",
    }),
    # A client of Kafka, and for tests a cluster of brokers inside a process.
    "rdkafka": ("librdkafka-dev", {"rdkafka": "rdkafka"}),
    "zlib": ("zlib1g-dev", {"z": "zlib"}),
}

def system_repositories(declared = {}):
    """Declares what of the system @dtls13 uses, for WORKSPACE and for MODULE.bazel.

    All of them come from the installed system, so a build never reaches for the network, and only what is built
    has to be installed.

    Args:
      declared: by name, repositories that are there already and stay as they are.
    """
    if "compiler_options" not in declared:
        compiler_options(name = "compiler_options")
    for name, (debian_package, modules) in _LIBRARIES.items():
        if name not in declared:
            system_library(name = name, debian_package = debian_package, modules = modules)

def dtls13_dependencies():
    """Declares the repositories that @dtls13 uses, but for those that the WORKSPACE has by then."""
    declared = native.existing_rules()
    for name, path in _BAZELS_OWN.items():
        if name not in declared:
            native.local_repository(name = name, path = path)
    if "rules_cc" not in declared:
        inline_repository(name = "rules_cc", files = {"cc/BUILD": "", "cc/defs.bzl": _RULES_CC})
    if "remote_coverage_tools" not in declared:
        inline_repository(name = "remote_coverage_tools", files = {"BUILD": _COVERAGE_TOOLS})
    system_repositories(declared)
