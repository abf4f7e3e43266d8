// SPDX-License-Identifier: Apache-2.0
#include "tools/query/dns_message.h"

#include <gtest/gtest.h>

#include "dtls13/wire/bytes_test_util.h"

namespace dtls13::query {
namespace {

DnsName Name(std::string_view text) {
  const std::optional<DnsName> name = ParseDnsName(text);
  EXPECT_TRUE(name.has_value()) << text;
  return name.value_or(DnsName{0});
}

DnsQuestion Question(std::string_view name = "example.test") {
  return {.name = Name(name), .type = DnsType::kA, .question_class = DnsClass::kIn};
}

Bytes Join(std::initializer_list<Bytes> parts) {
  Bytes whole;
  for (const Bytes& part : parts) whole.insert(whole.end(), part.begin(), part.end());
  return whole;
}

// An answer to `query` with one A record, whose name is a pointer to the question's.
Bytes Answer(const Bytes& query, const Bytes& name = {0xc0, DnsHeader::kLen}) {
  const auto parsed = ParseDnsMessage(query);
  Bytes answer = BuildAnswer(*parsed, DnsResponseCode::kNoError, /*is_truncated=*/false);
  answer[7] = 1;
  return Join({answer, name, {0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1}});
}

TEST(DnsNameTest, GoesThereAndBack) {
  for (const std::string_view text : {"example.test.", "a.b.c.", ".", R"(a\.b.c\\d.\000\255.)"}) {
    EXPECT_EQ(DnsNameText(Name(text)), text);
  }
  EXPECT_EQ(Name("a.bc"), (DnsName{1, 'a', 2, 'b', 'c', 0}));
}

TEST(DnsNameTest, WhatDnsHasNoRoomForIsNone) {
  const std::string label(63, 'x');
  EXPECT_TRUE(ParseDnsName(label + ".test"));
  EXPECT_FALSE(ParseDnsName(label + "x.test"));
  const std::string longest = label + "." + label + "." + label + "." + std::string(61, 'y');
  EXPECT_EQ(Name(longest).size(), kMaxDnsNameLen);
  EXPECT_FALSE(ParseDnsName(longest + "y"));
  for (const std::string_view text : {"", "..", "a..b", ".a", R"(a\)", R"(a\25)", R"(a\256)"}) {
    EXPECT_FALSE(ParseDnsName(text)) << text;
  }
}

TEST(DnsNameTest, CasesAreAlike) {
  EXPECT_TRUE(SameName(Name("Example.TEST"), Name("example.test")));
  EXPECT_FALSE(SameName(Name("example.test"), Name("example.tesu")));
  EXPECT_FALSE(SameName(Name("example.test"), Name("example.test.x")));
}

TEST(DnsMessageTest, AQueryHasOneQuestionAndItsLimit) {
  const Bytes bytes = BuildQuery(0x1234, Question(), 1232);
  const auto query = ParseDnsMessage(bytes);
  ASSERT_TRUE(query.has_value());
  EXPECT_EQ(query->header.id, 0x1234);
  EXPECT_FALSE(query->header.is_response());
  ASSERT_EQ(query->questions.size(), 1u);
  EXPECT_EQ(query->questions[0].name, Name("example.test"));
  EXPECT_EQ(query->questions[0].type, DnsType::kA);
  EXPECT_EQ(MaxAnswerLen(*query), 1232u);
}

TEST(DnsMessageTest, WithoutALimitItIsThatOfPlainDns) {
  Bytes bytes = BuildQuery(1, Question(), 1232);
  bytes.erase(bytes.end() - 11, bytes.end());  // OPT
  bytes[11] = 0;
  EXPECT_EQ(MaxAnswerLen(*ParseDnsMessage(bytes)), 512u);
  EXPECT_EQ(MaxAnswerLen(*ParseDnsMessage(BuildQuery(1, Question(), 100))), 512u);
}

TEST(DnsMessageTest, AnAnswersNamesMayBeCompressed) {
  const Bytes query = BuildQuery(7, Question("www.example.test"), 1232);
  const Bytes bytes = Answer(query);
  const auto answer = ParseDnsMessage(bytes);
  ASSERT_TRUE(answer.has_value());
  EXPECT_TRUE(Answers(*answer, *ParseDnsMessage(query)));
  ASSERT_EQ(answer->section(DnsSection::kAnswer).size(), 1u);
  const DnsRecord& record = answer->section(DnsSection::kAnswer)[0];
  EXPECT_EQ(record.name, Name("www.example.test"));
  EXPECT_EQ(record.ttl, 60u);
  EXPECT_EQ(ToBytes(record.data), (Bytes{192, 0, 2, 1}));
  // A label, and then a pointer into the middle of the question.
  const Bytes partly = Answer(query, {1, 'x', 0xc0, DnsHeader::kLen + 4});
  EXPECT_EQ(ParseDnsMessage(partly)->section(DnsSection::kAnswer)[0].name, Name("x.example.test"));
}

TEST(DnsMessageTest, CompressionLeadsBackwards) {
  const Bytes query = BuildQuery(7, Question(), 1232);
  const auto at = static_cast<uint8_t>(Answer(query).size() - 16);
  EXPECT_FALSE(ParseDnsMessage(Answer(query, {0xc0, at}))) << "to itself";
  EXPECT_FALSE(ParseDnsMessage(Answer(query, {0xc0, static_cast<uint8_t>(at + 2)}))) << "forwards";
  EXPECT_FALSE(ParseDnsMessage(Answer(query, {1, 'x', 0xc0, at}))) << "round and round";
  EXPECT_FALSE(ParseDnsMessage(Answer(query, {0x40, 0}))) << "neither label nor pointer";
  EXPECT_FALSE(ParseDnsMessage(Answer(query, {0xff, 0xff})));
}

// A pointer to the longest name there is, behind one label more.
TEST(DnsMessageTest, NamesThatAreTooLongAreRefused) {
  const std::string label(63, 'x');
  const Bytes query =
      BuildQuery(7, Question(label + "." + label + "." + label + "." + std::string(61, 'y')), 512);
  EXPECT_TRUE(ParseDnsMessage(Answer(query)));
  EXPECT_FALSE(ParseDnsMessage(Answer(query, {1, 'x', 0xc0, DnsHeader::kLen})));
}

TEST(DnsMessageTest, IsWholeOrNothing) {
  const Bytes bytes = Answer(BuildQuery(7, Question(), 1232));
  for (size_t len = 0; len < bytes.size(); ++len) {
    EXPECT_FALSE(ParseDnsMessage(std::span(bytes).first(len))) << len;
  }
  Bytes longer = bytes;
  longer.push_back(0);
  EXPECT_FALSE(ParseDnsMessage(longer));
  // Counts that nothing stands behind.
  Bytes many = bytes;
  many[4] = many[6] = 0xff;
  EXPECT_FALSE(ParseDnsMessage(many));
}

TEST(DnsMessageTest, AnAnswerOfOursRepeatsTheQuestion) {
  const Bytes query_bytes = BuildQuery(7, Question(), 1232);
  const auto query = ParseDnsMessage(query_bytes);
  const Bytes refused = BuildAnswer(*query, DnsResponseCode::kServerFailure, false);
  const auto answer = ParseDnsMessage(refused);
  ASSERT_TRUE(answer.has_value());
  EXPECT_TRUE(Answers(*answer, *query));
  EXPECT_EQ(answer->header.response_code(), DnsResponseCode::kServerFailure);
  EXPECT_FALSE(answer->header.is_truncated());
  const Bytes cut = BuildAnswer(*query, DnsResponseCode::kNoError, true);
  EXPECT_TRUE(ParseDnsMessage(cut)->header.is_truncated());
}

// Each question but the first is two bytes of name, which are 255 of them when it is written out.
TEST(DnsMessageTest, ARefusalOfManyQuestionsIsShort) {
  const std::string label(63, 'x');
  Bytes many =
      BuildQuery(7, Question(label + "." + label + "." + label + "." + std::string(61, 'y')), 1232);
  many.resize(many.size() - 11);  // without EDNS
  many[11] = 0;
  constexpr uint8_t kNumQuestions = 200;
  many[5] = kNumQuestions;
  for (int i = 1; i < kNumQuestions; ++i) {
    many.insert(many.end(), {0xc0, DnsHeader::kLen, 0, 1, 0, 1});
  }
  const auto query = ParseDnsMessage(many);
  ASSERT_TRUE(query.has_value());
  ASSERT_EQ(query->questions.size(), kNumQuestions);
  const Bytes refusal = BuildAnswer(*query, DnsResponseCode::kFormatError, false);
  EXPECT_EQ(refusal.size(), DnsHeader::kLen);
  EXPECT_TRUE(Answers(*ParseDnsMessage(refusal), *query));
}

TEST(DnsMessageTest, AFailureMayLackTheQuestion) {
  const Bytes query_bytes = BuildQuery(7, Question(), 1232);
  const auto query = ParseDnsMessage(query_bytes);
  Bytes failure = BuildAnswer(*query, DnsResponseCode::kServerFailure, false);
  failure.resize(DnsHeader::kLen);
  failure[5] = 0;
  EXPECT_TRUE(Answers(*ParseDnsMessage(failure), *query));
  SetId(failure, 8);
  EXPECT_FALSE(Answers(*ParseDnsMessage(failure), *query)) << "of another id";
  Bytes success = BuildAnswer(*query, DnsResponseCode::kNoError, false);
  success.resize(DnsHeader::kLen);
  success[5] = 0;
  EXPECT_FALSE(Answers(*ParseDnsMessage(success), *query)) << "an answer says what it answers";
}

TEST(DnsMessageTest, WhatAnswersHasTheIdAndTheQuestion) {
  const Bytes query_bytes = BuildQuery(7, Question("a.test"), 1232);
  const auto query = ParseDnsMessage(query_bytes);
  EXPECT_FALSE(Answers(*query, *query)) << "no answer at all";
  Bytes answer = Answer(query_bytes);
  SetId(answer, 8);
  EXPECT_FALSE(Answers(*ParseDnsMessage(answer), *query));
  SetId(answer, 7);
  EXPECT_TRUE(Answers(*ParseDnsMessage(answer), *query));
  const Bytes other = Answer(BuildQuery(7, Question("b.test"), 1232));
  EXPECT_FALSE(Answers(*ParseDnsMessage(other), *query));
}

}  // namespace
}  // namespace dtls13::query
