// SPDX-License-Identifier: Apache-2.0
#include "shim/answer/chain_check.h"

#include <openssl/x509.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "dtls13/crypto/signature.h"
#include "dtls13/crypto/signature_scheme.h"
#include "shim/answer/query.h"
#include "shim/libssl/error_mark.h"
#include "shim/libssl/real_libssl.h"
#include "shim/libssl/tls_names.h"

namespace dtls13::shim {
namespace {

// libssl's own names for them are private: what makes a chain valid, and what does where the
// application has set SSL_CERT_FLAG_TLS_STRICT.
constexpr int kWanted = CERT_PKEY_EE_SIGNATURE | CERT_PKEY_EE_PARAM;
constexpr int kWantedStrictly = kWanted | CERT_PKEY_CA_SIGNATURE | CERT_PKEY_CA_PARAM |
                                CERT_PKEY_ISSUER_NAME | CERT_PKEY_CERT_TYPE;

// AnyIs holds libssl's names of `schemes` against something. Those of earlier versions alone, which
// a peer may list, are none of DTLS 1.3's.
template <typename Predicate>
bool AnyIs(const std::vector<SignatureScheme>& schemes, Predicate is) {
  return std::ranges::any_of(schemes, [&](SignatureScheme scheme) {
    const auto nids = FindSignatureNids(static_cast<uint16_t>(scheme));
    return FindSignatureScheme(scheme) != nullptr && nids && is(*nids);
  });
}

// MayBeShown and MayBeInChain hold the signature of one certificate against a list of schemes, the
// one that is shown by hash and key, as libssl does. A certificate's own signature is judged too.
// One that the name for both says too little of is in no chain that libssl takes for listed.
bool MayBeShown(X509* certificate, const std::vector<SignatureScheme>& schemes) {
  int hash = NID_undef;
  int key = NID_undef;
  return X509_get_signature_info(certificate, &hash, &key, nullptr, nullptr) == 1 &&
         AnyIs(schemes,
               [=](const SignatureNids& nids) { return nids.hash == hash && nids.sign == key; });
}

bool MayBeInChain(X509* certificate, const std::vector<SignatureScheme>& schemes) {
  const int both = X509_get_signature_nid(certificate);
  return both != NID_undef &&
         AnyIs(schemes, [=](const SignatureNids& nids) { return nids.sign_and_hash == both; });
}

// SlotType is a key's type as libssl has places for certificates: one for all curves of ECDSA.
KeyType SlotType(KeyType type) {
  switch (type) {
    case KeyType::kEcdsaP384:
    case KeyType::kEcdsaP521:
    case KeyType::kBrainpoolP256:
    case KeyType::kBrainpoolP384:
    case KeyType::kBrainpoolP512:
      return KeyType::kEcdsaP256;
    default:
      return type;
  }
}

KeyType SlotTypeOf(const EVP_PKEY* key) {
  return EVP_PKEY_is_a(key, "EC") != 0 ? KeyType::kEcdsaP256 : SlotType(KeyTypeOf(key));
}

std::optional<NamedGroup> CurveOf(const EVP_PKEY* key) {
  switch (KeyTypeOf(key)) {
    case KeyType::kEcdsaP256:
      return NamedGroup::kSecp256r1;
    case KeyType::kEcdsaP384:
      return NamedGroup::kSecp384r1;
    case KeyType::kEcdsaP521:
      return NamedGroup::kSecp521r1;
    default:
      return std::nullopt;
  }
}

// ChainCheck holds what is to be shown against what the peer has said.
class ChainCheck {
 public:
  explicit ChainCheck(SslAttachment& attachment)
      : attachment_(attachment),
        is_server_(attachment.side() == Side::kServer),
        authorities_(attachment.lent().authorities),
        allowed_(AllowedSharedSchemes(attachment)),
        peer_groups_(attachment.facts.peer_groups()) {
    const AssociationFacts facts = attachment.association()->facts();
    certificate_schemes_ = is_server_ ? facts.client_hello.certificate_wishes.certificate_schemes
                                      : facts.certificate_request.wishes.certificate_schemes;
  }

  int Signatures(X509* certificate, const EVP_PKEY* key, const std::vector<X509*>& chain) const {
    int flags = 0;
    const bool may_sign = std::ranges::any_of(
        allowed_, [key](SignatureScheme scheme) { return SchemeFitsKey(scheme, key); });
    // Without a list of its own any signature in it will do.
    const bool may_show =
        certificate_schemes_.empty() || MayBeShown(certificate, certificate_schemes_);
    if (may_sign && may_show) flags |= CERT_PKEY_EE_SIGNATURE;
    const auto& schemes = certificate_schemes_.empty() ? allowed_ : certificate_schemes_;
    if (std::ranges::all_of(chain, [&](X509* one) { return MayBeInChain(one, schemes); })) {
      flags |= CERT_PKEY_CA_SIGNATURE;
    }
    const KeyType slot = SlotTypeOf(key);
    const bool has_scheme = std::ranges::any_of(allowed_, [slot](SignatureScheme scheme) {
      const SignatureSchemeInfo* info = FindSignatureScheme(scheme);
      return info != nullptr && info->in_handshake && SlotType(info->key_type) == slot;
    });
    return has_scheme ? flags | CERT_PKEY_SIGN | CERT_PKEY_EXPLICIT_SIGN : flags;
  }

  int Parameters(X509* certificate, const std::vector<X509*>& chain) const {
    int flags = 0;
    if (TakesKeyOf(certificate)) flags |= CERT_PKEY_EE_PARAM;
    const bool takes_chain = std::ranges::all_of(chain, [&](X509* one) { return TakesKeyOf(one); });
    if (!is_server_ || takes_chain) flags |= CERT_PKEY_CA_PARAM;
    return flags;
  }

  // Wishes are what a server says of the certificates it takes, and no client.
  int Wishes(X509* certificate, const EVP_PKEY* key, const std::vector<X509*>& chain) const {
    if (is_server_) return CERT_PKEY_ISSUER_NAME | CERT_PKEY_CERT_TYPE;
    int flags = 0;
    // A CertificateRequest of TLS 1.3 names no types, and libssl finds none of these in it.
    const bool has_named_type = EVP_PKEY_is_a(key, "RSA") != 0 || EVP_PKEY_is_a(key, "EC") != 0 ||
                                EVP_PKEY_is_a(key, "DSA") != 0;
    if (!has_named_type) flags |= CERT_PKEY_CERT_TYPE;
    const bool is_by_one = IsByAuthority(certificate) || std::ranges::any_of(chain, [&](X509* one) {
                             return IsByAuthority(one);
                           });
    if (sk_X509_NAME_num(authorities_) <= 0 || is_by_one) flags |= CERT_PKEY_ISSUER_NAME;
    return flags;
  }

 private:
  // TakesKeyOf: a curve is of one's own groups to a client, and of the client's to a server.
  bool TakesKeyOf(X509* certificate) const {
    const EVP_PKEY* key = X509_get0_pubkey(certificate);
    if (key == nullptr) return false;
    if (EVP_PKEY_is_a(key, "EC") == 0) return true;
    const std::optional<NamedGroup> curve = CurveOf(key);
    if (!curve) return false;
    if (is_server_) {
      return peer_groups_.empty() ||
             std::ranges::find(peer_groups_, static_cast<uint16_t>(*curve)) != peer_groups_.end();
    }
    const std::vector<NamedGroup> own =
        attachment_.settings.groups.value_or(HandshakeConfig().groups);
    return std::ranges::find(own, *curve) != own.end();
  }

  bool IsByAuthority(X509* certificate) const {
    const X509_NAME* issuer = X509_get_issuer_name(certificate);
    for (int i = 0; i < sk_X509_NAME_num(authorities_); ++i) {
      if (X509_NAME_cmp(issuer, sk_X509_NAME_value(authorities_, i)) == 0) return true;
    }
    return false;
  }

  const SslAttachment& attachment_;
  const bool is_server_;
  const STACK_OF(X509_NAME) * authorities_;     // a server's, null for none
  const std::vector<SignatureScheme> allowed_;  // in CertificateVerify, by both sides
  const std::vector<uint16_t> peer_groups_;
  std::vector<SignatureScheme> certificate_schemes_;  // the peer's, where it has others for those
};

}  // namespace

int CheckChain(SslAttachment& attachment, X509* certificate, EVP_PKEY* key,
               STACK_OF(X509) * chain) {
  if (certificate == nullptr || key == nullptr) return 0;
  if (SlotTypeOf(key) == KeyType::kUnknown && EVP_PKEY_is_a(key, "DSA") == 0) return 0;
  ErrorMark mark;
  std::vector<X509*> others;
  for (int i = 0; i < sk_X509_num(chain); ++i) others.push_back(sk_X509_value(chain, i));
  const ChainCheck check(attachment);
  int flags = check.Signatures(certificate, key, others) | check.Parameters(certificate, others) |
              check.Wishes(certificate, key, others);
  const long set = Real().SSL_ctrl(attachment.ssl(), SSL_CTRL_CERT_FLAGS, 0, nullptr);
  const int wanted = (set & SSL_CERT_FLAG_TLS_STRICT) != 0 ? kWantedStrictly : kWanted;
  if ((flags & wanted) == wanted) flags |= CERT_PKEY_VALID;
  return flags;
}

}  // namespace dtls13::shim
