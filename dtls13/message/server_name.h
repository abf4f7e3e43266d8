// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_MESSAGE_SERVER_NAME_H_
#define DTLS13_MESSAGE_SERVER_NAME_H_

#include <cstdint>
#include <span>
#include <string_view>

#include "dtls13/wire/byte_writer.h"
#include "dtls13/wire/status.h"

namespace dtls13 {

// ReadServerName takes the host_name out of a ClientHello's server_name, RFC 6066 section 3:
// decode_error when it is malformed, unrecognized_name when it is no name a C string can hold.
// `*out` views the message.
Status ReadServerName(std::span<const uint8_t> data, std::string_view* out);

// WriteServerName writes the extension's data.
void WriteServerName(ByteWriter* writer, std::string_view name);

// IsIpLiteral: an IPv4 or IPv6 address, which server_name must not carry, RFC 6066 section 3.
bool IsIpLiteral(std::string_view host);

}  // namespace dtls13

#endif  // DTLS13_MESSAGE_SERVER_NAME_H_
