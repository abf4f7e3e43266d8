// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_FALLBACK_LIBSSL_CALL_H_
#define DTLS13_SHIM_FALLBACK_LIBSSL_CALL_H_

#include <optional>

#include "shim/attachment/ssl_attachment.h"
#include "shim/libssl/downgrade_mark.h"

namespace dtls13::shim {

// LibsslCall stands around a call of the real function on an SSL that is not ours, and looks after
// a client's Fallback and a server's mark of a downgrade.
class LibsslCall {
 public:
  explicit LibsslCall(const SSL* ssl) : LibsslCall(SslAttachment::Find(ssl)) {}
  // For a caller that has looked already; null where the SSL has no attachment.
  explicit LibsslCall(SslAttachment* attachment) : attachment_(attachment) {
    if (attachment != nullptr) Begin();
  }
  ~LibsslCall() {
    if (attachment_ != nullptr) End();
  }
  LibsslCall(const LibsslCall&) = delete;
  LibsslCall& operator=(const LibsslCall&) = delete;

 private:
  void Begin();
  void End();
  // IsSettled: no later call needs anything around it.
  bool IsSettled() const;

  SslAttachment* const attachment_;
  std::optional<SslAttachment::InLibssl> in_libssl_;
  std::optional<DowngradeMark> mark_;
};

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_FALLBACK_LIBSSL_CALL_H_
