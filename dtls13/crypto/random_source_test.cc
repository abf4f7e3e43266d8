// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/random_source.h"

#include <gtest/gtest.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/provider.h>

#include <algorithm>
#include <array>

namespace dtls13 {
namespace {

TEST(RandomSourceTest, FillsAllAndNeverTheSame) {
  const auto random = SystemRandom(nullptr);
  std::array<uint8_t, 64> first{};
  std::array<uint8_t, 64> second{};
  ASSERT_TRUE(random->Fill(first));
  ASSERT_TRUE(random->Fill(second));
  EXPECT_NE(first, second);
  // Sixteen zeros in a row at the end: one in 2^128.
  EXPECT_FALSE(std::all_of(first.end() - 16, first.end(), [](uint8_t b) { return b == 0; }));
}

TEST(RandomSourceTest, NothingToFillIsSuccess) { EXPECT_TRUE(SystemRandom(nullptr)->Fill({})); }

//= rfc8446#appendix-C.1
//= type=test
//# It is RECOMMENDED to use an existing CSPRNG implementation in
//# preference to crafting a new one.
TEST(RandomSourceTest, UsesTheGivenLibraryContext) {
  OSSL_LIB_CTX* context = OSSL_LIB_CTX_new();
  OSSL_PROVIDER* provider = OSSL_PROVIDER_load(context, "null");
  ASSERT_NE(provider, nullptr);
  std::array<uint8_t, 16> bytes{};
  EXPECT_FALSE(SystemRandom(context)->Fill(bytes));
  ERR_clear_error();
  OSSL_PROVIDER_unload(provider);
  OSSL_LIB_CTX_free(context);
}

}  // namespace
}  // namespace dtls13
