#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints known_answers.h: what RFC 9147 makes of fixed secrets and records.

Nothing of this tree and nothing of OpenSSL takes part. AES, GCM, ChaCha20 and Poly1305 are written out here from FIPS
197, SP 800-38D and RFC 8439; SHA-2 is Python's own. Each is held against the vectors that those documents print,
HKDF-Expand-Label against the ones of RFC 8448, before anything is derived.

  provider/known_answers.py > provider/known_answers.h     write it anew
  provider/known_answers.py --check provider/known_answers.h
"""

import hashlib
import hmac
import sys

sys.dont_write_bytecode = True


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


# --- FIPS 197

def _double(value):
    return (value << 1) ^ (0x11b if value & 0x80 else 0)


def _times(a, b):
    product = 0
    while b:
        if b & 1:
            product ^= a
        a, b = _double(a), b >> 1
    return product


def _substitution_box():
    box = []
    for value in range(256):
        inverse = next((x for x in range(256) if _times(value, x) == 1), 0)
        result = 0x63
        for shift in range(5):
            result ^= ((inverse << shift) | (inverse >> (8 - shift))) & 0xff
        box.append(result)
    return box


SBOX = _substitution_box()


def _expand_key(key):
    words = [list(key[i:i + 4]) for i in range(0, len(key), 4)]
    num_words, constant = len(words), 1
    for i in range(num_words, 4 * (num_words + 7)):
        word = words[-1]
        if i % num_words == 0:
            word = [SBOX[byte] for byte in word[1:] + word[:1]]
            word[0] ^= constant
            constant = _double(constant)
        elif num_words > 6 and i % num_words == 4:
            word = [SBOX[byte] for byte in word]
        words.append([a ^ b for a, b in zip(words[i - num_words], word)])
    return [bytes(sum(words[i:i + 4], [])) for i in range(0, len(words), 4)]


def aes(key, block):
    keys = _expand_key(key)
    state = xor(block, keys[0])
    for round_key in keys[1:]:
        state = [SBOX[byte] for byte in state]
        state = [state[(i + 4 * (i % 4)) % 16] for i in range(16)]
        if round_key is not keys[-1]:
            mixed = []
            for i in range(0, 16, 4):
                column = state[i:i + 4]
                for j in range(4):
                    a, b, c, d = (column[(j + k) % 4] for k in range(4))
                    mixed.append(_double(a) ^ _double(b) ^ b ^ c ^ d)
            state = mixed
        state = xor(state, round_key)
    return state


# --- SP 800-38D

def _ghash(key, data):
    reduction = 0xe1 << 120
    h, y = int.from_bytes(key, "big"), 0
    for i in range(0, len(data), 16):
        y ^= int.from_bytes(data[i:i + 16], "big")
        z, v = 0, h
        for bit in range(127, -1, -1):
            if y >> bit & 1:
                z ^= v
            v = (v >> 1) ^ (reduction if v & 1 else 0)
        y = z
    return y.to_bytes(16, "big")


def _pad(data):
    return data + bytes(-len(data) % 16)


def aes_gcm(key, nonce, aad, plaintext):
    def counter(number):
        return aes(key, nonce + number.to_bytes(4, "big"))

    ciphertext = b"".join(xor(plaintext[i:i + 16], counter(2 + i // 16)) for i in range(0, len(plaintext), 16))
    lengths = (8 * len(aad)).to_bytes(8, "big") + (8 * len(ciphertext)).to_bytes(8, "big")
    tag = xor(_ghash(aes(key, bytes(16)), _pad(aad) + _pad(ciphertext) + lengths), counter(1))
    return ciphertext + tag


# --- RFC 8439

def chacha20_block(key, counter, nonce):
    initial = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574]
    text = key + counter.to_bytes(4, "little") + nonce
    initial += [int.from_bytes(text[i:i + 4], "little") for i in range(0, 48, 4)]
    state = list(initial)

    def add_rotate(a, b, c, bits):
        state[a] = (state[a] + state[b]) & 0xffffffff
        mixed = state[c] ^ state[a]
        state[c] = ((mixed << bits) | (mixed >> (32 - bits))) & 0xffffffff

    def quarter(a, b, c, d):
        add_rotate(a, b, d, 16)
        add_rotate(c, d, b, 12)
        add_rotate(a, b, d, 8)
        add_rotate(c, d, b, 7)

    for _ in range(10):
        for i in range(4):
            quarter(i, 4 + i, 8 + i, 12 + i)
        for i in range(4):
            quarter(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    return b"".join(((a + b) & 0xffffffff).to_bytes(4, "little") for a, b in zip(state, initial))


def poly1305(key, data):
    r = int.from_bytes(key[:16], "little") & 0x0ffffffc0ffffffc0ffffffc0fffffff
    total = 0
    for i in range(0, len(data), 16):
        total = (total + int.from_bytes(data[i:i + 16] + b"\x01", "little")) * r % ((1 << 130) - 5)
    return ((total + int.from_bytes(key[16:32], "little")) % (1 << 128)).to_bytes(16, "little")


def chacha20_poly1305(key, nonce, aad, plaintext):
    ciphertext = b"".join(xor(plaintext[i:i + 64], chacha20_block(key, 1 + i // 64, nonce))
                          for i in range(0, len(plaintext), 64))
    lengths = len(aad).to_bytes(8, "little") + len(ciphertext).to_bytes(8, "little")
    tag = poly1305(chacha20_block(key, 0, nonce)[:32], _pad(aad) + _pad(ciphertext) + lengths)
    return ciphertext + tag


# --- RFC 5869, RFC 8446 section 7.1 with the prefix of RFC 9147 section 5.9

def hkdf_extract(digest, salt, key):
    return hmac.new(salt, key, digest).digest()


def expand_label(digest, secret, label, context, length, prefix=b"dtls13"):
    label = prefix + label
    info = length.to_bytes(2, "big") + bytes([len(label)]) + label + bytes([len(context)]) + context
    out, block, counter = b"", b"", 1
    while len(out) < length:
        block = hmac.new(secret, block + info + bytes([counter]), digest).digest()
        out, counter = out + block, counter + 1
    return out[:length]


# --- RFC 9147 sections 4 and 4.2.3

def mask(suite, sn_key, sample):
    if suite["chacha"]:
        return chacha20_block(sn_key, int.from_bytes(sample[:4], "little"), sample[4:16])[:2]
    return aes(sn_key, sample)[:2]


def seal(suite, keys, number, first_byte, connection_id, inner):
    """The record before and after: (header in the clear + inner + room for the tag, record, header's length)."""
    number_len = 2 if first_byte & 8 else 1
    header = bytes([first_byte]) + connection_id + number.to_bytes(8, "big")[-number_len:]
    number_at = 1 + len(connection_id)
    if first_byte & 4:
        header += (len(inner) + 16).to_bytes(2, "big")
    nonce = xor(keys["iv"], bytes(4) + number.to_bytes(8, "big"))
    encrypt = chacha20_poly1305 if suite["chacha"] else aes_gcm
    sealed = encrypt(keys["key"], nonce, header, inner)
    hidden = bytearray(header)
    for i, byte in enumerate(mask(suite, keys["sn"], sealed[:16])[:number_len]):
        hidden[number_at + i] ^= byte
    return header + inner + bytes(16), bytes(hidden) + sealed, len(header)


# --- The documents' own vectors

def check_primitives():
    unhex = bytes.fromhex
    # FIPS 197 appendix C.1 and C.3.
    block = unhex("00112233445566778899aabbccddeeff")
    assert aes(bytes(range(16)), block) == unhex("69c4e0d86a7b0430d8cdb78070b4c55a")
    assert aes(bytes(range(32)), block) == unhex("8ea2b7ca516745bfeafc49904b496089")
    # McGrew and Viega's GCM specification, test cases 4 and 16.
    plaintext = unhex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b5"
                      "25b16aedf5aa0de657ba637b39")
    aad, nonce = unhex("feedfacedeadbeeffeedfacedeadbeefabaddad2"), unhex("cafebabefacedbaddecaf888")
    key = unhex("feffe9928665731c6d6a8f9467308308")
    assert aes_gcm(key, nonce, aad, plaintext)[-16:] == unhex("5bc94fbc3221a5db94fae95ae7121a47")
    assert aes_gcm(key + key, nonce, aad, plaintext)[-16:] == unhex("76fc6ece0f4e1768cddf8853bb2d551b")
    # RFC 8439 sections 2.3.2 and 2.8.2.
    assert chacha20_block(bytes(range(32)), 1, unhex("000000090000004a00000000"))[:16] == unhex(
        "10f1e7e4d13b5915500fdd1fa32071c4")
    sunscreen = (b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
                 b"sunscreen would be it.")
    assert chacha20_poly1305(bytes(range(0x80, 0xa0)), unhex("070000004041424344454647"),
                             unhex("50515253c0c1c2c3c4c5c6c7"), sunscreen)[-16:] == unhex(
                                 "1ae10b594f09e26a7e902ecbd0600691")
    # RFC 8448 section 3: the early secret, the one derived from it, and the server's handshake keys.
    early = hkdf_extract("sha256", b"", bytes(32))
    assert early == unhex("33ad0a1c607ec03b09e6cd9893680ce210adf300aa1f2660e1b22e10f170f92a")
    nothing = hashlib.sha256(b"").digest()
    assert expand_label("sha256", early, b"derived", nothing, 32, b"tls13 ") == unhex(
        "6f2615a108c702c5678f54fc9dbab69716c076189c48250cebeac3576c3611ba")


# --- What is printed

SUITES = [
    {"name": "AES-128-GCM", "digest": "sha256", "key_len": 16, "chacha": False},
    {"name": "AES-256-GCM", "digest": "sha384", "key_len": 32, "chacha": False},
    {"name": "CHACHA20-POLY1305", "digest": "sha256", "key_len": 32, "chacha": True},
]
# Number, first byte, Connection ID, DTLSInnerPlaintext.
RECORDS = [
    (0x0123456789abcdef, 0x2f, b"", b"The quick brown fox jumps over the lazy dog\x17"),
    (0, 0x2e, b"", b"\x14\x00\x00\x04" + bytes(range(100)) + b"\x16\x00\x00\x00"),
    (77, 0x33, b"\xc1\xc2\xc3\xc4\xc5", b"\x17"),
]


def c_bytes(data):
    lines = [", ".join("0x%02x" % byte for byte in data[i:i + 16]) for i in range(0, len(data), 16)]
    return "{" + ",\n     ".join(lines) + "}"


def cpp():
    longest = 200
    print("""// SPDX-License-Identifier: Apache-2.0
// Generated by provider/known_answers.py, which says where the answers come from.
#ifndef DTLS13_PROVIDER_KNOWN_ANSWERS_H_
#define DTLS13_PROVIDER_KNOWN_ANSWERS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace dtls13::provider {

// clang-format off

// KnownBytes are what an answer is made of or is, at most %d.
struct KnownBytes {
  size_t len;
  std::array<uint8_t, %d> bytes;

  std::span<const uint8_t> view() const { return {bytes.data(), len}; }
};

// KnownDerivation is DTLS13-KDF's.
struct KnownDerivation {
  const char* mode;
  const char* digest;
  const char* label;
  KnownBytes key, salt, data, out;
};

// KnownRecord is one record of a suite: before it is sealed, with room for the tag, and after.
struct KnownRecord {
  const char* suite;  // behind "DTLS13-"
  KnownBytes key;     // write key and number key
  KnownBytes iv;
  uint64_t number;
  size_t connection_id_len, header_len;
  KnownBytes plain, sealed;
};

// KnownMask is one record number mask: the sample that it is made from, and its two bytes.
struct KnownMask {
  const char* suite;  // behind "DTLS13-SN-"
  KnownBytes key, sample, mask;
};
""" % (longest, longest))

    def known(data):
        assert len(data) <= longest
        return "{%d,\n    %s}" % (len(data), c_bytes(data))

    derivations, records, masks = [], [], []
    for digest, name in (("sha256", "SHA2-256"), ("sha384", "SHA2-384")):
        size = hashlib.new(digest).digest_size
        nothing = hashlib.new(digest, b"").digest()
        secret = bytes(range(size))
        salt = bytes(range(100, 100 + size))
        for label, data, length in ((b"key", b"", 16), (b"s hs traffic", nothing, size), (b"exporter", b"x", 150)):
            out = expand_label(digest, secret, label, data, length)
            derivations.append(("EXPAND_ONLY", name, label.decode(), secret, b"", data, out))
        out = hkdf_extract(digest, expand_label(digest, salt, b"derived", nothing, size), secret)
        derivations.append(("EXTRACT_ONLY", name, "derived", secret, salt, b"", out))
        derivations.append(("EXTRACT_ONLY", name, "", b"", b"", b"", hkdf_extract(digest, bytes(size), bytes(size))))
    for suite in SUITES:
        secret = bytes(range(7, 7 + hashlib.new(suite["digest"]).digest_size))
        keys = {label: expand_label(suite["digest"], secret, label.encode(), b"", length)
                for label, length in (("key", suite["key_len"]), ("iv", 12), ("sn", suite["key_len"]))}
        for number, first_byte, connection_id, inner in RECORDS:
            plain, sealed, header_len = seal(suite, keys, number, first_byte, connection_id, inner)
            records.append((suite["name"], keys["key"] + keys["sn"], keys["iv"], number, len(connection_id),
                            header_len, plain, sealed))
        sample = bytes(range(0xf0, 0x100))
        masks.append((suite["name"].rsplit("-", 1)[0], keys["sn"], sample, mask(suite, keys["sn"], sample)))

    def table(kind, name, rows):
        print("inline constexpr %s %s[] = {" % (kind, name))
        for row in rows:
            print("  {%s}," % ",\n   ".join(
                known(field) if isinstance(field, bytes) else '"%s"' % field if isinstance(field, str) else
                "%du" % field for field in row))
        print("};\n")

    table("KnownDerivation", "kKnownDerivations", derivations)
    table("KnownRecord", "kKnownRecords", records)
    table("KnownMask", "kKnownMasks", masks)
    print("""// clang-format on

}  // namespace dtls13::provider

#endif  // DTLS13_PROVIDER_KNOWN_ANSWERS_H_""")


def main():
    check_primitives()
    if len(sys.argv) == 1:
        cpp()
        return 0
    if len(sys.argv) != 3 or sys.argv[1] != "--check":
        print(__doc__, file=sys.stderr)
        return 2
    import io
    from contextlib import redirect_stdout
    text = io.StringIO()
    with redirect_stdout(text):
        cpp()
    with open(sys.argv[2], encoding="ascii") as file:
        if file.read() == text.getvalue():
            return 0
    print("Run: provider/known_answers.py > provider/known_answers.h", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
