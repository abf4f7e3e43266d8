// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/hmac.h"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

#include "dtls13/crypto/crypto_test_util.h"

namespace dtls13 {
namespace {

std::span<const uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::optional<HashValue> Sha256Mac(std::span<const uint8_t> key,
                                   std::initializer_list<std::span<const uint8_t>> parts) {
  return Hmac(*DefaultAlgorithms(), HashId::kSha256, key, parts);
}

// RFC 4231 section 4.3.
TEST(HmacTest, Rfc4231Case2) {
  const auto sha256 = Sha256Mac(Bytes("Jefe"), {Bytes("what do ya want for nothing?")});
  ASSERT_TRUE(sha256);
  EXPECT_EQ(ToHex(sha256->view()),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  const auto sha384 = Hmac(*DefaultAlgorithms(), HashId::kSha384, Bytes("Jefe"),
                           {Bytes("what do ya want for nothing?")});
  ASSERT_TRUE(sha384);
  EXPECT_EQ(ToHex(sha384->view()),
            "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
            "8e2240ca5e69e2c78b3239ecfab21649");
}

// RFC 4231 section 4.7: a key longer than the hash's block.
TEST(HmacTest, Rfc4231Case6) {
  const std::vector<uint8_t> key(131, 0xaa);
  const auto mac =
      Sha256Mac(key, {Bytes("Test Using Larger Than Block-Size Key - Hash Key First")});
  ASSERT_TRUE(mac);
  EXPECT_EQ(ToHex(mac->view()), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(HmacTest, PartsAreConcatenated) {
  const auto whole = Sha256Mac(Bytes("key"), {Bytes("abcdef")});
  const auto parts = Sha256Mac(Bytes("key"), {Bytes("ab"), {}, Bytes("cde"), Bytes("f")});
  ASSERT_TRUE(whole && parts);
  EXPECT_EQ(*whole, *parts);
  const auto none = Sha256Mac(Bytes("key"), {});
  ASSERT_TRUE(none);
  EXPECT_NE(*none, *whole);
}

TEST(HmacTest, AContextComputesOneAfterAnother) {
  auto context = HmacContext::Create(*DefaultAlgorithms(), HashId::kSha256);
  ASSERT_TRUE(context);
  for (const std::string_view key : {"Jefe", "another", "Jefe"}) {
    const auto mac = context->Compute(Bytes(key), {Bytes("abc"), Bytes(key)});
    ASSERT_TRUE(mac);
    EXPECT_EQ(*mac, Sha256Mac(Bytes(key), {Bytes("abc"), Bytes(key)}));
    EXPECT_FALSE(context->Compute({}, {Bytes("abc")}));
  }
}

TEST(HmacTest, EmptyKeyIsRefused) { EXPECT_FALSE(Sha256Mac({}, {Bytes("abc")})); }

}  // namespace
}  // namespace dtls13
