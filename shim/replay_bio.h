#ifndef DTLS13_SHIM_REPLAY_BIO_H_
#define DTLS13_SHIM_REPLAY_BIO_H_

#include <cstdint>
#include <vector>

#include "shim/openssl_headers.h"

namespace dtls13::shim {

// A replay BIO stands in front of an SSL's read BIO and gives one datagram back that was taken from
// it: libssl reads it as if nobody had. Everything else goes to the BIO behind it, whose
// BIO_get_data it also shows, because applications with BIOs of their own ask SSL_get_rbio for it.

// AfterReplay says what a read finds once the datagram was given back.
enum class AfterReplay : uint8_t {
  kPassThrough,  // what the BIO behind has
  kWouldBlock,   // nothing: the caller of libssl wants to see each datagram first
};

// ReplayDatagram puts a replay BIO with `datagram` in front of the SSL's read BIO. False when
// memory is out, or there is no read BIO.
bool ReplayDatagram(SSL* ssl, std::vector<uint8_t> datagram, AfterReplay after);

// RestoreReadBio takes a replay BIO away again whose datagram was read. Nothing happens where there
// is none, or the datagram is still wanted.
void RestoreReadBio(SSL* ssl);

// DiscardReplay takes a replay BIO away, read or not.
void DiscardReplay(SSL* ssl);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_REPLAY_BIO_H_
