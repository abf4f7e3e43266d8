// SPDX-License-Identifier: Apache-2.0
#include "tools/udp_notif/status_line.h"

#include <gtest/gtest.h>

namespace dtls13::udp_notif {
namespace {

TEST(StatusLineTest, NumbersHaveCommas) {
  EXPECT_EQ(WithThousands(0), "0");
  EXPECT_EQ(WithThousands(999), "999");
  EXPECT_EQ(WithThousands(1000), "1,000");
  EXPECT_EQ(WithThousands(123456), "123,456");
  EXPECT_EQ(WithThousands(1234567), "1,234,567");
}

TEST(StatusLineTest, NothingIsWrittenWhereItIsNotWanted) {
  StatusLine line(false, Instant());
  line.Update(Instant() + std::chrono::seconds(5), 10, [](uint64_t) {
    ADD_FAILURE() << "nobody asked for it";
    return std::string();
  });
}

}  // namespace
}  // namespace dtls13::udp_notif
