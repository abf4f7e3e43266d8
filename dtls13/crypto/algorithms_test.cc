// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/algorithms.h"

#include <gtest/gtest.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/provider.h>

#include <thread>
#include <vector>

#include "dtls13/crypto/crypto_test_util.h"
#include "dtls13/crypto/hkdf_label.h"

namespace dtls13 {
namespace {

constexpr CipherSuiteId kCcm = static_cast<CipherSuiteId>(0x1304);
constexpr NamedGroup kNobodysGroup = static_cast<NamedGroup>(0x0a0a);

TEST(AlgorithmsTest, DefaultProviderHasEverything) {
  const auto algorithms = Algorithms::Fetch(nullptr, nullptr);
  ASSERT_NE(algorithms, nullptr);
  for (const CipherSuite& suite : kCipherSuites) {
    EXPECT_TRUE(algorithms->Supports(suite.id)) << suite.name;
    EXPECT_NE(algorithms->record_number_cipher(suite.id), nullptr) << suite.name;
  }
  for (const NamedGroupInfo& group : kNamedGroups) {
    EXPECT_TRUE(group.ml_kem != nullptr || algorithms->Supports(group.group));
  }
}

TEST(AlgorithmsTest, UnknownCodePointsAreNotSupported) {
  const auto algorithms = DefaultAlgorithms();
  EXPECT_FALSE(algorithms->Supports(kCcm));
  EXPECT_EQ(algorithms->aead_cipher(kCcm), nullptr);
  EXPECT_EQ(algorithms->record_number_cipher(kCcm), nullptr);
  EXPECT_FALSE(algorithms->Supports(kNobodysGroup));
  EXPECT_EQ(FindCipherSuite(kCcm), nullptr);
}

TEST(AlgorithmsTest, PropertyQueryThatNothingMeetsGivesNull) {
  // There is more missing than libcrypto's queue has room for.
  ERR_raise(ERR_LIB_USER, 7);
  EXPECT_EQ(Algorithms::Fetch(nullptr, "provider=nobody"), nullptr);
  EXPECT_EQ(ERR_GET_LIB(ERR_peek_error()), ERR_LIB_USER);
  ERR_clear_error();
}

TEST(AlgorithmsTest, PropertyQueryIsKept) {
  const auto algorithms = Algorithms::Fetch(nullptr, "provider=default");
  ASSERT_NE(algorithms, nullptr);
  EXPECT_STREQ(algorithms->property_query(), "provider=default");
  EXPECT_TRUE(algorithms->Supports(CipherSuiteId::kAes128GcmSha256));
  EXPECT_EQ(DefaultAlgorithms()->property_query(), nullptr);
}

TEST(AlgorithmsTest, MissingAlgorithmsAreNoErrors) {
  ERR_clear_error();
  OSSL_LIB_CTX* context = OSSL_LIB_CTX_new();
  OSSL_PROVIDER* provider = OSSL_PROVIDER_load(context, "default");
  ASSERT_NE(provider, nullptr);
  ASSERT_NE(Algorithms::Fetch(context, nullptr), nullptr);
  EXPECT_EQ(ERR_peek_error(), 0u);
  OSSL_PROVIDER_unload(provider);
  OSSL_LIB_CTX_free(context);
}

TEST(AlgorithmsTest, LibraryContextIsTheCallers) {
  OSSL_LIB_CTX* context = OSSL_LIB_CTX_new();
  // Nothing but the null provider: had the default context been asked, it would have answered.
  OSSL_PROVIDER* provider = OSSL_PROVIDER_load(context, "null");
  ASSERT_NE(provider, nullptr);
  EXPECT_EQ(Algorithms::Fetch(context, nullptr), nullptr);
  ERR_clear_error();
  OSSL_PROVIDER_unload(provider);
  OSSL_LIB_CTX_free(context);
}

TEST(AlgorithmsTest, OneObjectServesManyThreads) {
  const auto algorithms = DefaultAlgorithms();
  const std::vector<uint8_t> secret(32, 1);
  const Secret expected =
      DeriveSecret(*algorithms, HashId::kSha256, secret, LabelPrefix::kDtls13, "label", {});
  std::vector<std::thread> threads;
  std::vector<int> num_equal(4, 0);
  for (int& count : num_equal) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        const Secret derived =
            DeriveSecret(*algorithms, HashId::kSha256, secret, LabelPrefix::kDtls13, "label", {});
        count += derived.EqualsConstantTime(expected.bytes());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int count : num_equal) EXPECT_EQ(count, 500);
}

//= rfc9147#section-4.5.3
//= type=test
//# Therefore, TLS_AES_128_CCM_8_SHA256 MUST NOT be used in DTLS without
//# additional safeguards against forgery.
//= rfc8446#section-9.1
//= type=test
//# MUST implement the TLS_AES_128_GCM_SHA256 [GCM] cipher suite and
//# SHOULD implement the TLS_AES_256_GCM_SHA384 [GCM] and
//# TLS_CHACHA20_POLY1305_SHA256 [RFC8439] cipher suites
TEST(CipherSuiteTest, TableIsRfc8446AppendixB4) {
  const CipherSuite* suite = FindCipherSuite(CipherSuiteId::kAes256GcmSha384);
  ASSERT_NE(suite, nullptr);
  EXPECT_STREQ(suite->name, "TLS_AES_256_GCM_SHA384");
  EXPECT_EQ(suite->key_len, 32u);
  EXPECT_EQ(FindCipherSuite(CipherSuiteId{0x1305}), nullptr) << "TLS_AES_128_CCM_8_SHA256";
  EXPECT_STREQ(FindCipherSuite(CipherSuiteId{0x1301})->name, "TLS_AES_128_GCM_SHA256");
  EXPECT_STREQ(FindCipherSuite(CipherSuiteId{0x1303})->name, "TLS_CHACHA20_POLY1305_SHA256");
  for (const CipherSuite& each : kCipherSuites) {
    EXPECT_EQ(each.hash_len, HashLen(each.hash)) << each.name;
    //= rfc8446#section-5.3
    //= type=test
    //# An AEAD algorithm where N_MAX is less than 8 bytes MUST NOT be used
    //# with TLS.
    EXPECT_EQ(each.iv_len, 12u);
    //= rfc8446#section-5.2
    //= type=test
    //# An AEAD algorithm used in TLS 1.3 MUST NOT produce an expansion
    //# greater than 255 octets.
    EXPECT_EQ(each.tag_len, 16u);
    //= rfc9147#section-4.5.3
    //= type=test
    //# For AEAD_AES_128_GCM, AEAD_AES_256_GCM, and AEAD_CHACHA20_POLY1305,
    //# the limit on the number of records that fail authentication is 2^36.
    EXPECT_EQ(each.integrity_limit, uint64_t{1} << 36);
  }
}

}  // namespace
}  // namespace dtls13
