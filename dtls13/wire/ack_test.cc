// SPDX-License-Identifier: Apache-2.0
#include "dtls13/wire/ack.h"

#include <gtest/gtest.h>

#include <vector>

#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

std::vector<RecordNumber> ReadAll(AckReader reader) {
  std::vector<RecordNumber> numbers;
  while (const auto number = reader.Next()) numbers.push_back(*number);
  return numbers;
}

TEST(Ack, RoundTrip) {
  const std::vector<RecordNumber> numbers = {{{0}, {1}}, {{2}, {0}}, {{2}, {0x0102030405060708}}};
  Bytes bytes(kAckHeaderLen + numbers.size() * kAckRecordNumberLen);
  ASSERT_EQ(WriteAck(numbers, bytes), bytes.size());
  EXPECT_EQ(bytes[0], 0);
  EXPECT_EQ(bytes[1], 48);
  const auto reader = AckReader::Parse(bytes);
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->num_remaining(), 3u);
  EXPECT_EQ(ReadAll(*reader), numbers);
}

TEST(Ack, EachNumberIsTwo64BitFields) {
  const std::vector<RecordNumber> numbers = {{{2}, {0x0a0b}}};
  Bytes bytes(18);
  ASSERT_EQ(WriteAck(numbers, bytes), 18u);
  EXPECT_EQ(bytes, (Bytes{0, 16, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0x0a, 0x0b}));
}

TEST(Ack, EmptyListIsValid) {
  Bytes bytes(2, 0xff);
  EXPECT_EQ(WriteAck({}, bytes), 2u);
  const auto reader = AckReader::Parse(bytes);
  ASSERT_TRUE(reader);
  EXPECT_TRUE(ReadAll(*reader).empty());
}

// F8: order and duplicates are not this reader's to judge.
TEST(Ack, F8DescendingAndDuplicateNumbersParse) {
  const std::vector<RecordNumber> numbers = {{{3}, {5}}, {{2}, {1}}, {{2}, {1}}};
  Bytes bytes(2 + 48);
  ASSERT_EQ(WriteAck(numbers, bytes), bytes.size());
  EXPECT_EQ(ReadAll(*AckReader::Parse(bytes)), numbers);
}

// F8: odd and overlong lists.
TEST(Ack, F8RejectsWhatIsNotAWholeList) {
  EXPECT_FALSE(AckReader::Parse({}));
  EXPECT_FALSE(AckReader::Parse(Bytes{0}));
  EXPECT_FALSE(AckReader::Parse(Bytes{0, 16}));
  EXPECT_FALSE(AckReader::Parse(Bytes{0, 0, 0}));
  for (uint8_t len : {1, 8, 15, 17}) {
    Bytes bytes = {0, len};
    bytes.resize(2 + len);
    EXPECT_FALSE(AckReader::Parse(bytes)) << int{len};
  }
  Bytes trailing = {0, 16};
  trailing.resize(2 + 17);
  EXPECT_FALSE(AckReader::Parse(trailing));
}

// F8: a list whose byte length passes 2^16-1.
TEST(Ack, F8RefusesToWriteMoreThanTheLengthHolds) {
  std::vector<RecordNumber> numbers(4096);
  Bytes bytes(kAckHeaderLen + numbers.size() * kAckRecordNumberLen);
  EXPECT_EQ(WriteAck(numbers, bytes), 0u);
  numbers.pop_back();
  EXPECT_EQ(WriteAck(numbers, bytes), kAckHeaderLen + 4095 * kAckRecordNumberLen);
}

// Draft-26's ACK has the numbers of its DTLSPlaintext: 16 bits of epoch and 48 of number.
TEST(Ack, Draft26NumbersAre64BitsWithTheEpochInThem) {
  const std::vector<RecordNumber> numbers = {{{0}, {1}}, {{2}, {0}}, {{0x0304}, {0x05060708090a}}};
  Bytes bytes(kAckHeaderLen + 3 * 8);
  ASSERT_EQ(WriteAck(numbers, bytes, kDraft26Profile), bytes.size());
  EXPECT_EQ(bytes, (Bytes{0, 24, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 0,
                          0, 0,  0, 0, 0, 3, 4, 5, 6, 7, 8, 9, 10}));
  const auto reader = AckReader::Parse(bytes, kDraft26Profile);
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->num_remaining(), 3u);
  EXPECT_EQ(ReadAll(*reader), numbers);
  EXPECT_FALSE(AckReader::Parse(bytes)) << "three of them are no whole number of RFC 9147's";
  bytes.pop_back();
  bytes[1] = 23;
  EXPECT_FALSE(AckReader::Parse(bytes, kDraft26Profile));
}

TEST(Ack, RefusesASmallBuffer) {
  const std::vector<RecordNumber> numbers(2);
  Bytes bytes(2 + 31);
  EXPECT_EQ(WriteAck(numbers, bytes), 0u);
  EXPECT_EQ(WriteAck({}, std::span(bytes).first(1)), 0u);
}

}  // namespace
}  // namespace dtls13
