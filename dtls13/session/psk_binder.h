// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SESSION_PSK_BINDER_H_
#define DTLS13_SESSION_PSK_BINDER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "dtls13/crypto/hash.h"
#include "dtls13/crypto/key_schedule.h"
#include "dtls13/crypto/transcript.h"

namespace dtls13 {

// ComputePskBinder returns the binder of the PSK that `schedule` was started with, RFC 8446 section
// 4.2.11.2: over `transcript`, which holds what went before this ClientHello (nothing, or
// message_hash and HelloRetryRequest) and has the PSK's hash, and over `client_hello_body` without
// its last `binders_len` bytes. Nothing when libcrypto fails, the hashes differ or the body is too
// short. It does not know which identity the binder is for.
std::optional<HashValue> ComputePskBinder(KeySchedule* schedule, KeySchedule::PskKind kind,
                                          const Transcript& transcript,
                                          std::span<const uint8_t> client_hello_body,
                                          size_t binders_len);

}  // namespace dtls13

#endif  // DTLS13_SESSION_PSK_BINDER_H_
