#ifndef DTLS13_SHIM_PROTOCOL_VERSION_H_
#define DTLS13_SHIM_PROTOCOL_VERSION_H_

#include "shim/ssl_attachment.h"

namespace dtls13::shim {

// AllowsDtls13 says whether DTLS 1.3 is within what the SSL's method, limits and options allow.
bool AllowsDtls13(const SslAttachment& attachment);
// AllowsOlder says whether the SSL may fall back to libssl's DTLS 1.2.
bool AllowsOlder(const SslAttachment& attachment);

// Decide returns the attachment of an SSL that is ours, and settles whose it is if that is open:
// what each entry that reads or writes asks first. Null means the real function is to be called.
SslAttachment* Decide(SSL* ssl);

// LibsslCall stands around a call of the real function on an SSL that is not ours. Debian's libssl
// calls its own exports through its PLT, so calls like SSL_clear come back to us from inside.
class LibsslCall {
 public:
  explicit LibsslCall(const SSL* ssl) : attachment_(SslAttachment::Find(ssl)) {
    if (attachment_ != nullptr) ++attachment_->libssl_depth;
  }
  ~LibsslCall() {
    if (attachment_ != nullptr) --attachment_->libssl_depth;
  }
  LibsslCall(const LibsslCall&) = delete;
  LibsslCall& operator=(const LibsslCall&) = delete;

 private:
  SslAttachment* const attachment_;
};

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_PROTOCOL_VERSION_H_
