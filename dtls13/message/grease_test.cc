// SPDX-License-Identifier: Apache-2.0
#include "dtls13/message/grease.h"

#include <gtest/gtest.h>

#include <set>

#include "dtls13/handshake/handshake_test_util.h"

namespace dtls13 {
namespace {

TEST(GreaseTest, DrawsOnlyReservedValues) {
  SeededRandom random(1);
  std::set<uint16_t> suites;
  std::set<uint8_t> modes;
  for (int i = 0; i < 1000; ++i) {
    const auto values = GreaseValues::Draw(&random);
    ASSERT_TRUE(values.has_value());
    for (const uint16_t value :
         {values->cipher_suite, values->group, values->signature_scheme, values->version,
          values->first_extension, values->last_extension, values->protocol}) {
      EXPECT_TRUE(IsGrease(value)) << value;
    }
    EXPECT_NE(values->first_extension, values->last_extension);
    EXPECT_EQ(values->ProtocolName().size(), 2u);
    suites.insert(values->cipher_suite);
    modes.insert(values->psk_mode);
  }
  EXPECT_EQ(suites.size(), 16u);
  EXPECT_EQ(modes, (std::set<uint8_t>{0x0b, 0x2a, 0x49, 0x68, 0x87, 0xa6, 0xc5, 0xe4}));
  random.Fail();
  EXPECT_FALSE(GreaseValues::Draw(&random).has_value());
}

TEST(GreaseTest, KnowsItsOwn) {
  int num_values = 0;
  for (uint32_t value = 0; value <= 0xffff; ++value) {
    num_values += IsGrease(static_cast<uint16_t>(value));
  }
  EXPECT_EQ(num_values, 16);
  EXPECT_TRUE(IsGrease(0x0a0a));
  EXPECT_TRUE(IsGrease(0xfafa));
  EXPECT_FALSE(IsGrease(0x0a1a));
}

}  // namespace
}  // namespace dtls13
