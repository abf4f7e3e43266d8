// SPDX-License-Identifier: Apache-2.0
// The entries through which SSL_CTXs and SSLs come into being and begin anew. They end without an
// entry: attachments are freed with their ex_data.

#include "shim/attachment/ownership.h"
#include "shim/fallback/libssl_call.h"
#include "shim/libssl/dtls_method.h"
#include "shim/libssl/real_libssl.h"
#include "shim/libssl/transcript_provider.h"

namespace dtls13::shim {
namespace {

// NewContext makes one that may come to be ours.
SSL_CTX* NewContext(OSSL_LIB_CTX* library_context, const char* property_query,
                    const SSL_METHOD* method) {
  TranscriptDigests digests;
  if (FindDtlsMethod(method)->connects) {
    digests = TranscriptDigests(library_context, property_query);
  }
  SSL_CTX* ctx = Real().SSL_CTX_new_ex(
      library_context, digests.available() ? digests.property_query().c_str() : property_query,
      method);
  if (CtxAttachment* attachment = CtxAttachment::FindOrCreate(ctx)) {
    attachment->shared.SetLibrary(library_context, property_query);
    if (FindDtlsMethod(method)->accepts) attachment->shared.MakeSeeds();
    attachment->transcript_digests = std::move(digests);
  }
  return ctx;
}

}  // namespace
}  // namespace dtls13::shim

using namespace dtls13::shim;  // NOLINT: entries are C functions, outside of any namespace

DTLS13_EXPORT SSL_CTX* SSL_CTX_new_ex(OSSL_LIB_CTX* library_context, const char* property_query,
                                      const SSL_METHOD* method) noexcept {
  return MayBeDtls13(method) ? NewContext(library_context, property_query, method)
                             : Real().SSL_CTX_new_ex(library_context, property_query, method);
}

DTLS13_EXPORT SSL_CTX* SSL_CTX_new(const SSL_METHOD* method) noexcept {
  return MayBeDtls13(method) ? NewContext(nullptr, nullptr, method) : Real().SSL_CTX_new(method);
}

DTLS13_EXPORT SSL* SSL_new(SSL_CTX* ctx) noexcept {
  SSL* ssl = Real().SSL_new(ctx);
  // At once, because an SSL takes over its SSL_CTX's settings as they are now.
  SslAttachment::FindOrCreate(ssl);
  return ssl;
}

DTLS13_EXPORT SSL* SSL_dup(SSL* ssl) noexcept {
  SslAttachment* attachment = SslAttachment::Ours(ssl);
  // libssl gives another reference to an SSL that is in use, and cannot see that this one is.
  if (attachment != nullptr && attachment->association() != nullptr) {
    return Real().SSL_up_ref(ssl) == 1 ? ssl : nullptr;
  }
  LibsslCall call(ssl);
  return Real().SSL_dup(ssl);
}

DTLS13_EXPORT int SSL_clear(SSL* ssl) noexcept {
  const SslAttachment* attachment = SslAttachment::Find(ssl);
  // libssl clears an SSL itself when it begins a handshake of its own.
  if (attachment == nullptr || attachment->in_libssl()) return Real().SSL_clear(ssl);
  return ClearConnection(ssl);
}
