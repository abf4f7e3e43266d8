// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_MESSAGE_RECORD_SIZE_H_
#define DTLS13_MESSAGE_RECORD_SIZE_H_

#include <cstdint>
#include <optional>
#include <span>

#include "dtls13/message/connection_config.h"
#include "dtls13/message/connection_result.h"
#include "dtls13/message/extensions.h"
#include "dtls13/wire/byte_writer.h"
#include "dtls13/wire/status.h"

namespace dtls13 {

// RecordSizes is what one message says of record sizes: record_size_limit (RFC 8449) and its
// forerunner max_fragment_length (RFC 6066 section 4).
struct RecordSizes {
  std::optional<uint16_t> record_size_limit;  // at least kMinRecordSizeLimit
  std::optional<MaxFragmentLength> max_fragment_length;
};

// ReadRecordSizes takes both out of a ClientHello or EncryptedExtensions: decode_error for the
// wrong length, illegal_parameter for a value that may not be.
Status ReadRecordSizes(const ExtensionBlock& extensions, RecordSizes* out);

// OfferRecordSizes is what a client asks, by its config.
RecordSizes OfferRecordSizes(const ConnectionConfig& config);

// AnswerRecordSizes is a server's answer to a client's offer. `*result` has the limits that follow.
RecordSizes AnswerRecordSizes(const ConnectionConfig& config, const RecordSizes& offer,
                              ConnectionResult* result);

// TakeRecordSizes holds a server's answer against the client's offer: illegal_parameter when it
// does not fit. `*result` has the limits that follow.
Status TakeRecordSizes(const RecordSizes& offer, const RecordSizes& answer,
                       ConnectionResult* result);

// WriteRecordSizeLimit and WriteMaxFragmentLength write the extensions' data.
void WriteRecordSizeLimit(ByteWriter* writer, uint16_t limit);
void WriteMaxFragmentLength(ByteWriter* writer, MaxFragmentLength length);

}  // namespace dtls13

#endif  // DTLS13_MESSAGE_RECORD_SIZE_H_
