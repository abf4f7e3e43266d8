// SPDX-License-Identifier: Apache-2.0
#include "dtls13/record/record_protection.h"

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <array>
#include <string>
#include <vector>

#include "dtls13/crypto/crypto_test_util.h"
#include "dtls13/record/record_layer.h"
#include "dtls13/record/record_test_util.h"
#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

// What follows up to HandSeal is RFC 9147 once more, over libcrypto alone: nothing of this library
// takes part, so a mistake in a label, a nonce or a mask cannot hide behind itself.

struct SuiteFacts {
  CipherSuiteId id;
  const char* digest;
  const char* aead;
  const char* mask_cipher;
  size_t key_len;
  size_t hash_len;
};
constexpr SuiteFacts kSuites[] = {
    {CipherSuiteId::kAes128GcmSha256, "SHA256", "AES-128-GCM", "AES-128-ECB", 16, 32},
    {CipherSuiteId::kAes256GcmSha384, "SHA384", "AES-256-GCM", "AES-256-ECB", 32, 48},
    {CipherSuiteId::kChaCha20Poly1305Sha256, "SHA256", "ChaCha20-Poly1305", "ChaCha20", 32, 32},
};

Bytes ExpandLabel(const SuiteFacts& suite, Bytes secret, std::string label, size_t len,
                  std::string prefix = "dtls13") {
  EVP_KDF* kdf = EVP_KDF_fetch(nullptr, "TLS13-KDF", nullptr);
  EVP_KDF_CTX* context = EVP_KDF_CTX_new(kdf);
  std::string mode = "EXPAND_ONLY", digest = suite.digest;
  const std::array<OSSL_PARAM, 6> params = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_MODE, mode.data(), 0),
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, secret.data(), secret.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PREFIX, prefix.data(), prefix.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_LABEL, label.data(), label.size()),
      OSSL_PARAM_construct_end(),
  };
  Bytes out(len);
  EXPECT_EQ(EVP_KDF_derive(context, out.data(), len, params.data()), 1);
  EVP_KDF_CTX_free(context);
  EVP_KDF_free(kdf);
  return out;
}

Bytes HandAead(const SuiteFacts& suite, const Bytes& key, Bytes nonce, const Bytes& aad,
               const Bytes& plaintext) {
  EVP_CIPHER* cipher = EVP_CIPHER_fetch(nullptr, suite.aead, nullptr);
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  Bytes out(plaintext.size() + 16);
  int len = 0;
  EXPECT_EQ(EVP_EncryptInit_ex(context, cipher, nullptr, key.data(), nonce.data()), 1);
  EXPECT_EQ(EVP_EncryptUpdate(context, nullptr, &len, aad.data(), static_cast<int>(aad.size())), 1);
  EXPECT_EQ(EVP_EncryptUpdate(context, out.data(), &len, plaintext.data(),
                              static_cast<int>(plaintext.size())),
            1);
  EXPECT_EQ(EVP_EncryptFinal_ex(context, out.data() + len, &len), 1);
  EXPECT_EQ(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, &out[plaintext.size()]), 1);
  EVP_CIPHER_CTX_free(context);
  EVP_CIPHER_free(cipher);
  return out;
}

Bytes HandMask(const SuiteFacts& suite, const Bytes& sn_key, const Bytes& ciphertext) {
  EVP_CIPHER* cipher = EVP_CIPHER_fetch(nullptr, suite.mask_cipher, nullptr);
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  const bool is_chacha = suite.id == CipherSuiteId::kChaCha20Poly1305Sha256;
  const Bytes zeros(16);
  Bytes mask(16);
  int len = 0;
  EXPECT_EQ(EVP_EncryptInit_ex(context, cipher, nullptr, sn_key.data(),
                               is_chacha ? ciphertext.data() : nullptr),
            1);
  EVP_CIPHER_CTX_set_padding(context, 0);
  EXPECT_EQ(EVP_EncryptUpdate(context, mask.data(), &len,
                              is_chacha ? zeros.data() : ciphertext.data(), 16),
            1);
  EVP_CIPHER_CTX_free(context);
  EVP_CIPHER_free(cipher);
  return mask;
}

Bytes HandSeal(const SuiteFacts& suite, const Bytes& secret, uint8_t epoch_bits, uint64_t number,
               HeaderForm form, uint8_t type, const Bytes& content, size_t padding_len = 0) {
  Bytes inner = content;
  inner.push_back(type);
  inner.resize(inner.size() + padding_len, 0);
  Bytes header = {static_cast<uint8_t>(0x20 | (form.short_number ? 0 : 0x08) |
                                       (form.has_length ? 0x04 : 0) | epoch_bits)};
  const size_t number_at = header.size();
  if (!form.short_number) header.push_back(static_cast<uint8_t>(number >> 8));
  header.push_back(static_cast<uint8_t>(number));
  const size_t num_number_bytes = header.size() - number_at;
  if (form.has_length) {
    header.push_back(static_cast<uint8_t>((inner.size() + 16) >> 8));
    header.push_back(static_cast<uint8_t>(inner.size() + 16));
  }
  Bytes nonce = ExpandLabel(suite, secret, "iv", 12);
  for (int i = 0; i < 8; ++i) nonce[11 - i] ^= static_cast<uint8_t>(number >> (8 * i));
  const Bytes ciphertext =
      HandAead(suite, ExpandLabel(suite, secret, "key", suite.key_len), nonce, header, inner);
  const Bytes mask = HandMask(suite, ExpandLabel(suite, secret, "sn", suite.key_len), ciphertext);
  for (size_t i = 0; i < num_number_bytes; ++i) header[number_at + i] ^= mask[i];
  return Concatenate({header, ciphertext});
}

// HandSealDraft26 is the same for a record of draft-ietf-tls-dtls13-26: a header in the clear, a
// nonce with the epoch in it, and TLS's own labels.
Bytes HandSealDraft26(const SuiteFacts& suite, const Bytes& secret, uint16_t epoch, uint64_t number,
                      bool is_short, uint8_t type, const Bytes& content) {
  Bytes inner = content;
  inner.push_back(type);
  Bytes header;
  if (is_short) {
    header = {static_cast<uint8_t>(0x20 | (epoch & 1) << 4 | (number >> 8 & 0x0f)),
              static_cast<uint8_t>(number)};
  } else {
    header = {23,
              static_cast<uint8_t>((epoch & 3) << 6 | (number >> 24 & 0x3f)),
              static_cast<uint8_t>(number >> 16),
              static_cast<uint8_t>(number >> 8),
              static_cast<uint8_t>(number),
              static_cast<uint8_t>((inner.size() + 16) >> 8),
              static_cast<uint8_t>(inner.size() + 16)};
  }
  Bytes nonce = ExpandLabel(suite, secret, "iv", 12, "tls13 ");
  const uint64_t nonce_number = uint64_t{epoch} << 48 | number;
  for (int i = 0; i < 8; ++i) nonce[11 - i] ^= static_cast<uint8_t>(nonce_number >> (8 * i));
  const Bytes key = ExpandLabel(suite, secret, "key", suite.key_len, "tls13 ");
  return Concatenate({header, HandAead(suite, key, nonce, header, inner)});
}

Bytes SecretBytes(const CipherSuite& suite, Epoch epoch) {
  const Secret secret = TestSecret(suite, epoch);
  return Bytes(secret.bytes().begin(), secret.bytes().end());
}

class IndependentRecord : public ::testing::TestWithParam<SuiteFacts> {
 protected:
  const CipherSuite& suite() const { return *FindCipherSuite(GetParam().id); }
};

//= rfc9147#section-4.2.3
//= type=test
//# The encrypted sequence number is computed by XORing the leading bytes
//# of the mask with the on-the-wire representation of the sequence
//# number.  Decryption is accomplished by the same process.
TEST_P(IndependentRecord, SealedBytesAreThoseMadeByHand) {
  const Bytes content = ToBytes("an application writes this");
  for (const HeaderForm form : kEveryForm) {
    RecordPair pair(suite());
    pair.Install(kFirstApplicationEpoch);
    for (uint64_t number = 0; number < 300; ++number) {
      const Bytes expected = HandSeal(GetParam(), SecretBytes(suite(), kFirstApplicationEpoch), 3,
                                      number, form, 23, content);
      ASSERT_EQ(SealBytes(&pair.sender, kFirstApplicationEpoch, ContentType::kApplicationData,
                          content, form),
                expected)
          << number;
    }
  }
}

//= rfc8446#section-5.4
//= type=test
//# Implementations MUST set the padding octets to all zeros before
//# encrypting.
TEST_P(IndependentRecord, PaddedRecordsAreThoseMadeByHand) {
  // On both sides of where sealing copies its content first.
  for (const size_t content_len : {0, 1, 100, 600, 1200}) {
    RecordPair pair(suite());
    pair.Install(kFirstApplicationEpoch);
    const Bytes content(content_len, 0x5a);
    uint64_t number = 0;
    for (const size_t padding_len : {0, 1, 15, 16, 17, 700}) {
      for (const HeaderForm form : kEveryForm) {
        const Bytes expected = HandSeal(GetParam(), SecretBytes(suite(), kFirstApplicationEpoch), 3,
                                        number, form, 23, content, padding_len);
        const Bytes record = SealBytes(&pair.sender, kFirstApplicationEpoch,
                                       ContentType::kApplicationData, content, form, padding_len);
        ASSERT_EQ(record, expected) << content_len << " and " << padding_len;
        EXPECT_EQ(
            OpenAll(&pair.receiver, record),
            (std::vector<Accepted>{
                {{kFirstApplicationEpoch, {number}}, ContentType::kApplicationData, content}}));
        ++number;
      }
    }
  }
}

TEST_P(IndependentRecord, RecordsMadeByHandOpen) {
  for (const HeaderForm form : kEveryForm) {
    RecordPair pair(suite());
    pair.Install(kHandshakeEpoch);
    for (const size_t len :
         {size_t{0}, size_t{1}, size_t{15}, size_t{16}, size_t{1200}, kMaxPlaintextLen}) {
      const Bytes content(len, 0x5a);
      const Bytes record = HandSeal(GetParam(), SecretBytes(suite(), kHandshakeEpoch), 2, len % 113,
                                    form, 22, content);
      const auto accepted = OpenAll(&pair.receiver, record);
      ASSERT_EQ(accepted.size(), 1u) << len;
      EXPECT_EQ(accepted[0],
                (Accepted{{kHandshakeEpoch, {len % 113}}, ContentType::kHandshake, content}));
    }
  }
}

TEST_P(IndependentRecord, Draft26BytesAreThoseMadeByHand) {
  const Bytes content = ToBytes("an application writes this");
  for (const HeaderForm form : {kLongForm, kShortForm}) {
    RecordPair pair(suite(), kDraft26Profile);
    pair.Install(kFirstApplicationEpoch);
    for (uint64_t number = 0; number < 300; ++number) {
      const Bytes expected =
          HandSealDraft26(GetParam(), SecretBytes(suite(), kFirstApplicationEpoch), 3, number,
                          !form.has_length, 23, content);
      const Bytes record = SealBytes(&pair.sender, kFirstApplicationEpoch,
                                     ContentType::kApplicationData, content, form);
      ASSERT_EQ(record, expected) << number;
      ASSERT_EQ(OpenAll(&pair.receiver, record),
                (std::vector<Accepted>{
                    {{kFirstApplicationEpoch, {number}}, ContentType::kApplicationData, content}}));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(EverySuite, IndependentRecord, ::testing::ValuesIn(kSuites),
                         [](const auto& info) {
                           return std::string(FindCipherSuite(info.param.id)->name);
                         });

TEST(RecordProtection, RefusesAnEmptySecret) {
  const Secret empty;
  EXPECT_FALSE(RecordProtection::CreateSealer(*DefaultAlgorithms(), TestSuite(), kRfc9147Profile,
                                              kHandshakeEpoch, empty));
  EXPECT_FALSE(RecordProtection::CreateOpener(*DefaultAlgorithms(), TestSuite(), kRfc9147Profile,
                                              kHandshakeEpoch, empty));
}

}  // namespace
}  // namespace dtls13
