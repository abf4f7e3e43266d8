// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_WIRE_ACK_H_
#define DTLS13_WIRE_ACK_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "dtls13/wire/record_number.h"
#include "dtls13/wire/wire_profile.h"

namespace dtls13 {

// kAckRecordNumberLen is RFC 9147's record number in an ACK, and the longest of any profile's.
inline constexpr size_t kAckRecordNumberLen = kRfc9147Profile.ack_number_len;
inline constexpr size_t kAckHeaderLen = 2;

// AckReader walks over the record numbers of a received ACK, RFC 9147 section 7, without copying
// them: a peer's list allocates nothing. It does not judge order, duplicates or epochs.
class AckReader {
 public:
  // Parse accepts any list whose length field fits the content exactly and is a whole number of
  // entries; an empty list is valid. Nothing otherwise.
  static std::optional<AckReader> Parse(std::span<const uint8_t> content,
                                        const WireProfile& profile = kRfc9147Profile);

  // Next returns the next number, nothing at the end.
  std::optional<RecordNumber> Next();
  size_t num_remaining() const { return entries_.size() / number_len_; }

 private:
  AckReader(std::span<const uint8_t> entries, size_t number_len)
      : entries_(entries), number_len_(number_len) {}

  std::span<const uint8_t> entries_;
  size_t number_len_;
};

// WriteAck writes the ACK content for `numbers` to `out` and returns its length, 0 when it does
// not fit. The caller passes them in increasing order.
size_t WriteAck(std::span<const RecordNumber> numbers, std::span<uint8_t> out,
                const WireProfile& profile = kRfc9147Profile);

}  // namespace dtls13

#endif  // DTLS13_WIRE_ACK_H_
