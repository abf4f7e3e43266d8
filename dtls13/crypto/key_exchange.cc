// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/key_exchange.h"

#include <utility>

#include "dtls13/crypto/diffie_hellman.h"
#include "dtls13/crypto/ml_kem.h"
#include "dtls13/crypto/named_group.h"

namespace dtls13 {
namespace {

Status BadShare() {
  return Status::Fatal(Reason::kBadKeyShare, AlertDescription::kIllegalParameter);
}

Status CryptoFailure() { return Status::Fatal(Reason::kCrypto, AlertDescription::kInternalError); }

// Parts are a share's or a secret's two halves, of which a group that is not hybrid has one.
template <typename T>
struct Parts {
  std::span<T> diffie_hellman;
  std::span<T> ml_kem;
};

template <typename T>
Parts<T> Split(const NamedGroupInfo& group, std::span<T> whole, size_t diffie_hellman_len) {
  if (group.order == KemOrder::kLast) {
    return {whole.first(diffie_hellman_len), whole.subspan(diffie_hellman_len)};
  }
  return {whole.last(diffie_hellman_len), whole.first(whole.size() - diffie_hellman_len)};
}

template <typename T>
Parts<T> SplitShare(const NamedGroupInfo& group, std::span<T> share) {
  return Split(group, share, group.public_key_len);
}

Parts<uint8_t> SplitSecret(const NamedGroupInfo& group, Secret* secret) {
  return Split(group, secret->mutable_bytes(), group.shared_secret_len);
}

}  // namespace

KeyExchange::KeyExchange(const Algorithms& algorithms, NamedGroup group, OpenSslPtr<EVP_PKEY> key,
                         OpenSslPtr<EVP_PKEY> ml_kem_key, std::vector<uint8_t> public_key)
    : algorithms_(&algorithms),
      group_(group),
      key_(std::move(key)),
      ml_kem_key_(std::move(ml_kem_key)),
      public_key_(std::move(public_key)) {}

bool KeyExchange::IsSupported(const Algorithms& algorithms, NamedGroup group) {
  return algorithms.Supports(group);
}

std::optional<KeyExchange> KeyExchange::Generate(const Algorithms& algorithms, NamedGroup group) {
  if (!algorithms.Supports(group)) return std::nullopt;
  const NamedGroupInfo& info = *FindNamedGroup(group);
  OpenSslPtr<EVP_PKEY> key;
  OpenSslPtr<EVP_PKEY> ml_kem_key;
  if (info.has_diffie_hellman()) key = GenerateDiffieHellmanKey(algorithms, info);
  if (info.ml_kem != nullptr) ml_kem_key = GenerateMlKemKey(algorithms, *info.ml_kem);
  return FromKeys(algorithms, group, std::move(key), std::move(ml_kem_key));
}

std::optional<KeyExchange> KeyExchange::FromKeys(const Algorithms& algorithms, NamedGroup group,
                                                 OpenSslPtr<EVP_PKEY> key,
                                                 OpenSslPtr<EVP_PKEY> ml_kem_key) {
  const NamedGroupInfo& info = *FindNamedGroup(group);
  if (info.has_diffie_hellman() != (key != nullptr) ||
      (info.ml_kem != nullptr) != (ml_kem_key != nullptr)) {
    return std::nullopt;
  }
  std::vector<uint8_t> public_key(info.client_share_len());
  const Parts<uint8_t> parts = SplitShare(info, std::span(public_key));
  if (key && !WriteDiffieHellmanPublicKey(key.get(), parts.diffie_hellman)) return std::nullopt;
  if (ml_kem_key && !WriteMlKemEncapsulationKey(ml_kem_key.get(), parts.ml_kem)) {
    return std::nullopt;
  }
  return KeyExchange(algorithms, group, std::move(key), std::move(ml_kem_key),
                     std::move(public_key));
}

// draft-ietf-tls-ecdhe-mlkem section 4.2: "the client MUST check if the ciphertext length matches
// the selected group, and abort with an illegal_parameter alert if it fails. If ML-KEM
// decapsulation fails for any other reason, the connection MUST be aborted with an internal_error
// alert."
Status KeyExchange::Derive(std::span<const uint8_t> server_share, Secret* secret) const {
  const NamedGroupInfo& info = *FindNamedGroup(group_);
  if (server_share.size() != info.server_share_len()) return BadShare();
  const Parts<const uint8_t> share = SplitShare(info, server_share);
  Secret shared(info.secret_len());
  const Parts<uint8_t> parts = SplitSecret(info, &shared);
  if (key_ && !DeriveDiffieHellman(*algorithms_, info, key_.get(), share.diffie_hellman,
                                   parts.diffie_hellman)) {
    return BadShare();
  }
  if (ml_kem_key_ &&
      !DecapsulateMlKem(*algorithms_, ml_kem_key_.get(), share.ml_kem, parts.ml_kem)) {
    return CryptoFailure();
  }
  *secret = std::move(shared);
  return Status::Ok();
}

// draft-ietf-tls-ecdhe-mlkem section 4.2: "the server MUST perform the encapsulation key check
// described in Section 7.2 of [NIST-FIPS-203] on the client's encapsulation key, and abort with an
// illegal_parameter alert if it fails."
Status KeyExchange::Respond(const Algorithms& algorithms, NamedGroup group,
                            std::span<const uint8_t> client_share, Response* response) {
  const NamedGroupInfo& info = *FindNamedGroup(group);
  if (client_share.size() != info.client_share_len()) return BadShare();
  const Parts<const uint8_t> peer = SplitShare(info, client_share);
  Response made{.share = std::vector<uint8_t>(info.server_share_len()),
                .secret = Secret(info.secret_len())};
  const Parts<uint8_t> share = SplitShare(info, std::span(made.share));
  const Parts<uint8_t> secret = SplitSecret(info, &made.secret);
  if (info.has_diffie_hellman()) {
    const OpenSslPtr<EVP_PKEY> key = GenerateDiffieHellmanKey(algorithms, info);
    if (!key || !WriteDiffieHellmanPublicKey(key.get(), share.diffie_hellman)) {
      return CryptoFailure();
    }
    if (!DeriveDiffieHellman(algorithms, info, key.get(), peer.diffie_hellman,
                             secret.diffie_hellman)) {
      return BadShare();
    }
  }
  if (info.ml_kem != nullptr) {
    const OpenSslPtr<EVP_PKEY> peer_key =
        ReadMlKemEncapsulationKey(algorithms, *info.ml_kem, peer.ml_kem);
    if (!peer_key) return BadShare();
    if (!EncapsulateMlKem(algorithms, peer_key.get(), share.ml_kem, secret.ml_kem)) {
      return CryptoFailure();
    }
  }
  *response = std::move(made);
  return Status::Ok();
}

}  // namespace dtls13
