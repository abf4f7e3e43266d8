// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ATTACHMENT_LIBSSL_CAUSE_H_
#define DTLS13_SHIM_ATTACHMENT_LIBSSL_CAUSE_H_

#include <cstdint>

namespace dtls13::shim {

// LibsslCause is why a connection that might have been DTLS 1.3's is libssl's.
enum class LibsslCause : uint8_t {
  kPolicy,                   // allows no DTLS 1.3
  kOptions,                  // SSL_OP_NO_TLSv1_3
  kCertificateTransparency,  // is libssl's own handshake's
  kSecurity,                 // the security level or callback refuses DTLS 1.3
  kSession,                  // the session to resume is an older version's
  kPinned,                   // the method has one version
  kMaxVersion,               // the upper limit is older
  kLists,                    // no suite, group or signature scheme of DTLS 1.3 is left
  kCredential,               // the server has nothing to prove itself with in DTLS 1.3
  kSide,                     // the method cannot connect, or cannot accept
  kPeer,                     // the peer has no DTLS 1.3
  kCount,
};

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ATTACHMENT_LIBSSL_CAUSE_H_
