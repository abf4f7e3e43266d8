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

//= draft-ietf-tls-dtls13-26#section-5.7
//# However, in order to remove sensitivity to handshake message
//# fragmentation, the CertificateVerify and the Finished messages MUST be
//# computed as if each handshake message had been sent as a single fragment
//# following the algorithm described in Section 4.4.3 and Section 4.4.4 of
//# [I-D.ietf-tls-tls13], respectively.
class MessageHeader {
 public:
  MessageHeader(TranscriptForm form, HandshakeType type, size_t body_len, uint16_t message_seq)
      : len_(form == TranscriptForm::kTls ? 4 : 12),
        bytes_{static_cast<uint8_t>(type),
               static_cast<uint8_t>(body_len >> 16),
               static_cast<uint8_t>(body_len >> 8),
               static_cast<uint8_t>(body_len),
               static_cast<uint8_t>(message_seq >> 8),
               static_cast<uint8_t>(message_seq),
               0,
               0,
               0,
               static_cast<uint8_t>(body_len >> 16),
               static_cast<uint8_t>(body_len >> 8),
               static_cast<uint8_t>(body_len)} {}

  std::span<const uint8_t> bytes() const { return std::span(bytes_).first(len_); }

 private:
  size_t len_;
  std::array<uint8_t, 12> bytes_;
};

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

Transcript::Transcript(std::shared_ptr<const Algorithms> algorithms, TranscriptForm form)
    : algorithms_(std::move(algorithms)), form_(form) {}

Transcript::~Transcript() = default;

std::optional<TranscriptHash> Transcript::HashClientHello(const Algorithms& algorithms, HashId hash,
                                                          std::span<const uint8_t> body,
                                                          TranscriptForm form) {
  const EVP_MD* digest = algorithms.digest(hash);
  OpenSslPtr<EVP_MD_CTX> context(EVP_MD_CTX_new());
  if (digest == nullptr || !context || body.size() > kMaxBodyLen ||
      EVP_DigestInit_ex2(context.get(), digest, nullptr) != 1 ||
      !Update(context.get(),
              MessageHeader(form, HandshakeType::kClientHello, body.size(), 0).bytes()) ||
      !Update(context.get(), body)) {
    return std::nullopt;
  }
  return Finish(context.get());
}

// Of counts no message_hash. It stands for a client's first message, and has its number.
uint16_t* Transcript::MessageNumbers::Of(HandshakeType type) {
  switch (type) {
    case HandshakeType::kMessageHash:
      return nullptr;
    case HandshakeType::kClientHello:
    case HandshakeType::kEndOfEarlyData:
      return &client;
    case HandshakeType::kServerHello:
    case HandshakeType::kEncryptedExtensions:
    case HandshakeType::kCertificateRequest:
      return &server;
    default:
      return server_finished ? &client : &server;
  }
}

bool Transcript::Add(HandshakeType type, std::span<const uint8_t> body) {
  if (body.size() > kMaxBodyLen) return false;
  uint16_t* const number = numbers_.Of(type);
  const MessageHeader whole(form_, type, body.size(), number == nullptr ? 0 : (*number)++);
  if (type == HandshakeType::kFinished) numbers_.server_finished = true;
  const std::span<const uint8_t> header = whole.bytes();
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
  Transcript copy(algorithms_, form_);
  copy.numbers_ = numbers_;
  if (!hash_ || !copy.Restart(*hash_) ||
      EVP_MD_CTX_copy_ex(copy.context_.get(), context_.get()) != 1) {
    return std::nullopt;
  }
  return copy;
}

std::optional<TranscriptHash> Transcript::Hash() const { return HashWith({}, {}); }

std::optional<TranscriptHash> Transcript::HashWithTruncatedHello(
    size_t body_len, std::span<const uint8_t> body_prefix) const {
  const MessageHeader header(form_, HandshakeType::kClientHello, body_len, numbers_.client);
  return HashWith(header.bytes(), body_prefix);
}

std::optional<TranscriptHash> Transcript::HashWith(std::span<const uint8_t> header,
                                                   std::span<const uint8_t> body) const {
  if (!hash_ || EVP_MD_CTX_copy_ex(scratch_.get(), context_.get()) != 1 ||
      !Update(scratch_.get(), header) || !Update(scratch_.get(), body)) {
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
  numbers_ = {.client = 1};
  return client_hello_hash.size() == HashLen(hash) && Restart(hash) &&
         AddMessageHash(client_hello_hash);
}

bool Transcript::AddMessageHash(std::span<const uint8_t> client_hello_hash) {
  return Add(HandshakeType::kMessageHash, client_hello_hash);
}

}  // namespace dtls13
