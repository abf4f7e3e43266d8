// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13_cli/fragment_history.h"

#include <gtest/gtest.h>

namespace dtls13::cli {
namespace {

constexpr Direction kDown = Direction::kToClient;
constexpr Direction kUp = Direction::kToServer;

RecordNumber Number(uint64_t sequence) { return {kHandshakeEpoch, SequenceNumber{sequence}}; }

HandshakeHeader Fragment(uint32_t offset, uint32_t len) {
  HandshakeHeader header;
  header.type = HandshakeType::kCertificate;
  header.message_len = 1000;
  header.message_seq = 3;
  header.fragment_offset = offset;
  header.fragment_len = len;
  return header;
}

TEST(FragmentHistory, TellsARetransmissionFromANewFragment) {
  FragmentHistory history;
  EXPECT_FALSE(history.AddFragment(kDown, Number(0), Fragment(0, 500), 0, true).sent_before);
  EXPECT_FALSE(history.AddFragment(kDown, Number(1), Fragment(500, 500), 0, false).sent_before);
  EXPECT_TRUE(history.AddFragment(kDown, Number(2), Fragment(400, 50), 9, false).sent_before);
  // Another message, and the same message_seq of the other direction.
  HandshakeHeader next = Fragment(0, 500);
  next.message_seq = 4;
  EXPECT_FALSE(history.AddFragment(kDown, Number(3), next, 9, false).sent_before);
  EXPECT_FALSE(history.AddFragment(kUp, Number(0), Fragment(0, 500), 9, false).sent_before);
}

TEST(FragmentHistory, AnAckMarksTheOtherDirectionsRecord) {
  FragmentHistory history;
  history.AddFragment(kDown, Number(0), Fragment(0, 500), 0, false);
  history.AddFragment(kDown, Number(1), Fragment(500, 500), 0, false);
  history.AddFragment(kUp, Number(1), Fragment(0, 1000), 0, false);
  history.AddAck(kUp, Number(1), 7);
  EXPECT_FALSE(history.fragments()[0].acked_us);
  EXPECT_EQ(history.fragments()[1].acked_us, 7);
  EXPECT_FALSE(history.fragments()[2].acked_us);
}

TEST(FragmentHistory, KnowsANeedlessRetransmission) {
  FragmentHistory history;
  history.AddFragment(kDown, Number(0), Fragment(0, 500), 0, false);
  history.AddFragment(kDown, Number(1), Fragment(500, 500), 0, false);
  history.AddAck(kUp, Number(0), 5);
  // Too soon after for the sender to know.
  EXPECT_FALSE(history.AddFragment(kDown, Number(9), Fragment(100, 50), 5 + kReactionUs - 1, false)
                   .acked_before_sent);
  EXPECT_TRUE(history.AddFragment(kDown, Number(2), Fragment(100, 50), 5 + kReactionUs, false)
                  .acked_before_sent);
  // Half of it was never acknowledged.
  EXPECT_FALSE(
      history.AddFragment(kDown, Number(3), Fragment(400, 200), 200000, false).acked_before_sent);
  history.AddAck(kUp, Number(1), 200000);
  EXPECT_TRUE(
      history.AddFragment(kDown, Number(4), Fragment(0, 1000), 400000, false).acked_before_sent);
}

}  // namespace
}  // namespace dtls13::cli
