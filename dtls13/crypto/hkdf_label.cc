// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/hkdf_label.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <utility>

#include "dtls13/crypto/hmac.h"

namespace dtls13 {
namespace {

constexpr size_t kPrefixLen = 6;
static_assert(kPrefixLen + kMaxLabelLen == 255);

// Output blocks that HKDF-Expand can number, RFC 5869 section 2.3.
constexpr size_t kMaxBlocks = 255;

// HkdfLabel, RFC 8446 section 7.1:
//
//     struct {
//         uint16 length = Length;
//         opaque label<7..255> = "tls13 " + Label;
//         opaque context<0..255> = Context;
//     } HkdfLabel;
struct HkdfLabel {
  std::array<uint8_t, 2 + 1 + kPrefixLen + kMaxLabelLen + 1 + kMaxContextLen> bytes;
  size_t len = 0;

  void Append(uint8_t byte) { bytes[len++] = byte; }
  template <typename Bytes>
  void Append(const Bytes& more) {
    std::copy(more.begin(), more.end(), bytes.begin() + len);
    len += more.size();
  }
};

HkdfLabel MakeHkdfLabel(size_t out_len, LabelPrefix prefix, std::string_view label,
                        std::span<const uint8_t> context) {
  HkdfLabel info;
  info.Append(static_cast<uint8_t>(out_len >> 8));
  info.Append(static_cast<uint8_t>(out_len));
  info.Append(static_cast<uint8_t>(kPrefixLen + label.size()));
  info.Append(PrefixText(prefix));
  info.Append(label);
  info.Append(static_cast<uint8_t>(context.size()));
  info.Append(context);
  return info;
}

}  // namespace

//= rfc9147#section-5.9
//# For DTLS 1.3, that label SHALL be "dtls13".
std::string_view PrefixText(LabelPrefix prefix) {
  return prefix == LabelPrefix::kDtls13 ? "dtls13" : "tls13 ";
}

Hkdf::Hkdf(OpenSslPtr<EVP_MAC_CTX> mac, HashId hash, LabelPrefix prefix)
    : mac_(std::move(mac)), hash_(hash), prefix_(prefix) {}

std::optional<Hkdf> Hkdf::Create(const Algorithms& algorithms, HashId hash, LabelPrefix prefix) {
  OpenSslPtr<EVP_MAC_CTX> mac = NewHmac(algorithms, hash);
  if (!mac) return std::nullopt;
  return Hkdf(std::move(mac), hash, prefix);
}

bool Hkdf::SetSecret(std::span<const uint8_t> secret) {
  const bool keyed = KeyHmac(mac_.get(), secret);
  state_ = keyed ? State::kKeyed : State::kNoSecret;
  return keyed;
}

bool Hkdf::ExpandBlock(std::span<const uint8_t> previous, std::span<const uint8_t> info,
                       uint8_t counter, std::span<uint8_t, kMaxHashLen> block) {
  // A null key keeps the key and starts a new MAC.
  if (state_ == State::kUsed && EVP_MAC_init(mac_.get(), nullptr, 0, nullptr) != 1) return false;
  state_ = State::kUsed;
  size_t len = 0;
  return (previous.empty() || EVP_MAC_update(mac_.get(), previous.data(), previous.size()) == 1) &&
         EVP_MAC_update(mac_.get(), info.data(), info.size()) == 1 &&
         EVP_MAC_update(mac_.get(), &counter, 1) == 1 &&
         EVP_MAC_final(mac_.get(), block.data(), &len, block.size()) == 1 && len == HashLen(hash_);
}

bool Hkdf::Expand(std::string_view label, std::span<const uint8_t> context,
                  std::span<uint8_t> out) {
  const size_t hash_len = HashLen(hash_);
  if (state_ == State::kNoSecret || out.empty() || out.size() > kMaxBlocks * hash_len ||
      label.size() > kMaxLabelLen || context.size() > kMaxContextLen) {
    OPENSSL_cleanse(out.data(), out.size());
    return false;
  }
  const HkdfLabel info = MakeHkdfLabel(out.size(), prefix_, label, context);
  Secret block(kMaxHashLen);
  std::span<const uint8_t> previous;
  size_t done = 0;
  for (uint8_t counter = 1; done < out.size(); ++counter) {
    if (!ExpandBlock(previous, {info.bytes.data(), info.len}, counter,
                     block.mutable_bytes().first<kMaxHashLen>())) {
      OPENSSL_cleanse(out.data(), out.size());
      return false;
    }
    previous = block.bytes().first(hash_len);
    const size_t len = std::min(hash_len, out.size() - done);
    std::copy_n(previous.begin(), len, out.begin() + done);
    done += len;
  }
  return true;
}

Secret Hkdf::ExpandSecret(std::string_view label, std::span<const uint8_t> context, size_t len) {
  Secret secret(len);
  if (!Expand(label, context, secret.mutable_bytes())) return Secret();
  return secret;
}

Secret Hkdf::Extract(std::span<const uint8_t> salt, std::span<const uint8_t> input_key_material) {
  // RFC 5869 section 2.2: no salt is HashLen zero bytes.
  const std::array<uint8_t, kMaxHashLen> zeros{};
  if (salt.empty()) salt = std::span(zeros).first(HashLen(hash_));
  state_ = State::kNoSecret;
  Secret secret(HashLen(hash_));
  size_t len = 0;
  if (!KeyHmac(mac_.get(), salt) ||
      EVP_MAC_update(mac_.get(), input_key_material.data(), input_key_material.size()) != 1 ||
      EVP_MAC_final(mac_.get(), secret.mutable_bytes().data(), &len, secret.size()) != 1) {
    return Secret();
  }
  return secret;
}

bool HkdfExpandLabel(const Algorithms& algorithms, HashId hash, std::span<const uint8_t> secret,
                     LabelPrefix prefix, std::string_view label, std::span<const uint8_t> context,
                     std::span<uint8_t> out) {
  std::optional<Hkdf> hkdf = Hkdf::Create(algorithms, hash, prefix);
  if (!hkdf || !hkdf->SetSecret(secret)) {
    OPENSSL_cleanse(out.data(), out.size());
    return false;
  }
  return hkdf->Expand(label, context, out);
}

Secret DeriveSecret(const Algorithms& algorithms, HashId hash, std::span<const uint8_t> secret,
                    LabelPrefix prefix, std::string_view label,
                    std::span<const uint8_t> transcript_hash) {
  Secret derived(HashLen(hash));
  if (!HkdfExpandLabel(algorithms, hash, secret, prefix, label, transcript_hash,
                       derived.mutable_bytes())) {
    return Secret();
  }
  return derived;
}

}  // namespace dtls13
