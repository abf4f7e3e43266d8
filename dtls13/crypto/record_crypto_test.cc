// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/record_crypto.h"

#include <gtest/gtest.h>
#include <openssl/err.h>

#include <set>

#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/crypto_test_util.h"

namespace dtls13 {
namespace {

bool HasIpsecMb() { return InstalledIpsecMb().status == RecordCryptoStatus::kIpsecMb; }

TEST(RecordCryptoTest, HasItsNames) {
  EXPECT_EQ(RecordCryptoOfName("libcrypto"), RecordCrypto::kLibcrypto);
  EXPECT_EQ(RecordCryptoOfName("ipsec-mb"), RecordCrypto::kIpsecMb);
  for (const char* name : {"", "ipsec", "ipsec-mb ", "Libcrypto"}) {
    EXPECT_FALSE(RecordCryptoOfName(name)) << name;
  }
}

TEST(RecordCryptoTest, EveryStatusIsDescribed) {
  std::set<std::string_view> descriptions;
  for (int status = 0; status <= static_cast<int>(RecordCryptoStatus::kAnswers); ++status) {
    descriptions.insert(Describe(static_cast<RecordCryptoStatus>(status)));
  }
  EXPECT_EQ(descriptions.size(), static_cast<size_t>(RecordCryptoStatus::kAnswers) + 1);
  EXPECT_FALSE(descriptions.contains(""));
}

TEST(RecordCryptoTest, IsLibcryptoUnlessAskedOtherwise) {
  const auto algorithms = Algorithms::Fetch(nullptr, nullptr);
  EXPECT_EQ(algorithms->record_crypto_status(), RecordCryptoStatus::kLibcrypto);
  for (const CipherSuite& suite : kCipherSuites) EXPECT_EQ(algorithms->ipsec_mb(suite.id), nullptr);
}

TEST(RecordCryptoTest, ServesAesGcmAloneWhereItIsInstalled) {
  if (!HasIpsecMb()) GTEST_SKIP() << Describe(InstalledIpsecMb().status);
  const auto algorithms = Algorithms::Fetch(nullptr, nullptr, RecordCrypto::kIpsecMb);
  EXPECT_EQ(algorithms->record_crypto_status(), RecordCryptoStatus::kIpsecMb);
  for (const CipherSuite& suite : kCipherSuites) {
    const IpsecMbGcm* gcm = algorithms->ipsec_mb(suite.id);
    const bool is_aes = suite.id != CipherSuiteId::kChaCha20Poly1305Sha256;
    ASSERT_EQ(gcm != nullptr, is_aes) << suite.name;
    if (is_aes) {
      EXPECT_EQ(gcm->key_len, suite.key_len);
    }
    EXPECT_TRUE(algorithms->Supports(suite.id));
  }
}

TEST(RecordCryptoTest, APropertyQueryRefusesIt) {
  const auto algorithms = Algorithms::Fetch(nullptr, "provider=default", RecordCrypto::kIpsecMb);
  ASSERT_NE(algorithms, nullptr);
  EXPECT_EQ(algorithms->record_crypto_status(), RecordCryptoStatus::kPropertyQuery);
  EXPECT_EQ(algorithms->ipsec_mb(CipherSuiteId::kAes128GcmSha256), nullptr);
}

TEST(RecordCryptoTest, LeavesNoErrors) {
  ERR_clear_error();
  ASSERT_NE(Algorithms::Fetch(nullptr, nullptr, RecordCrypto::kIpsecMb), nullptr);
  EXPECT_EQ(ERR_peek_error(), 0u);
}

}  // namespace
}  // namespace dtls13
