// SPDX-License-Identifier: Apache-2.0
#include "shim/answer/credentials.h"

#include <openssl/x509.h>

#include <optional>
#include <utility>

#include "dtls13/crypto/chain_signatures.h"
#include "dtls13/crypto/openssl_ptr.h"
#include "dtls13/crypto/signature.h"
#include "shim/answer/application_tickets.h"
#include "shim/answer/certificates.h"
#include "shim/answer/custom_extensions.h"
#include "shim/answer/hello_callbacks.h"
#include "shim/answer/ocsp_staple.h"
#include "shim/answer/query.h"
#include "shim/answer/security_checks.h"
#include "shim/answer/session_reuse.h"
#include "shim/attachment/certificate_slots.h"
#include "shim/libssl/error_mark.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

// ChooseSlot returns the slot whose key can make the most wanted signature that both sides allow,
// and in `*schemes` all that it can make. Nothing when none can.
std::optional<CertificateSlot> ChooseSlot(const std::vector<CertificateSlot>& slots,
                                          const std::vector<SignatureScheme>& shared_schemes,
                                          std::vector<SignatureScheme>* schemes) {
  const CertificateSlot* chosen = nullptr;
  for (const SignatureScheme scheme : shared_schemes) {
    for (const CertificateSlot& slot : slots) {
      if (chosen != nullptr && chosen != &slot) continue;
      if (!SchemeFitsKey(scheme, slot.key)) continue;
      chosen = &slot;
      schemes->push_back(scheme);
      break;
    }
  }
  return chosen == nullptr ? std::nullopt : std::optional<CertificateSlot>(*chosen);
}

// Verifiable leaves of several slots those whose certificate is signed by what the peer takes.
std::vector<CertificateSlot> Verifiable(const SslAttachment& attachment,
                                        std::vector<CertificateSlot> slots) {
  if (slots.size() < 2) return slots;
  const AssociationFacts facts = attachment.association()->facts();
  const bool is_server = attachment.side() == Side::kServer;
  const CertificateWishes& wishes =
      is_server ? facts.client_hello.certificate_wishes : facts.certificate_request.wishes;
  const std::vector<SignatureScheme>& schemes =
      !wishes.certificate_schemes.empty() ? wishes.certificate_schemes
      : is_server                         ? facts.client_hello.signature_schemes
                                          : facts.certificate_request.signature_schemes;
  std::erase_if(slots, [&](const CertificateSlot& slot) {
    return JudgeChainSignatures(ChainOfOne(slot.certificate), schemes) != ChainSignatures::kListed;
  });
  return slots;
}

// Own is a credential with its certificates as libcrypto's objects, whose keys are parsed already.
struct Own {
  std::shared_ptr<Credential> credential;  // null where there is none to show
  std::vector<OpenSslPtr<X509>> chain;
};

// MakeCredential returns the certificate that fits the peer. Without one, a client has none to
// show, and a server shows its first, so that the association can say what is wrong.
Own MakeCredential(const SslAttachment& attachment) {
  ErrorMark mark;
  SSL* ssl = attachment.ssl();
  const std::vector<CertificateSlot> slots = CertificateSlots(ssl);
  auto credential = std::make_shared<Credential>();
  const std::vector<SignatureScheme> allowed = AllowedSharedSchemes(attachment);
  //= rfc8446#section-4.4.2.2
  //# All certificates provided by the server MUST be signed by a signature
  //# algorithm advertised by the client if it is able to provide such a
  //# chain (see Section 4.2.3).
  //= rfc8446#section-4.2.3
  //# TLS 1.3 servers MUST NOT offer a SHA-1 signed certificate unless no
  //# valid certificate chain can be produced without it (see Section
  //# 4.4.2.2).
  // A client prefers such a certificate too, and libssl's own judges by the key alone.
  std::optional<CertificateSlot> slot =
      ChooseSlot(Verifiable(attachment, slots), allowed, &credential->schemes);
  if (!slot) slot = ChooseSlot(slots, allowed, &credential->schemes);
  if (!slot && attachment.side() == Side::kServer && !slots.empty()) slot = slots.front();
  if (!slot) return {};
  // As in libssl, the certificate in use is the current one from here on: SSL_get_certificate.
  SelectCertificate(ssl, slot->certificate);
  Own own = {.credential = std::move(credential),
             .chain = CertificateChain(attachment, slot->certificate)};
  own.credential->chain = ToDer(own.chain);
  return own;
}

void KeepAuthorities(SslAttachment& attachment, const CertificateWishes& wishes) {
  // Once: the application may hold on to what it was given while a callback is put off.
  STACK_OF(X509_NAME)** kept = &attachment.lent().authorities;
  if (*kept == nullptr) *kept = ParseNames(wishes.authorities);
}

void AnswerAsServer(SslAttachment& attachment, Instant now) {
  Association& association = *attachment.association();
  KeepAuthorities(attachment, association.facts().client_hello.certificate_wishes);
  if (!RunHelloCallbacks(attachment, EventType::kCredentialWanted)) return;
  if (!RunCertificateCallback(attachment)) return;
  // A client that shows a certificate is known once that is verified.
  CertificateDemand demand = DemandOf(attachment.ssl());
  if (demand.client_authentication == ClientAuthentication::kNone &&
      !PrepareTickets(attachment, /*is_new=*/true)) {
    return;
  }
  NoteSessionData(attachment);
  association.ProvideDemand(std::move(demand), now);
  auto [credential, chain] = MakeCredential(attachment);
  if (credential != nullptr &&
      (!CheckOwnChain(attachment, chain) || !AddStaple(attachment, credential.get()))) {
    return;
  }
  if (!AddServerExtensions(attachment, /*is_resumed=*/false)) return;
  if (credential != nullptr && !AddToCredential(attachment, credential.get())) return;
  association.ProvideCredential(std::move(credential), now);
}

void AnswerAsClient(SslAttachment& attachment, Instant now) {
  Association& association = *attachment.association();
  KeepAuthorities(attachment, association.facts().certificate_request.wishes);
  if (!RunCertificateCallback(attachment)) return;
  Own own = MakeCredential(attachment);
  bool found_another = false;
  if (own.credential == nullptr && !RunClientCertificateCallback(attachment, &found_another)) {
    return;
  }
  if (found_another) own = MakeCredential(attachment);
  if (own.credential != nullptr && (!CheckOwnChain(attachment, own.chain) ||
                                    !AddToCredential(attachment, own.credential.get()))) {
    return;
  }
  association.ProvideCredential(std::move(own.credential), now);
}

}  // namespace

void AnswerCredentialWanted(SslAttachment& attachment, Instant now) {
  if (attachment.association()->facts().role == Role::kServer) {
    AnswerAsServer(attachment, now);
  } else {
    AnswerAsClient(attachment, now);
  }
}

void AnswerSignatureWanted(SslAttachment& attachment, Instant now) {
  Association& association = *attachment.association();
  const SignatureRequest& request = association.facts().signature_request;
  CtxAttachment* ctx = attachment.ctx();
  const std::shared_ptr<const Algorithms> algorithms =
      ctx == nullptr ? nullptr : ctx->shared.algorithms();
  EVP_PKEY* key = Real().SSL_get_privatekey(attachment.ssl());
  std::optional<std::vector<uint8_t>> signature;
  if (algorithms != nullptr && key != nullptr) {
    signature = SignMessage(*algorithms, key, request.scheme, request.input);
  }
  association.ProvideSignature(signature.value_or(std::vector<uint8_t>()), now);
}

}  // namespace dtls13::shim
