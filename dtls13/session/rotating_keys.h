// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SESSION_ROTATING_KEYS_H_
#define DTLS13_SESSION_ROTATING_KEYS_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/hkdf_label.h"
#include "dtls13/crypto/random_source.h"
#include "dtls13/crypto/secret.h"
#include "dtls13/wire/time.h"

namespace dtls13 {

// KeySeed is what all keys of a RotatingKeys come from. Those of equal seeds are equal at any time:
// a process makes one before it forks, and its children need not speak with one another.
struct KeySeed {
  static constexpr size_t kLen = 32;

  Secret secret;     // kLen random bytes; empty: no seed
  WallTime since{};  // when it was made: the first period begins here

  KeySeed Copy() const { return {.secret = Secret::CopyOf(secret.bytes()), .since = since}; }
};

// RotatingKeys is a present key, the one before it and the one behind it, replaced by time: what
// was made under a key stays readable for one whole period more. Each seed makes a key and the next
// seed, and is forgotten then: who takes the keys of today can read nothing older than the period
// before. Not thread-safe: its owner locks. It does not know what the keys are for.
class RotatingKeys {
 public:
  struct Key {
    uint8_t id = 0;  // the keys held follow one another, so eight bits tell them apart
    WallTime since{};
    Secret key;  // empty: none
  };

  // Keys of `key_len` bytes, each the present one for `period`. Without a seed the first Rotate
  // draws one.
  RotatingKeys(size_t key_len, std::chrono::seconds period, KeySeed seed);

  // Rotate makes the present key that of `now`. False when there is no randomness, or libcrypto
  // fails.
  [[nodiscard]] bool Rotate(const Algorithms& algorithms, RandomSource* random, WallTime now);

  // The present key is there after a Rotate that succeeded.
  const Key& current() const { return current_; }
  // all has the present one first; any other may have no key. The one that comes next is there for
  // what was made by somebody whose clock is a little ahead.
  std::array<const Key*, 3> all() const { return {&current_, &previous_, &next_}; }
  // Find returns the key of this identifier, null where it is not here.
  const Key* Find(uint8_t id) const;

 private:
  bool Advance(Hkdf* hkdf);
  bool Leap(Hkdf* hkdf, uint64_t num_periods);

  size_t key_len_;
  std::chrono::seconds period_;
  Secret seed_;  // of the period behind next_
  Key current_;
  Key previous_;
  Key next_;
};

}  // namespace dtls13

#endif  // DTLS13_SESSION_ROTATING_KEYS_H_
