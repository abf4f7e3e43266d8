# SPDX-License-Identifier: Apache-2.0
"""Says which room of the tree may include which, and names each #include that goes another way.

Bazel's visibility says which package may depend on which. This reads the #include lines, so that a header reached by
another path, or a system library's, is found too.
"""

import re

CORE = ("dtls13/wire", "dtls13/crypto", "dtls13/message", "dtls13/session")

# The headers of Association and Endpoint, which dtls13/association and dtls13/endpoint implement for those who include only these.
INTERFACE = "the interface of Association"
INTERFACE_HEADERS = (
    "dtls13/association.h",
    "dtls13/association_config.h",
    "dtls13/association_facts.h",
    "dtls13/endpoint.h",
    "dtls13/event.h",
    "dtls13/path_id.h",
    "dtls13/path_validation.h",
    "dtls13/record_sizing.h",
)

# What the facade's headers show of the rooms behind it is the shim's to name; records and associations it only drives.
SHOWN = ("dtls13", INTERFACE, "dtls13/flight", "dtls13/handshake", "dtls13/listener") + CORE

# A room, and the rooms that it may include; itself it may always. A room is a folder with all that lies in it and has
# no room of its own. A test may include anything.
ARROWS = {
    "dtls13/wire": (),
    "dtls13/crypto": ("dtls13/wire",),
    "dtls13/record": ("dtls13/crypto", "dtls13/wire"),
    "dtls13/flight": ("dtls13/wire",),
    "dtls13/message": ("dtls13/crypto", "dtls13/wire"),
    "dtls13/session": ("dtls13/message", "dtls13/crypto", "dtls13/wire"),
    "dtls13/handshake": CORE,
    "dtls13/listener": ("dtls13/handshake", "dtls13/flight") + CORE,
    INTERFACE: ("dtls13/handshake", "dtls13/flight", "dtls13/record") + CORE,
    "dtls13/association": (INTERFACE, "dtls13/handshake", "dtls13/flight", "dtls13/record") + CORE,
    "dtls13": (INTERFACE, "dtls13/association", "dtls13/listener", "dtls13/handshake", "dtls13/flight") + CORE,
    "dtls13/endpoint": ("dtls13", INTERFACE, "dtls13/listener", "dtls13/handshake") + CORE,
    "dtls13/udp": ("dtls13", INTERFACE) + CORE,
    "provider": ("dtls13/crypto", "dtls13/wire"),
    "shim/libssl": ("provider",) + SHOWN,
    "shim/bio": ("shim/libssl",) + SHOWN,
    "shim/attachment": ("shim/bio", "shim/libssl") + SHOWN,
    "shim/fallback": ("shim/attachment", "shim/bio", "shim/libssl") + SHOWN,
    "shim/answer": ("shim/attachment", "shim/bio", "shim/libssl") + SHOWN,
    "shim/drive": ("shim/answer", "shim/fallback", "shim/attachment", "shim/bio", "shim/libssl") + SHOWN,
    "shim/interpose": ("shim/libssl",) + SHOWN,
    "shim/entry": ("provider", "shim/interpose", "shim/drive", "shim/answer", "shim/fallback", "shim/attachment", "shim/bio", "shim/libssl") + SHOWN,
    # Pairs of SSLs, for tests and measurements alone.
    "shim/testing": ("shim/bio", "shim/libssl") + SHOWN,
    # Its configuration, and what its events show, are of the rooms behind Endpoint; records and associations it has none.
    "udp_notif": ("dtls13", INTERFACE, "dtls13/crypto", "dtls13/session", "dtls13/wire"),
    "examples": ("dtls13", INTERFACE, "dtls13/crypto", "dtls13/session", "dtls13/wire"),
    "tests": (),
    "tools/bazel": (),
    "tools/dtls13": ("tools/dtls13_cli", "shim/libssl", "dtls13"),
    "tools/charts": (),
    "tools/query": ("tools/charts", "tools/dtls13_cli") + SHOWN,
    "tools/dtls13_cli": ("dtls13/record",) + SHOWN,
    "tools/udp_notif": ("udp_notif", "tools/dtls13_cli", "dtls13", INTERFACE, "dtls13/wire"),
    "tools/bench": ("tools/charts", "dtls13/record", "dtls13/udp", "shim/libssl", "shim/testing", "tests") + SHOWN,
}

# The folders below which a file may include libcrypto's headers, and libssl's. Tests may.
LIBCRYPTO = ("dtls13/crypto", "provider", "shim", "tools/bench")
LIBSSL = ("shim",)
LIBSSL_HEADERS = ("dtls1.h", "srtp.h", "ssl.h", "ssl2.h", "ssl3.h", "sslerr.h", "tls1.h")

_INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def includes(lines):
    """Yields the line, the header and whether it stands in quotation marks, of each #include."""
    for number, line in enumerate(lines, 1):
        match = _INCLUDE.match(line)
        if match:
            yield number, match.group(2), match.group(1) == '"'


def is_test(path):
    return path.startswith("tests/") or re.search(r"_(test|test_util|fuzz)\.(cc|c|h)$", path) is not None


def room_of(path):
    """The room that `path` lies in, or None."""
    if path in INTERFACE_HEADERS:
        return INTERFACE
    folder = path.rpartition("/")[0]
    while folder and folder not in ARROWS:
        folder = folder.rpartition("/")[0]
    return folder or None


def cycle(arrows):
    """The rooms of a cycle in `arrows`, the first again at the end; empty where there is none."""
    finished = set()

    def visit(room, trail):
        if room in trail:
            return trail[trail.index(room):] + [room]
        if room not in finished:
            for target in arrows[room]:
                found = visit(target, trail + [room])
                if found:
                    return found
            finished.add(room)
        return []

    for room in arrows:
        found = visit(room, [])
        if found:
            return found
    return []


def table_faults(arrows):
    for room, targets in arrows.items():
        for target in targets:
            if target not in arrows:
                yield "arrows.py: %s may include %s, which is no room of the table" % (room, target)
                return
    found = cycle(arrows)
    if found:
        yield "arrows.py: the rooms go round: " + " -> ".join(found)


def _is_below(path, folders):
    return any(path.startswith(folder + "/") for folder in folders)


def _include_fault(path, header):
    """Why `path` may not include `header`, or None."""
    if is_test(path):
        return None
    if header.startswith("openssl/"):
        if not _is_below(path, LIBCRYPTO):
            return "libcrypto's headers are seen only below " + ", ".join(LIBCRYPTO)
        if header[len("openssl/"):] in LIBSSL_HEADERS and not _is_below(path, LIBSSL):
            return "libssl's headers are seen only below " + ", ".join(LIBSSL)
        return None
    room, target = room_of(path), room_of(header)
    if target is None or target == room or target in ARROWS[room]:
        return None
    return "%s may not include %s" % (room, target)


def include_faults(path, lines):
    """Yields a fault for each #include of the file `path` that no arrow allows."""
    if not is_test(path) and room_of(path) is None:
        yield "%s: lies in no room; give its folder a row in tools/layers/arrows.py" % path
        return
    for number, header, _ in includes(lines):
        fault = _include_fault(path, header)
        if fault:
            yield "%s:%d: includes %s: %s" % (path, number, header, fault)
