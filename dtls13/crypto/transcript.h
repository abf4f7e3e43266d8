// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_CRYPTO_TRANSCRIPT_H_
#define DTLS13_CRYPTO_TRANSCRIPT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/hash.h"
#include "dtls13/crypto/openssl_ptr.h"
#include "dtls13/wire/code_points.h"

namespace dtls13 {

using TranscriptHash = HashValue;

// Transcript is the running hash of a handshake, RFC 8446 section 4.4.1. Messages enter as TLS 1.3
// writes them, type and 24-bit length before the body; DTLS's message_seq and fragment fields never
// do, RFC 9147 section 5.2. Until the hash is known, messages are kept.
// It does not know which messages belong in: the handshake adds them, in order.
class Transcript {
 public:
  explicit Transcript(std::shared_ptr<const Algorithms> algorithms);
  Transcript(Transcript&&) noexcept = default;
  Transcript& operator=(Transcript&&) noexcept = default;
  ~Transcript();

  // HashClientHello hashes one ClientHello as it would stand in a transcript alone: what a
  // stateless server puts in its cookie.
  static std::optional<TranscriptHash> HashClientHello(const Algorithms& algorithms, HashId hash,
                                                       std::span<const uint8_t> body);

  // Add appends one whole message. False when libcrypto fails or the body is 2^24 bytes or more.
  [[nodiscard]] bool Add(HandshakeType type, std::span<const uint8_t> body);

  // SelectHash hashes what was kept and all that follows with `hash`. Once.
  [[nodiscard]] bool SelectHash(HashId hash);
  bool has_hash() const { return hash_.has_value(); }

  // Copy is a transcript that goes on from here by itself. Nothing before SelectHash, or when
  // libcrypto fails.
  std::optional<Transcript> Copy() const;

  // Hash of everything added so far; nothing before SelectHash or when libcrypto fails.
  std::optional<TranscriptHash> Hash() const;

  // HashWithPartial is the hash with a message's beginning behind it, header and body bytes as
  // given: PSK binders cover a truncated ClientHello, RFC 8446 section 4.2.11.2.
  std::optional<TranscriptHash> HashWithPartial(std::span<const uint8_t> message_prefix) const;

  // ReplaceWithMessageHash puts the synthetic message_hash message in the place of all that was
  // added: call between ClientHello1 and the HelloRetryRequest, after SelectHash.
  [[nodiscard]] bool ReplaceWithMessageHash();

  // StartFromMessageHash begins a transcript with message_hash of a ClientHello1 that only its hash
  // is left of. `client_hello_hash` has HashLen(hash) bytes. Drops whatever was added before.
  [[nodiscard]] bool StartFromMessageHash(HashId hash, std::span<const uint8_t> client_hello_hash);

 private:
  [[nodiscard]] bool Restart(HashId hash);
  [[nodiscard]] bool AddMessageHash(std::span<const uint8_t> client_hello_hash);

  std::shared_ptr<const Algorithms> algorithms_;
  std::optional<HashId> hash_;
  OpenSslPtr<EVP_MD_CTX> context_;
  OpenSslPtr<EVP_MD_CTX> scratch_;  // Hash copies the running state here to finish it
  std::vector<uint8_t> kept_;       // messages before SelectHash
};

}  // namespace dtls13

#endif  // DTLS13_CRYPTO_TRANSCRIPT_H_
