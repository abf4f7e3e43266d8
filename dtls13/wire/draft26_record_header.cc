// SPDX-License-Identifier: Apache-2.0
#include "dtls13/wire/draft26_record_header.h"

#include "dtls13/wire/byte_writer.h"
#include "dtls13/wire/code_points.h"

namespace dtls13 {
namespace {

// draft-ietf-tls-dtls13-26 section 4:
//
//   struct {
//       ContentType opaque_type = 23; /* application_data */
//       uint32 epoch_and_sequence;
//       uint16 length;
//       opaque encrypted_record[length];
//   } DTLSCiphertext;
//
//   struct {
//     uint16 short_epoch_and_sequence;  // 001ESSSS SSSSSSSS
//     opaque encrypted_record[remainder_of_datagram];
//   } DTLSShortCiphertext;
constexpr uint8_t kLongType = static_cast<uint8_t>(ContentType::kApplicationData);
constexpr uint8_t kShortFixedBits = 0x20;
constexpr uint8_t kLongNumberBits = 30;
constexpr uint8_t kShortNumberBits = 12;

bool IsShort(std::span<const uint8_t> datagram) { return datagram[0] != kLongType; }

}  // namespace

CiphertextHeader Draft26Header(Epoch epoch, SequenceNumber number, bool is_short) {
  //= draft-ietf-tls-dtls13-26#section-4
  //# DTLSShortCiphertext MUST only be used for data which is protected with
  //# one of the application_traffic_secret values, and not for messages
  //# protected with either [sender]_handshake_traffic_sercret or
  //# [sender]_early_traffic_secret values.
  //= draft-ietf-tls-dtls13-26#section-4
  //# When using an [sender]_application_traffic_secret for message
  //# protection, Implementations MAY use either DTLSCiphertext or
  //# DTLSShortCiphertext at their discretion.
  is_short = is_short && epoch >= kFirstApplicationEpoch;
  CiphertextHeader header;
  header.has_length = !is_short;
  header.epoch_bits = is_short ? EpochBits::OneOf(epoch) : EpochBits::Of(epoch);
  header.number =
      TruncatedSequenceNumber::Of(number, is_short ? kShortNumberBits : kLongNumberBits);
  return header;
}

size_t Draft26Extent(std::span<const uint8_t> datagram) {
  if (datagram.empty()) return 0;
  if (IsShort(datagram)) return datagram.size() < kDraft26ShortHeaderLen ? 0 : datagram.size();
  if (datagram.size() < kDraft26LongHeaderLen) return 0;
  const size_t content_len = static_cast<size_t>(datagram[5]) << 8 | datagram[6];
  const bool is_whole = content_len <= datagram.size() - kDraft26LongHeaderLen;
  return is_whole ? kDraft26LongHeaderLen + content_len : 0;
}

std::optional<CiphertextRecord> ParseDraft26Record(std::span<uint8_t> datagram) {
  std::optional<CiphertextRecord> record;
  const size_t extent = Draft26Extent(datagram);
  if (extent == 0) return record;
  const bool is_short = IsShort(datagram);
  const size_t header_len = is_short ? kDraft26ShortHeaderLen : kDraft26LongHeaderLen;
  const size_t content_len = extent - header_len;
  // What is shorter than a tag is nothing that an AEAD has made.
  if (content_len < kMinCiphertextLen || content_len > kMaxCiphertextLen) return record;
  record.emplace();
  record->header.has_length = !is_short;
  if (is_short) {
    record->header.epoch_bits = EpochBits::OneOf(Epoch{uint64_t{datagram[0]} >> 4});
    record->header.number = {static_cast<uint32_t>((datagram[0] & 0x0f) << 8 | datagram[1]),
                             kShortNumberBits};
  } else {
    const uint32_t epoch_and_number = static_cast<uint32_t>(datagram[1]) << 24 |
                                      static_cast<uint32_t>(datagram[2]) << 16 |
                                      static_cast<uint32_t>(datagram[3]) << 8 | datagram[4];
    record->header.epoch_bits = EpochBits::Of(Epoch{epoch_and_number >> kLongNumberBits});
    record->header.number =
        TruncatedSequenceNumber::Of(SequenceNumber{epoch_and_number}, kLongNumberBits);
  }
  record->header_bytes = datagram.first(header_len);
  record->encrypted_record = datagram.subspan(header_len, content_len);
  record->record_len = static_cast<uint32_t>(extent);
  return record;
}

void WriteDraft26Header(const CiphertextHeader& header, size_t encrypted_len,
                        std::span<uint8_t> out) {
  const uint32_t epoch_bits = header.epoch_bits.value & ~EpochBits::kOneBit;
  const uint32_t epoch_and_number = epoch_bits << header.number.num_bits | header.number.value;
  ByteWriter writer(out);
  if (!header.has_length) {
    writer.WriteU16(static_cast<uint16_t>(kShortFixedBits << 8 | epoch_and_number));
    return;
  }
  writer.WriteU8(kLongType);
  writer.WriteU32(epoch_and_number);
  writer.WriteU16(static_cast<uint16_t>(encrypted_len));
}

}  // namespace dtls13
