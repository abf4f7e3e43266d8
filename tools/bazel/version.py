# SPDX-License-Identifier: Apache-2.0
"""The version of tools/bazel/version.bzl, for tools in Python."""

import os
import re


def version():
    path = os.path.join(os.path.dirname(os.path.realpath(__file__)), "version.bzl")
    with open(path, encoding="utf-8") as file:
        return re.search(r'^DTLS13_VERSION = "(.*)"$', file.read(), re.MULTILINE).group(1)
