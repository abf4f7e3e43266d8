// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/openssl_ptr.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

namespace dtls13 {

void OpenSslDelete::operator()(BIO* p) const { BIO_free_all(p); }
void OpenSslDelete::operator()(EVP_CIPHER* p) const { EVP_CIPHER_free(p); }
void OpenSslDelete::operator()(EVP_CIPHER_CTX* p) const { EVP_CIPHER_CTX_free(p); }
void OpenSslDelete::operator()(EVP_MAC* p) const { EVP_MAC_free(p); }
void OpenSslDelete::operator()(EVP_MAC_CTX* p) const { EVP_MAC_CTX_free(p); }
void OpenSslDelete::operator()(EVP_MD* p) const { EVP_MD_free(p); }
void OpenSslDelete::operator()(EVP_MD_CTX* p) const { EVP_MD_CTX_free(p); }
void OpenSslDelete::operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
void OpenSslDelete::operator()(EVP_PKEY_CTX* p) const { EVP_PKEY_CTX_free(p); }
void OpenSslDelete::operator()(X509* p) const { X509_free(p); }
void OpenSslDelete::operator()(X509_STORE* p) const { X509_STORE_free(p); }
void OpenSslDelete::operator()(X509_STORE_CTX* p) const { X509_STORE_CTX_free(p); }

OpenSslPtr<EVP_PKEY> NewReference(EVP_PKEY* key) {
  if (key == nullptr || EVP_PKEY_up_ref(key) != 1) return nullptr;
  return OpenSslPtr<EVP_PKEY>(key);
}

}  // namespace dtls13
