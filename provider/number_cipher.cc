// SPDX-License-Identifier: Apache-2.0
#include "provider/number_cipher.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <span>

#include "dtls13/crypto/record_number_cipher.h"
#include "provider/cipher_dispatch.h"
#include "provider/reason.h"

namespace dtls13::provider {
namespace {

// NumberCipher is one EVP_CIPHER_CTX: a record number key. It makes of each sample of 16 bytes of
// ciphertext the two bytes that are XORed with a number; hiding and revealing are the same.
class NumberCipher {
 public:
  static constexpr bool is_aead = false;
  static size_t KeyLen(const CipherSuite& suite) { return suite.key_len; }
  static size_t IvLen() { return 0; }
  static const OSSL_PARAM* Settable();
  static const OSSL_PARAM* Gettable();

  NumberCipher(ProviderContext* provider, const CipherSuite& suite)
      : provider_(provider), suite_(suite) {}

  bool Init(bool encrypt, std::span<const uint8_t> key, std::span<const uint8_t> iv,
            const OSSL_PARAM params[]);
  bool Update(uint8_t* out, size_t out_size, std::span<const uint8_t> in, size_t* len);
  bool Final() { return true; }
  bool SetParameters(const OSSL_PARAM params[]);
  bool GetParameters(OSSL_PARAM params[]) const;

 private:
  ProviderContext* const provider_;
  const CipherSuite& suite_;
  PropertyQuery query_;
  std::optional<RecordNumberCipher> cipher_;
};

bool NumberCipher::Init(bool /*encrypt*/, std::span<const uint8_t> key, std::span<const uint8_t> iv,
                        const OSSL_PARAM params[]) {
  if (!provider_->CheckRunning() || !SetParameters(params)) return false;
  if (!iv.empty()) return provider_->Fail(Reason::kInvalidIvLength, "there is no IV");
  if (key.empty()) return true;
  cipher_.reset();
  if (key.size() != suite_.key_len) {
    return provider_->Fail(Reason::kInvalidKeyLength, "a number key has %zu bytes, not %zu",
                           suite_.key_len, key.size());
  }
  const std::shared_ptr<const Algorithms> algorithms = provider_->FindSuite(query_, suite_);
  if (algorithms == nullptr) return false;
  cipher_ = RecordNumberCipher::Create(*algorithms, suite_, key);
  return cipher_ || provider_->Fail(Reason::kLibcrypto, "the cipher takes no key");
}

bool NumberCipher::Update(uint8_t* out, size_t out_size, std::span<const uint8_t> in, size_t* len) {
  if (!cipher_) return provider_->Fail(Reason::kNoKey, "there is no key");
  if (in.empty() || in.size() % kRecordNumberSampleLen != 0) {
    return provider_->Fail(Reason::kInvalidRecordLength,
                           "samples are the first %zu bytes of records, not %zu",
                           kRecordNumberSampleLen, in.size());
  }
  const size_t num_samples = in.size() / kRecordNumberSampleLen;
  if (out == nullptr || out_size < num_samples * kRecordNumberMaskLen) {
    return provider_->Fail(Reason::kInvalidOutputLength, "%zu masks need %zu bytes", num_samples,
                           num_samples * kRecordNumberMaskLen);
  }
  for (size_t i = 0; i < num_samples; ++i) {
    std::array<uint8_t, kRecordNumberMaskLen> mask;
    const auto sample = in.subspan(i * kRecordNumberSampleLen).first<kRecordNumberSampleLen>();
    if (!cipher_->Mask(sample, mask)) return provider_->Fail(Reason::kLibcrypto, "no mask");
    // In place a mask lies before the samples that are still to be read.
    std::ranges::copy(mask, out + i * kRecordNumberMaskLen);
  }
  *len = num_samples * kRecordNumberMaskLen;
  return true;
}

bool NumberCipher::SetParameters(const OSSL_PARAM params[]) {
  return params == nullptr || ReadText(*provider_, params, OSSL_ALG_PARAM_PROPERTIES, &query_);
}

bool NumberCipher::GetParameters(OSSL_PARAM params[]) const {
  return WriteNumber(*provider_, params, OSSL_CIPHER_PARAM_KEYLEN, suite_.key_len) &&
         WriteNumber(*provider_, params, OSSL_CIPHER_PARAM_IVLEN, 0);
}

const OSSL_PARAM* NumberCipher::Settable() {
  static const OSSL_PARAM kSettable[] = {
      OSSL_PARAM_utf8_string(OSSL_ALG_PARAM_PROPERTIES, nullptr, 0), OSSL_PARAM_END};
  return kSettable;
}

const OSSL_PARAM* NumberCipher::Gettable() {
  static const OSSL_PARAM kGettable[] = {OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_KEYLEN, nullptr),
                                         OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_IVLEN, nullptr),
                                         OSSL_PARAM_END};
  return kGettable;
}

}  // namespace

std::span<const OSSL_ALGORITHM> NumberCipherAlgorithms() {
  using Functions = CipherFunctions<NumberCipher>;
  static const OSSL_ALGORITHM kAlgorithms[] = {
      {"DTLS13-SN-AES-128", kDefinition, Functions::Table<0>(),
       "record number encryption of DTLS 1.3's TLS_AES_128_GCM_SHA256"},
      {"DTLS13-SN-AES-256", kDefinition, Functions::Table<1>(),
       "record number encryption of DTLS 1.3's TLS_AES_256_GCM_SHA384"},
      {"DTLS13-SN-CHACHA20", kDefinition, Functions::Table<2>(),
       "record number encryption of DTLS 1.3's TLS_CHACHA20_POLY1305_SHA256"}};
  return kAlgorithms;
}

}  // namespace dtls13::provider
