// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_CRYPTO_DER_ELEMENT_H_
#define DTLS13_CRYPTO_DER_ELEMENT_H_

#include <cstdint>
#include <initializer_list>
#include <span>

#include "dtls13/wire/byte_reader.h"

namespace dtls13 {

// DerTag is the tag of an element of a certificate, RFC 5280 section 4.1.
enum class DerTag : uint8_t {
  kInteger = 0x02,
  kBitString = 0x03,
  kObjectIdentifier = 0x06,
  kSequence = 0x30,
  kExplicit0 = 0xa0,
};

// ReadDerElement reads one element of `tag` and up to 65535 bytes. Definite lengths in the fewest
// bytes, as DER has them and libcrypto's decoder would read them too: what is accepted here cannot
// mean something else there. False, with the reader anywhere, for anything else.
bool ReadDerElement(ByteReader* reader, DerTag tag, std::span<const uint8_t>* content);

// SkipDerElements reads one element of each tag.
bool SkipDerElements(ByteReader* reader, std::initializer_list<DerTag> tags);

}  // namespace dtls13

#endif  // DTLS13_CRYPTO_DER_ELEMENT_H_
