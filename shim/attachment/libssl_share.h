// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ATTACHMENT_LIBSSL_SHARE_H_
#define DTLS13_SHIM_ATTACHMENT_LIBSSL_SHARE_H_

#include <memory>
#include <utility>

#include "shim/attachment/libssl_half.h"

namespace dtls13::shim {

// LibsslShare is what the shim still has to do with a connection that is libssl's, or may become
// it: a client's LibsslHalf, a server's mark of a downgrade.
class LibsslShare {
 public:
  // Null where the version is settled and libssl's handshake is over.
  LibsslHalf* half() const { return half_.get(); }
  // KeepHalf takes a half, null for a connection that has none.
  void KeepHalf(std::unique_ptr<LibsslHalf> half) { half_ = std::move(half); }
  // TakeHalf: meanwhile nobody finds it here.
  std::unique_ptr<LibsslHalf> TakeHalf() { return std::move(half_); }
  void DropHalf() { half_.reset(); }

  // A server that has DTLS 1.3 leaves a client without it to libssl, whose ServerHello is to say
  // so.
  bool marks_downgrade() const { return marks_downgrade_; }
  void OnServerGivenAway() { marks_downgrade_ = true; }
  // A client that negotiates anew knows what its server has, and as with TLS it is not told again.
  void OnHandshakeOver() { marks_downgrade_ = false; }

 private:
  std::unique_ptr<LibsslHalf> half_;
  bool marks_downgrade_ = false;
};

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ATTACHMENT_LIBSSL_SHARE_H_
