// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/pem.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <limits>
#include <utility>

namespace dtls13 {
namespace {

OpenSslPtr<BIO> Reader(std::string_view pem) {
  if (pem.size() > std::numeric_limits<int>::max()) return nullptr;
  return OpenSslPtr<BIO>(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

// A pem_password_cb that notes that it was asked, and refuses.
int RefusePassphrase(char* /*buffer*/, int /*size*/, int /*for_writing*/, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

PemPrivateKey Failure(const char* error) { return {nullptr, error}; }

bool SawNoStartLine() {
  const unsigned long error = ERR_peek_last_error();
  return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

std::vector<uint8_t> ToDer(X509* certificate) {
  unsigned char* der = nullptr;
  const int len = i2d_X509(certificate, &der);
  if (len <= 0) return {};
  std::vector<uint8_t> bytes(der, der + len);
  OPENSSL_free(der);
  return bytes;
}

}  // namespace

PemPrivateKey ReadPemPrivateKey(const Algorithms& algorithms, std::string_view pem) {
  OpenSslPtr<BIO> reader = Reader(pem);
  if (!reader) return Failure("is too large");
  bool asked = false;
  ERR_set_mark();
  OpenSslPtr<EVP_PKEY> key(PEM_read_bio_PrivateKey_ex(reader.get(), nullptr, RefusePassphrase,
                                                      &asked, algorithms.library_context(),
                                                      algorithms.property_query()));
  const bool no_key = pem.find("PRIVATE KEY-----") == std::string_view::npos;
  ERR_pop_to_mark();
  if (key) return {std::move(key), nullptr};
  if (asked) return Failure("holds an encrypted private key, which takes a passphrase");
  return Failure(no_key ? "holds no private key in PEM form"
                        : "holds a private key that is damaged or of an unsupported kind");
}

std::optional<std::vector<std::vector<uint8_t>>> ReadPemCertificates(const Algorithms& algorithms,
                                                                     std::string_view pem) {
  OpenSslPtr<BIO> reader = Reader(pem);
  if (!reader) return std::nullopt;
  std::vector<std::vector<uint8_t>> certificates;
  ERR_set_mark();
  bool at_end = false;
  while (!at_end) {
    X509* certificate = X509_new_ex(algorithms.library_context(), algorithms.property_query());
    if (certificate == nullptr) break;
    const bool read = PEM_read_bio_X509(reader.get(), &certificate, nullptr, nullptr) != nullptr;
    OpenSslPtr<X509> owned(certificate);
    // Running out of blocks is how the end shows itself; anything else is damage.
    if (!read) {
      at_end = SawNoStartLine();
      break;
    }
    certificates.push_back(ToDer(owned.get()));
  }
  ERR_pop_to_mark();
  if (!at_end || certificates.empty()) return std::nullopt;
  return certificates;
}

}  // namespace dtls13
