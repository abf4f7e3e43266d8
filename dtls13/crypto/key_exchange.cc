#include "dtls13/crypto/key_exchange.h"

#include <openssl/evp.h>

#include <array>
#include <utility>

#include "dtls13/crypto/named_group.h"

namespace dtls13 {
namespace {

// UncompressedPoint is legacy_form of RFC 8446 section 4.2.8.2, the only form allowed there.
constexpr uint8_t kUncompressedPoint = 4;

std::vector<uint8_t> EncodedPublicKey(EVP_PKEY* key) {
  unsigned char* encoded = nullptr;
  const size_t len = EVP_PKEY_get1_encoded_public_key(key, &encoded);
  std::vector<uint8_t> bytes(encoded, encoded + len);
  OPENSSL_free(encoded);
  return bytes;
}

OpenSslPtr<EVP_PKEY> NewKey(const Algorithms& algorithms, const NamedGroupInfo& group) {
  OpenSslPtr<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(
      algorithms.library_context(), group.key_type, algorithms.property_query()));
  EVP_PKEY* key = nullptr;
  if (!context || EVP_PKEY_keygen_init(context.get()) != 1 ||
      (group.curve != nullptr && EVP_PKEY_CTX_set_group_name(context.get(), group.curve) != 1) ||
      EVP_PKEY_generate(context.get(), &key) != 1) {
    return nullptr;
  }
  return OpenSslPtr<EVP_PKEY>(key);
}

}  // namespace

KeyExchange::KeyExchange(const Algorithms& algorithms, NamedGroup group, OpenSslPtr<EVP_PKEY> key,
                         std::vector<uint8_t> public_key)
    : algorithms_(&algorithms),
      group_(group),
      key_(std::move(key)),
      public_key_(std::move(public_key)) {}

bool KeyExchange::IsSupported(const Algorithms& algorithms, NamedGroup group) {
  return algorithms.Supports(group);
}

std::optional<KeyExchange> KeyExchange::Generate(const Algorithms& algorithms, NamedGroup group) {
  if (!algorithms.Supports(group)) return std::nullopt;
  return FromKey(algorithms, group, NewKey(algorithms, *FindNamedGroup(group)));
}

std::optional<KeyExchange> KeyExchange::FromKey(const Algorithms& algorithms, NamedGroup group,
                                                OpenSslPtr<EVP_PKEY> key) {
  if (!key) return std::nullopt;
  std::vector<uint8_t> public_key = EncodedPublicKey(key.get());
  if (public_key.size() != FindNamedGroup(group)->public_key_len) return std::nullopt;
  return KeyExchange(algorithms, group, std::move(key), std::move(public_key));
}

std::optional<Secret> KeyExchange::Derive(std::span<const uint8_t> peer_public_key) const {
  const NamedGroupInfo& info = *FindNamedGroup(group_);
  if (peer_public_key.size() != info.public_key_len) return std::nullopt;
  if (info.curve != nullptr && peer_public_key[0] != kUncompressedPoint) return std::nullopt;
  //= rfc8446#section-4.2.8.2
  //# For the curves secp256r1, secp384r1, and secp521r1, peers MUST
  //# validate each other's public value Q by ensuring that the point is a
  //# valid point on the elliptic curve.
  OpenSslPtr<EVP_PKEY> peer(EVP_PKEY_new());
  if (!peer || EVP_PKEY_copy_parameters(peer.get(), key_.get()) != 1 ||
      EVP_PKEY_set1_encoded_public_key(peer.get(), peer_public_key.data(),
                                       peer_public_key.size()) != 1) {
    return std::nullopt;
  }
  OpenSslPtr<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_pkey(
      algorithms_->library_context(), key_.get(), algorithms_->property_query()));
  Secret shared(info.shared_secret_len);
  size_t len = shared.size();
  if (!context || EVP_PKEY_derive_init(context.get()) != 1 ||
      // The point has been checked; checking that its order is the group's, as this would do by
      // default, costs as much as the derivation and RFC 8446 section 4.2.8.2 does not want it.
      EVP_PKEY_derive_set_peer_ex(context.get(), peer.get(), /*validate_peer=*/0) != 1 ||
      EVP_PKEY_derive(context.get(), shared.mutable_bytes().data(), &len) != 1 ||
      len != shared.size()) {
    return std::nullopt;
  }
  //= rfc8446#section-7.4.2
  //# Implementations MUST check whether the computed Diffie-Hellman shared
  //# secret is the all-zero value and abort if so, as described in
  //# Section 6 of [RFC7748].
  const std::array<uint8_t, Secret::kMaxLen> zeros{};
  if (shared.EqualsConstantTime(std::span(zeros).first(len))) return std::nullopt;
  return shared;
}

}  // namespace dtls13
