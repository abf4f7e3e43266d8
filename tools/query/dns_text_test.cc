// SPDX-License-Identifier: Apache-2.0
#include "tools/query/dns_text.h"

#include <gtest/gtest.h>

#include "dtls13/wire/bytes_test_util.h"

namespace dtls13::query {
namespace {

// Answer is a message of one question and one record of that type, of the question's name.
Bytes Answer(DnsType type, const Bytes& data) {
  const Bytes query = BuildQuery(
      7, {.name = *ParseDnsName("example.test"), .type = type, .question_class = DnsClass::kIn},
      1232);
  Bytes answer = BuildAnswer(*ParseDnsMessage(query), DnsResponseCode::kNoError, false);
  answer[7] = 1;
  const auto number = static_cast<uint16_t>(type);
  const Bytes head = {0xc0,
                      DnsHeader::kLen,
                      static_cast<uint8_t>(number >> 8),
                      static_cast<uint8_t>(number),
                      0,
                      1,
                      0,
                      0,
                      0,
                      60,
                      0,
                      static_cast<uint8_t>(data.size())};
  answer.insert(answer.end(), head.begin(), head.end());
  answer.insert(answer.end(), data.begin(), data.end());
  return answer;
}

std::string Record(DnsType type, const Bytes& data) {
  const Bytes bytes = Answer(type, data);
  const auto message = ParseDnsMessage(bytes);
  EXPECT_TRUE(message.has_value());
  return DnsRecordText(*message, message->section(DnsSection::kAnswer)[0]);
}

TEST(DnsTextTest, KnowsTheUsualTypes) {
  constexpr uint8_t kPointer = DnsHeader::kLen;
  EXPECT_EQ(Record(DnsType::kA, {192, 0, 2, 1}), "example.test.\t60\tIN\tA\t192.0.2.1");
  EXPECT_EQ(Record(DnsType::kAaaa, {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}),
            "example.test.\t60\tIN\tAAAA\t2001:db8::1");
  EXPECT_EQ(Record(DnsType::kMx, {0, 10, 1, 'm', 0xc0, kPointer}),
            "example.test.\t60\tIN\tMX\t10 m.example.test.");
  EXPECT_EQ(Record(DnsType::kTxt, {2, 'a', '"', 1, 7}),
            "example.test.\t60\tIN\tTXT\t\"a\\\"\" \"\\007\"");
  EXPECT_EQ(Record(DnsType::kSrv, {0, 1, 0, 2, 0, 53, 0}), "example.test.\t60\tIN\tSRV\t1 2 53 .");
  EXPECT_EQ(Record(DnsType::kSoa,
                   {0xc0, kPointer, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 5}),
            "example.test.\t60\tIN\tSOA\texample.test. . 1 2 3 4 5");
}

// What is no data of its type is shown as that of an unknown one.
TEST(DnsTextTest, ShowsOtherDataAsItIs) {
  EXPECT_EQ(Record(DnsType::kA, {1, 2, 3}), "example.test.\t60\tIN\tA\t\\# 3 010203");
  EXPECT_EQ(Record(DnsType::kMx, {0, 10}), "example.test.\t60\tIN\tMX\t\\# 2 000a");
  EXPECT_EQ(Record(DnsType::kMx, {0, 10, 0, 9}), "example.test.\t60\tIN\tMX\t\\# 4 000a0009");
  EXPECT_EQ(Record(DnsType::kTxt, {5, 'a'}), "example.test.\t60\tIN\tTXT\t\\# 2 0561");
  EXPECT_EQ(Record(DnsType{65280}, {}), "example.test.\t60\tIN\tTYPE65280\t\\# 0");
}

TEST(DnsTextTest, TypesHaveNamesAndNumbers) {
  EXPECT_EQ(ParseDnsType("aaaa"), DnsType::kAaaa);
  EXPECT_EQ(ParseDnsType("TYPE65280"), DnsType{65280});
  EXPECT_EQ(DnsTypeText(DnsType{65280}), "TYPE65280");
  for (const char* text : {"", "AAAAA", "TYPE", "TYPE65536", "TYPE1x", "TYPE-1"}) {
    EXPECT_FALSE(ParseDnsType(text)) << text;
  }
}

TEST(DnsTextTest, MessagesAreAsDigHasThem) {
  const Bytes bytes = Answer(DnsType::kA, {192, 0, 2, 1});
  EXPECT_EQ(DnsMessageText(*ParseDnsMessage(bytes)),
            ";; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 7\n"
            ";; flags: qr rd ra; QUERY: 1, ANSWER: 1, AUTHORITY: 0, ADDITIONAL: 0\n"
            "\n"
            ";; QUESTION SECTION:\n"
            ";example.test.\t\tIN\tA\n"
            "\n"
            ";; ANSWER SECTION:\n"
            "example.test.\t60\tIN\tA\t192.0.2.1\n");
}

}  // namespace
}  // namespace dtls13::query
