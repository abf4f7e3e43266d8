# SPDX-License-Identifier: Apache-2.0
"""The sequence of messages that the peer programs (peer.c) send: the same bytes, so that a program between two pipes can
be checked without a word from it."""

import functools

MAX_LEN = 1350
START = b"m: dtls13 interop start\n"


def message_len(index):
    if index == 0:
        return 64
    if index == 1:
        return MAX_LEN
    if index == 2:
        return 1
    return index * 7919 % MAX_LEN + 1


@functools.lru_cache(maxsize=None)
def make_message(index):
    state = (index * 2654435761 + 1) & 0xFFFFFFFF
    message = bytearray()
    for _ in range(message_len(index)):
        state ^= (state << 13) & 0xFFFFFFFF
        state ^= state >> 17
        state ^= (state << 5) & 0xFFFFFFFF
        message.append(state & 0xFF)
    message[0] = ord("m")
    if index == 0:
        message[: len(START)] = START
    return bytes(message)
