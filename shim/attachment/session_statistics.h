// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ATTACHMENT_SESSION_STATISTICS_H_
#define DTLS13_SHIM_ATTACHMENT_SESSION_STATISTICS_H_

#include <atomic>

#include "shim/libssl/openssl_headers.h"

namespace dtls13::shim {

// SessionStatistics are what SSL_CTX_sess_connect and its like count of one SSL_CTX's connections
// that are ours. libssl counts its own, and the two are told as one sum. Any thread may count.
class SessionStatistics {
 public:
  enum Kind {
    kConnect,
    kConnectGood,
    kAccept,
    kAcceptGood,
    kHits,
    kCallbackHits,
    kMisses,
    kTimeouts,
    kNumKinds
  };

  void Count(Kind kind) { counts_[kind].fetch_add(1, std::memory_order_relaxed); }

  // Of returns what `control` (SSL_CTRL_SESS_CONNECT ...) asks for; 0 for what only libssl counts,
  // and for every other control.
  long Of(int control) const {
    switch (control) {
      case SSL_CTRL_SESS_CONNECT:
        return Get(kConnect);
      case SSL_CTRL_SESS_CONNECT_GOOD:
        return Get(kConnectGood);
      case SSL_CTRL_SESS_ACCEPT:
        return Get(kAccept);
      case SSL_CTRL_SESS_ACCEPT_GOOD:
        return Get(kAcceptGood);
      case SSL_CTRL_SESS_HIT:
        return Get(kHits);
      case SSL_CTRL_SESS_CB_HIT:
        return Get(kCallbackHits);
      case SSL_CTRL_SESS_MISSES:
        return Get(kMisses);
      case SSL_CTRL_SESS_TIMEOUTS:
        return Get(kTimeouts);
      default:
        return 0;
    }
  }

 private:
  long Get(Kind kind) const { return counts_[kind].load(std::memory_order_relaxed); }

  std::atomic<long> counts_[kNumKinds] = {};
};

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ATTACHMENT_SESSION_STATISTICS_H_
