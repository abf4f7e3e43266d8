#ifndef DTLS13_SHIM_DRIVE_FIRST_HELLO_H_
#define DTLS13_SHIM_DRIVE_FIRST_HELLO_H_

#include <cstdint>

#include "shim/attachment/ssl_attachment.h"

namespace dtls13::shim {

// CookieMode says how a server treats a ClientHello that shows no proof of its address.
enum class CookieMode : uint8_t {
  kNone,       // answers it
  kExchange,   // SSL_OP_COOKIE_EXCHANGE: asks for the application's cookie
  kListen,     // DTLSv1_listen: the same, and keeps only pieces of ClientHellos meanwhile
  kStateless,  // SSL_stateless: as kListen with the other pair of callbacks
};

enum class FirstHello : uint8_t {
  kKept,       // in attachment.kept_datagram, from attachment.peer_address
  kRetrySent,  // only with `one_datagram`: a HelloRetryRequest was sent
  kIgnored,    // only with `one_datagram`: it was nothing to answer
  kNotDtls13,  // in attachment.kept_datagram: a ClientHello that is libssl's to answer
  kWouldBlock,
  kBroken,  // a BIO failed
  kFailed,  // the reason is on the error queue
};

// ReceiveFirstHello reads datagrams for a server that has no association yet, until a ClientHello
// is worth one. It keeps nothing of the others, but for a bounded number of pieces of ClientHellos:
// one client's where the SSL is to serve the first that comes.
FirstHello ReceiveFirstHello(SslAttachment& attachment, const AssociationConfig& config,
                             CookieMode mode, bool one_datagram);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_DRIVE_FIRST_HELLO_H_
