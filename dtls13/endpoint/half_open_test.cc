// SPDX-License-Identifier: Apache-2.0
#include "dtls13/endpoint/half_open.h"

#include <gtest/gtest.h>

#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

const Bytes kOne = {192, 0, 2, 1};
const Bytes kOther = {192, 0, 2, 2};

TEST(HalfOpenTest, AHostHasItsShareAndItsOwnOldestGivesWay) {
  HalfOpen half_open(/*max=*/10, /*max_per_host=*/2, /*seed=*/1);
  half_open.Add(1, kOther);
  EXPECT_EQ(half_open.InTheWay(kOne), 0u);
  half_open.Add(2, kOne);
  half_open.Add(3, kOne);
  EXPECT_EQ(half_open.InTheWay(kOne), 2u);
  EXPECT_EQ(half_open.InTheWay(kOther), 0u);
  half_open.Remove(2);
  EXPECT_EQ(half_open.InTheWay(kOne), 0u);
  EXPECT_EQ(half_open.size(), 2u);
}

TEST(HalfOpenTest, TheOldestOfAllGivesWayToAHostWithoutItsShare) {
  HalfOpen half_open(/*max=*/3, /*max_per_host=*/2, /*seed=*/1);
  half_open.Add(1, kOther);
  half_open.Add(2, kOne);
  half_open.Add(3, kOne);
  EXPECT_EQ(half_open.InTheWay(kOther), 1u);
  EXPECT_EQ(half_open.InTheWay(kOne), 2u);
  EXPECT_EQ(half_open.oldest(), 1u);
  half_open.Remove(1);
  EXPECT_EQ(half_open.InTheWay(kOther), 0u);
  EXPECT_EQ(half_open.oldest(), 2u);
}

TEST(HalfOpenTest, AnEighthIsTheShareWhereNothingElseIsSaid) {
  HalfOpen large(/*max=*/80, /*max_per_host=*/0, /*seed=*/1);
  for (AssociationId id = 1; id <= 10; ++id) {
    ASSERT_EQ(large.InTheWay(kOne), 0u) << id;
    large.Add(id, kOne);
  }
  EXPECT_EQ(large.InTheWay(kOne), 1u);
  HalfOpen small(/*max=*/2, /*max_per_host=*/0, /*seed=*/1);
  EXPECT_EQ(small.InTheWay(kOne), 0u);
  small.Add(1, kOne);
  EXPECT_EQ(small.InTheWay(kOne), 1u);
}

TEST(HalfOpenTest, WhoIsNotThereIsNoneAndLeavesNothing) {
  HalfOpen half_open(/*max=*/1, /*max_per_host=*/1, /*seed=*/1);
  EXPECT_EQ(half_open.oldest(), 0u);
  half_open.Remove(7);
  half_open.Add(1, kOne);
  half_open.Remove(1);
  half_open.Remove(1);
  EXPECT_EQ(half_open.size(), 0u);
  EXPECT_EQ(half_open.InTheWay(kOne), 0u);
}

}  // namespace
}  // namespace dtls13
