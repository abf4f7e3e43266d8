// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/aes_block.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "dtls13/crypto/crypto_test_util.h"

namespace dtls13 {
namespace {

// FIPS 197, appendix C.1.
TEST(AesBlockTest, EncryptsAsTheStandardDoesAndBack) {
  const auto key = FromHex("000102030405060708090a0b0c0d0e0f");
  const auto cipher =
      AesBlock::Create(*DefaultAlgorithms(), std::span<const uint8_t, 16>(key.data(), 16));
  ASSERT_TRUE(cipher);
  std::array<uint8_t, kAesBlockLen> block;
  std::ranges::copy(FromHex("00112233445566778899aabbccddeeff"), block.begin());
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(cipher->Encrypt(block));
    EXPECT_EQ(ToHex(block), "69c4e0d86a7b0430d8cdb78070b4c55a");
    ASSERT_TRUE(cipher->Decrypt(block));
    EXPECT_EQ(ToHex(block), "00112233445566778899aabbccddeeff");
  }
}

}  // namespace
}  // namespace dtls13
