// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/diffie_hellman.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "dtls13/crypto/encoded_public_key.h"
#include "dtls13/crypto/secret.h"

namespace dtls13 {
namespace {

// UncompressedPoint is legacy_form of RFC 8446 section 4.2.8.2, the only form allowed there.
constexpr uint8_t kUncompressedPoint = 4;

}  // namespace

OpenSslPtr<EVP_PKEY> GenerateDiffieHellmanKey(const Algorithms& algorithms,
                                              const NamedGroupInfo& group) {
  // From the group's parameters: naming a curve has libcrypto build it anew, two thirds of what a
  // key on P-256 takes.
  OpenSslPtr<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_pkey(
      algorithms.library_context(), algorithms.group_parameters(group.group),
      algorithms.property_query()));
  EVP_PKEY* key = nullptr;
  if (!context || EVP_PKEY_keygen_init(context.get()) != 1 ||
      EVP_PKEY_generate(context.get(), &key) != 1) {
    return nullptr;
  }
  return OpenSslPtr<EVP_PKEY>(key);
}

bool WriteDiffieHellmanPublicKey(EVP_PKEY* key, std::span<uint8_t> out) {
  unsigned char* encoded = nullptr;
  const size_t len = EVP_PKEY_get1_encoded_public_key(key, &encoded);
  if (len == out.size()) std::copy_n(encoded, len, out.begin());
  OPENSSL_free(encoded);
  return len == out.size();
}

bool DeriveDiffieHellman(const Algorithms& algorithms, const NamedGroupInfo& group, EVP_PKEY* key,
                         std::span<const uint8_t> peer_public_key, std::span<uint8_t> out) {
  if (peer_public_key.size() != group.public_key_len) return false;
  if (group.curve != nullptr && peer_public_key[0] != kUncompressedPoint) return false;
  const OpenSslPtr<EVP_PKEY> peer =
      NewEncodedPublicKey(algorithms.group_parameters(group.group), peer_public_key);
  if (!peer) return false;
  OpenSslPtr<EVP_PKEY_CTX> context(
      EVP_PKEY_CTX_new_from_pkey(algorithms.library_context(), key, algorithms.property_query()));
  //= rfc8446#section-7.4.2
  //# For these curves, implementations SHOULD use the approach specified in
  //# [RFC7748] to calculate the Diffie-Hellman shared secret.
  size_t len = out.size();
  if (!context || EVP_PKEY_derive_init(context.get()) != 1 ||
      // The point has been checked; checking that its order is the group's, as this would do by
      // default, costs as much as the derivation and RFC 8446 section 4.2.8.2 does not want it.
      EVP_PKEY_derive_set_peer_ex(context.get(), peer.get(), /*validate_peer=*/0) != 1 ||
      //= rfc8446#section-7.4.2
      //# leading zeros found in this octet string MUST NOT be truncated.
      EVP_PKEY_derive(context.get(), out.data(), &len) != 1 || len != group.shared_secret_len) {
    return false;
  }
  //= rfc8446#section-7.4.2
  //# Implementations MUST check whether the computed Diffie-Hellman shared
  //# secret is the all-zero value and abort if so, as described in
  //# Section 6 of [RFC7748].
  const std::array<uint8_t, Secret::kMaxLen> zeros{};
  return !ConstantTimeEquals(out, std::span(zeros).first(out.size()));
}

}  // namespace dtls13
