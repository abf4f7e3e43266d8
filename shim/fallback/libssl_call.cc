// SPDX-License-Identifier: Apache-2.0
#include "shim/fallback/libssl_call.h"

#include "shim/fallback/fallback.h"

namespace dtls13::shim {

LibsslCall::LibsslCall(const SSL* ssl) : attachment_(SslAttachment::Find(ssl)) {
  if (attachment_ == nullptr) return;
  if (Fallback* fallback = Fallback::Of(*attachment_)) fallback->BeforeCall(*attachment_);
  in_libssl_.emplace(*attachment_);
}

LibsslCall::~LibsslCall() {
  if (attachment_ == nullptr) return;
  in_libssl_.reset();
  if (attachment_->in_libssl()) return;
  Fallback* fallback = Fallback::Of(*attachment_);
  if (fallback != nullptr && fallback->AfterCall(*attachment_)) attachment_->libssl_half.reset();
}

}  // namespace dtls13::shim
