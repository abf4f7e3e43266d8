// SPDX-License-Identifier: Apache-2.0
#include "dtls13/wire/record_header.h"

#include <algorithm>

#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/byte_writer.h"
#include "dtls13/wire/draft26_record_header.h"

namespace dtls13 {
namespace {

// RFC 9147 figure 3:
//
//    0 1 2 3 4 5 6 7
//   +-+-+-+-+-+-+-+-+
//   |0|0|1|C|S|L|E E|
//   +-+-+-+-+-+-+-+-+
//   | Connection ID |   Legend:
//   | (if any,      |
//   /  length as    /   C   - Connection ID (CID) present
//   |  negotiated)  |   S   - Sequence number length
//   +-+-+-+-+-+-+-+-+   L   - Length present
//   |  8 or 16 bit  |   E   - Epoch
//   |Sequence Number|
//   +-+-+-+-+-+-+-+-+
//   | 16 bit Length |
//   | (if present)  |
//   +-+-+-+-+-+-+-+-+
constexpr uint8_t kFixedBits = 0x20;
constexpr uint8_t kConnectionIdBit = 0x10;
constexpr uint8_t kLongNumberBit = 0x08;
constexpr uint8_t kLengthBit = 0x04;
constexpr uint8_t kEpochMask = 0x03;

// change_cipher_spec (20) to heartbeat (24) begin with DTLSPlaintext's header in every version.
constexpr uint8_t kFirstContentType = static_cast<uint8_t>(ContentType::kChangeCipherSpec);
constexpr uint8_t kTls12CidType = static_cast<uint8_t>(ContentType::kTls12Cid);

// Where a record ends by its own header, before anything is said about its content.
struct Layout {
  size_t header_len = 0;
  size_t content_len = 0;
};

std::optional<Layout> PlaintextLayout(std::span<const uint8_t> datagram) {
  if (datagram.size() < kPlaintextHeaderLen) return std::nullopt;
  const size_t content_len = static_cast<size_t>(datagram[11]) << 8 | datagram[12];
  if (content_len > datagram.size() - kPlaintextHeaderLen) return std::nullopt;
  return Layout{kPlaintextHeaderLen, content_len};
}

std::optional<Layout> CiphertextLayout(std::span<const uint8_t> datagram,
                                       size_t connection_id_len) {
  if (datagram.empty()) return std::nullopt;
  const uint8_t flags = datagram[0];
  const size_t header_len = 1 + ((flags & kConnectionIdBit) ? connection_id_len : 0) +
                            ((flags & kLongNumberBit) ? 2 : 1) + ((flags & kLengthBit) ? 2 : 0);
  if (datagram.size() < header_len) return std::nullopt;
  const size_t rest_len = datagram.size() - header_len;
  //= rfc9147#section-4
  //# The length field MAY be omitted by clearing the L bit, which means that
  //# the record consumes the entire rest of the datagram in the lower level
  //# transport.
  if (!(flags & kLengthBit)) return Layout{header_len, rest_len};
  const size_t content_len =
      static_cast<size_t>(datagram[header_len - 2]) << 8 | datagram[header_len - 1];
  if (content_len > rest_len) return std::nullopt;
  return Layout{header_len, content_len};
}

std::optional<CiphertextRecord> ParseUnifiedRecord(std::span<uint8_t> datagram,
                                                   size_t connection_id_len) {
  // The one object that is returned, so that it is made where the caller wants it.
  std::optional<CiphertextRecord> record;
  const std::optional<Layout> layout = CiphertextLayout(datagram, connection_id_len);
  //= rfc9147#section-4.2.3
  //# This procedure requires the ciphertext length to be at least 16
  //# bytes.  Receivers MUST reject shorter records as if they had failed
  //# deprotection, as described in Section 4.5.2.
  if (!layout || layout->content_len < kMinCiphertextLen ||
      layout->content_len > kMaxCiphertextLen) {
    return record;
  }
  const uint8_t flags = datagram[0];
  const bool has_connection_id = HasConnectionId(flags);
  const size_t number_offset = 1 + (has_connection_id ? connection_id_len : 0);
  const uint8_t* const number = datagram.data() + number_offset;
  const bool is_long = (flags & kLongNumberBit) != 0;
  const uint32_t number_value = is_long ? uint32_t{number[0]} << 8 | number[1] : number[0];
  record.emplace(CiphertextRecord{
      .header = {.epoch_bits = EpochBitsOf(flags),
                 .number = {number_value, static_cast<uint8_t>(is_long ? 16 : 8)},
                 .has_connection_id = has_connection_id,
                 .has_length = (flags & kLengthBit) != 0,
                 .connection_id = datagram.subspan(1, number_offset - 1)},
      .header_bytes = datagram.first(layout->header_len),
      .encrypted_record = datagram.subspan(layout->header_len, layout->content_len),
      .number_offset = static_cast<uint32_t>(number_offset),
      .record_len = static_cast<uint32_t>(layout->header_len + layout->content_len)});
  return record;
}

}  // namespace

std::optional<PlaintextRecord> ParsePlaintextRecord(std::span<uint8_t> datagram,
                                                    const WireProfile& profile) {
  std::optional<PlaintextRecord> record;
  const std::optional<Layout> layout = PlaintextLayout(datagram);
  if (!layout || layout->content_len > kMaxPlaintextLen) return record;
  record.emplace();
  PlaintextHeader& header = record->header;
  ByteReader reader(datagram);
  uint8_t type = 0;
  if (!reader.ReadU8(&type) || !reader.ReadU16(&header.legacy_record_version) ||
      !reader.ReadU16(&header.epoch) || !reader.ReadU48(&header.sequence_number.value) ||
      !reader.ReadU16(&header.fragment_len)) {
    record.reset();
    return record;
  }
  header.type = ContentTypeOf(type, profile);
  record->fragment = datagram.subspan(layout->header_len, layout->content_len);
  record->record_len = layout->header_len + layout->content_len;
  return record;
}

void WritePlaintextHeader(const PlaintextHeader& header, std::span<uint8_t> out,
                          const WireProfile& profile) {
  ByteWriter writer(out.first(kPlaintextHeaderLen));
  writer.WriteU8(ContentTypeByte(header.type, profile));
  writer.WriteU16(header.legacy_record_version);
  writer.WriteU16(header.epoch);
  writer.WriteU48(header.sequence_number.value);
  writer.WriteU16(header.fragment_len);
}

std::optional<CiphertextRecord> ParseCiphertextRecord(std::span<uint8_t> datagram,
                                                      size_t connection_id_len,
                                                      const WireProfile& profile) {
  return profile.record_format == RecordFormat::kDraft26
             ? ParseDraft26Record(datagram)
             : ParseUnifiedRecord(datagram, connection_id_len);
}

const uint8_t* NumberSample(std::span<const uint8_t> datagram, size_t connection_id_len) {
  if (datagram.empty()) return nullptr;
  const uint8_t flags = datagram[0];
  const size_t header_len = 1 + (HasConnectionId(flags) ? connection_id_len : 0) +
                            ((flags & kLongNumberBit) != 0 ? 2 : 1) +
                            ((flags & kLengthBit) != 0 ? 2 : 0);
  return datagram.size() < header_len + kMinCiphertextLen ? nullptr : datagram.data() + header_len;
}

size_t RecordExtent(std::span<const uint8_t> datagram, size_t connection_id_len,
                    const WireProfile& profile) {
  if (datagram.empty()) return 0;
  std::optional<Layout> layout;
  switch (ClassifyRecord(datagram[0], profile)) {
    case RecordKind::kPlaintext:
      layout = PlaintextLayout(datagram);
      break;
    case RecordKind::kCiphertext:
      if (profile.record_format == RecordFormat::kDraft26) return Draft26Extent(datagram);
      layout = CiphertextLayout(datagram, connection_id_len);
      break;
    case RecordKind::kInvalid:
      // tls12_cid (25) has a Connection ID of unknown length before its length field.
      if (datagram[0] >= kFirstContentType && datagram[0] < kTls12CidType) {
        layout = PlaintextLayout(datagram);
      }
      break;
  }
  return layout ? layout->header_len + layout->content_len : 0;
}

std::optional<std::span<const uint8_t>> FindConnectionId(std::span<const uint8_t> datagram,
                                                         size_t connection_id_len,
                                                         const WireProfile& profile) {
  if (connection_id_len == 0 || !profile.has_connection_ids) return std::nullopt;
  // Plaintext records may go before: a ServerHello, or what a forger put there.
  while (!datagram.empty() && ClassifyRecord(datagram[0]) != RecordKind::kCiphertext) {
    const size_t extent = RecordExtent(datagram, connection_id_len);
    if (extent == 0) return std::nullopt;
    datagram = datagram.subspan(extent);
  }
  if (datagram.size() < 1 + connection_id_len || !HasConnectionId(datagram[0])) {
    return std::nullopt;
  }
  return datagram.subspan(1, connection_id_len);
}

size_t WriteCiphertextHeader(const CiphertextHeader& header, size_t encrypted_len,
                             std::span<uint8_t> out, const WireProfile& profile) {
  if (profile.record_format == RecordFormat::kDraft26) {
    WriteDraft26Header(header, encrypted_len, out);
    return 0;
  }
  uint8_t flags = kFixedBits | (header.epoch_bits.value & kEpochMask);
  if (header.has_connection_id) flags |= kConnectionIdBit;
  if (header.number.num_bits == 16) flags |= kLongNumberBit;
  if (header.has_length) flags |= kLengthBit;

  uint8_t* to = out.first(CiphertextHeaderLen(header)).data();
  *to++ = flags;
  if (header.has_connection_id) {
    to = std::copy(header.connection_id.begin(), header.connection_id.end(), to);
  }
  const size_t number_offset = static_cast<size_t>(to - out.data());
  if (header.number.num_bits == 16) *to++ = static_cast<uint8_t>(header.number.value >> 8);
  *to++ = static_cast<uint8_t>(header.number.value);
  if (header.has_length) {
    *to++ = static_cast<uint8_t>(encrypted_len >> 8);
    *to++ = static_cast<uint8_t>(encrypted_len);
  }
  return number_offset;
}

}  // namespace dtls13
