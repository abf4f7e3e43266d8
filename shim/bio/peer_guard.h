// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_BIO_PEER_GUARD_H_
#define DTLS13_SHIM_BIO_PEER_GUARD_H_

#include "shim/bio/peer_address.h"
#include "shim/libssl/openssl_headers.h"

namespace dtls13::shim {

// PeerGuard is a client's on a socket that is not connected. libcrypto's datagram BIO sends to
// whoever sent last; around each read, this has it send to whom it did before, who is the peer: the
// application alone chooses it, and may choose another at any time. It knows no associations.
class PeerGuard {
 public:
  void BeforeRead(SSL* ssl);
  // IsFromStranger says, after a read, that the datagram is not the peer's, and if so has the BIO
  // send to the peer again. False where the BIOs cannot tell, or the peer is named by no address of
  // one host yet.
  bool IsFromStranger(SSL* ssl);

 private:
  AddressPtr peer_;
  AddressPtr sender_;
};

// GuardReadBio does so for libssl, by a filter before the SSL's read BIO: it reads no stranger's
// datagrams. False when memory is out or there is no read BIO.
bool GuardReadBio(SSL* ssl);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_BIO_PEER_GUARD_H_
