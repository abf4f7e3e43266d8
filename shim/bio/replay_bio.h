// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_BIO_REPLAY_BIO_H_
#define DTLS13_SHIM_BIO_REPLAY_BIO_H_

#include <cstdint>
#include <deque>
#include <vector>

#include "shim/libssl/openssl_headers.h"

namespace dtls13::shim {

// A replay filter in front of an SSL's read BIO gives datagrams back that were taken from it:
// libssl reads them as if nobody had.

// AfterReplay says what a read finds once the datagrams were given back.
enum class AfterReplay : uint8_t {
  kPassThrough,  // what the BIO behind has
  kWouldBlock,   // nothing: the caller of libssl wants to see each datagram first
};

// Replay puts a filter with `datagrams`, oldest first, in front of the SSL's read BIO. False when
// memory is out, or there is no read BIO.
bool Replay(SSL* ssl, std::deque<std::vector<uint8_t>> datagrams, AfterReplay after);

// RestoreReadBio takes the filter away again whose datagrams were read. Nothing happens where there
// is none, or a datagram is still wanted.
void RestoreReadBio(SSL* ssl);

// DiscardReplay takes the filter away, read or not.
void DiscardReplay(SSL* ssl);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_BIO_REPLAY_BIO_H_
