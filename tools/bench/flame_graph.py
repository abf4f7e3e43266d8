#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws what `perf script` prints as a flame graph, one SVG without scripts in it:

    perf record -e cpu-clock --call-graph dwarf,8192 -o /tmp/profile \\
        bazel-bin/tools/bench/handshake --profile "X25519, ECDSA" 5000
    perf script -i /tmp/profile | tools/bench/flame_graph.py --root Finish,Start \\
        --title "A full handshake, both sides" > docs/performance/handshake.svg

Each box is a function, as wide as its share of the samples; what it calls stands on it. Names of
functions that libcrypto does not export are unknown to perf: they are drawn as "libcrypto".
"""

import argparse
import html
import re
import sys
from dataclasses import dataclass, field

WIDTH = 1200
ROW_HEIGHT = 17
MARGIN = 10
HEADER_HEIGHT = 62
CHARACTER_WIDTH = 6.4
SMALLEST_SHARE = 0.002  # of all samples: what is narrower is not drawn

# Whose code a function is, by the file it lies in or its name, and what it is filled with.
OWNERS = (
    ("public-key operations", "#e0a458"),
    ("libcrypto, the rest", "#f2d7a6"),
    ("dtls13", "#7fb2d9"),
    ("libc, libstdc++, kernel", "#c9c9c9"),
)

# Calls of libcrypto's that are the public-key operations themselves.
PUBLIC_KEY_CALLS = frozenset(
    ("EVP_PKEY_generate", "EVP_PKEY_derive", "EVP_PKEY_encapsulate", "EVP_PKEY_decapsulate",
     "EVP_PKEY_verify", "EVP_DigestSign", "EVP_DigestSignFinal", "EVP_DigestVerify",
     "EVP_DigestVerifyFinal"))

# A call that ends in a jump leaves no frame: which one it was, by its caller.
JUMPS = {
    "DeriveDiffieHellman": "EVP_PKEY_derive",
    "VerifyDigest": "EVP_PKEY_verify",
    "VerifySignature": "EVP_PKEY_verify",
}


@dataclass(frozen=True)
class Frame:
    """A function, and whose it is: an index of OWNERS."""

    name: str
    owner: int


@dataclass
class Node:
    """A function in one place of the graph, with how many samples met it there."""

    num_samples: int = 0
    children: dict = field(default_factory=dict)

    def add(self, frames):
        node = self
        node.num_samples += 1
        for frame in frames:
            node = node.children.setdefault(frame, Node())
            node.num_samples += 1

    def depth(self, smallest):
        drawn = [child for child in self.children.values() if child.num_samples >= smallest]
        return 1 + max((child.depth(smallest) for child in drawn), default=0)


def plain_name(symbol):
    """A C++ symbol without namespaces' noise, template arguments and parameters."""
    symbol = symbol.replace("(anonymous namespace)::", "").replace("dtls13::", "")
    before = None
    while before != symbol:
        before = symbol
        symbol = re.sub(r"<[^<>]*>", "", symbol)
    return symbol.split("(")[0].strip() or symbol


def owner_of(symbol, file):
    if "dtls13::" in symbol:
        return 2
    return 1 if "libcrypto" in file else 3


def read_stacks(lines):
    """Yields each sample's frames, outermost first."""
    stack = []
    for line in lines:
        match = re.match(r"\s+[0-9a-f]+ (.*) \((.*)\)$", line)
        if match:
            symbol = re.sub(r"\+0x[0-9a-f]+$", "", match.group(1))
            owner = owner_of(symbol, match.group(2))
            name = plain_name(symbol)
            if name == "[unknown]":
                name = "libcrypto" if owner == 1 else "unknown"
            stack.append(Frame(name, owner))
        elif not line.strip() and stack:
            yield stack[::-1]
            stack = []
    if stack:
        yield stack[::-1]


def below_root(stack, roots):
    """The frames from the first whose last part of the name is among `roots` on; none without."""
    for i, frame in enumerate(stack):
        if frame.name.split("::")[-1] in roots:
            return stack[i:]
    return []


def tidy(stack):
    """Marks the public-key operations, and joins neighbours of one name."""
    frames = []
    in_public_key = False
    for frame in stack:
        if frame.name == "libcrypto" and frames and frames[-1].name in JUMPS:
            frame = Frame(JUMPS[frames[-1].name], frame.owner)
        in_public_key = in_public_key or frame.name in PUBLIC_KEY_CALLS
        if in_public_key:
            frame = Frame(frame.name, 0)
        if not frames or frames[-1].name != frame.name:
            frames.append(frame)
    return frames


def shares_by_owner(node, totals):
    """Adds each sample to the owner of its innermost frame."""
    for frame, child in node.children.items():
        own = child.num_samples - sum(c.num_samples for c in child.children.values())
        totals[frame.owner] += own
        shares_by_owner(child, totals)
    return totals


class Drawing:
    """The SVG while it is written."""

    def __init__(self, root, title):
        self._total = root.num_samples
        self._smallest = max(1, SMALLEST_SHARE * self._total)
        self._rows = root.depth(self._smallest) - 1
        self._height = HEADER_HEIGHT + self._rows * ROW_HEIGHT + MARGIN
        self._out = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self._height}" '
            f'width="{WIDTH}" height="{self._height}" font-family="sans-serif" font-size="11">',
            f'<rect width="{WIDTH}" height="{self._height}" fill="#ffffff"/>',
            f'<text x="{MARGIN}" y="22" font-size="15">{html.escape(title)}</text>',
        ]
        self._legend(shares_by_owner(root, [0] * len(OWNERS)))
        self._children(root, MARGIN, 0)
        self._out.append("</svg>")

    def text(self):
        return "\n".join(self._out) + "\n"

    def _legend(self, totals):
        x = MARGIN
        for (owner, color), num_samples in zip(OWNERS, totals):
            label = f"{owner}: {100 * num_samples / self._total:.1f} %"
            self._out.append(f'<rect x="{x}" y="34" width="12" height="12" fill="{color}"/>')
            self._out.append(f'<text x="{x + 17}" y="44">{label}</text>')
            x += 34 + CHARACTER_WIDTH * len(label)

    def _children(self, node, x, row):
        scale = (WIDTH - 2 * MARGIN) / self._total
        for frame, child in sorted(node.children.items(), key=lambda item: item[0].name):
            width = child.num_samples * scale
            if child.num_samples >= self._smallest:
                self._box(frame, child, x, width, row)
                self._children(child, x, row + 1)
            x += width

    def _box(self, frame, node, x, width, row):
        y = self._height - MARGIN - (row + 1) * ROW_HEIGHT
        share = f"{100 * node.num_samples / self._total:.1f} %"
        name = html.escape(frame.name)
        room = int((width - 4) / CHARACTER_WIDTH)
        label = frame.name if len(frame.name) <= room else frame.name.split("::")[-1]
        label = label if len(label) <= room else (label[:room - 1] + "…" if room > 3 else "")
        self._out.append(
            f'<g><title>{name}: {share}</title><rect x="{x:.1f}" y="{y}" '
            f'width="{max(width - 0.4, 0.4):.1f}" height="{ROW_HEIGHT - 1}" '
            f'fill="{OWNERS[frame.owner][1]}"/>' +
            (f'<text x="{x + 3:.1f}" y="{y + 12}">{html.escape(label)}</text>' if label else "") +
            "</g>")


def draw(lines, roots, title):
    """Returns the SVG; None where no sample has a frame among `roots`."""
    root = Node()
    for stack in read_stacks(lines):
        frames = tidy(below_root(stack, roots))
        if frames:
            root.add(frames)
    return Drawing(root, title).text() if root.num_samples else None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--root", required=True, help="functions to draw, separated by commas")
    parser.add_argument("--title", default="")
    options = parser.parse_args()
    svg = draw(sys.stdin, frozenset(options.root.split(",")), options.title)
    if svg is None:
        sys.exit("flame_graph.py: no sample has a function of these names")
    sys.stdout.write(svg)


if __name__ == "__main__":
    main()
