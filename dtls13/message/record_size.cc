// SPDX-License-Identifier: Apache-2.0
#include "dtls13/message/record_size.h"

#include <algorithm>

#include "dtls13/message/failure.h"
#include "dtls13/wire/byte_reader.h"

namespace dtls13 {
namespace {

// The fragment's bytes and its type's.
uint16_t InnerLenOf(MaxFragmentLength length) {
  return static_cast<uint16_t>((256u << static_cast<uint8_t>(length)) + 1);
}

// OwnLimit is the config's, within what the protocol has; nothing where none is wanted.
std::optional<uint16_t> OwnLimit(const ConnectionConfig& config) {
  if (config.record_size_limit == 0) return std::nullopt;
  //= rfc8449#section-4
  //# Endpoints MUST NOT send a "record_size_limit" extension with a value
  //# smaller than 64.
  return std::clamp(config.record_size_limit, kMinRecordSizeLimit, kMaxInnerPlaintextLen);
}

}  // namespace

Status ReadRecordSizes(const ExtensionBlock& extensions, RecordSizes* out) {
  if (const auto data = extensions.Find(ExtensionType::kRecordSizeLimit)) {
    ByteReader reader(*data);
    uint16_t limit;
    if (!reader.ReadU16(&limit) || !reader.empty()) return DecodeError();
    //= rfc8449#section-4
    //# An endpoint MUST treat receipt of a smaller value
    //# as a fatal error and generate an "illegal_parameter" alert.
    if (limit < kMinRecordSizeLimit) return IllegalParameter(Reason::kBadExtension);
    out->record_size_limit = limit;
  }
  if (const auto data = extensions.Find(ExtensionType::kMaxFragmentLength)) {
    ByteReader reader(*data);
    uint8_t value;
    if (!reader.ReadU8(&value) || !reader.empty()) return DecodeError();
    //= rfc6066#section-4
    //# If a server receives a maximum fragment length negotiation request
    //# for a value other than the allowed values, it MUST abort the
    //# handshake with an "illegal_parameter" alert.
    const auto length = static_cast<MaxFragmentLength>(value);
    if (length < MaxFragmentLength::k512 || length > MaxFragmentLength::k4096) {
      return IllegalParameter(Reason::kBadExtension);
    }
    out->max_fragment_length = length;
  }
  return Status::Ok();
}

RecordSizes OfferRecordSizes(const ConnectionConfig& config) {
  return {.record_size_limit = OwnLimit(config), .max_fragment_length = config.max_fragment_length};
}

RecordSizes AnswerRecordSizes(const ConnectionConfig& config, const RecordSizes& offer,
                              ConnectionResult* result) {
  RecordSizes answer;
  //= rfc8449#section-5
  //# A server that supports the "record_size_limit"
  //# extension MUST ignore a "max_fragment_length" that appears in a
  //# ClientHello if both extensions appear.
  if (const auto own = OwnLimit(config); own.has_value() && offer.record_size_limit.has_value()) {
    //= rfc8449#section-4
    //# A server MUST NOT enforce this restriction; a client might advertise
    //# a higher limit that is enabled by an extension or version the server
    //# does not understand.
    answer.record_size_limit = own;
    result->max_send_inner_len = std::min(*offer.record_size_limit, kMaxInnerPlaintextLen);
    result->max_receive_inner_len = *own;
  } else if (offer.max_fragment_length.has_value()) {
    answer.max_fragment_length = offer.max_fragment_length;
    result->max_send_inner_len = InnerLenOf(*offer.max_fragment_length);
    result->max_receive_inner_len = result->max_send_inner_len;
  }
  return answer;
}

Status TakeRecordSizes(const RecordSizes& offer, const RecordSizes& answer,
                       ConnectionResult* result) {
  //= rfc8449#section-5
  //# A client MUST treat receipt
  //# of both "max_fragment_length" and "record_size_limit" as a fatal
  //# error, and it SHOULD generate an "illegal_parameter" alert.
  if (answer.record_size_limit.has_value() && answer.max_fragment_length.has_value()) {
    return IllegalParameter(Reason::kBadExtension);
  }
  if (answer.record_size_limit.has_value()) {
    //= rfc8449#section-4
    //# Even if a larger record size limit is provided by a peer, an endpoint
    //# MUST NOT send records larger than the protocol-defined limit, unless
    //# explicitly allowed by a future TLS version or extension.
    result->max_send_inner_len = std::min(*answer.record_size_limit, kMaxInnerPlaintextLen);
    result->max_receive_inner_len = offer.record_size_limit.value_or(kMaxInnerPlaintextLen);
  }
  if (answer.max_fragment_length.has_value()) {
    //= rfc6066#section-4
    //# Similarly, if a client
    //# receives a maximum fragment length negotiation response that differs
    //# from the length it requested, it MUST also abort the handshake with
    //# an "illegal_parameter" alert.
    if (answer.max_fragment_length != offer.max_fragment_length) {
      return IllegalParameter(Reason::kBadExtension);
    }
    result->max_send_inner_len = InnerLenOf(*answer.max_fragment_length);
    result->max_receive_inner_len = result->max_send_inner_len;
  }
  return Status::Ok();
}

void WriteRecordSizeLimit(ByteWriter* writer, uint16_t limit) { writer->WriteU16(limit); }

void WriteMaxFragmentLength(ByteWriter* writer, MaxFragmentLength length) {
  writer->WriteU8(static_cast<uint8_t>(length));
}

}  // namespace dtls13
