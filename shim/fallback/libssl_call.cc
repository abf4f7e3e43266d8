// SPDX-License-Identifier: Apache-2.0
#include "shim/fallback/libssl_call.h"

#include "shim/fallback/fallback.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {

LibsslCall::LibsslCall(const SSL* ssl) : attachment_(SslAttachment::Find(ssl)) {
  if (attachment_ == nullptr) return;
  if (Fallback* fallback = Fallback::Of(*attachment_)) fallback->BeforeCall(*attachment_);
  in_libssl_.emplace(*attachment_);
  mark_.emplace(attachment_->marks_downgrade ? ssl : nullptr);
}

LibsslCall::~LibsslCall() {
  if (attachment_ == nullptr) return;
  mark_.reset();
  in_libssl_.reset();
  if (attachment_->in_libssl()) return;
  // A client that negotiates anew knows what its server has, and as with TLS it is not told again.
  if (attachment_->marks_downgrade && Real().SSL_is_init_finished(attachment_->ssl()) != 0) {
    attachment_->marks_downgrade = false;
  }
  Fallback* fallback = Fallback::Of(*attachment_);
  if (fallback != nullptr && fallback->AfterCall(*attachment_)) attachment_->libssl_half.reset();
}

}  // namespace dtls13::shim
