// SPDX-License-Identifier: Apache-2.0
// An SSL's BIOs as the application knows them: without the filters that the shim puts before them
// for libssl. libssl compares and frees by these pointers, and so do applications.

#include "shim/attachment/ssl_attachment.h"
#include "shim/bio/filter_bio.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

// libssl itself, in the middle of a call, means what it has.
bool MayBeFiltered(const SSL* ssl) {
  const SslAttachment* attachment = SslAttachment::Find(ssl);
  return attachment != nullptr && !attachment->in_libssl();
}

}  // namespace
}  // namespace dtls13::shim

using dtls13::shim::Behind;
using dtls13::shim::MayBeFiltered;
using dtls13::shim::Real;

DTLS13_EXPORT BIO* SSL_get_rbio(const SSL* ssl) noexcept {
  BIO* bio = Real().SSL_get_rbio(ssl);
  return MayBeFiltered(ssl) ? Behind(bio) : bio;
}

DTLS13_EXPORT BIO* SSL_get_wbio(const SSL* ssl) noexcept {
  BIO* bio = Real().SSL_get_wbio(ssl);
  return MayBeFiltered(ssl) ? Behind(bio) : bio;
}

// With other BIOs what was kept for the old ones is lost, as it would be in their own buffers. A
// Fallback puts its filter before the new one.
DTLS13_EXPORT void SSL_set_bio(SSL* ssl, BIO* rbio, BIO* wbio) noexcept {
  if (MayBeFiltered(ssl)) dtls13::shim::RemoveFilters(ssl);
  Real().SSL_set_bio(ssl, rbio, wbio);
}
