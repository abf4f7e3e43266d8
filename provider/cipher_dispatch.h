// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_PROVIDER_CIPHER_DISPATCH_H_
#define DTLS13_PROVIDER_CIPHER_DISPATCH_H_

#include <openssl/core.h>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/params.h>

#include <cstddef>
#include <cstdint>
#include <new>
#include <span>

#include "dtls13/crypto/cipher_suite.h"
#include "provider/dispatch.h"
#include "provider/params.h"
#include "provider/provider_context.h"

// What provider-cipher(7) asks of every cipher. `Cipher` is one EVP_CIPHER_CTX and has
//
//   Cipher(ProviderContext*, const CipherSuite&)
//   static size_t KeyLen(const CipherSuite&), IvLen()
//   static bool is_aead
//   bool Init(bool encrypt, key, iv, params)       either of key and iv may be empty
//   bool Update(out, out_size, in, size_t* len)    `out` may be `in.data()`
//   bool Final()
//   bool SetParameters(params), GetParameters(params)
//   static const OSSL_PARAM* Settable(), Gettable()
//
// and there is one table of functions for each suite.

namespace dtls13::provider {

template <typename Cipher>
struct CipherFunctions {
  template <size_t kSuite>
  static void* New(void* provider) {
    if (!ProviderContext::Of(provider)->CheckRunning()) return nullptr;
    return new (std::nothrow) Cipher(ProviderContext::Of(provider), kCipherSuites[kSuite]);
  }

  static Cipher* Of(void* cipher) { return static_cast<Cipher*>(cipher); }
  static void Free(void* cipher) { delete Of(cipher); }

  template <bool kEncrypt>
  static int Init(void* cipher, const unsigned char* key, size_t key_len, const unsigned char* iv,
                  size_t iv_len, const OSSL_PARAM params[]) {
    return Of(cipher)->Init(kEncrypt, {key, key == nullptr ? 0 : key_len},
                            {iv, iv == nullptr ? 0 : iv_len}, params);
  }

  static int Update(void* cipher, unsigned char* out, size_t* out_len, size_t out_size,
                    const unsigned char* in, size_t in_len) {
    *out_len = 0;
    return Of(cipher)->Update(out, out_size, {in, in_len}, out_len);
  }

  static int Final(void* cipher, unsigned char* /*out*/, size_t* out_len, size_t /*out_size*/) {
    *out_len = 0;
    return Of(cipher)->Final();
  }

  // EVP_Cipher's, which has no other way to ask for the end.
  static int UpdateOrFinal(void* cipher, unsigned char* out, size_t* out_len, size_t out_size,
                           const unsigned char* in, size_t in_len) {
    return in != nullptr ? Update(cipher, out, out_len, out_size, in, in_len)
                         : Final(cipher, out, out_len, out_size);
  }

  // Answers of EVP_CIPHER, which has no context, about itself.
  template <size_t kSuite>
  static int Parameters(OSSL_PARAM params[]) {
    const auto set = [params](const char* key, uint64_t value) {
      OSSL_PARAM* param = OSSL_PARAM_locate(params, key);
      return param == nullptr || OSSL_PARAM_set_uint64(param, value) == 1;
    };
    // A record or a sample is one whole: not a block that EVP would want room for.
    return set(OSSL_CIPHER_PARAM_BLOCK_SIZE, 1) &&
           set(OSSL_CIPHER_PARAM_KEYLEN, Cipher::KeyLen(kCipherSuites[kSuite])) &&
           set(OSSL_CIPHER_PARAM_IVLEN, Cipher::IvLen()) && set(OSSL_CIPHER_PARAM_MODE, 0) &&
           set(OSSL_CIPHER_PARAM_AEAD, Cipher::is_aead) && set(OSSL_CIPHER_PARAM_CUSTOM_IV, 1);
  }

  static const OSSL_PARAM* GettableParameters(void* /*provider*/) {
    static const OSSL_PARAM kGettable[] = {OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_BLOCK_SIZE, nullptr),
                                           OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_KEYLEN, nullptr),
                                           OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_IVLEN, nullptr),
                                           OSSL_PARAM_uint(OSSL_CIPHER_PARAM_MODE, nullptr),
                                           OSSL_PARAM_int(OSSL_CIPHER_PARAM_AEAD, nullptr),
                                           OSSL_PARAM_int(OSSL_CIPHER_PARAM_CUSTOM_IV, nullptr),
                                           OSSL_PARAM_END};
    return kGettable;
  }

  static int SetContextParameters(void* cipher, const OSSL_PARAM params[]) {
    return Of(cipher)->SetParameters(params);
  }
  static int GetContextParameters(void* cipher, OSSL_PARAM params[]) {
    return Of(cipher)->GetParameters(params);
  }
  static const OSSL_PARAM* Settable(void* /*cipher*/, void* /*provider*/) {
    return Cipher::Settable();
  }
  static const OSSL_PARAM* Gettable(void* /*cipher*/, void* /*provider*/) {
    return Cipher::Gettable();
  }

  template <size_t kSuite>
  static const OSSL_DISPATCH* Table() {
    static_assert(kSuite < kCipherSuites.size());
    static const OSSL_DISPATCH kTable[] = {
        Entry(OSSL_FUNC_CIPHER_NEWCTX, New<kSuite>),
        Entry(OSSL_FUNC_CIPHER_FREECTX, Free),
        Entry(OSSL_FUNC_CIPHER_ENCRYPT_INIT, Init<true>),
        Entry(OSSL_FUNC_CIPHER_DECRYPT_INIT, Init<false>),
        Entry(OSSL_FUNC_CIPHER_UPDATE, Update),
        Entry(OSSL_FUNC_CIPHER_FINAL, Final),
        Entry(OSSL_FUNC_CIPHER_CIPHER, UpdateOrFinal),
        Entry(OSSL_FUNC_CIPHER_GET_PARAMS, Parameters<kSuite>),
        Entry(OSSL_FUNC_CIPHER_GETTABLE_PARAMS, GettableParameters),
        Entry(OSSL_FUNC_CIPHER_GET_CTX_PARAMS, GetContextParameters),
        Entry(OSSL_FUNC_CIPHER_SET_CTX_PARAMS, SetContextParameters),
        Entry(OSSL_FUNC_CIPHER_GETTABLE_CTX_PARAMS, Gettable),
        Entry(OSSL_FUNC_CIPHER_SETTABLE_CTX_PARAMS, Settable),
        {0, nullptr}};
    return kTable;
  }
};

}  // namespace dtls13::provider

#endif  // DTLS13_PROVIDER_CIPHER_DISPATCH_H_
