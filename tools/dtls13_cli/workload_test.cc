// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13_cli/workload.h"

#include <gtest/gtest.h>

namespace dtls13::cli {
namespace {

TEST(Workload, SendsAWindowAndThenWaitsForEchoes) {
  WorkloadConfig config;
  config.count = 20;
  config.max_len = 100;
  config.await_echo = true;
  Workload workload(config);
  Workload echo([] {
    WorkloadConfig echo_config;
    echo_config.echo = true;
    return echo_config;
  }());
  int num_rounds = 0;
  while (!workload.done() && ++num_rounds < 100) {
    while (const auto data = workload.Next()) {
      EXPECT_GE(data->size(), 1u);
      EXPECT_LE(data->size(), 100u);
      EXPECT_TRUE(echo.OnReceived(*data));
    }
    EXPECT_FALSE(workload.done());
    while (const auto data = echo.Next()) EXPECT_TRUE(workload.OnReceived(*data));
  }
  EXPECT_TRUE(workload.done());
  EXPECT_EQ(workload.num_sent(), 20);
  EXPECT_EQ(workload.num_received(), 20);
  EXPECT_GT(num_rounds, 1);
}

TEST(Workload, NoticesAnAlteredEcho) {
  WorkloadConfig config;
  config.count = 1;
  config.fixed_len = 5;
  config.await_echo = true;
  Workload workload(config);
  auto data = workload.Next();
  ASSERT_TRUE(data);
  EXPECT_EQ(data->size(), 5u);
  (*data)[2] ^= 1;
  EXPECT_FALSE(workload.OnReceived(*data));
}

TEST(Workload, WaitsForWhatItExpects) {
  WorkloadConfig config;
  config.expect = 2;
  config.text = "hello";
  Workload workload(config);
  EXPECT_TRUE(workload.Next());
  EXPECT_FALSE(workload.Next());
  EXPECT_FALSE(workload.done());
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(workload.OnReceived({}));
  EXPECT_TRUE(workload.done());
}

}  // namespace
}  // namespace dtls13::cli
