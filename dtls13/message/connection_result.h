// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_MESSAGE_CONNECTION_RESULT_H_
#define DTLS13_MESSAGE_CONNECTION_RESULT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dtls13/message/connection_config.h"
#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/byte_writer.h"
#include "dtls13/wire/code_points.h"

namespace dtls13 {

// ConnectionResult is what the two sides agreed on in the extensions of ConnectionConfig.
struct ConnectionResult {
  std::string alpn;  // empty: none
  std::optional<SrtpProfile> srtp_profile;
  std::vector<uint8_t> srtp_mki;  // empty: not used
  // The longest DTLSInnerPlaintext that may be sent and received, bytes.
  uint16_t max_send_inner_len = kMaxInnerPlaintextLen;
  uint16_t max_receive_inner_len = kMaxInnerPlaintextLen;
  // Client: the server acknowledged server_name (RFC 6066 section 3).
  bool server_name_acknowledged = false;
  // Client: the groups the server would rather have had, by its order; empty if it did not say.
  // For the next connection's key shares (RFC 8446 section 4.2.7).
  std::vector<NamedGroup> server_groups;

  // WriteState and ReadState carry it to another process, but for server_groups. False when it is
  // no such state.
  void WriteState(ByteWriter* writer) const;
  [[nodiscard]] bool ReadState(ByteReader* reader);
};

}  // namespace dtls13

#endif  // DTLS13_MESSAGE_CONNECTION_RESULT_H_
