// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_FALLBACK_QUIET_LIBSSL_H_
#define DTLS13_SHIM_FALLBACK_QUIET_LIBSSL_H_

#include <cstdint>
#include <vector>

#include "shim/attachment/ssl_attachment.h"

namespace dtls13::shim {

// QuietLibssl lets libssl work on an SSL, while it lives, without anybody hearing of it: what it
// writes is caught, it reads nothing, and the info, message and timer callbacks are not called.
// Whatever else it asks of its BIOs, such as the MTU, the application's own write BIO answers.
class QuietLibssl {
 public:
  // `attachment` and `*written` outlive the QuietLibssl. Each datagram that libssl writes is
  // appended to `*written`.
  QuietLibssl(SslAttachment& attachment, std::vector<std::vector<uint8_t>>* written);
  ~QuietLibssl();
  QuietLibssl(const QuietLibssl&) = delete;
  QuietLibssl& operator=(const QuietLibssl&) = delete;

  // IsOwnMessageCallback: `callback` is not the application's.
  static bool IsOwnMessageCallback(void (*callback)(void));

  // ok is false when memory is out or there is no write BIO: libssl must not be called then.
  bool ok() const { return capturing_; }

 private:
  SslAttachment& attachment_;
  SslAttachment::InLibssl in_libssl_;
  BIO* read_bio_ = nullptr;
  BIO* write_bio_ = nullptr;
  void (*info_callback_)(const SSL* ssl, int type, int value) = nullptr;
  bool capturing_ = false;
};

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_FALLBACK_QUIET_LIBSSL_H_
