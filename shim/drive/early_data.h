// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_DRIVE_EARLY_DATA_H_
#define DTLS13_SHIM_DRIVE_EARLY_DATA_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "shim/attachment/ssl_attachment.h"
#include "shim/libssl/outcome.h"

namespace dtls13::shim {

// WriteEarlyData is SSL_write_early_data: the ClientHello first, then `data` as one record, if it
// is not empty. kDone, also when it could not be offered; otherwise as RunHandshake and
// TransmitData.
Outcome WriteEarlyData(SslAttachment& attachment, std::span<const uint8_t> data);

// ReadEarlyData is SSL_read_early_data. kDone with `*num_read` bytes in `out`; kEnded when no more
// will come; otherwise as RunHandshake.
Outcome ReadEarlyData(SslAttachment& attachment, std::span<uint8_t> out, size_t* num_read);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_DRIVE_EARLY_DATA_H_
