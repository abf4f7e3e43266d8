// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_ENDPOINT_SEEDED_HASH_H_
#define DTLS13_ENDPOINT_SEEDED_HASH_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "absl/hash/hash.h"
#include "absl/strings/string_view.h"

namespace dtls13 {

// SeededHash is a hash of bytes that a peer may choose, such as its address: `seed` is random and
// secret, so that nobody can choose those that meet.
inline size_t SeededHash(uint64_t seed, std::span<const uint8_t> bytes) {
  return absl::HashOf(seed,
                      absl::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

}  // namespace dtls13

#endif  // DTLS13_ENDPOINT_SEEDED_HASH_H_
