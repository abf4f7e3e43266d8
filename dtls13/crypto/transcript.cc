// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/transcript.h"

#include <openssl/evp.h>

#include <array>
#include <utility>

namespace dtls13 {
namespace {

constexpr size_t kMaxBodyLen = (size_t{1} << 24) - 1;

//= rfc9147#section-5.2
//# In DTLS 1.3, the message transcript is computed over the original TLS
//# 1.3-style Handshake messages without the message_seq,
//# fragment_offset, and fragment_length values.
std::array<uint8_t, 4> MessageHeader(HandshakeType type, size_t body_len) {
  return {static_cast<uint8_t>(type), static_cast<uint8_t>(body_len >> 16),
          static_cast<uint8_t>(body_len >> 8), static_cast<uint8_t>(body_len)};
}

bool Update(EVP_MD_CTX* context, std::span<const uint8_t> bytes) {
  return EVP_DigestUpdate(context, bytes.data(), bytes.size()) == 1;
}

std::optional<TranscriptHash> Finish(EVP_MD_CTX* context) {
  TranscriptHash value;
  unsigned int len = 0;
  if (EVP_DigestFinal_ex(context, value.bytes.data(), &len) != 1) return std::nullopt;
  value.len = len;
  return value;
}

}  // namespace

Transcript::Transcript(std::shared_ptr<const Algorithms> algorithms)
    : algorithms_(std::move(algorithms)) {}

Transcript::~Transcript() = default;

std::optional<TranscriptHash> Transcript::HashClientHello(const Algorithms& algorithms, HashId hash,
                                                          std::span<const uint8_t> body) {
  const EVP_MD* digest = algorithms.digest(hash);
  OpenSslPtr<EVP_MD_CTX> context(EVP_MD_CTX_new());
  if (digest == nullptr || !context || body.size() > kMaxBodyLen ||
      EVP_DigestInit_ex2(context.get(), digest, nullptr) != 1 ||
      !Update(context.get(), MessageHeader(HandshakeType::kClientHello, body.size())) ||
      !Update(context.get(), body)) {
    return std::nullopt;
  }
  return Finish(context.get());
}

bool Transcript::Add(HandshakeType type, std::span<const uint8_t> body) {
  if (body.size() > kMaxBodyLen) return false;
  const auto header = MessageHeader(type, body.size());
  if (!hash_) {
    kept_.insert(kept_.end(), header.begin(), header.end());
    kept_.insert(kept_.end(), body.begin(), body.end());
    return true;
  }
  return Update(context_.get(), header) && Update(context_.get(), body);
}

bool Transcript::Restart(HashId hash) {
  const EVP_MD* digest = algorithms_->digest(hash);
  if (digest == nullptr) return false;
  if (!context_) context_.reset(EVP_MD_CTX_new());
  if (!scratch_) scratch_.reset(EVP_MD_CTX_new());
  if (!context_ || !scratch_ || EVP_DigestInit_ex2(context_.get(), digest, nullptr) != 1) {
    return false;
  }
  hash_ = hash;
  return true;
}

bool Transcript::SelectHash(HashId hash) {
  if (hash_ || !Restart(hash)) return false;
  const std::vector<uint8_t> kept = std::exchange(kept_, {});
  return Update(context_.get(), kept);
}

std::optional<Transcript> Transcript::Copy() const {
  Transcript copy(algorithms_);
  if (!hash_ || !copy.Restart(*hash_) ||
      EVP_MD_CTX_copy_ex(copy.context_.get(), context_.get()) != 1) {
    return std::nullopt;
  }
  return copy;
}

std::optional<TranscriptHash> Transcript::Hash() const { return HashWithPartial({}); }

std::optional<TranscriptHash> Transcript::HashWithPartial(
    std::span<const uint8_t> message_prefix) const {
  if (!hash_ || EVP_MD_CTX_copy_ex(scratch_.get(), context_.get()) != 1 ||
      !Update(scratch_.get(), message_prefix)) {
    return std::nullopt;
  }
  return Finish(scratch_.get());
}

bool Transcript::ReplaceWithMessageHash() {
  const std::optional<TranscriptHash> client_hello = Hash();
  return client_hello && Restart(*hash_) && AddMessageHash(client_hello->view());
}

bool Transcript::StartFromMessageHash(HashId hash, std::span<const uint8_t> client_hello_hash) {
  kept_.clear();
  return client_hello_hash.size() == HashLen(hash) && Restart(hash) &&
         AddMessageHash(client_hello_hash);
}

bool Transcript::AddMessageHash(std::span<const uint8_t> client_hello_hash) {
  return Add(HandshakeType::kMessageHash, client_hello_hash);
}

}  // namespace dtls13
