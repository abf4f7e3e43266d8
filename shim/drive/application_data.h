// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_DRIVE_APPLICATION_DATA_H_
#define DTLS13_SHIM_DRIVE_APPLICATION_DATA_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "shim/attachment/ssl_attachment.h"
#include "shim/libssl/outcome.h"

namespace dtls13::shim {

// ReadMode says whether what was read is gone then: SSL_read or SSL_peek.
enum class ReadMode : uint8_t { kConsume, kPeek };

// ReadData is SSL_read: the handshake if it is still to do, then the content of one record, or as
// much of it as fits. kDone with `*num_read` bytes in `out`; kEnded when the peer sends no more, or
// has ended all with an alert; otherwise as RunHandshake and Drive.
Outcome ReadData(SslAttachment& attachment, std::span<uint8_t> out, ReadMode mode,
                 size_t* num_read);

// WriteData is SSL_write: the handshake if it is still to do, then `data` as one record. kDone when
// it left; kIgnored when `data` is empty; otherwise as RunHandshake and TransmitData.
Outcome WriteData(SslAttachment& attachment, std::span<const uint8_t> data);

// PendingLen is the bytes that were received and not read; HasPending whether there are any.
size_t PendingLen(const SslAttachment& attachment);
bool HasPending(const SslAttachment& attachment);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_DRIVE_APPLICATION_DATA_H_
