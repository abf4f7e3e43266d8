// SPDX-License-Identifier: Apache-2.0
#include "shim/fallback/libssl_call.h"

#include "shim/attachment/settled_ssls.h"
#include "shim/bio/filter_bio.h"
#include "shim/fallback/fallback.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {

void LibsslCall::Begin() {
  if (Fallback* fallback = Fallback::Of(*attachment_)) fallback->BeforeCall(*attachment_);
  in_libssl_.emplace(*attachment_);
  const bool marks = attachment_->libssl_share.marks_downgrade();
  // What another SSL's call around this one marks is not this one's.
  if (marks || DowngradeMark::IsAnySet()) mark_.emplace(marks ? attachment_->ssl() : nullptr);
}

void LibsslCall::End() {
  mark_.reset();
  in_libssl_.reset();
  if (attachment_->in_libssl()) return;
  LibsslShare& share = attachment_->libssl_share;
  if (share.marks_downgrade() && Real().SSL_is_init_finished(attachment_->ssl()) != 0) {
    share.OnHandshakeOver();
  }
  Fallback* fallback = Fallback::Of(*attachment_);
  if (fallback != nullptr && fallback->AfterCall(*attachment_)) share.DropHalf();
  if (IsSettled()) SettledSsls::Add(attachment_->ssl());
}

// During its own handshake libssl calls exports that must not be taken for the application's.
bool LibsslCall::IsSettled() const {
  SSL* ssl = attachment_->ssl();
  return attachment_->owner() == Owner::kLibssl && attachment_->libssl_share.half() == nullptr &&
         !attachment_->libssl_share.marks_downgrade() && Real().SSL_is_init_finished(ssl) != 0 &&
         FilterOf(Real().SSL_get_rbio(ssl)) == nullptr;
}

}  // namespace dtls13::shim
