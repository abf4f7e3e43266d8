// SPDX-License-Identifier: Apache-2.0
// What a ClientHello callback may ask. libssl's answers end with the callback; these last until the
// next connection, which no application can tell the difference of.

#include <algorithm>

#include "shim/attachment/ssl_attachment.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

// The facts about the ClientHello that a server of ours has received; null on anything else.
const HandshakeFacts* FactsOf(const SSL* ssl) {
  const SslAttachment* attachment = SslAttachment::Ours(ssl);
  if (attachment == nullptr || attachment->association() == nullptr ||
      attachment->association()->facts().role != Role::kServer) {
    return nullptr;
  }
  return &attachment->facts;
}

size_t Lend(std::span<const uint8_t> bytes, const unsigned char** out) {
  if (out != nullptr) *out = bytes.data();
  return bytes.size();
}

}  // namespace
}  // namespace dtls13::shim

using dtls13::ExtensionType;
using dtls13::shim::FactsOf;
using dtls13::shim::HandshakeFacts;
using dtls13::shim::Lend;
using dtls13::shim::Real;

DTLS13_EXPORT int SSL_client_hello_isv2(SSL* ssl) noexcept {
  return FactsOf(ssl) != nullptr ? 0 : Real().SSL_client_hello_isv2(ssl);
}

DTLS13_EXPORT unsigned int SSL_client_hello_get0_legacy_version(SSL* ssl) noexcept {
  return FactsOf(ssl) != nullptr ? DTLS1_2_VERSION
                                 : Real().SSL_client_hello_get0_legacy_version(ssl);
}

DTLS13_EXPORT size_t SSL_client_hello_get0_random(SSL* ssl, const unsigned char** out) noexcept {
  const HandshakeFacts* facts = FactsOf(ssl);
  return facts != nullptr ? Lend(facts->client_hello().random, out)
                          : Real().SSL_client_hello_get0_random(ssl, out);
}

DTLS13_EXPORT size_t SSL_client_hello_get0_session_id(SSL* ssl,
                                                      const unsigned char** out) noexcept {
  const HandshakeFacts* facts = FactsOf(ssl);
  return facts != nullptr ? Lend(facts->client_hello().legacy_session_id, out)
                          : Real().SSL_client_hello_get0_session_id(ssl, out);
}

DTLS13_EXPORT size_t SSL_client_hello_get0_ciphers(SSL* ssl, const unsigned char** out) noexcept {
  const HandshakeFacts* facts = FactsOf(ssl);
  return facts != nullptr ? Lend(facts->client_hello().cipher_suites.content(), out)
                          : Real().SSL_client_hello_get0_ciphers(ssl, out);
}

DTLS13_EXPORT size_t SSL_client_hello_get0_compression_methods(SSL* ssl,
                                                               const unsigned char** out) noexcept {
  const HandshakeFacts* facts = FactsOf(ssl);
  return facts != nullptr ? Lend(facts->client_hello().legacy_compression_methods, out)
                          : Real().SSL_client_hello_get0_compression_methods(ssl, out);
}

DTLS13_EXPORT int SSL_client_hello_get1_extensions_present(SSL* ssl, int** out,
                                                           size_t* out_len) noexcept {
  const HandshakeFacts* facts = FactsOf(ssl);
  if (facts == nullptr) return Real().SSL_client_hello_get1_extensions_present(ssl, out, out_len);
  if (out == nullptr || out_len == nullptr) return 0;
  const std::vector<uint16_t> types = facts->client_extension_types();
  *out = nullptr;
  *out_len = types.size();
  if (types.empty()) return 1;
  *out = static_cast<int*>(OPENSSL_malloc(types.size() * sizeof(int)));
  if (*out == nullptr) return 0;
  std::copy(types.begin(), types.end(), *out);
  return 1;
}

DTLS13_EXPORT int SSL_client_hello_get0_ext(SSL* ssl, unsigned int type, const unsigned char** out,
                                            size_t* out_len) noexcept {
  const HandshakeFacts* facts = FactsOf(ssl);
  if (facts == nullptr) return Real().SSL_client_hello_get0_ext(ssl, type, out, out_len);
  constexpr unsigned int kMaxType = 0xffff;
  if (type > kMaxType) return 0;
  const auto data = facts->client_hello().extensions.Find(static_cast<ExtensionType>(type));
  if (!data) return 0;
  const size_t len = Lend(*data, out);
  if (out_len != nullptr) *out_len = len;
  return 1;
}
