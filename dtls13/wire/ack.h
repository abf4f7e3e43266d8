// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_WIRE_ACK_H_
#define DTLS13_WIRE_ACK_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "dtls13/wire/record_number.h"

namespace dtls13 {

inline constexpr size_t kAckRecordNumberLen = 16;
inline constexpr size_t kAckHeaderLen = 2;

// AckReader walks over the record numbers of a received ACK, RFC 9147 section 7, without copying
// them: a peer's list allocates nothing. It does not judge order, duplicates or epochs.
class AckReader {
 public:
  // Parse accepts any list whose length field fits the content exactly and is a whole number of
  // entries; an empty list is valid. Nothing otherwise.
  static std::optional<AckReader> Parse(std::span<const uint8_t> content);

  // Next returns the next number, nothing at the end.
  std::optional<RecordNumber> Next();
  size_t num_remaining() const { return entries_.size() / kAckRecordNumberLen; }

 private:
  explicit AckReader(std::span<const uint8_t> entries) : entries_(entries) {}

  std::span<const uint8_t> entries_;
};

// WriteAck writes the ACK content for `numbers` to `out` and returns its length, 0 when it does
// not fit. The caller passes them in increasing order.
size_t WriteAck(std::span<const RecordNumber> numbers, std::span<uint8_t> out);

}  // namespace dtls13

#endif  // DTLS13_WIRE_ACK_H_
