// SPDX-License-Identifier: Apache-2.0
#include "udp_notif/subscription_started.h"

#include <gtest/gtest.h>

#include <string>

namespace dtls13::udp_notif {
namespace {

constexpr WallTime kNow{std::chrono::seconds(1707552011)};

std::string Text(uint8_t type) {
  const std::vector<uint8_t> octets = SubscriptionStarted({.value = type}, 1011, kNow);
  return {octets.begin(), octets.end()};
}

TEST(SubscriptionStartedTest, IsJson) {
  EXPECT_EQ(Text(kMediaTypeJson),
            R"({"ietf-notification:notification":{"eventTime":"2024-02-10T08:00:11Z",)"
            R"("ietf-subscribed-notifications:subscription-started":{"id":1011,)"
            R"("transport":"ietf-udp-notif-transport:udp-notif","encoding":"encode-json"}}})");
}

TEST(SubscriptionStartedTest, IsXml) {
  const std::string text = Text(kMediaTypeXml);
  EXPECT_EQ(text.find("<notification xmlns="), 0u);
  EXPECT_NE(text.find("<eventTime>2024-02-10T08:00:11Z</eventTime>"), std::string::npos);
  EXPECT_NE(text.find("<id>1011</id>"), std::string::npos);
  EXPECT_NE(text.find("</subscription-started></notification>"), std::string::npos);
}

TEST(SubscriptionStartedTest, IsCbor) {
  const std::string text = Text(kMediaTypeCbor);
  EXPECT_EQ(text.substr(0, 3), "\xa1\x78\x1e");
  EXPECT_NE(text.find(std::string("\x78\x02id\x1a\x00\x00\x03\xf3", 9)), std::string::npos);
}

TEST(SubscriptionStartedTest, IsNothingInAnotherEncoding) {
  EXPECT_TRUE(SubscriptionStarted({.value = 1, .is_private = true}, 1, kNow).empty());
  EXPECT_TRUE(SubscriptionStarted({.value = 7}, 1, kNow).empty());
}

}  // namespace
}  // namespace dtls13::udp_notif
