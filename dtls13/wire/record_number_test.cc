// SPDX-License-Identifier: Apache-2.0
#include "dtls13/wire/record_number.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace dtls13 {
namespace {

TEST(RecordNumber, OrdersByEpochThenNumber) {
  std::vector<RecordNumber> numbers = {{{3}, {0}}, {{2}, {9}}, {{0}, {70000}}, {{2}, {8}}};
  std::sort(numbers.begin(), numbers.end());
  EXPECT_EQ(numbers,
            (std::vector<RecordNumber>{{{0}, {70000}}, {{2}, {8}}, {{2}, {9}}, {{3}, {0}}}));
}

TEST(RecordNumber, EpochBitsAreTheLowTwo) {
  EXPECT_EQ(EpochBits::Of(Epoch{0}).value, 0);
  EXPECT_EQ(EpochBits::Of(Epoch{3}).value, 3);
  EXPECT_EQ(EpochBits::Of(Epoch{0x10006}).value, 2);
  EXPECT_EQ(kHandshakeEpoch.Next(), kFirstApplicationEpoch);
}

}  // namespace
}  // namespace dtls13
