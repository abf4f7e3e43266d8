// SPDX-License-Identifier: Apache-2.0
#include "dtls13/session/psk_binder.h"

#include <vector>

#include "dtls13/wire/byte_writer.h"

namespace dtls13 {

std::optional<HashValue> ComputePskBinder(KeySchedule* schedule, KeySchedule::PskKind kind,
                                          const Transcript& transcript,
                                          std::span<const uint8_t> client_hello_body,
                                          size_t binders_len) {
  if (binders_len > client_hello_body.size()) return std::nullopt;
  // The header is TLS's (RFC 9147 section 5.2), and its length counts the binders that are not
  // hashed.
  std::vector<uint8_t> truncated;
  ByteWriter writer(&truncated);
  writer.WriteU8(static_cast<uint8_t>(HandshakeType::kClientHello));
  writer.WriteU24(static_cast<uint32_t>(client_hello_body.size()));
  writer.WriteBytes(client_hello_body.first(client_hello_body.size() - binders_len));
  const auto hash = transcript.HashWithPartial(truncated);
  if (!writer.ok() || !hash.has_value()) return std::nullopt;
  return schedule->FinishedMac(schedule->BinderKey(kind), *hash);
}

}  // namespace dtls13
