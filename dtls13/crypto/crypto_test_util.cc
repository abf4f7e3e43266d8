// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/crypto_test_util.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <cstdio>
#include <cstdlib>

#include "dtls13/crypto/record_crypto.h"

namespace dtls13 {
namespace {

// A broken fixture is no test result.
void Require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "test fixture: %s failed\n", what);
  std::abort();
}

uint8_t Digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  Require(c >= 'a' && c <= 'f', "FromHex");
  return c - 'a' + 10;
}

void SetName(X509* certificate, int (*set)(X509* certificate, const X509_NAME* name),
             const std::string& common_name) {
  X509_NAME* name = X509_NAME_new();
  Require(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                     reinterpret_cast<const unsigned char*>(common_name.c_str()),
                                     -1, -1, 0) == 1,
          "X509_NAME_add_entry_by_txt");
  Require(set(certificate, name) == 1, "SetName");
  X509_NAME_free(name);
}

void AddExtension(X509* certificate, int nid, const std::string& value) {
  if (value.empty()) return;
  X509V3_CTX context;
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  Require(extension != nullptr, "X509V3_EXT_conf_nid");
  Require(X509_add_ext(certificate, extension, -1) == 1, "X509_add_ext");
  X509_EXTENSION_free(extension);
}

std::string Contents(BIO* bio) {
  char* data = nullptr;
  const long len = BIO_get_mem_data(bio, &data);
  return std::string(data, len);
}

std::shared_ptr<const Algorithms> FetchDefault() {
  const char* name = std::getenv("DTLS13_TEST_RECORD_CRYPTO");
  const auto choice = RecordCryptoOfName(name == nullptr ? "libcrypto" : name);
  Require(choice.has_value(), "DTLS13_TEST_RECORD_CRYPTO");
  std::shared_ptr<const Algorithms> algorithms = Algorithms::Fetch(nullptr, nullptr, *choice);
  Require(algorithms != nullptr, "Algorithms::Fetch");
  // No test passes over what it was not run over.
  Require(*choice != RecordCrypto::kIpsecMb ||
              algorithms->record_crypto_status() == RecordCryptoStatus::kIpsecMb,
          "libipsec-mb");
  return algorithms;
}

}  // namespace

std::vector<uint8_t> FromHex(std::string_view hex) {
  Require(hex.size() % 2 == 0, "FromHex");
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i < hex.size(); i += 2) {
    bytes.push_back(Digit(hex[i]) << 4 | Digit(hex[i + 1]));
  }
  return bytes;
}

std::string ToHex(std::span<const uint8_t> bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (uint8_t byte : bytes) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

std::shared_ptr<const Algorithms> DefaultAlgorithms() {
  static const auto& algorithms = *new std::shared_ptr<const Algorithms>(FetchDefault());
  return algorithms;
}

OpenSslPtr<EVP_PKEY> NewTestKey(std::string_view kind, size_t rsa_bits) {
  const std::string name(kind);
  EVP_PKEY* key = nullptr;
  if (name.starts_with("P-") || name.starts_with("brainpool")) {
    key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", name.c_str());
  } else if (name == "RSA") {
    key = EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", rsa_bits);
  } else if (name == "RSA-PSS") {
    OpenSslPtr<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA-PSS", nullptr));
    Require(EVP_PKEY_keygen_init(context.get()) == 1, "EVP_PKEY_keygen_init");
    Require(EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), rsa_bits) == 1, "rsa_keygen_bits");
    EVP_PKEY_generate(context.get(), &key);
  } else {
    key = EVP_PKEY_Q_keygen(nullptr, nullptr, name.c_str());
  }
  Require(key != nullptr, "NewTestKey");
  return OpenSslPtr<EVP_PKEY>(key);
}

std::vector<uint8_t> MakeCertificate(const TestCertificate& wanted) {
  static int64_t serial_number = 1;
  OpenSslPtr<X509> certificate(X509_new());
  X509* const x = certificate.get();
  Require(X509_set_version(x, X509_VERSION_3) == 1, "X509_set_version");
  ASN1_INTEGER_set_int64(X509_get_serialNumber(x), serial_number++);
  Require(ASN1_TIME_set(X509_getm_notBefore(x), wanted.not_before) != nullptr, "notBefore");
  Require(ASN1_TIME_set(X509_getm_notAfter(x), wanted.not_after) != nullptr, "notAfter");
  SetName(x, X509_set_subject_name, wanted.common_name);
  SetName(x, X509_set_issuer_name, wanted.issuer_name);
  Require(X509_set_pubkey(x, wanted.key) == 1, "X509_set_pubkey");
  AddExtension(x, NID_basic_constraints, wanted.is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
  AddExtension(x, NID_subject_alt_name, wanted.alternative_names);
  AddExtension(x, NID_ext_key_usage, wanted.key_purpose);
  AddExtension(x, NID_key_usage, wanted.key_usage);
  // libcrypto's word for a key that takes no digest: EdDSA's, ML-DSA's.
  std::array<char, 32> digest{};
  const bool own_digest =
      EVP_PKEY_get_default_digest_name(wanted.issuer_key, digest.data(), digest.size()) == 2 &&
      std::string_view(digest.data()) == "UNDEF";
  Require(X509_sign(x, wanted.issuer_key,
                    own_digest ? nullptr : EVP_get_digestbyname(wanted.digest)) > 0,
          "X509_sign");
  unsigned char* der = nullptr;
  const int len = i2d_X509(x, &der);
  Require(len > 0, "i2d_X509");
  std::vector<uint8_t> bytes(der, der + len);
  OPENSSL_free(der);
  return bytes;
}

std::string ToPem(std::span<const uint8_t> der) {
  const unsigned char* data = der.data();
  OpenSslPtr<X509> certificate(d2i_X509(nullptr, &data, static_cast<long>(der.size())));
  OpenSslPtr<BIO> bio(BIO_new(BIO_s_mem()));
  Require(certificate && PEM_write_bio_X509(bio.get(), certificate.get()) == 1, "ToPem");
  return Contents(bio.get());
}

std::string PrivateKeyPem(EVP_PKEY* key, std::string passphrase) {
  OpenSslPtr<BIO> bio(BIO_new(BIO_s_mem()));
  const EVP_CIPHER* cipher = passphrase.empty() ? nullptr : EVP_aes_128_cbc();
  Require(PEM_write_bio_PKCS8PrivateKey(bio.get(), key, cipher, passphrase.data(),
                                        static_cast<int>(passphrase.size()), nullptr, nullptr) == 1,
          "PrivateKeyPem");
  return Contents(bio.get());
}

}  // namespace dtls13
