// SPDX-License-Identifier: Apache-2.0
#include "provider/provider_test_util.h"

#include <gtest/gtest.h>
#include <openssl/core.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <cstdio>
#include <fstream>

namespace dtls13::provider {

LibraryContext::LibraryContext(const std::vector<std::string>& providers)
    : context_(OSSL_LIB_CTX_new()) {
  OSSL_PROVIDER_add_builtin(context_, "dtls13", OSSL_provider_init);
  for (const std::string& name : providers) {
    OSSL_PROVIDER* const provider = OSSL_PROVIDER_load(context_, name.c_str());
    if (provider == nullptr) {
      std::fprintf(stderr, "no provider %s: %s\n", name.c_str(), TakeErrors().c_str());
    } else {
      providers_.push_back(provider);
    }
  }
}

bool LibraryContext::Configure(const std::string& config) {
  const std::string path = ::testing::TempDir() + "openssl.cnf";
  std::ofstream(path) << config;
  return OSSL_LIB_CTX_load_config(context_, path.c_str()) == 1;
}

LibraryContext::~LibraryContext() {
  for (OSSL_PROVIDER* provider : providers_) OSSL_PROVIDER_unload(provider);
  OSSL_LIB_CTX_free(context_);
}

OSSL_PROVIDER* LibraryContext::provider(const std::string& name) const {
  for (OSSL_PROVIDER* provider : providers_) {
    if (OSSL_PROVIDER_get0_name(provider) == name) return provider;
  }
  return nullptr;
}

std::string TakeErrors() {
  std::string errors;
  const char* data = nullptr;
  int flags = 0;
  while (const unsigned long error = ERR_get_error_all(nullptr, nullptr, nullptr, &data, &flags)) {
    if (!errors.empty()) errors += "; ";
    const char* const reason = ERR_reason_error_string(error);
    errors += reason != nullptr ? reason : std::to_string(ERR_GET_REASON(error));
    if ((flags & ERR_TXT_STRING) && *data != '\0') errors += ": " + std::string(data);
  }
  return errors;
}

void FreeKdf::operator()(EVP_KDF_CTX* context) const { EVP_KDF_CTX_free(context); }

std::unique_ptr<EVP_KDF_CTX, FreeKdf> NewKdf(OSSL_LIB_CTX* context, const char* name,
                                             const char* property_query) {
  EVP_KDF* const kdf = EVP_KDF_fetch(context, name, property_query);
  std::unique_ptr<EVP_KDF_CTX, FreeKdf> made(kdf == nullptr ? nullptr : EVP_KDF_CTX_new(kdf));
  EVP_KDF_free(kdf);
  return made;
}

OpenSslPtr<EVP_CIPHER> Fetch(OSSL_LIB_CTX* context, const std::string& name,
                             const char* property_query) {
  return OpenSslPtr<EVP_CIPHER>(EVP_CIPHER_fetch(context, name.c_str(), property_query));
}

RecordCipherContext::RecordCipherContext(OSSL_LIB_CTX* context, const std::string& name,
                                         const char* property_query) {
  const OpenSslPtr<EVP_CIPHER> cipher = Fetch(context, name, property_query);
  if (cipher == nullptr) return;
  context_.reset(EVP_CIPHER_CTX_new());
  // So that EVP knows whose context it is.
  EXPECT_EQ(EVP_EncryptInit_ex2(context_.get(), cipher.get(), nullptr, nullptr, nullptr), 1);
}

bool RecordCipherContext::Init(bool seal, const Bytes& key, const Bytes& iv,
                               std::string properties) {
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_ALG_PARAM_PROPERTIES, properties.data(), 0),
      OSSL_PARAM_construct_end()};
  return EVP_CipherInit_ex2(get(), nullptr, key.data(), iv.empty() ? nullptr : iv.data(), seal,
                            properties.empty() ? nullptr : params) == 1;
}

bool RecordCipherContext::Set(const char* key, uint64_t value) {
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_uint64(key, &value),
                               OSSL_PARAM_construct_end()};
  return EVP_CIPHER_CTX_set_params(get(), params) == 1;
}

uint64_t RecordCipherContext::Get(const char* key) const {
  uint64_t value = 0;
  OSSL_PARAM params[] = {OSSL_PARAM_construct_uint64(key, &value), OSSL_PARAM_construct_end()};
  EXPECT_EQ(EVP_CIPHER_CTX_get_params(get(), params), 1) << key;
  EXPECT_TRUE(OSSL_PARAM_modified(params)) << key;
  return value;
}

Bytes RecordCipherContext::Run(Bytes record) {
  int len = 0;
  if (EVP_CipherUpdate(get(), record.data(), &len, record.data(),
                       static_cast<int>(record.size())) != 1) {
    return {};
  }
  record.resize(len);
  return record;
}

Bytes NewRecord(uint8_t first_byte, size_t content_len) {
  const size_t encrypted_len = content_len + 1 + 16;
  Bytes record = {first_byte};
  record.resize(first_byte & 0x08 ? 3 : 2);
  if (first_byte & 0x04) {
    record.push_back(static_cast<uint8_t>(encrypted_len >> 8));
    record.push_back(static_cast<uint8_t>(encrypted_len));
  }
  for (size_t i = 0; i < content_len; ++i) record.push_back(static_cast<uint8_t>(i));
  record.push_back(23);
  record.resize(record.size() + 16);
  return record;
}

Bytes Derive(EVP_KDF_CTX* kdf, KdfParams params, size_t len) {
  std::vector<OSSL_PARAM> list;
  const auto add_text = [&](const char* key, std::string& value) {
    if (!value.empty()) list.push_back(OSSL_PARAM_construct_utf8_string(key, value.data(), 0));
  };
  const auto add_octets = [&](const char* key, auto& value) {
    if (!value.empty()) {
      list.push_back(OSSL_PARAM_construct_octet_string(key, value.data(), value.size()));
    }
  };
  add_text(OSSL_KDF_PARAM_MODE, params.mode);
  add_text(OSSL_KDF_PARAM_DIGEST, params.digest);
  add_text(OSSL_KDF_PARAM_PROPERTIES, params.properties);
  add_octets(OSSL_KDF_PARAM_PREFIX, params.prefix);
  add_octets(OSSL_KDF_PARAM_LABEL, params.label);
  add_octets(OSSL_KDF_PARAM_KEY, params.key);
  add_octets(OSSL_KDF_PARAM_SALT, params.salt);
  add_octets(OSSL_KDF_PARAM_DATA, params.data);
  list.push_back(OSSL_PARAM_construct_end());
  Bytes out(len);
  if (EVP_KDF_derive(kdf, out.data(), out.size(), list.data()) != 1) return {};
  return out;
}

}  // namespace dtls13::provider
