// SPDX-License-Identifier: Apache-2.0
#include "shim/answer/certificates.h"

#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include "shim/libssl/error_mark.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

// AppendDer writes `object` with its i2d function. False when libcrypto fails; the list is then of
// no use.
template <typename Object>
bool AppendDer(const Object* object, int (*i2d)(const Object* object, unsigned char** out),
               std::vector<std::vector<uint8_t>>* list) {
  const int len = i2d(object, nullptr);
  if (len <= 0) return false;
  std::vector<uint8_t>& der = list->emplace_back(static_cast<size_t>(len));
  unsigned char* out = der.data();
  return i2d(object, &out) == len;
}

void Append(X509* certificate, std::vector<OpenSslPtr<X509>>* chain) {
  if (X509_up_ref(certificate) == 1) chain->emplace_back(certificate);
}

// AppendStack appends all certificates of `stack`, but for the first with `skip_leaf`.
void AppendStack(const STACK_OF(X509) * stack, bool skip_leaf,
                 std::vector<OpenSslPtr<X509>>* chain) {
  for (int i = skip_leaf ? 1 : 0; i < sk_X509_num(stack); ++i) {
    Append(sk_X509_value(stack, i), chain);
  }
}

const STACK_OF(X509) * ConfiguredChain(SSL* ssl) {
  STACK_OF(X509)* chain = nullptr;
  Real().SSL_ctrl(ssl, SSL_CTRL_GET_CHAIN_CERTS, 0, &chain);
  if (chain != nullptr) return chain;
  constexpr long kExtraCertsOnly = 1;
  Real().SSL_CTX_ctrl(Real().SSL_get_SSL_CTX(ssl), SSL_CTRL_GET_EXTRA_CHAIN_CERTS, kExtraCertsOnly,
                      &chain);
  return chain;
}

X509_STORE* ChainStore(SSL* ssl) {
  X509_STORE* store = nullptr;
  Real().SSL_ctrl(ssl, SSL_CTRL_GET_CHAIN_CERT_STORE, 0, &store);
  return store != nullptr ? store : Real().SSL_CTX_get_cert_store(Real().SSL_get_SSL_CTX(ssl));
}

// Parse takes exactly one certificate. Null when it does not parse.
OpenSslPtr<X509> Parse(OSSL_LIB_CTX* library_context, const char* property_query,
                       std::span<const uint8_t> der) {
  X509* certificate = X509_new_ex(library_context, property_query);
  const unsigned char* next = der.data();
  // d2i frees and clears `certificate` when it fails.
  if (certificate == nullptr ||
      d2i_X509(&certificate, &next, static_cast<long>(der.size())) == nullptr) {
    return nullptr;
  }
  OpenSslPtr<X509> parsed(certificate);
  return next == der.data() + der.size() ? std::move(parsed) : nullptr;
}

}  // namespace

std::vector<OpenSslPtr<X509>> CertificateChain(const SslAttachment& attachment, X509* leaf) {
  ErrorMark mark;
  SSL* ssl = attachment.ssl();
  std::vector<OpenSslPtr<X509>> chain;
  Append(leaf, &chain);
  if (const STACK_OF(X509)* configured = ConfiguredChain(ssl)) {
    AppendStack(configured, /*skip_leaf=*/false, &chain);
    return chain;
  }
  if ((Real().SSL_ctrl(ssl, SSL_CTRL_MODE, 0, nullptr) & SSL_MODE_NO_AUTO_CHAIN) != 0) return chain;
  OpenSslPtr<X509_STORE_CTX> context = NewStoreContext(attachment);
  X509_STORE* store = ChainStore(ssl);
  if (context == nullptr || store == nullptr ||
      X509_STORE_CTX_init(context.get(), store, leaf, nullptr) != 1) {
    return chain;
  }
  // Only to see how far it gets: whether the chain is trusted is the peer's question.
  X509_verify_cert(context.get());
  const STACK_OF(X509)* built = X509_STORE_CTX_get0_chain(context.get());
  if (built != nullptr) AppendStack(built, /*skip_leaf=*/true, &chain);
  return chain;
}

std::vector<std::vector<uint8_t>> ToDer(std::span<const OpenSslPtr<X509>> chain) {
  ErrorMark mark;
  std::vector<std::vector<uint8_t>> ders;
  for (const OpenSslPtr<X509>& certificate : chain) {
    if (!AppendDer<X509>(certificate.get(), i2d_X509, &ders)) return {};
  }
  return ders;
}

std::vector<std::vector<uint8_t>> ChainOfOne(X509* certificate) {
  std::vector<std::vector<uint8_t>> chain;
  if (!AppendDer<X509>(certificate, i2d_X509, &chain)) chain.clear();
  return chain;
}

OpenSslPtr<X509> ParseCertificate(const SslAttachment& attachment, std::span<const uint8_t> der) {
  CtxAttachment* ctx = attachment.ctx();
  if (ctx == nullptr) return Parse(nullptr, nullptr, der);
  if (OpenSslPtr<X509> recent = ctx->recent_certificates.Find(der)) return recent;
  const SharedMaterial& shared = ctx->shared;
  OpenSslPtr<X509> parsed = Parse(shared.library_context(), shared.property_query(), der);
  if (parsed != nullptr) ctx->recent_certificates.Keep(parsed.get());
  return parsed;
}

OpenSslPtr<X509> ParsePeerChain(SslAttachment& attachment) {
  LentObjects& objects = attachment.lent();
  const bool peer_is_server = attachment.association()->facts().role == Role::kClient;
  OpenSslPtr<X509> leaf;
  objects.chain = sk_X509_new_null();
  if (objects.chain == nullptr) return nullptr;
  for (const std::vector<uint8_t>& der : attachment.association()->facts().peer_certificates()) {
    OpenSslPtr<X509> certificate = ParseCertificate(attachment, der);
    if (certificate == nullptr) return nullptr;
    const bool is_leaf = leaf == nullptr;
    if (is_leaf) {
      X509_up_ref(certificate.get());
      leaf.reset(certificate.get());
    }
    if (is_leaf && !peer_is_server) continue;
    if (sk_X509_push(objects.chain, certificate.get()) <= 0) return nullptr;
    certificate.release();
  }
  return leaf;
}

bool KeepPeerCertificates(SslAttachment& attachment) {
  ErrorMark mark;
  OpenSslPtr<X509> leaf = ParsePeerChain(attachment);
  if (leaf == nullptr) return false;
  attachment.lent().certificate = leaf.release();
  return true;
}

std::vector<std::vector<uint8_t>> NamesToDer(const STACK_OF(X509_NAME) * names) {
  ErrorMark mark;
  std::vector<std::vector<uint8_t>> ders;
  for (int i = 0; i < sk_X509_NAME_num(names); ++i) {
    if (!AppendDer<X509_NAME>(sk_X509_NAME_value(names, i), i2d_X509_NAME, &ders)) return {};
  }
  return ders;
}

STACK_OF(X509_NAME) * ParseNames(const std::vector<std::vector<uint8_t>>& ders) {
  ErrorMark mark;
  if (ders.empty()) return nullptr;
  STACK_OF(X509_NAME)* names = sk_X509_NAME_new_null();
  for (const std::vector<uint8_t>& der : ders) {
    const unsigned char* next = der.data();
    X509_NAME* name = d2i_X509_NAME(nullptr, &next, static_cast<long>(der.size()));
    if (name == nullptr) continue;
    if (names == nullptr || sk_X509_NAME_push(names, name) <= 0) X509_NAME_free(name);
  }
  return names;
}

CertificateDemand DemandOf(SSL* ssl) {
  const int mode = Real().SSL_get_verify_mode(ssl);
  // SSL_VERIFY_POST_HANDSHAKE changes nothing: what it puts off cannot be asked for later, and
  // libssl's DTLS asks in the handshake.
  if ((mode & SSL_VERIFY_PEER) == 0) return {};
  CertificateDemand demand;
  demand.client_authentication = (mode & SSL_VERIFY_FAIL_IF_NO_PEER_CERT) != 0
                                     ? ClientAuthentication::kRequired
                                     : ClientAuthentication::kOptional;
  const STACK_OF(X509_NAME)* names = Real().SSL_get_client_CA_list(ssl);
  if (sk_X509_NAME_num(names) <= 0) names = Real().SSL_get0_CA_list(ssl);
  demand.certificate_authorities = NamesToDer(names);
  return demand;
}

OpenSslPtr<X509_STORE_CTX> NewStoreContext(const SslAttachment& attachment) {
  const CtxAttachment* ctx = attachment.ctx();
  return OpenSslPtr<X509_STORE_CTX>(
      X509_STORE_CTX_new_ex(ctx == nullptr ? nullptr : ctx->shared.library_context(),
                            ctx == nullptr ? nullptr : ctx->shared.property_query()));
}

}  // namespace dtls13::shim
