// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ANSWER_CERTIFICATES_H_
#define DTLS13_SHIM_ANSWER_CERTIFICATES_H_

#include <cstdint>
#include <span>
#include <vector>

#include "dtls13/crypto/openssl_ptr.h"
#include "dtls13/handshake/certificate_demand.h"
#include "shim/attachment/ssl_attachment.h"

namespace dtls13::shim {

// What stands between an association's DER and libcrypto's objects, under the library context of
// the SSL's SSL_CTX.

// CertificateChain returns what libssl would send with `leaf`, the SSL's current certificate, leaf
// first: the chain set for it, else the SSL_CTX's, else one built from the stores, unless the mode
// forbids that.
std::vector<OpenSslPtr<X509>> CertificateChain(const SslAttachment& attachment, X509* leaf);

// ToDer returns the DER of each certificate. Empty when libcrypto fails.
std::vector<std::vector<uint8_t>> ToDer(std::span<const OpenSslPtr<X509>> chain);

// ChainOfOne returns the DER of `certificate` alone. Empty when libcrypto fails.
std::vector<std::vector<uint8_t>> ChainOfOne(X509* certificate);

// ParseCertificate takes exactly one certificate. The object of one that the SSL_CTX was shown
// before may be that of other connections too. Null when it does not parse.
OpenSslPtr<X509> ParseCertificate(const SslAttachment& attachment, std::span<const uint8_t> der);

// ParsePeerChain keeps the association's certificates of the peer in attachment.lent(), as libssl's
// getters hand them out: a server's chain begins with its own certificate, a client's without.
// Returns the leaf; null when one of them does not parse.
OpenSslPtr<X509> ParsePeerChain(SslAttachment& attachment);

// KeepPeerCertificates does so with certificates that need no verification, and keeps the leaf too.
// False when one of them does not parse.
bool KeepPeerCertificates(SslAttachment& attachment);

// NamesToDer takes the names of authorities; null is none.
std::vector<std::vector<uint8_t>> NamesToDer(const STACK_OF(X509_NAME) * names);

// ParseNames returns those of the names that parse, owned by the caller; null for none.
STACK_OF(X509_NAME) * ParseNames(const std::vector<std::vector<uint8_t>>& ders);

// DemandOf says what the present settings of a server's SSL ask of a client.
CertificateDemand DemandOf(SSL* ssl);

// NewStoreContext returns an empty X509_STORE_CTX. Null when memory is out.
OpenSslPtr<X509_STORE_CTX> NewStoreContext(const SslAttachment& attachment);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ANSWER_CERTIFICATES_H_
