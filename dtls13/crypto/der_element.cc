// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/der_element.h"

#include <algorithm>
#include <cstddef>

namespace dtls13 {
namespace {

bool ReadLength(ByteReader* reader, size_t* len) {
  uint8_t first = 0;
  if (!reader->ReadU8(&first)) return false;
  if (first < 0x80) {
    *len = first;
    return true;
  }
  uint8_t one = 0;
  uint16_t two = 0;
  if (first == 0x81 && reader->ReadU8(&one) && one >= 0x80) {
    *len = one;
    return true;
  }
  if (first == 0x82 && reader->ReadU16(&two) && two >= 0x100) {
    *len = two;
    return true;
  }
  return false;
}

}  // namespace

bool ReadDerElement(ByteReader* reader, DerTag tag, std::span<const uint8_t>* content) {
  uint8_t actual = 0;
  size_t len = 0;
  return reader->ReadU8(&actual) && actual == static_cast<uint8_t>(tag) &&
         ReadLength(reader, &len) && reader->ReadBytes(len, content);
}

bool SkipDerElements(ByteReader* reader, std::initializer_list<DerTag> tags) {
  std::span<const uint8_t> skipped;
  return std::all_of(tags.begin(), tags.end(),
                     [&](DerTag tag) { return ReadDerElement(reader, tag, &skipped); });
}

}  // namespace dtls13
