// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_ASSOCIATION_SEALED_STATE_H_
#define DTLS13_ASSOCIATION_SEALED_STATE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/random_source.h"

namespace dtls13 {

// kMaxStateLen: the Connection IDs, 40 of 255 bytes at the very most, are two thirds of it.
inline constexpr size_t kMaxStateLen = 16 * 1024;

// StateBuffer is a buffer for an association's secrets: of one piece, and cleansed at its end.
class StateBuffer {
 public:
  explicit StateBuffer(size_t len) : bytes_(len) {}
  StateBuffer(StateBuffer&&) noexcept = default;
  StateBuffer& operator=(StateBuffer&&) = delete;
  ~StateBuffer();
  std::span<uint8_t> bytes() { return bytes_; }
  std::span<const uint8_t> bytes() const { return bytes_; }

 private:
  std::vector<uint8_t> bytes_;
};

// A sealed state is what an exported association is on its way to another process: a tag of the
// format, a random nonce, and the content under AES-256-GCM with its tag.

// SealState encrypts `content` in place and returns the sealed state. `key` is of 32 bytes. Empty
// when randomness or libcrypto fails.
std::vector<uint8_t> SealState(const Algorithms& algorithms, RandomSource* random,
                               std::span<const uint8_t> key, std::span<uint8_t> content);

// OpenState decrypts `state` in place and returns a view of the content. Nothing when it is of
// another format, or `key` does not open it.
std::optional<std::span<const uint8_t>> OpenState(const Algorithms& algorithms,
                                                  std::span<const uint8_t> key,
                                                  std::span<uint8_t> state);

}  // namespace dtls13

#endif  // DTLS13_ASSOCIATION_SEALED_STATE_H_
