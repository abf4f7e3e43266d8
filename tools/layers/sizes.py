# SPDX-License-Identifier: Apache-2.0
"""Names each source, function and class that is longer than a reader can hold in mind."""

import collections
import os

from layers import cpp_scanner
from layers.arrows import is_test

Limits = collections.namedtuple("Limits", "source_lines function_lines class_members")

PRODUCT = Limits(source_lines=800, function_lines=80, class_members=25)
# A test's table of cases is one list, and what a program can be told is one struct.
TESTS = Limits(source_lines=1200, function_lines=120, class_members=40)


def size_faults(path, text):
    """Yields a fault for each size of the file `path` that is over its limit; a header may have any length."""
    limits = TESTS if is_test(path) else PRODUCT
    num_lines = text.count("\n")
    if os.path.splitext(path)[1] != ".h" and num_lines > limits.source_lines:
        yield "%s: has %d lines, at most %d; split it by what it is about" % (path, num_lines, limits.source_lines)
    try:
        functions, classes = cpp_scanner.scan(text)
    except cpp_scanner.Unreadable as error:
        yield "%s: cannot be read: %s" % (path, error)
        return
    for function in functions:
        length = function.last - function.first + 1
        if length > limits.function_lines:
            yield "%s:%d: %s has %d lines, at most %d; bring out its steps" % (
                path, function.first, function.name, length, limits.function_lines)
    for found in classes:
        if found.num_members > limits.class_members:
            yield "%s:%d: %s has %d data members, at most %d; bring out the part that owns some of them" % (
                path, found.line, found.name, found.num_members, limits.class_members)
