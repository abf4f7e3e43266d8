// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_WIRE_DRAFT26_RECORD_HEADER_H_
#define DTLS13_WIRE_DRAFT26_RECORD_HEADER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "dtls13/wire/record_header.h"
#include "dtls13/wire/record_number.h"

namespace dtls13 {

// Draft26Header is the header of the record `number` of `epoch`: the short one where `is_short` and
// the epoch is of application data.
CiphertextHeader Draft26Header(Epoch epoch, SequenceNumber number, bool is_short);

// ParseDraft26Record and WriteDraft26Header are ParseCiphertextRecord and WriteCiphertextHeader for
// RecordFormat::kDraft26. Nothing of these headers is encrypted.
std::optional<CiphertextRecord> ParseDraft26Record(std::span<uint8_t> datagram);
void WriteDraft26Header(const CiphertextHeader& header, size_t encrypted_len,
                        std::span<uint8_t> out);

// Draft26Extent is how many bytes the protected record at the start of `datagram` takes up: 0 when
// its header is cut short or its length runs past the datagram.
size_t Draft26Extent(std::span<const uint8_t> datagram);

}  // namespace dtls13

#endif  // DTLS13_WIRE_DRAFT26_RECORD_HEADER_H_
