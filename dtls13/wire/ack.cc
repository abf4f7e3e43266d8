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

std::optional<AckReader> AckReader::Parse(std::span<const uint8_t> content) {
  ByteReader reader(content);
  std::span<const uint8_t> entries;
  if (!reader.ReadVector16(&entries) || !reader.empty()) return std::nullopt;
  if (entries.size() % kAckRecordNumberLen != 0) return std::nullopt;
  return AckReader(entries);
}

std::optional<RecordNumber> AckReader::Next() {
  ByteReader reader(entries_);
  RecordNumber number;
  if (!reader.ReadU64(&number.epoch.value) || !reader.ReadU64(&number.sequence_number.value)) {
    return std::nullopt;
  }
  entries_ = reader.rest();
  return number;
}

size_t WriteAck(std::span<const RecordNumber> numbers, std::span<uint8_t> out) {
  ByteWriter writer(out);
  {
    ByteWriter::LengthPrefix list(&writer, kAckHeaderLen);
    for (const RecordNumber& number : numbers) {
      writer.WriteU64(number.epoch.value);
      writer.WriteU64(number.sequence_number.value);
    }
  }
  return writer.ok() ? writer.length() : 0;
}

}  // namespace dtls13
