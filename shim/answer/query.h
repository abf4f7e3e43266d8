// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ANSWER_QUERY_H_
#define DTLS13_SHIM_ANSWER_QUERY_H_

#include "shim/attachment/ssl_attachment.h"
#include "shim/libssl/openssl_headers.h"

namespace dtls13::shim {

// What libssl's macros over SSL_ctrl ask of a handshake. Each takes and returns what the control of
// that name does; 0 where there is no answer yet.

// The hash NID of the peer's, and of our own, CertificateVerify.
long PeerSignatureHash(const SslAttachment& attachment, int* nid);
long LocalSignatureHash(const SslAttachment& attachment, int* nid);

// The names of their signature schemes, as OpenSSL 3.5 asks for them.
long PeerSignatureName(const SslAttachment& attachment, const char** name);
long LocalSignatureName(const SslAttachment& attachment, const char** name);

// The public key of the peer's, and of our own, key share; the caller owns it.
long PeerTemporaryKey(const SslAttachment& attachment, EVP_PKEY** key);
long LocalTemporaryKey(const SslAttachment& attachment, EVP_PKEY** key);

long NegotiatedGroup(const SslAttachment& attachment);
// PeerGroups returns how many, and writes them all unless `nids` is null.
long PeerGroups(const SslAttachment& attachment, int* nids);
// SharedGroup returns the NID of the n-th group in common, or with -1 how many there are.
long SharedGroup(const SslAttachment& attachment, long n);

// RawCipherList and PeerPointFormats return a length and lend bytes of the ClientHello. With a null
// `ciphers` the length of one entry is asked for.
long RawCipherList(const SslAttachment& attachment, const unsigned char** ciphers);
long PeerPointFormats(const SslAttachment& attachment, const unsigned char** formats);

// SharedSignatureSchemes are those both sides allow, in the order that decides.
std::vector<uint16_t> SharedSignatureSchemes(const SslAttachment& attachment);
// AllowedSharedSchemes are those of them that the SSL's security callback allows.
std::vector<SignatureScheme> AllowedSharedSchemes(const SslAttachment& attachment);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ANSWER_QUERY_H_
