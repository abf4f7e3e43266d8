// SPDX-License-Identifier: Apache-2.0
#include "udp_notif/framing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "dtls13/wire/bytes_test_util.h"

namespace dtls13::udp_notif {
namespace {

constexpr size_t kBudget = 1 << 20;

RecordNumber Number(uint64_t value) { return {kFirstApplicationEpoch, {value}}; }

Bytes Frame(uint32_t message_id, std::string_view payload) {
  const Bytes octets = ToBytes(payload);
  Bytes frame;
  EXPECT_TRUE(AppendFrame({.header = {.message_id = message_id}, .payload = octets}, &frame));
  return frame;
}

Bytes Joined(const Bytes& a, const Bytes& b) {
  Bytes joined = a;
  joined.insert(joined.end(), b.begin(), b.end());
  return joined;
}

class RecordReaderTest : public ::testing::Test {
 protected:
  // Reads a record, and says its messages' payloads, each with a bar behind it.
  std::string Read(uint64_t number, const Bytes& content) {
    record_ = content;  // views go into it
    result_ = reader_.Read(Number(number), record_, &messages_);
    std::string text;
    for (const Message& message : messages_) {
      text.append(message.payload.begin(), message.payload.end());
      text += '|';
    }
    return text;
  }

  std::shared_ptr<ByteBudget> budget_ = std::make_shared<ByteBudget>(kBudget);
  RecordReader reader_{budget_};
  std::vector<Message> messages_;
  Bytes record_;
  RecordReader::Result result_;
};

TEST_F(RecordReaderTest, AFrameIsMsgLenSpaceAndMessage) {
  const Bytes frame = Frame(1, "abc");
  EXPECT_EQ(ToBytes(std::span(frame).first(3)), ToBytes("15 "));
  EXPECT_EQ(frame.size(), 3 + kFixedHeaderLen + 3);
  EXPECT_EQ(FramePrefixLen(15), 3u);
  EXPECT_EQ(FramePrefixLen(kMaxMessageLen), kMaxFramePrefixLen);
}

TEST_F(RecordReaderTest, ARecordHasSeveralFrames) {
  EXPECT_EQ(Read(0, Joined(Joined(Frame(1, "a"), Frame(2, "")), Frame(3, "ccc"))), "a||ccc|");
  EXPECT_FALSE(result_.dropped);
  EXPECT_EQ(messages_[2].header.message_id, 3u);
}

TEST_F(RecordReaderTest, AFrameGoesOnInTheNextRecordFromWhereverItWasCut) {
  const Bytes frames = Joined(Frame(1, "first"), Frame(2, "second"));
  for (size_t cut = 1; cut < frames.size(); ++cut) {
    const auto at = frames.begin() + static_cast<int>(cut);
    std::string text = Read(10 * cut, Bytes(frames.begin(), at));
    EXPECT_FALSE(result_.dropped);
    text += Read(10 * cut + 1, Bytes(at, frames.end()));
    EXPECT_FALSE(result_.dropped);
    EXPECT_FALSE(result_.interrupted);
    EXPECT_EQ(text, "first|second|") << "cut at " << cut;
    EXPECT_EQ(budget_->used(), 0u);
  }
}

TEST_F(RecordReaderTest, AFrameMayTakeManyRecords) {
  const std::string payload(60'000, 'x');
  const Bytes frame = Frame(1, payload);
  constexpr size_t kRecordLen = 1000;
  uint64_t number = 0;
  std::string text;
  for (size_t at = 0; at < frame.size(); at += kRecordLen) {
    EXPECT_EQ(text, "");
    const size_t len = std::min(kRecordLen, frame.size() - at);
    text = Read(number++, ToBytes(std::span(frame).subspan(at, len)));
  }
  EXPECT_EQ(text, payload + "|");
  EXPECT_EQ(reader_.num_held(), 0u);
}

// What came between may be part of the frame, so the frame cannot be told whole.
TEST_F(RecordReaderTest, AFrameGoesOnInNoOtherRecord) {
  const Bytes frame = Frame(1, "first");
  const Bytes begin(frame.begin(), frame.begin() + 8);
  const Bytes end(frame.begin() + 8, frame.end());
  Read(1, begin);
  EXPECT_EQ(Read(3, Frame(2, "next")), "next|");
  EXPECT_TRUE(result_.interrupted);
  EXPECT_FALSE(result_.dropped);
  EXPECT_EQ(budget_->used(), 0u);
  Read(4, begin);
  EXPECT_EQ(Read(6, end), "");
  EXPECT_TRUE(result_.interrupted);
  EXPECT_EQ(result_.dropped, DropReason::kFrameLength);
  // Nor in the record with the next number of another epoch.
  reader_.Read({kFirstApplicationEpoch, {7}}, begin, &messages_);
  result_ = reader_.Read({kFirstApplicationEpoch.Next(), {8}}, end, &messages_);
  EXPECT_TRUE(result_.interrupted);
}

TEST_F(RecordReaderTest, AMalformedFrameDropsItsRecordAndNoOther) {
  const std::vector<std::string> bad = {
      " ",      "x",      "-1 ",     "0 ",  "012 ", "11 12345678901", "65536 ",
      "99999 ", "123456", "123456 ", "1a ", "12\t", "15\n",           "+15 ",
  };
  uint64_t number = 0;
  for (const std::string& text : bad) {
    EXPECT_EQ(Read(number++, Joined(Frame(1, "good"), ToBytes(text))), "") << text;
    EXPECT_TRUE(result_.dropped) << text;
    EXPECT_EQ(reader_.num_held(), 0u) << text;
    EXPECT_EQ(Read(number++, Frame(2, "next")), "next|") << text;
    EXPECT_FALSE(result_.interrupted) << text;
  }
}

TEST_F(RecordReaderTest, AMessageOfAnotherLengthThanItsFrameIsMalformed) {
  Bytes frame = Frame(1, "abc");
  frame[3 + 3] = 14;  // Message Length
  EXPECT_EQ(Read(0, frame), "");
  EXPECT_EQ(result_.dropped, DropReason::kMessageLength);
}

//= draft-ietf-netconf-udp-notif#section-6.1.2
//= type=test
//# When DTLS is used, all UDP-Notif messages MUST be published as DTLS
//# "application_data".
TEST_F(RecordReaderTest, AMessageMayBeARecordByItself) {
  const Bytes payload = ToBytes("bare");
  Bytes octets;
  ASSERT_TRUE(AppendMessage({.header = {.message_id = 7}, .payload = payload}, &octets));
  EXPECT_EQ(Read(0, octets), "bare|");
  octets.push_back(0);
  EXPECT_EQ(Read(1, octets), "");
  EXPECT_EQ(result_.dropped, DropReason::kMessageLength);
}

TEST_F(RecordReaderTest, AnEmptyRecordIsNothing) {
  EXPECT_EQ(Read(0, {}), "");
  EXPECT_FALSE(result_.dropped);
}

TEST_F(RecordReaderTest, WhatIsKeptOfFramesIsBounded) {
  const Bytes frame = Frame(1, std::string(1000, 'x'));
  const auto small = std::make_shared<ByteBudget>(600);
  RecordReader reader(small);
  EXPECT_FALSE(reader.Read(Number(0), std::span(frame).first(500), &messages_).dropped);
  EXPECT_EQ(small->used(), 500u);
  EXPECT_EQ(reader.Read(Number(1), std::span(frame).subspan(500, 200), &messages_).dropped,
            DropReason::kMemoryFull);
  EXPECT_EQ(small->used(), 0u);
  EXPECT_EQ(reader.num_held(), 0u);
}

}  // namespace
}  // namespace dtls13::udp_notif
