// SPDX-License-Identifier: Apache-2.0
#include "dtls13/record/connection_id_set.h"

#include <gtest/gtest.h>

#include <vector>

#include "dtls13/wire/bytes_test_util.h"
#include "dtls13/wire/record_header.h"

namespace dtls13 {
namespace {

TEST(ConnectionIdSet, EmptyHoldsNothing) {
  const ConnectionIdSet set;
  EXPECT_EQ(set.len(), 0u);
  EXPECT_FALSE(set.Contains({}));
  EXPECT_FALSE(set.Contains(Bytes{1}));
}

TEST(ConnectionIdSet, AddAndRemove) {
  ConnectionIdSet set;
  EXPECT_TRUE(set.Add(Bytes{1, 2}));
  EXPECT_TRUE(set.Add(Bytes{3, 4}));
  EXPECT_TRUE(set.Add(Bytes{1, 2}));
  EXPECT_TRUE(set.Contains(Bytes{1, 2}));
  EXPECT_TRUE(set.Contains(Bytes{3, 4}));
  EXPECT_FALSE(set.Contains(Bytes{2, 3}));  // across two of them
  EXPECT_FALSE(set.Contains(Bytes{1}));
  EXPECT_FALSE(set.Contains(Bytes{1, 2, 3}));
  set.Remove(Bytes{1, 2});
  set.Remove(Bytes{9, 9});
  EXPECT_FALSE(set.Contains(Bytes{1, 2}));
  EXPECT_TRUE(set.Contains(Bytes{3, 4}));
  set.Remove(Bytes{3, 4});
  EXPECT_EQ(set.len(), 2u);
  EXPECT_FALSE(set.Add(Bytes{1, 2, 3}));
  EXPECT_TRUE(set.Add(Bytes{1, 2}));
}

TEST(ConnectionIdSet, EveryLengthAndNoOther) {
  for (size_t len = 1; len <= kMaxConnectionIdLen; ++len) {
    ConnectionIdSet set;
    EXPECT_FALSE(set.Add({}));
    EXPECT_TRUE(set.Add(Bytes(len, 7)));
    EXPECT_EQ(set.len(), len);
    EXPECT_FALSE(set.Add(Bytes(len + 1, 7)));
    EXPECT_TRUE(set.Contains(Bytes(len, 7)));
  }
  ConnectionIdSet set;
  EXPECT_FALSE(set.Add(Bytes(kMaxConnectionIdLen + 1, 7)));
}

TEST(ConnectionIdSet, IsBounded) {
  ConnectionIdSet set;
  for (uint8_t i = 0; i < ConnectionIdSet::kMaxConnectionIds; ++i) {
    EXPECT_TRUE(set.Add(Bytes{i, i}));
  }
  EXPECT_FALSE(set.Add(Bytes{0xff, 0xff}));
  EXPECT_TRUE(set.Add(Bytes{0, 0}));
  set.Remove(Bytes{3, 3});
  EXPECT_TRUE(set.Add(Bytes{0xff, 0xff}));
}

}  // namespace
}  // namespace dtls13
