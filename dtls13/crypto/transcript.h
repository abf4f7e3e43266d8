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
#include "dtls13/wire/wire_profile.h"

namespace dtls13 {

using TranscriptHash = HashValue;

// Transcript is the running hash of a handshake, RFC 8446 section 4.4.1. Messages enter as TLS 1.3
// writes them, type and 24-bit length before the body; DTLS's message_seq and fragment fields do
// not, RFC 9147 section 5.2, but in TranscriptForm::kDtls. There it numbers the messages of each
// side itself: whose one is follows from its type, and else from the server's Finished, which ends
// what a server sends. Until the hash is known, messages are kept. It does not know which messages
// belong in: the handshake adds them, in order.
class Transcript {
 public:
  explicit Transcript(std::shared_ptr<const Algorithms> algorithms,
                      TranscriptForm form = TranscriptForm::kTls);
  Transcript(Transcript&&) noexcept = default;
  Transcript& operator=(Transcript&&) noexcept = default;
  ~Transcript();

  // HashClientHello hashes a client's first message as it would stand in a transcript alone: what a
  // stateless server puts in its cookie.
  static std::optional<TranscriptHash> HashClientHello(const Algorithms& algorithms, HashId hash,
                                                       std::span<const uint8_t> body,
                                                       TranscriptForm form = TranscriptForm::kTls);

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

  // HashWithTruncatedHello is the hash with the beginning of a ClientHello behind it, whose header
  // says `body_len`: what PSK binders cover, RFC 8446 section 4.2.11.2.
  std::optional<TranscriptHash> HashWithTruncatedHello(size_t body_len,
                                                       std::span<const uint8_t> body_prefix) const;

  // ReplaceWithMessageHash puts the synthetic message_hash message in the place of all that was
  // added: call between ClientHello1 and the HelloRetryRequest, after SelectHash.
  [[nodiscard]] bool ReplaceWithMessageHash();

  // StartFromMessageHash begins a transcript with message_hash of a ClientHello1 that only its hash
  // is left of. `client_hello_hash` has HashLen(hash) bytes. Drops whatever was added before.
  [[nodiscard]] bool StartFromMessageHash(HashId hash, std::span<const uint8_t> client_hello_hash);

 private:
  // MessageNumbers is how many messages of each side were added.
  struct MessageNumbers {
    uint16_t client = 0;
    uint16_t server = 0;
    bool server_finished = false;

    uint16_t* Of(HandshakeType type);
  };

  std::optional<TranscriptHash> HashWith(std::span<const uint8_t> header,
                                         std::span<const uint8_t> body) const;
  [[nodiscard]] bool Restart(HashId hash);
  [[nodiscard]] bool AddMessageHash(std::span<const uint8_t> client_hello_hash);

  std::shared_ptr<const Algorithms> algorithms_;
  TranscriptForm form_;
  MessageNumbers numbers_;
  std::optional<HashId> hash_;
  OpenSslPtr<EVP_MD_CTX> context_;
  OpenSslPtr<EVP_MD_CTX> scratch_;  // Hash copies the running state here to finish it
  std::vector<uint8_t> kept_;       // messages before SelectHash
};

}  // namespace dtls13

#endif  // DTLS13_CRYPTO_TRANSCRIPT_H_
