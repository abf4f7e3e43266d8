# SPDX-License-Identifier: Apache-2.0
"""The figures in what a benchmark prints, and the ratios between two of its builds."""

import re
import statistics

# A number by itself, perhaps with a unit grown to it: 41.7, -0.3, 64, 70.7%.
NUMBER = re.compile(r"^[-+]?\d+(?:\.\d+)?%?$")
# Below this a figure is rounding more than measurement, and a ratio of two says nothing.
SMALLEST = 0.05


def rows(output):
    """Maps (label, which of its lines) to the numbers of each line that has any.

    The label is what is left of a line without its numbers. Lines of one label are told apart by their order,
    as those of a suite for each size of record are.
    """
    found = {}
    num_of = {}
    for line in output.splitlines():
        words = line.split()
        numbers = [float(word.rstrip("%")) for word in words if NUMBER.match(word)]
        if not numbers:
            continue
        label = " ".join(word for word in words if not NUMBER.match(word))
        num_of[label] = num_of.get(label, 0) + 1
        found[label, num_of[label]] = numbers
    return found


def headings(output):
    """The lines without a number, which name the columns."""
    return [line.strip() for line in output.splitlines()
            if line.strip() and not any(NUMBER.match(word) for word in line.split())]


def is_given(values):
    """Whether a column is what was asked for, the size of a record for example, and not what was measured."""
    return len(set(values)) == 1


class Ratio:
    """A figure of the tree beside the same of the revision: the median of the runs' ratios, and how far they lie apart."""

    def __init__(self, theirs, ours):
        ratios = [b / a for a, b in zip(theirs, ours)]
        self.median = statistics.median(ratios)
        self.least = min(ratios)
        self.most = max(ratios)

    def __str__(self):
        return "%.3f [%.3f %.3f]" % (self.median, self.least, self.most)


def compare(theirs, ours):
    """Yields (label, what was given, [Ratio or None for each figure]) of two lists of outputs, run in turn.

    None stands for a figure too small for a ratio. A line that some output lacks, or that has another number of
    numbers there, is left out: `unpaired` names it.
    """
    parsed = [rows(output) for output in theirs + ours]
    for key in parsed[0]:
        lines = [found.get(key) for found in parsed]
        if None in lines or len({len(line) for line in lines}) != 1:
            continue
        given, ratios = [], []
        for column in zip(*lines):
            if is_given(column):
                given.append("%g" % column[0])
            elif min(abs(value) for value in column) < SMALLEST:
                ratios.append(None)
            else:
                ratios.append(Ratio(column[:len(theirs)], column[len(theirs):]))
        if ratios:
            yield key[0], given, ratios


def unpaired(theirs, ours):
    """The labels of lines that only some of the outputs have, or with other columns."""
    parsed = [rows(output) for output in theirs + ours]
    keys = {}
    for found in parsed:
        for key, numbers in found.items():
            keys.setdefault(key, []).append(len(numbers))
    return sorted({key[0] for key, lens in keys.items() if len(lens) != len(parsed) or len(set(lens)) != 1})
