// SPDX-License-Identifier: Apache-2.0
#include "dtls13/session/psk_binder.h"

namespace dtls13 {

std::optional<HashValue> ComputePskBinder(KeySchedule* schedule, KeySchedule::PskKind kind,
                                          const Transcript& transcript,
                                          std::span<const uint8_t> client_hello_body,
                                          size_t binders_len) {
  if (binders_len > client_hello_body.size()) return std::nullopt;
  // The header's length counts the binders that are not hashed.
  const size_t body_len = client_hello_body.size();
  const auto hash =
      transcript.HashWithTruncatedHello(body_len, client_hello_body.first(body_len - binders_len));
  if (!hash.has_value()) return std::nullopt;
  return schedule->FinishedMac(schedule->BinderKey(kind), *hash);
}

}  // namespace dtls13
