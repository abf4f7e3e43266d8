// SPDX-License-Identifier: Apache-2.0
#include "dtls13/endpoint_number.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

class Ones final : public ConnectionIdSource {
 public:
  bool Generate(std::span<uint8_t> id) override {
    std::ranges::fill(id, uint8_t{0xff});
    return id.size() != 9;
  }
};

TEST(EndpointNumberTest, TheLastFiveBitsOfTheFirstOctetAreTheNumber) {
  EndpointNumberConnectionIds over(6, std::make_shared<Ones>(), nullptr);
  Bytes id(4);
  ASSERT_TRUE(over.Generate(id));
  EXPECT_EQ(id, (Bytes{0xe6, 0xff, 0xff, 0xff}));
  Bytes nine(9);
  EXPECT_FALSE(over.Generate(nine)) << "the source has failed";
  EXPECT_FALSE(over.Generate({}));
  EndpointNumberConnectionIds random(31, nullptr, SystemRandom(nullptr));
  Bytes one(8);
  Bytes other(8);
  ASSERT_TRUE(random.Generate(one) && random.Generate(other));
  EXPECT_EQ(one[0] & 31, 31);
  EXPECT_NE(one, other);
}

TEST(EndpointNumberTest, IsFoundWhereARecordHasAConnectionId) {
  EXPECT_EQ(FindEndpointNumber(Bytes{0x3f, 0xe6, 1, 2, 3, 4}, kRfc9147Profile), 6);
  EXPECT_EQ(FindEndpointNumber(Bytes{0x2f, 0xe6, 1, 2, 3, 4}, kRfc9147Profile), std::nullopt);
  EXPECT_EQ(FindEndpointNumber(Bytes{22, 0xfe, 0xfd, 0}, kRfc9147Profile), std::nullopt);
  EXPECT_EQ(FindEndpointNumber(Bytes{0x3f}, kRfc9147Profile), std::nullopt);
  EXPECT_EQ(FindEndpointNumber({}, kRfc9147Profile), std::nullopt);
  // A DTLSShortCiphertext of the draft, whose first bits are those of a record with one.
  EXPECT_EQ(FindEndpointNumber(Bytes{0x3f, 0xe6, 1, 2, 3, 4}, kDraft26Profile), std::nullopt);
}

}  // namespace
}  // namespace dtls13
