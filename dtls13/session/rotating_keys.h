// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SESSION_ROTATING_KEYS_H_
#define DTLS13_SESSION_ROTATING_KEYS_H_

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "dtls13/crypto/random_source.h"
#include "dtls13/crypto/secret.h"
#include "dtls13/wire/time.h"

namespace dtls13 {

// RotatingKeys is a present key and the one before it, replaced by time: what was made under a key
// stays readable for one whole period more. Not thread-safe: its owner locks. It does not know what
// the keys are for.
class RotatingKeys {
 public:
  struct Key {
    uint8_t id = 0;  // the two keys held differ by one, so eight bits tell them apart
    WallTime since{};
    Secret key;  // empty: none
  };

  // Keys of `key_len` random bytes, each the present one for `period`.
  RotatingKeys(size_t key_len, std::chrono::seconds period) : key_len_(key_len), period_(period) {}

  // Rotate makes the first key and, when the present one is old enough, the next. False when there
  // is no randomness.
  [[nodiscard]] bool Rotate(RandomSource* random, WallTime now);

  // The keys are there after a Rotate that succeeded; previous() may have no key.
  const Key& current() const { return current_; }
  const Key& previous() const { return previous_; }

 private:
  size_t key_len_;
  std::chrono::seconds period_;
  Key current_;
  Key previous_;
};

}  // namespace dtls13

#endif  // DTLS13_SESSION_ROTATING_KEYS_H_
