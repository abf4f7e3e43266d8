// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ATTACHMENT_CTX_ATTACHMENT_H_
#define DTLS13_SHIM_ATTACHMENT_CTX_ATTACHMENT_H_

#include "shim/attachment/recent_certificates.h"
#include "shim/attachment/session_statistics.h"
#include "shim/attachment/shared_material.h"
#include "shim/attachment/ssl_settings.h"
#include "shim/libssl/openssl_headers.h"
#include "shim/libssl/transcript_provider.h"

namespace dtls13::shim {

// CtxAttachment is what the shim knows of one SSL_CTX. It lives in an ex_data slot of ours and dies
// with the SSL_CTX. Only contexts of a method that MayBeDtls13 have one.
//
// The SSL_CTX's setters write it as they write libssl's own settings: before the SSL_CTX is shared
// among threads. What is made later is SharedMaterial's.
class CtxAttachment {
 public:
  // Find returns null where there is none.
  static CtxAttachment* Find(const SSL_CTX* ctx);
  // FindOrCreate returns null for a context that can never be ours, and when memory is out.
  static CtxAttachment* FindOrCreate(SSL_CTX* ctx);

  CtxAttachment() = default;
  CtxAttachment(const CtxAttachment&) = delete;
  CtxAttachment& operator=(const CtxAttachment&) = delete;

  SslSettings settings;
  CtxCallbacks callbacks;
  SharedMaterial shared;
  SessionStatistics statistics;

  // libssl's handshakes of this SSL_CTX hash by way of a TranscriptCorrection.
  TranscriptDigests transcript_digests;

  // Of its connections, which may come again with the next.
  RecentCertificates recent_certificates;
};

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ATTACHMENT_CTX_ATTACHMENT_H_
