# SPDX-License-Identifier: Apache-2.0
"""The version of all that this tree makes, in its one place."""

# What is read from here: dtls13_version(), the library's SONAME, and --version of every tool.
DTLS13_VERSION = "0.1.0"
