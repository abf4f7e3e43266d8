// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_DRIVE_FIRST_HELLO_H_
#define DTLS13_SHIM_DRIVE_FIRST_HELLO_H_

#include <cstdint>
#include <memory>

#include "shim/attachment/ssl_attachment.h"
#include "shim/libssl/outcome.h"

namespace dtls13::shim {

// CookieMode says how a server treats a ClientHello that shows no proof of its address.
enum class CookieMode : uint8_t {
  kNone,       // answers it
  kExchange,   // SSL_OP_COOKIE_EXCHANGE: asks for the application's cookie
  kListen,     // DTLSv1_listen: the same, and keeps only pieces of ClientHellos meanwhile
  kStateless,  // SSL_stateless: as kListen with the other pair of callbacks
};

// ReceiveFirstHello reads datagrams for a server that has no association yet, until a ClientHello
// is worth one. It keeps nothing of the others, but for a bounded number of pieces of ClientHellos,
// from one call to the next: one client's where the SSL is to serve the first that comes.
//
// kDone with the hello in attachment.kept_hello; kIsLibssls with a
// hello there that is libssl's to answer; with `one_datagram` also kAnswered, or kIgnored when it
// was nothing to answer; kWouldBlock, kBroken or kFailed.
Outcome ReceiveFirstHello(SslAttachment& attachment,
                          const std::shared_ptr<const AssociationConfig>& config, CookieMode mode,
                          bool one_datagram);

// ClearForListening makes an SSL ready for whichever client is next. Pieces of ClientHellos stay:
// an event loop calls once for each datagram, and the rest of a hello comes with the next. False
// while the SSL is busy.
bool ClearForListening(SslAttachment& attachment);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_DRIVE_FIRST_HELLO_H_
