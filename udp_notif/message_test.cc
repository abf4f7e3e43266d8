// SPDX-License-Identifier: Apache-2.0
#include "udp_notif/message.h"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "dtls13/wire/bytes_test_util.h"

namespace dtls13::udp_notif {
namespace {

// A header of version 1 with JSON, publisher 2 and message 1563, and two octets behind it.
Bytes WholeMessage() { return {0x21, 12, 0, 14, 0, 0, 0, 2, 0, 0, 0x06, 0x1b, '{', '}'}; }

// The same with a segmentation option: number 3, the last.
Bytes LastSegment() {
  return {0x21, 16, 0, 18, 0, 0, 0, 2, 0, 0, 0x06, 0x1b, 1, 4, 0, 7, '{', '}'};
}

std::optional<DropReason> Parse(const Bytes& octets) {
  Message message;
  return ParseMessage(octets, &message);
}

TEST(UdpNotifMessageTest, ReadsAWholeMessage) {
  const Bytes octets = WholeMessage();
  Message message;
  ASSERT_EQ(ParseMessage(octets, &message), std::nullopt);
  EXPECT_EQ(message.header.media_type, MediaType{.value = kMediaTypeJson});
  EXPECT_EQ(message.header.publisher_id, 2u);
  EXPECT_EQ(message.header.message_id, 1563u);
  EXPECT_FALSE(message.header.segment);
  EXPECT_EQ(ToBytes(message.payload), ToBytes("{}"));
}

TEST(UdpNotifMessageTest, ReadsASegment) {
  const Bytes octets = LastSegment();
  Message message;
  ASSERT_EQ(ParseMessage(octets, &message), std::nullopt);
  EXPECT_EQ(message.header.segment, (Segment{.number = 3, .is_last = true}));
  EXPECT_EQ(ToBytes(message.payload), ToBytes("{}"));
}

//= draft-ietf-netconf-udp-notif#section-3.2
//= type=test
//# All the binary fields MUST be encoded in network byte order (big
//# endian).
TEST(UdpNotifMessageTest, WritesWhatItReads) {
  for (const Bytes& octets : {WholeMessage(), LastSegment()}) {
    Message message;
    ASSERT_EQ(ParseMessage(octets, &message), std::nullopt);
    Bytes written = {0xff};
    ASSERT_TRUE(AppendMessage(message, &written));
    EXPECT_EQ(written[0], 0xff);
    written.erase(written.begin());
    EXPECT_EQ(written, octets);
  }
}

TEST(UdpNotifMessageTest, AMessageOfPrivateEncodingHasTheSBit) {
  Bytes octets = WholeMessage();
  octets[0] = 0x30;  // S, and a type that is reserved without it
  Message message;
  ASSERT_EQ(ParseMessage(octets, &message), std::nullopt);
  EXPECT_EQ(message.header.media_type, (MediaType{.value = 0, .is_private = true}));
  EXPECT_EQ(NameOf(message.header.media_type), "");
  Bytes written;
  ASSERT_TRUE(AppendMessage(message, &written));
  EXPECT_EQ(written, octets);
}

TEST(UdpNotifMessageTest, HeadersMayBeCutAnywhere) {
  for (const Bytes& whole : {WholeMessage(), LastSegment()}) {
    for (size_t len = 0; len < whole.size(); ++len) {
      const auto reason = Parse(Bytes(whole.begin(), whole.begin() + static_cast<int>(len)));
      EXPECT_EQ(reason,
                len < kFixedHeaderLen ? DropReason::kShortHeader : DropReason::kMessageLength);
    }
  }
}

//= draft-ietf-netconf-udp-notif#section-4
//= type=test
//# Receivers MUST discard UDP-Notif messages containing an option that
//# the receiver does not support.
TEST(UdpNotifMessageTest, EachMalformedMessageHasItsReason) {
  struct Case {
    size_t at;
    uint8_t value;
    DropReason reason;
  };
  const std::vector<Case> cases = {
      {0, 0x01, DropReason::kVersion},            // version 0
      {0, 0x41, DropReason::kVersion},            // version 2
      {0, 0x20, DropReason::kReservedMediaType},  //
      {1, 11, DropReason::kHeaderLength},         //
      {1, 19, DropReason::kHeaderLength},         // beyond the message
      {1, 13, DropReason::kOptionLength},         // cuts the option in its header
      {1, 15, DropReason::kOptionLength},         // cuts the option in its data
      {1, 17, DropReason::kOptionLength},         // another option, of one octet
      {3, 17, DropReason::kMessageLength},        //
      {3, 19, DropReason::kMessageLength},        //
      {12, 2, DropReason::kUnsupportedOption},    //
      {13, 0, DropReason::kOptionLength},         //
      {13, 1, DropReason::kOptionLength},         //
      {13, 5, DropReason::kOptionLength},         // beyond the header
  };
  for (const Case& bad : cases) {
    Bytes octets = LastSegment();
    octets[bad.at] = bad.value;
    EXPECT_EQ(Parse(octets), bad.reason) << "octet " << bad.at << " = " << int{bad.value};
  }
}

TEST(UdpNotifMessageTest, ASegmentationOptionHasFourOctetsAndComesFirst) {
  const Bytes short_option = {0x21, 15, 0, 15, 0, 0, 0, 2, 0, 0, 0, 1, 1, 3, 0};
  EXPECT_EQ(Parse(short_option), DropReason::kSegmentationLength);
  const Bytes long_option = {0x21, 17, 0, 17, 0, 0, 0, 2, 0, 0, 0, 1, 1, 5, 0, 1, 0};
  EXPECT_EQ(Parse(long_option), DropReason::kSegmentationLength);
  const Bytes twice = {0x21, 20, 0, 20, 0, 0, 0, 2, 0, 0, 0, 1, 1, 4, 0, 1, 1, 4, 0, 3};
  EXPECT_EQ(Parse(twice), DropReason::kSegmentationNotFirst);
}

TEST(UdpNotifMessageTest, TheLongestMessageIsWrittenAndNoLonger) {
  const Bytes payload(kMaxMessageLen - kFixedHeaderLen + 1);
  Message message;
  message.payload = std::span(payload).first(payload.size() - 1);
  Bytes written;
  ASSERT_TRUE(AppendMessage(message, &written));
  EXPECT_EQ(written.size(), kMaxMessageLen);
  EXPECT_EQ(Parse(written), std::nullopt);
  message.payload = payload;
  EXPECT_FALSE(AppendMessage(message, &written));
  EXPECT_EQ(written.size(), kMaxMessageLen);
}

}  // namespace
}  // namespace dtls13::udp_notif
