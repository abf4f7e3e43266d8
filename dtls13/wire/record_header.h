// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_WIRE_RECORD_HEADER_H_
#define DTLS13_WIRE_RECORD_HEADER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "dtls13/wire/code_points.h"
#include "dtls13/wire/record_number.h"
#include "dtls13/wire/wire_profile.h"

namespace dtls13 {

// kMaxPlaintextLen bounds a record's content, RFC 8446 section 5.1.
inline constexpr size_t kMaxPlaintextLen = 1 << 14;
// kMaxCiphertextLen bounds encrypted_record, RFC 8446 section 5.2.
inline constexpr size_t kMaxCiphertextLen = kMaxPlaintextLen + 256;
inline constexpr size_t kPlaintextHeaderLen = 13;
// kMinCiphertextLen is what record number encryption samples, RFC 9147 section 4.2.3.
inline constexpr size_t kMinCiphertextLen = 16;
inline constexpr size_t kMaxConnectionIdLen = 255;
// Two bytes of flags and number, at most; the Connection ID and length come on top.
inline constexpr size_t kMaxCiphertextHeaderLen = 1 + kMaxConnectionIdLen + 2 + 2;
// Of draft-26's headers DTLSCiphertext's has a length, and DTLSShortCiphertext's record takes up
// the rest of the datagram.
inline constexpr size_t kDraft26LongHeaderLen = 7;
inline constexpr size_t kDraft26ShortHeaderLen = 2;

// RecordKind is the first decision about a record, by its first byte alone, RFC 9147 section 4.1.
enum class RecordKind : uint8_t { kPlaintext, kCiphertext, kInvalid };
constexpr RecordKind ClassifyRecord(uint8_t first_byte,
                                    const WireProfile& profile = kRfc9147Profile) {
  //= rfc9147#section-4.1
  //# *  If the first byte is alert(21), handshake(22), or ack(proposed,
  //#    26), the record MUST be interpreted as a DTLSPlaintext record.
  //= draft-ietf-tls-dtls13-26#section-4.1.1
  //# If the first byte is alert(21), handshake(22), or ack(proposed, 25),
  //# the record MUST be interpreted as a DTLSPlaintext record.
  const ContentType type = ContentTypeOf(first_byte, profile);
  if (type == ContentType::kAlert || type == ContentType::kHandshake || type == ContentType::kAck) {
    return RecordKind::kPlaintext;
  }
  //= draft-ietf-tls-dtls13-26#section-4.1.1
  //# If the
  //# first byte is application_data(23) then the record MUST be
  //# interpreted handled as DTLSCiphertext; the true content type will be
  //# inside the protected portion.
  if (type == ContentType::kApplicationData && profile.record_format == RecordFormat::kDraft26) {
    return RecordKind::kCiphertext;
  }
  //= rfc9147#section-4.1
  //# *  If the first byte is any other value, then receivers MUST check to
  //#    see if the leading bits of the first byte are 001.  If so, the
  //#    implementation MUST process the record as DTLSCiphertext; the true
  //#    content type will be inside the protected portion.
  //= draft-ietf-tls-dtls13-26#section-4.1.1
  //# If the first byte is any other other value, then receivers
  //# MUST check to see if the leading bits of the first byte are
  //# 001. If so, they MUST process the record as DTLSShortCiphertext.
  return first_byte >> 5 == 1 ? RecordKind::kCiphertext : RecordKind::kInvalid;
}

// PlaintextHeader is DTLSPlaintext's. legacy_record_version is read and ignored.
//= rfc9147#section-4
//# It MUST be ignored for all purposes.
//= rfc8446#section-5.1
//# This field is deprecated and MUST be ignored for all purposes.
//= rfc8446#appendix-D
//# The value of TLSPlaintext.legacy_record_version MUST be ignored by all
//# implementations.
//= rfc8446#appendix-D.2
//# its value MUST always be ignored.
struct PlaintextHeader {
  ContentType type = ContentType::kInvalid;
  uint16_t legacy_record_version = kDtls12Version;
  uint16_t epoch = 0;              // as on the wire: the low 16 bits
  SequenceNumber sequence_number;  // 48 bits on the wire
  uint16_t fragment_len = 0;
};

// PlaintextRecord is a parsed record: `fragment` views the datagram, `record_len` is header and
// fragment.
struct PlaintextRecord {
  PlaintextHeader header;
  std::span<uint8_t> fragment;
  size_t record_len = 0;
};

// ParsePlaintextRecord reads the record at the start of `datagram`. Nothing when the header is
// cut short, the length runs past the datagram, or exceeds kMaxPlaintextLen. It does not judge type
// or epoch.
std::optional<PlaintextRecord> ParsePlaintextRecord(std::span<uint8_t> datagram,
                                                    const WireProfile& profile = kRfc9147Profile);

// WritePlaintextHeader writes kPlaintextHeaderLen bytes to `out`, which must hold them.
void WritePlaintextHeader(const PlaintextHeader& header, std::span<uint8_t> out,
                          const WireProfile& profile = kRfc9147Profile);

// CiphertextHeader is the header of a protected record, as sent or as parsed: RFC 9147 figure 3's,
// or draft-26's two, which are told apart by their length. The number is still encrypted when it
// comes from ParseCiphertextRecord, if the profile encrypts numbers.
struct CiphertextHeader {
  EpochBits epoch_bits;
  TruncatedSequenceNumber number;
  bool has_connection_id = false;
  bool has_length = true;
  std::span<const uint8_t> connection_id;  // a view; empty unless has_connection_id
};

// CiphertextRecord is a parsed record in place. `header_bytes` and `encrypted_record` view the
// datagram; the bytes of an encrypted number are the `number.num_bits / 8` bytes at `number_offset`
// in header_bytes.
struct CiphertextRecord {
  CiphertextHeader header;
  std::span<uint8_t> header_bytes;
  std::span<uint8_t> encrypted_record;
  // Of 32 bits, for with more the compiler clears the whole by a slow instruction.
  uint32_t number_offset = 0;
  uint32_t record_len = 0;  // header and encrypted_record
};

// ParseCiphertextRecord reads the record at the start of `datagram` that ClassifyRecord calls
// kCiphertext. `connection_id_len` is the length of the Connection ID this side negotiated to
// receive. Nothing when the header is cut short, the length runs past the datagram or exceeds
// kMaxCiphertextLen, or encrypted_record has fewer than kMinCiphertextLen bytes.
std::optional<CiphertextRecord> ParseCiphertextRecord(std::span<uint8_t> datagram,
                                                      size_t connection_id_len,
                                                      const WireProfile& profile = kRfc9147Profile);

// NumberSample is where the bytes begin that record number encryption samples of the protected
// record at the start of `datagram`; null where there are not enough. Nothing else of the record is
// judged. Not for draft-26, whose numbers are in the clear.
const uint8_t* NumberSample(std::span<const uint8_t> datagram, size_t connection_id_len);

// HasConnectionId is the C bit of a ciphertext record's first byte, where the profile has one. It
// says how to parse the rest.
constexpr bool HasConnectionId(uint8_t first_byte, const WireProfile& profile = kRfc9147Profile) {
  return (first_byte & 0x10) != 0 && profile.has_connection_ids;
}
// EpochBitsOf is the E bits of a ciphertext record's first byte.
constexpr EpochBits EpochBitsOf(uint8_t first_byte) {
  return {static_cast<uint8_t>(first_byte & 3)};
}

// RecordExtent is the number of bytes that the record at the start of `datagram` takes up by its
// own header, so that a record which does not parse for another reason can be stepped over: it
// also knows the 13-byte header of earlier DTLS's other content types. 0 when the first byte is
// none of these, the header is cut short, or the length runs past the datagram.
size_t RecordExtent(std::span<const uint8_t> datagram, size_t connection_id_len,
                    const WireProfile& profile = kRfc9147Profile);

// FindConnectionId returns the Connection ID of the first protected record in `datagram`, a view of
// `connection_id_len` bytes: the length of every Connection ID this receiver hands out. No keys are
// needed, so a server can find the association whose datagram this is. Nothing when that record
// carries none, when there is no such record, when it is cut short, and when `connection_id_len` is
// 0. What it returns is only claimed, not authenticated.
std::optional<std::span<const uint8_t>> FindConnectionId(
    std::span<const uint8_t> datagram, size_t connection_id_len,
    const WireProfile& profile = kRfc9147Profile);

// CiphertextHeaderLen is the number of bytes WriteCiphertextHeader will write.
inline size_t CiphertextHeaderLen(const CiphertextHeader& header,
                                  const WireProfile& profile = kRfc9147Profile) {
  if (profile.record_format == RecordFormat::kDraft26) {
    return header.has_length ? kDraft26LongHeaderLen : kDraft26ShortHeaderLen;
  }
  return 1 + (header.has_connection_id ? header.connection_id.size() : 0) +
         header.number.num_bits / 8 + (header.has_length ? 2 : 0);
}

// WriteCiphertextHeader writes the header with its number in the clear; `encrypted_len` goes into
// the length field if there is one. Returns the offset of a number that is encrypted. `out` holds
// CiphertextHeaderLen bytes.
size_t WriteCiphertextHeader(const CiphertextHeader& header, size_t encrypted_len,
                             std::span<uint8_t> out, const WireProfile& profile = kRfc9147Profile);

}  // namespace dtls13

#endif  // DTLS13_WIRE_RECORD_HEADER_H_
