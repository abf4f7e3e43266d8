// SPDX-License-Identifier: Apache-2.0
#include "dtls13/quic_lb.h"

#include <gtest/gtest.h>

#include <set>

#include "dtls13/crypto/crypto_test_util.h"

namespace dtls13 {
namespace {

using Bytes = std::vector<uint8_t>;

struct Vector {
  const char* key;
  const char* server_id;
  const char* nonce;
  const char* connection_id;
};

constexpr char kKey[] = "8f95f09245765f80256934e50c66207f";

// The draft's appendix "Load Balancer Test Vectors" and the example of its four passes. One of the
// plain vectors is left out: it is printed with half a byte too few. The longest is printed as one
// of configuration 3, and has the bits of 0.
constexpr Vector kVectors[] = {
    {"", "c4605e", "4504cc4f", "07c4605e4504cc4f"},
    {kKey, "ed793a", "ee080dbf", "0720b1d07b359d3c"},
    {kKey, "ed793a51d49b8f5fab65", "ee080dbf48", "2fcc381bc74cb4fbad2823a3d1f8fed2"},
    {kKey, "ed793a51d49b8f5f", "ee080dbf48c0d1e5", "504dd2d05a7b0de9b2b9907afb5ecf8cc3"},
    {kKey, "ed793a51d49b8f5fab", "ee080dbf48c0d1e55d", "125779c9cc86beb3a3a4a3ca96fce4bfe0cdbc"},
    {"fdf726a9893ec05c0632d3956680baf0", "31441a", "9c69c275", "0767947d29be054a"},
};

std::unique_ptr<const QuicLb> Make(QuicLbConfig config) {
  std::string error;
  auto coder = QuicLb::Create(*DefaultAlgorithms(), std::move(config), &error);
  EXPECT_NE(coder, nullptr) << error;
  return coder;
}

Secret KeyOf(const char* hex) { return Secret::CopyOf(FromHex(hex)); }

TEST(QuicLbTest, EncodesAndDecodesTheDraftsVectors) {
  for (const Vector& vector : kVectors) {
    const Bytes server_id = FromHex(vector.server_id);
    const Bytes nonce = FromHex(vector.nonce);
    const Bytes expected = FromHex(vector.connection_id);
    const auto coder = Make({.rotation = static_cast<uint8_t>(expected[0] >> 5),
                             .server_id_len = server_id.size(),
                             .nonce_len = nonce.size(),
                             .key = KeyOf(vector.key),
                             .encodes_len = true});
    Bytes connection_id(coder->connection_id_len());
    ASSERT_TRUE(coder->Encode(0xff, server_id, nonce, connection_id));
    EXPECT_EQ(ToHex(connection_id), vector.connection_id);
    EXPECT_EQ(coder->Decode(connection_id), server_id);
    connection_id.push_back(7);
    EXPECT_EQ(coder->Decode(connection_id), server_id) << "with more behind it";
  }
}

TEST(QuicLbTest, WhatIsOfAnotherConfigurationIsNotDecoded) {
  const auto coder = Make({.rotation = 2, .server_id_len = 3, .nonce_len = 5});
  Bytes connection_id(coder->connection_id_len());
  ASSERT_TRUE(coder->Encode(0, Bytes{1, 2, 3}, Bytes(5), connection_id));
  EXPECT_TRUE(coder->Decode(connection_id));
  EXPECT_FALSE(coder->Decode(std::span(connection_id).first(connection_id.size() - 1)));
  EXPECT_FALSE(coder->Decode({}));
  connection_id[0] ^= 0x20;
  EXPECT_FALSE(coder->Decode(connection_id));
}

TEST(QuicLbTest, RefusesWhatIsNoConfiguration) {
  std::string error;
  for (size_t i = 0; i < 6; ++i) {
    QuicLbConfig config{.rotation = 1, .server_id_len = 3, .nonce_len = 5};
    if (i == 0) config.rotation = 7;
    if (i == 1) config.server_id_len = 0;
    if (i == 2) config.nonce_len = 3;
    if (i == 3) config.nonce_len = 17;
    if (i == 4) config.server_id_len = SIZE_MAX;
    if (i == 5) config.key = Secret(15);
    EXPECT_EQ(QuicLb::Create(*DefaultAlgorithms(), std::move(config), &error), nullptr) << i;
    EXPECT_NE(error, "") << i;
  }
  const auto coder = Make({.server_id_len = 3, .nonce_len = 5});
  Bytes connection_id(coder->connection_id_len());
  EXPECT_FALSE(coder->Encode(0, Bytes(2), Bytes(5), connection_id));
  EXPECT_FALSE(coder->Encode(0, Bytes(3), Bytes(6), connection_id));
  EXPECT_FALSE(coder->Encode(0, Bytes(3), Bytes(5), std::span(connection_id).first(8)));
}

TEST(QuicLbTest, ASourceMakesManyThatLeadToOneServer) {
  for (const size_t nonce_len : {size_t{4}, size_t{13}}) {
    const Bytes server_id = {0xaa, 0xbb, 0xcc};
    const auto make = [&] {
      return Make({.rotation = 5, .server_id_len = 3, .nonce_len = nonce_len, .key = KeyOf(kKey)});
    };
    const auto coder = make();
    QuicLbConnectionIds source(make(), server_id, SystemRandom(nullptr));
    std::set<Bytes> seen;
    for (int i = 0; i < 100; ++i) {
      Bytes id(coder->connection_id_len());
      ASSERT_TRUE(source.Generate(id));
      EXPECT_EQ(id[0] >> 5, 5);
      EXPECT_EQ(coder->Decode(id), server_id);
      EXPECT_TRUE(seen.insert(id).second);
    }
    Bytes other(coder->connection_id_len() + 1);
    EXPECT_FALSE(source.Generate(other));
  }
}

}  // namespace
}  // namespace dtls13
