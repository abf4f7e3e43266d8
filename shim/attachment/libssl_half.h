// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ATTACHMENT_LIBSSL_HALF_H_
#define DTLS13_SHIM_ATTACHMENT_LIBSSL_HALF_H_

namespace dtls13::shim {

class SslAttachment;

// LibsslHalf is libssl's half of a client that has DTLS 1.3 and older versions. An SslAttachment
// owns it until the version is settled and libssl's handshake is over, and knows no more of it than
// how to end it: what it does is Fallback's, its one kind.
class LibsslHalf {
 public:
  virtual ~LibsslHalf() = default;
  LibsslHalf(const LibsslHalf&) = delete;
  LibsslHalf& operator=(const LibsslHalf&) = delete;

  // Withdraw takes everything back that was put between libssl and the application, but for the
  // filters of its BIOs.
  virtual void Withdraw(SslAttachment& attachment) = 0;

 protected:
  LibsslHalf() = default;
};

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ATTACHMENT_LIBSSL_HALF_H_
