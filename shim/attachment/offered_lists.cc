// SPDX-License-Identifier: Apache-2.0
#include "shim/attachment/offered_lists.h"

#include <algorithm>
#include <vector>

#include "dtls13/crypto/signature.h"
#include "shim/attachment/certificate_slots.h"
#include "shim/attachment/security_policy.h"
#include "shim/libssl/policy.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

// libssl's numbers of cipher suites carry this in front of the code point.
constexpr uint32_t kCodePointMask = 0xffff;

// DropForbidden takes out of a list what the core lacks or the SSL's security callback forbids.
template <typename CodePoint>
void DropForbidden(SSL* ssl, int operation, std::vector<CodePoint>* list) {
  std::erase_if(*list,
                [ssl, operation](CodePoint entry) { return !IsAllowed(ssl, operation, entry); });
}

std::vector<CipherSuiteId> CipherSuitesOf(SSL* ssl, int operation, const Algorithms& algorithms) {
  std::vector<CipherSuiteId> suites;
  const STACK_OF(SSL_CIPHER)* ciphers = Real().SSL_get_ciphers(ssl);
  for (int i = 0; ciphers != nullptr && i < sk_SSL_CIPHER_num(ciphers); ++i) {
    const auto id = static_cast<CipherSuiteId>(
        Real().SSL_CIPHER_get_protocol_id(sk_SSL_CIPHER_value(ciphers, i)) & kCodePointMask);
    if (FindCipherSuite(id) != nullptr && algorithms.Supports(id)) suites.push_back(id);
  }
  DropForbidden(ssl, operation, &suites);
  return suites;
}

}  // namespace

int ChooseLists(const SslAttachment& attachment, HandshakeConfig* handshake) {
  SSL* ssl = attachment.ssl();
  const SslSettings& settings = attachment.settings;
  // A server is asked about what both sides have; what that is it does not know here.
  const bool is_server = attachment.side() == Side::kServer;
  handshake->cipher_suites =
      CipherSuitesOf(ssl, is_server ? SSL_SECOP_CIPHER_SHARED : SSL_SECOP_CIPHER_SUPPORTED,
                     *handshake->algorithms);
  const std::vector<NamedGroup>& decided = CurrentPolicy().groups;
  if (!decided.empty()) {
    handshake->groups = decided;
  } else if (settings.groups) {
    handshake->groups = *settings.groups;
  }
  DropForbidden(ssl, is_server ? SSL_SECOP_CURVE_SHARED : SSL_SECOP_CURVE_SUPPORTED,
                &handshake->groups);
  if (is_server) DropForbidden(ssl, SSL_SECOP_CURVE_CHECK, &handshake->groups);
  std::erase_if(handshake->groups,
                [handshake](NamedGroup group) { return !handshake->algorithms->Supports(group); });
  if (settings.signature_schemes) handshake->signature_schemes = *settings.signature_schemes;
  // What a server takes of its clients; what it signs with itself is its credential's to say.
  if (is_server && settings.client_signature_schemes) {
    handshake->signature_schemes = *settings.client_signature_schemes;
  }
  DropForbidden(ssl, SSL_SECOP_SIGALG_SUPPORTED, &handshake->signature_schemes);
  std::erase_if(handshake->signature_schemes, [handshake](SignatureScheme scheme) {
    return !handshake->algorithms->Supports(scheme);
  });
  if (handshake->cipher_suites.empty()) return SSL_R_NO_CIPHERS_AVAILABLE;
  if (handshake->groups.empty()) return SSL_R_NO_SUITABLE_GROUPS;
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
  DropForbidden(attachment.ssl(), SSL_SECOP_SIGALG_SHARED, &schemes);
  const std::vector<CertificateSlot> slots = CertificateSlots(attachment.ssl());
  return std::ranges::any_of(schemes, [&slots](SignatureScheme scheme) {
    return std::ranges::any_of(
        slots, [scheme](const CertificateSlot& slot) { return SchemeFitsKey(scheme, slot.key); });
  });
}

}  // namespace dtls13::shim
