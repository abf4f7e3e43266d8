// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_PROVIDER_PROVIDER_TEST_UTIL_H_
#define DTLS13_PROVIDER_PROVIDER_TEST_UTIL_H_

#include <openssl/provider.h>
#include <openssl/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dtls13/crypto/openssl_ptr.h"
#include "dtls13/wire/bytes_test_util.h"

namespace dtls13::provider {

// LibraryContext is a library context of its own with the named providers in it, in this order;
// "dtls13" is the one under test, built in.
class LibraryContext {
 public:
  explicit LibraryContext(const std::vector<std::string>& providers = {"default", "dtls13"});
  LibraryContext(const LibraryContext&) = delete;
  LibraryContext& operator=(const LibraryContext&) = delete;
  ~LibraryContext();

  // Configure loads the text of an openssl.cnf; it may name "dtls13" without a module.
  bool Configure(const std::string& config);

  OSSL_LIB_CTX* get() const { return context_; }
  // provider is the one of that name; null where it could not be loaded.
  OSSL_PROVIDER* provider(const std::string& name) const;

 private:
  OSSL_LIB_CTX* context_;
  std::vector<OSSL_PROVIDER*> providers_;
};

// TakeErrors empties the thread's error queue and returns what was on it, each as "reason: data"
// and behind the one before with "; ".
std::string TakeErrors();

struct FreeKdf {
  void operator()(EVP_KDF_CTX* context) const;
};
// NewKdf is null where there is no such KDF.
std::unique_ptr<EVP_KDF_CTX, FreeKdf> NewKdf(OSSL_LIB_CTX* context, const char* name,
                                             const char* property_query = nullptr);

// Fetch is null where there is no such cipher.
OpenSslPtr<EVP_CIPHER> Fetch(OSSL_LIB_CTX* context, const std::string& name,
                             const char* property_query = nullptr);

// RecordCipherContext is an EVP_CIPHER_CTX for one of this provider's ciphers.
class RecordCipherContext {
 public:
  // Without a key; get() is null where there is no such cipher.
  RecordCipherContext(OSSL_LIB_CTX* context, const std::string& name,
                      const char* property_query = nullptr);

  EVP_CIPHER_CTX* get() const { return context_.get(); }
  // Init gives a key, and `properties` for the ciphers underneath unless they are empty.
  bool Init(bool seal, const Bytes& key, const Bytes& iv, std::string properties = "");
  bool Set(const char* key, uint64_t value);
  // Get fails the test where there is no such parameter.
  uint64_t Get(const char* key) const;
  // Run seals or opens a record; empty where that fails.
  Bytes Run(Bytes record);

 private:
  OpenSslPtr<EVP_CIPHER_CTX> context_;
};

// NewRecord is a record before it is sealed, of application data, with room for the tag. Without a
// Connection ID; what has a length has the right one.
Bytes NewRecord(uint8_t first_byte, size_t content_len);

// KdfParams are what a DTLS13-KDF or TLS13-KDF is given.
struct KdfParams {
  std::string mode = "EXPAND_ONLY";
  std::string digest = "SHA2-256";
  std::string prefix = "dtls13";
  std::string label = "";
  std::string properties = "";
  Bytes key = {}, salt = {}, data = {};
};
// Derive is empty where the derivation fails. Empty parameters are not given.
Bytes Derive(EVP_KDF_CTX* kdf, KdfParams params, size_t len);

}  // namespace dtls13::provider

#endif  // DTLS13_PROVIDER_PROVIDER_TEST_UTIL_H_
