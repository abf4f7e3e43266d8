#include "shim/fallback/libssl_call.h"
#include "shim/fallback/fallback.h"

namespace dtls13::shim {

LibsslCall::LibsslCall(const SSL* ssl) : attachment_(SslAttachment::Find(ssl)) {
  if (attachment_ == nullptr) return;
  if (attachment_->fallback != nullptr) attachment_->fallback->Begin(*attachment_);
  in_libssl_.emplace(*attachment_);
}

LibsslCall::~LibsslCall() {
  if (attachment_ == nullptr) return;
  in_libssl_.reset();
  if (attachment_->in_libssl() || attachment_->fallback == nullptr) return;
  if (attachment_->fallback->End(*attachment_)) attachment_->fallback.reset();
}

}  // namespace dtls13::shim
