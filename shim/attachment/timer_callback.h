// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ATTACHMENT_TIMER_CALLBACK_H_
#define DTLS13_SHIM_ATTACHMENT_TIMER_CALLBACK_H_

#include <optional>

#include "dtls13/association.h"
#include "dtls13/wire/time.h"
#include "shim/libssl/openssl_headers.h"

namespace dtls13::shim {

// TimerCallback is DTLS_set_timer_cb: an application's own values of the retransmission timer. It
// remembers what of the timer the application was asked about, and does not know when it expires.
class TimerCallback {
 public:
  // Null for none. It stays when the connection goes.
  void set(DTLS_timer_cb callback) { callback_ = callback; }
  DTLS_timer_cb get() const { return callback_; }

  // Ask asks the application for a value where libssl does: with 0 when the timer was started for a
  // flight since the last call, and with the last value at each expiry. `present` is the timer as
  // it is now. Nothing where the application is not asked.
  std::optional<Duration> Ask(SSL* ssl, const RetransmitTimerReport& present);
  // Note takes the timer as the answer has changed it, which is nothing to ask about.
  void Note(const RetransmitTimerReport& changed) { noted_ = changed; }

  // Forget makes ready for another connection's timer.
  void Forget() { noted_ = {}; }

 private:
  DTLS_timer_cb callback_ = nullptr;
  RetransmitTimerReport noted_;
};

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ATTACHMENT_TIMER_CALLBACK_H_
