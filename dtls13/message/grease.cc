// SPDX-License-Identifier: Apache-2.0
#include "dtls13/message/grease.h"

#include <array>

namespace dtls13 {
namespace {

// RFC 8701 section 2: 0x0a0a, 0x1a1a ... 0xfafa.
uint16_t CodePoint(uint8_t random) {
  const uint8_t half = static_cast<uint8_t>((random & 0xf0) | 0x0a);
  return static_cast<uint16_t>(half << 8 | half);
}

// RFC 8701 section 2: 0x0b, 0x2a, 0x49 ... 0xe4.
uint8_t PskMode(uint8_t random) { return static_cast<uint8_t>(0x0b + 0x1f * (random & 7)); }

}  // namespace

std::optional<GreaseValues> GreaseValues::Draw(RandomSource* random) {
  std::array<uint8_t, 8> bytes;
  if (!random->Fill(bytes)) return std::nullopt;
  GreaseValues values{.cipher_suite = CodePoint(bytes[0]),
                      .group = CodePoint(bytes[1]),
                      .signature_scheme = CodePoint(bytes[2]),
                      .version = CodePoint(bytes[3]),
                      .first_extension = CodePoint(bytes[4]),
                      .last_extension = CodePoint(bytes[5]),
                      .psk_mode = PskMode(bytes[6]),
                      .protocol = CodePoint(bytes[7])};
  // No type may come twice.
  if (values.last_extension == values.first_extension) values.last_extension ^= 0x1010;
  return values;
}

std::string GreaseValues::ProtocolName() const {
  return {static_cast<char>(protocol >> 8), static_cast<char>(protocol & 0xff)};
}

}  // namespace dtls13
