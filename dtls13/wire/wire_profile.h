// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_WIRE_WIRE_PROFILE_H_
#define DTLS13_WIRE_WIRE_PROFILE_H_

#include <cstdint>

#include "dtls13/wire/code_points.h"
#include "dtls13/wire/record_number.h"

namespace dtls13 {

// LabelPrefix is the start of every label that goes into HKDF-Expand-Label.
enum class LabelPrefix : uint8_t {
  kDtls13,         // "dtls13", RFC 9147 section 5.9
  kDtls13Draft26,  // "tls13 ": DTLS drafts before -32 kept TLS's own
  kTls13,          // "tls13 ", RFC 8446 section 7.1
};

// RecordFormat is how the headers of protected records are laid out.
enum class RecordFormat : uint8_t {
  kUnified,  // RFC 9147 figure 3
  kDraft26,  // DTLSCiphertext and DTLSShortCiphertext of draft-ietf-tls-dtls13-26 section 4
};

// TranscriptForm is which header a message has in the transcript.
enum class TranscriptForm : uint8_t {
  kTls,   // type and length
  kDtls,  // with message_seq and the fragment fields of a message in one fragment
};

// WireProfile is what of DTLS 1.3 changed on the wire while it was written, as one value: the
// codecs, the transcript, the key schedule and the negotiation are given it, and what does not
// differ has no part in it. A default one is RFC 9147, and nothing negotiates between profiles:
// each has a version of its own. It does not know timers, nor what an association is configured to
// offer.
struct WireProfile {
  uint16_t version = kDtls13Version;  // in supported_versions
  LabelPrefix label_prefix = LabelPrefix::kDtls13;
  TranscriptForm transcript_form = TranscriptForm::kTls;

  // --- records

  RecordFormat record_format = RecordFormat::kUnified;
  uint8_t ack_type = static_cast<uint8_t>(ContentType::kAck);  // an ACK's content type
  bool has_connection_ids = true;
  bool encrypts_numbers = true;
  // The AEAD's nonce is made of 16 bits of epoch and 48 of number, not of a number of 64 bits.
  bool has_epoch_in_nonce = false;
  uint64_t record_number_limit = UINT64_MAX;  // an epoch's numbers are below it

  // --- epochs

  Epoch max_write_epoch = kMaxWriteEpoch;
  Epoch max_read_epoch{UINT64_MAX};

  // --- messages

  bool ignores_legacy_cookie = false;  // of a ClientHello, where else it has to be empty
  // Accepted early data ends with an EndOfEarlyData, the one message of its epoch.
  bool has_end_of_early_data = false;
  // A transcript that numbers its messages knows nothing of those that are in none.
  bool has_post_handshake_auth = true;

  // --- ACKs

  uint8_t ack_number_len = 16;  // bytes of a record number: 16, or 8 of which 2 are the epoch

  friend constexpr bool operator==(const WireProfile&, const WireProfile&) = default;
};

inline constexpr WireProfile kRfc9147Profile;

// kDraft26Profile is draft-ietf-tls-dtls13-26 of March 2018. Where the draft is silent it is what
// the implementations of its time had: the version of TLS 1.3's draft of that number, and a nonce
// of the whole epoch and number.
inline constexpr WireProfile kDraft26Profile = {
    .version = kDraft26Version,
    .label_prefix = LabelPrefix::kDtls13Draft26,
    .transcript_form = TranscriptForm::kDtls,
    .record_format = RecordFormat::kDraft26,
    .ack_type = 25,  // as proposed; RFC 9146 has it for something else
    .has_connection_ids = false,
    .encrypts_numbers = false,
    .has_epoch_in_nonce = true,
    .record_number_limit = uint64_t{1} << 48,
    .max_write_epoch = {UINT16_MAX},
    .max_read_epoch = {UINT16_MAX},
    .ignores_legacy_cookie = true,
    .has_end_of_early_data = true,
    .has_post_handshake_auth = false,
    .ack_number_len = 8,
};

// ContentTypeOf and ContentTypeByte are a content type's way from and to the wire. Another
// profile's ACK is nothing in this one.
constexpr ContentType ContentTypeOf(uint8_t byte, const WireProfile& profile) {
  if (byte == profile.ack_type) return ContentType::kAck;
  const auto type = static_cast<ContentType>(byte);
  return type == ContentType::kAck ? ContentType::kInvalid : type;
}
constexpr uint8_t ContentTypeByte(ContentType type, const WireProfile& profile) {
  return type == ContentType::kAck ? profile.ack_type : static_cast<uint8_t>(type);
}

}  // namespace dtls13

#endif  // DTLS13_WIRE_WIRE_PROFILE_H_
