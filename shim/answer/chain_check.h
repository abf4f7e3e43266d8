// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ANSWER_CHAIN_CHECK_H_
#define DTLS13_SHIM_ANSWER_CHAIN_CHECK_H_

#include "shim/attachment/ssl_attachment.h"
#include "shim/libssl/openssl_headers.h"

namespace dtls13::shim {

// CheckChain is SSL_check_chain: how `certificate`, its `key` and the certificates of `chain`
// (null: none) suit the peer, CERT_PKEY_* flags as libssl's TLS 1.3 gives them. 0 where one of the
// first two is missing or the key is of no type that TLS signs with.
int CheckChain(SslAttachment& attachment, X509* certificate, EVP_PKEY* key, STACK_OF(X509) * chain);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ANSWER_CHAIN_CHECK_H_
