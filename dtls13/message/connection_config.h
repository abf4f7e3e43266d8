// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_MESSAGE_CONNECTION_CONFIG_H_
#define DTLS13_MESSAGE_CONNECTION_CONFIG_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dtls13/wire/code_points.h"

namespace dtls13 {

// kMaxInnerPlaintextLen bounds a protected record's content with its type and padding: what RFC
// 8446 section 5.2 allows and RFC 8449 section 4 calls the protocol's limit, bytes.
inline constexpr uint16_t kMaxInnerPlaintextLen = (1 << 14) + 1;
// kMinRecordSizeLimit, RFC 8449 section 4.
inline constexpr uint16_t kMinRecordSizeLimit = 64;

// ConnectionConfig is what one side asks or takes in the extensions that settle properties of the
// connection, and not its keys. Lists are in order of preference; what is empty is not used.
struct ConnectionConfig {
  // RFC 7301: names of 1 to 255 bytes. A server with a list refuses a client whose own has nothing
  // in common with it; one without ignores the client's, unless the caller chooses
  // (ServerHandshake::ChooseProtocol).
  std::vector<std::string> alpn;

  // RFC 5764. The MKI, at most 255 bytes, is a client's; a server makes use of what the client
  // sent.
  std::vector<SrtpProfile> srtp_profiles;
  std::vector<uint8_t> srtp_mki;

  // RFC 8449: the longest content, with type and padding, of a protected record this side takes;
  // kMinRecordSizeLimit to kMaxInnerPlaintextLen. It does not follow the path's MTU. Sent even
  // where it limits nothing, as its section 4 recommends, so that the peer may have a limit. 0
  // sends none and takes none.
  uint16_t record_size_limit = kMaxInnerPlaintextLen;

  // Client, RFC 6066 section 4, for servers without record_size_limit: both sides' records have at
  // most so much content. A server accepts what it is asked.
  std::optional<MaxFragmentLength> max_fragment_length;
};

}  // namespace dtls13

#endif  // DTLS13_MESSAGE_CONNECTION_CONFIG_H_
