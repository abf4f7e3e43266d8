// SPDX-License-Identifier: Apache-2.0
#include "dtls13/new_config.h"

#include <gtest/gtest.h>

#include <array>

namespace dtls13 {
namespace {

TEST(NewConfigTest, HasWhatEveryAssociationNeeds) {
  const auto config = NewConfig();
  ASSERT_TRUE(config);
  EXPECT_TRUE(config->handshake.algorithms->Supports(CipherSuiteId::kAes128GcmSha256));
  std::array<uint8_t, 16> bytes = {};
  EXPECT_TRUE(config->handshake.random->Fill(bytes));
  EXPECT_NE(bytes, (std::array<uint8_t, 16>{}));
  EXPECT_FALSE(config->handshake.server.cookie_keys);
}

TEST(NewConfigTest, AServersHasCookieKeys) {
  const auto config = NewServerConfig();
  ASSERT_TRUE(config);
  EXPECT_TRUE(config->handshake.server.cookie_keys);
  EXPECT_TRUE(config->handshake.server.require_cookie);
}

TEST(NewConfigTest, NoneWhereLibcryptoLacksWhatItTakes) {
  EXPECT_FALSE(NewConfig(nullptr, "provider=none"));
  EXPECT_FALSE(NewServerConfig(nullptr, "provider=none"));
}

}  // namespace
}  // namespace dtls13
