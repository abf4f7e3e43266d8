// SPDX-License-Identifier: Apache-2.0
#include "dtls13/association/handshake_buffers.h"

#include <gtest/gtest.h>

namespace dtls13 {
namespace {

using Bytes = std::vector<uint8_t>;

Bytes Copy(std::span<const uint8_t> bytes) { return {bytes.begin(), bytes.end()}; }

TEST(HandshakeBuffers, WhatIsTakenStaysUntilItsEventsArePolled) {
  HandshakeBuffers buffers;
  EXPECT_TRUE(buffers.TakeUpTo(kFirstApplicationEpoch).empty());
  buffers.Hold(kHandshakeEpoch, Bytes{1, 2});
  buffers.Hold(kFirstApplicationEpoch, Bytes{3});
  const auto first = buffers.TakeUpTo(kHandshakeEpoch);
  ASSERT_EQ(first.size(), 1u);
  const auto second = buffers.TakeUpTo(kFirstApplicationEpoch);
  ASSERT_EQ(second.size(), 1u);
  buffers.Clear();
  EXPECT_EQ(Copy(first[0]), (Bytes{1, 2}));
  EXPECT_EQ(Copy(second[0]), Bytes{3});
  buffers.OnEventsPolled();
  EXPECT_TRUE(buffers.TakeUpTo(kFirstApplicationEpoch).empty());
}

TEST(HandshakeBuffers, WhatIsHeldOutlivesEvents) {
  HandshakeBuffers buffers;
  buffers.Hold(kFirstApplicationEpoch, Bytes{3});
  buffers.OnEventsPolled();
  ASSERT_EQ(buffers.TakeUpTo(kFirstApplicationEpoch).size(), 1u);
}

TEST(HandshakeBuffers, AnOwedMessageIsTakenOnce) {
  HandshakeBuffers buffers;
  EXPECT_FALSE(buffers.owes());
  EXPECT_TRUE(buffers.TakeOwed().empty());
  buffers.Owe({1, 2, 3});
  EXPECT_TRUE(buffers.owes());
  EXPECT_EQ(buffers.TakeOwed(), (Bytes{1, 2, 3}));
  EXPECT_FALSE(buffers.owes());
  EXPECT_TRUE(buffers.TakeOwed().empty());
}

TEST(HandshakeBuffers, ClearForgetsWhatIsHeldAndOwed) {
  HandshakeBuffers buffers;
  buffers.Clear();
  buffers.Hold(kHandshakeEpoch, Bytes{1});
  buffers.Owe({1});
  buffers.Clear();
  EXPECT_FALSE(buffers.owes());
  EXPECT_TRUE(buffers.TakeUpTo(kFirstApplicationEpoch).empty());
}

}  // namespace
}  // namespace dtls13
