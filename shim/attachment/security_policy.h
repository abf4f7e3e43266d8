// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ATTACHMENT_SECURITY_POLICY_H_
#define DTLS13_SHIM_ATTACHMENT_SECURITY_POLICY_H_

#include <cstdint>
#include <optional>

#include "dtls13/wire/code_points.h"
#include "shim/libssl/openssl_headers.h"

namespace dtls13::shim {

// The SSL's security callback (SSL_set_security_callback), asked as libssl asks it: with its
// operation, its reckoning of bits and its name for what is to be used. libssl's own callback goes
// by the security level. What the core does not implement is never allowed.

// The operations are SSL_SECOP_CIPHER_*, SSL_SECOP_CURVE_* and SSL_SECOP_SIGALG_*.
bool IsAllowed(SSL* ssl, int operation, CipherSuiteId suite);
bool IsAllowed(SSL* ssl, int operation, NamedGroup group);
bool IsAllowed(SSL* ssl, int operation, SignatureScheme scheme);

bool AreTicketsAllowed(SSL* ssl);
bool IsVersionAllowed(SSL* ssl, int version);

// RefuseOwnCertificate returns why a certificate of this side's is not to be shown, SSL_R_*; 0
// where it is.
int RefuseOwnCertificate(SSL* ssl, X509* certificate, bool is_leaf);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ATTACHMENT_SECURITY_POLICY_H_
