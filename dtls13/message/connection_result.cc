// SPDX-License-Identifier: Apache-2.0
#include "dtls13/message/connection_result.h"

#include <span>

namespace dtls13 {

void ConnectionResult::WriteState(ByteWriter* writer) const {
  writer->WriteVector8({reinterpret_cast<const uint8_t*>(alpn.data()), alpn.size()});
  writer->WriteU8(srtp_profile.has_value());
  writer->WriteU16(static_cast<uint16_t>(srtp_profile.value_or(SrtpProfile())));
  writer->WriteVector8(srtp_mki);
  writer->WriteU16(max_send_inner_len);
  writer->WriteU16(max_receive_inner_len);
  writer->WriteU8(server_name_acknowledged);
}

bool ConnectionResult::ReadState(ByteReader* reader) {
  std::span<const uint8_t> protocol, mki;
  bool has_srtp = false;
  SrtpProfile profile{};
  if (!reader->ReadVector8(&protocol) || !reader->ReadFlag(&has_srtp) ||
      !reader->ReadEnum16(&profile) || !reader->ReadVector8(&mki) ||
      !reader->ReadU16(&max_send_inner_len) || !reader->ReadU16(&max_receive_inner_len) ||
      !reader->ReadFlag(&server_name_acknowledged)) {
    return false;
  }
  alpn.assign(protocol.begin(), protocol.end());
  if (has_srtp) srtp_profile = profile;
  srtp_mki.assign(mki.begin(), mki.end());
  return max_send_inner_len > 0;
}

}  // namespace dtls13
