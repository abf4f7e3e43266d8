// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_LIBSSL_OUTCOME_H_
#define DTLS13_SHIM_LIBSSL_OUTCOME_H_

#include <cstdint>

namespace dtls13::shim {

// Outcome is what a call on an SSL came to, on every level from its BIOs to the entry that libssl's
// caller sees. A function's comment says which of these it returns; what it hands on unchanged
// keeps its meaning.
enum class Outcome : uint8_t {
  kDone,        // what the function is for
  kWouldBlock,  // SSL_want says for what; at a BIO, its retry flags do
  kIsLibssls,   // the peer has no DTLS 1.3: the SSL is libssl's to serve, and so is the call
  kAnswered,    // a server: a HelloRetryRequest was sent, and nothing is kept of the client
  kIgnored,     // nothing was there to do: an empty record to write, a datagram to drop
  kEnded,       // SSL_read: the peer sends no more; SSL_write: nor do we, after such data
  kTooLarge,    // a BIO: the datagram is over what the path carries, and lost
  kBroken,      // SSL_ERROR_SYSCALL: a BIO failed or is missing; the association lives
  kFailed,      // SSL_ERROR_SSL: the reason is on the error queue
};

// ReturnValue is the number that SSL_read, SSL_write and SSL_do_handshake return for an outcome of
// an SSL that is not libssl's; SSL_read and SSL_write have a length in place of 1.
constexpr int ReturnValue(Outcome outcome) {
  switch (outcome) {
    case Outcome::kDone:
      return 1;
    case Outcome::kAnswered:
    case Outcome::kIgnored:
    case Outcome::kEnded:
      return 0;
    default:
      return -1;
  }
}

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_LIBSSL_OUTCOME_H_
