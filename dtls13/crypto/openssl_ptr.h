// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_CRYPTO_OPENSSL_PTR_H_
#define DTLS13_CRYPTO_OPENSSL_PTR_H_

#include <openssl/types.h>

#include <memory>

namespace dtls13 {

// OpenSslDelete frees each libcrypto type the way its own free function does.
struct OpenSslDelete {
  void operator()(BIO* p) const;
  void operator()(EVP_CIPHER* p) const;
  void operator()(EVP_CIPHER_CTX* p) const;
  void operator()(EVP_MAC* p) const;
  void operator()(EVP_MAC_CTX* p) const;
  void operator()(EVP_MD* p) const;
  void operator()(EVP_MD_CTX* p) const;
  void operator()(EVP_PKEY* p) const;
  void operator()(EVP_PKEY_CTX* p) const;
  void operator()(X509* p) const;
  void operator()(X509_STORE* p) const;
  void operator()(X509_STORE_CTX* p) const;
};

// OpenSslPtr owns one reference to a libcrypto object.
template <typename T>
using OpenSslPtr = std::unique_ptr<T, OpenSslDelete>;

// NewReference returns a reference of its own to `key`; null for null.
OpenSslPtr<EVP_PKEY> NewReference(EVP_PKEY* key);

}  // namespace dtls13

#endif  // DTLS13_CRYPTO_OPENSSL_PTR_H_
