// SPDX-License-Identifier: Apache-2.0
#include "dtls13/wire/ack.h"

#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/byte_writer.h"

namespace dtls13 {

// RFC 9147 section 7:
//
//   struct {
//       RecordNumber record_numbers<0..2^16-1>;
//   } ACK;
//
// draft-ietf-tls-dtls13-26 section 7:
//
//   struct {
//          uint64 record_numbers<0..2^16-1>;
//   } ACK;
//
// in which the epoch is the first 16 bits of a number, as in a DTLSPlaintext header.
namespace {

constexpr int kPackedNumberBits = 48;
constexpr uint64_t kPackedNumberMask = (uint64_t{1} << kPackedNumberBits) - 1;

bool IsPacked(size_t number_len) { return number_len != kAckRecordNumberLen; }

}  // namespace

std::optional<AckReader> AckReader::Parse(std::span<const uint8_t> content,
                                          const WireProfile& profile) {
  ByteReader reader(content);
  std::span<const uint8_t> entries;
  if (!reader.ReadVector16(&entries) || !reader.empty()) return std::nullopt;
  if (entries.size() % profile.ack_number_len != 0) return std::nullopt;
  return AckReader(entries, profile.ack_number_len);
}

std::optional<RecordNumber> AckReader::Next() {
  ByteReader reader(entries_);
  RecordNumber number;
  uint64_t first = 0;
  if (!reader.ReadU64(&first)) return std::nullopt;
  if (IsPacked(number_len_)) {
    number = {{first >> kPackedNumberBits}, {first & kPackedNumberMask}};
  } else {
    number.epoch.value = first;
    if (!reader.ReadU64(&number.sequence_number.value)) return std::nullopt;
  }
  entries_ = reader.rest();
  return number;
}

size_t WriteAck(std::span<const RecordNumber> numbers, std::span<uint8_t> out,
                const WireProfile& profile) {
  ByteWriter writer(out);
  {
    ByteWriter::LengthPrefix list(&writer, kAckHeaderLen);
    for (const RecordNumber& number : numbers) {
      if (IsPacked(profile.ack_number_len)) {
        writer.WriteU64(number.epoch.value << kPackedNumberBits | number.sequence_number.value);
        continue;
      }
      writer.WriteU64(number.epoch.value);
      writer.WriteU64(number.sequence_number.value);
    }
  }
  return writer.ok() ? writer.length() : 0;
}

}  // namespace dtls13
