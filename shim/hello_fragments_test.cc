#include "shim/hello_fragments.h"

#include <gtest/gtest.h>

#include "dtls13/wire/record_header.h"

namespace dtls13::shim {
namespace {

constexpr uint8_t kAddress[] = {1, 2, 3};
constexpr uint8_t kOtherAddress[] = {4, 5, 6};

// One record with bytes `offset` to `end` of a message whose byte n is n.
std::vector<uint8_t> Record(uint32_t message_len, uint32_t offset, uint32_t end,
                            uint64_t sequence_number = 0, uint16_t message_seq = 0) {
  std::vector<uint8_t> record(kPlaintextHeaderLen + kHandshakeHeaderLen);
  for (uint32_t i = offset; i < end; ++i) record.push_back(static_cast<uint8_t>(i));
  WritePlaintextHeader({.type = ContentType::kHandshake,
                        .legacy_record_version = kDtls10Version,
                        .epoch = 0,
                        .sequence_number = SequenceNumber{sequence_number},
                        .fragment_len = static_cast<uint16_t>(record.size() - kPlaintextHeaderLen)},
                       record);
  WriteHandshakeHeader({.type = HandshakeType::kClientHello,
                        .message_len = message_len,
                        .message_seq = message_seq,
                        .fragment_offset = offset,
                        .fragment_len = end - offset},
                       std::span(record).subspan(kPlaintextHeaderLen));
  return record;
}

std::optional<std::vector<uint8_t>> Add(HelloFragments& fragments, std::vector<uint8_t> datagram,
                                        std::span<const uint8_t> address = kAddress) {
  return fragments.Add(datagram, address);
}

TEST(HelloFragmentsTest, PutsTogetherInAnyOrderWithOverlaps) {
  HelloFragments fragments;
  EXPECT_FALSE(Add(fragments, Record(100, 60, 100, 2)));
  EXPECT_FALSE(Add(fragments, Record(100, 0, 30, 0)));
  EXPECT_FALSE(Add(fragments, Record(100, 0, 30, 3)));
  EXPECT_EQ(Add(fragments, Record(100, 20, 70, 4)), Record(100, 0, 100, 4));
  // It is empty again: the same hello may come once more.
  EXPECT_FALSE(Add(fragments, Record(100, 20, 100)));
}

TEST(HelloFragmentsTest, SeveralRecordsInOneDatagram) {
  HelloFragments fragments;
  std::vector<uint8_t> datagram = Record(50, 0, 25, 7);
  const std::vector<uint8_t> second = Record(50, 25, 50, 8);
  datagram.insert(datagram.end(), second.begin(), second.end());
  EXPECT_EQ(Add(fragments, datagram), Record(50, 0, 50, 8));
}

TEST(HelloFragmentsTest, OneClientAtATime) {
  HelloFragments fragments;
  EXPECT_FALSE(Add(fragments, Record(50, 0, 25)));
  EXPECT_FALSE(Add(fragments, Record(50, 25, 50), kOtherAddress));
  EXPECT_FALSE(Add(fragments, Record(50, 25, 50)));
  EXPECT_TRUE(Add(fragments, Record(50, 0, 25)));
}

TEST(HelloFragmentsTest, AnotherHelloBeginsAnew) {
  HelloFragments fragments;
  EXPECT_FALSE(Add(fragments, Record(50, 0, 25)));
  EXPECT_FALSE(Add(fragments, Record(50, 25, 50, 1, /*message_seq=*/1)));
  EXPECT_FALSE(Add(fragments, Record(60, 25, 60)));
}

// F27: a declared length takes no memory and no great one is gathered.
TEST(HelloFragmentsTest, HostileFragmentsAreBounded) {
  HelloFragments fragments;
  EXPECT_FALSE(Add(fragments, Record(0xffffff, 0, 1)));
  EXPECT_FALSE(Add(fragments, {}));
  EXPECT_FALSE(Add(fragments, std::vector<uint8_t>(13, 0xff)));
  const uint32_t len = 1000;
  for (uint32_t i = 0; i < 300; ++i) EXPECT_FALSE(Add(fragments, Record(len, i, i + 1)));
  // Past the bound nothing more is taken of this hello.
  EXPECT_FALSE(Add(fragments, Record(len, 128, len)));
}

TEST(HelloFragmentsTest, OverlapsAreBoundedInBytes) {
  HelloFragments fragments;
  const uint32_t len = 4000;
  EXPECT_FALSE(Add(fragments, Record(len, 0, 1)));
  // More than the longest hello altogether: what came before is forgotten.
  for (uint32_t i = 2; i < 7; ++i) EXPECT_FALSE(Add(fragments, Record(len, i, len)));
  EXPECT_FALSE(Add(fragments, Record(len, 1, 6)));
  EXPECT_TRUE(Add(fragments, Record(len, 0, 1)));
}

TEST(HelloFragmentsTest, AnEmptyHelloIsWhole) {
  HelloFragments fragments;
  EXPECT_EQ(Add(fragments, Record(0, 0, 0, 5)), Record(0, 0, 0, 5));
}

}  // namespace
}  // namespace dtls13::shim
