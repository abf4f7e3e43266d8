# SPDX-License-Identifier: Apache-2.0
"""Repositories made of what the system has installed, found through pkg-config.

PKG_CONFIG_PATH chooses another copy, for example an OpenSSL below /opt:

    PKG_CONFIG_PATH=/opt/openssl-3.5/lib/pkgconfig bazel test //...
"""

_PKG_CONFIG_ENVIRONMENT = [
    "PATH",
    "PKG_CONFIG_LIBDIR",
    "PKG_CONFIG_PATH",
    "PKG_CONFIG_SYSROOT_DIR",
]

_LIBRARY = """
cc_library(
    name = "{name}",
    linkopts = {linkopts},
    deps = [":headers"],
)
"""

_BUILD = """package(default_visibility = ["//visibility:public"])

# The headers alone: nothing is linked.
cc_library(
    name = "headers",
    hdrs = glob({patterns}),
    includes = {includes},
)
"""

def _pkg_config(ctx, *arguments):
    """Returns the words pkg-config prints, or stops with a sentence that names the package."""
    tool = ctx.which("pkg-config")
    if not tool:
        fail("pkg-config is not installed: apt-get install pkg-config")
    result = ctx.execute([tool] + list(arguments))
    if result.return_code != 0:
        fail("pkg-config does not know %s. Install %s, or point PKG_CONFIG_PATH at it.\n%s" %
             (arguments[-1], ctx.attr.debian_package, result.stderr.strip()))
    return [word for word in result.stdout.strip().split(" ") if word]

def _system_library_impl(ctx):
    # pkg-config leaves out the system's own directories, so these lists are empty in the usual case.
    include_dirs = []
    libraries = ""
    for name, module in ctx.attr.modules.items():
        for flag in _pkg_config(ctx, "--cflags-only-I", module):
            if flag[2:] not in include_dirs:
                include_dirs.append(flag[2:])
        linkopts = []
        for flag in _pkg_config(ctx, "--libs", module):
            linkopts.append(flag)
            if flag.startswith("-L"):
                linkopts.append("-Wl,-rpath," + flag[2:])
        libraries += _LIBRARY.format(name = name, linkopts = repr(linkopts))

    # Symlinked, because Bazel lets a rule include only what lies inside its repository.
    includes = []
    for index, include_dir in enumerate(include_dirs):
        link = "include_%d" % index
        ctx.symlink(include_dir, link)
        includes.append(link)
    ctx.file("BUILD", _BUILD.format(
        includes = repr(includes),
        patterns = repr([link + "/**/*.h" for link in includes]),
    ) + libraries)

system_library = repository_rule(
    implementation = _system_library_impl,
    doc = "One cc_library for each pkg-config module, and `headers`, which links nothing.",
    attrs = {
        "debian_package": attr.string(
            mandatory = True,
            doc = "What to install when a module is missing.",
        ),
        "modules": attr.string_dict(
            mandatory = True,
            doc = "Target name to pkg-config module.",
        ),
    },
    configure = True,
    environ = _PKG_CONFIG_ENVIRONMENT,
    local = True,
)

def _inline_repository_impl(ctx):
    ctx.file("BUILD", "")
    for path, content in ctx.attr.files.items():
        ctx.file(path, content)

inline_repository = repository_rule(
    implementation = _inline_repository_impl,
    doc = "A repository whose few files stand where it is declared.",
    attrs = {"files": attr.string_dict(mandatory = True, doc = "Path to content.")},
)
