// SPDX-License-Identifier: Apache-2.0
#include "shim/attachment/offered_lists.h"

#include <algorithm>
#include <vector>

#include "dtls13/crypto/signature.h"
#include "shim/attachment/certificate_slots.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

// libssl's numbers of cipher suites carry this in front of the code point.
constexpr uint32_t kCodePointMask = 0xffff;

// The strength in bits that libssl's security levels ask for, and what each choice has by libssl's
// reckoning; kUnknown for what the core does not implement.

constexpr int kUnknown = -1;

int RequiredBits(SSL* ssl) {
  constexpr int kBits[] = {0, 80, 112, 128, 192, 256};
  return kBits[std::clamp(Real().SSL_get_security_level(ssl), 0, 5)];
}

int BitsOf(CipherSuiteId suite) { return suite == CipherSuiteId::kAes128GcmSha256 ? 128 : 256; }

int BitsOf(NamedGroup group) {
  switch (group) {
    case NamedGroup::kSecp256r1:
    case NamedGroup::kX25519:
      return 128;
    case NamedGroup::kSecp384r1:
    case NamedGroup::kX25519MlKem768:
    case NamedGroup::kSecp256r1MlKem768:
      return 192;
    case NamedGroup::kX448:
      return 224;
    case NamedGroup::kSecp521r1:
      return 256;
    default:
      return kUnknown;
  }
}

int BitsOf(SignatureScheme scheme) {
  switch (scheme) {
    case SignatureScheme::kRsaPkcs1Sha256:
    case SignatureScheme::kEcdsaSecp256r1Sha256:
    case SignatureScheme::kRsaPssRsaeSha256:
    case SignatureScheme::kRsaPssPssSha256:
    case SignatureScheme::kEd25519:
      return 128;
    case SignatureScheme::kRsaPkcs1Sha384:
    case SignatureScheme::kEcdsaSecp384r1Sha384:
    case SignatureScheme::kRsaPssRsaeSha384:
    case SignatureScheme::kRsaPssPssSha384:
      return 192;
    case SignatureScheme::kEd448:
      return 224;
    case SignatureScheme::kRsaPkcs1Sha512:
    case SignatureScheme::kEcdsaSecp521r1Sha512:
    case SignatureScheme::kRsaPssRsaeSha512:
    case SignatureScheme::kRsaPssPssSha512:
      return 256;
    default:
      return kUnknown;
  }
}

// DropWeak takes out of a list what the core lacks or the SSL's security level forbids.
template <typename CodePoint>
void DropWeak(SSL* ssl, std::vector<CodePoint>* list) {
  const int required = RequiredBits(ssl);
  std::erase_if(*list, [required](CodePoint entry) { return BitsOf(entry) < required; });
}

std::vector<CipherSuiteId> CipherSuitesOf(SSL* ssl, const Algorithms& algorithms) {
  std::vector<CipherSuiteId> suites;
  const STACK_OF(SSL_CIPHER)* ciphers = Real().SSL_get_ciphers(ssl);
  for (int i = 0; ciphers != nullptr && i < sk_SSL_CIPHER_num(ciphers); ++i) {
    const auto id = static_cast<CipherSuiteId>(
        Real().SSL_CIPHER_get_protocol_id(sk_SSL_CIPHER_value(ciphers, i)) & kCodePointMask);
    if (FindCipherSuite(id) != nullptr && algorithms.Supports(id)) suites.push_back(id);
  }
  DropWeak(ssl, &suites);
  return suites;
}

}  // namespace

int ChooseLists(const SslAttachment& attachment, HandshakeConfig* handshake) {
  SSL* ssl = attachment.ssl();
  const SslSettings& settings = attachment.settings;
  handshake->cipher_suites = CipherSuitesOf(ssl, *handshake->algorithms);
  if (handshake->cipher_suites.empty()) return SSL_R_NO_CIPHERS_AVAILABLE;
  if (settings.groups) handshake->groups = *settings.groups;
  DropWeak(ssl, &handshake->groups);
  std::erase_if(handshake->groups,
                [handshake](NamedGroup group) { return !handshake->algorithms->Supports(group); });
  if (handshake->groups.empty()) return SSL_R_NO_SUITABLE_GROUPS;
  if (settings.signature_schemes) handshake->signature_schemes = *settings.signature_schemes;
  // What a server takes of its clients; what it signs with itself is its credential's to say.
  if (attachment.side == Side::kServer && settings.client_signature_schemes) {
    handshake->signature_schemes = *settings.client_signature_schemes;
  }
  DropWeak(ssl, &handshake->signature_schemes);
  if (handshake->signature_schemes.empty()) return SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM;
  return 0;
}

bool HasListsForDtls13(const SslAttachment& attachment) {
  CtxAttachment* ctx = attachment.ctx();
  HandshakeConfig handshake;
  if (ctx != nullptr) handshake.algorithms = ctx->shared.algorithms();
  return handshake.algorithms != nullptr && ChooseLists(attachment, &handshake) == 0;
}

bool CanAuthenticateServer(const SslAttachment& attachment) {
  const SslSettings& settings = attachment.settings;
  const CtxAttachment* ctx = attachment.ctx();
  if (ctx == nullptr || ctx->callbacks.server_name || ctx->callbacks.client_hello ||
      settings.certificate || settings.psk_server != nullptr ||
      settings.psk_find_session != nullptr) {
    return true;
  }
  std::vector<SignatureScheme> schemes =
      settings.signature_schemes.value_or(HandshakeConfig().signature_schemes);
  DropWeak(attachment.ssl(), &schemes);
  const std::vector<CertificateSlot> slots = CertificateSlots(attachment.ssl());
  return std::ranges::any_of(schemes, [&slots](SignatureScheme scheme) {
    return std::ranges::any_of(
        slots, [scheme](const CertificateSlot& slot) { return SchemeFitsKey(scheme, slot.key); });
  });
}

}  // namespace dtls13::shim
