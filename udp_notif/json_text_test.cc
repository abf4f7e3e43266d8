// SPDX-License-Identifier: Apache-2.0
#include "udp_notif/json_text.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "dtls13/wire/bytes_test_util.h"

namespace dtls13::udp_notif {
namespace {

// Empty where it is no JSON.
std::string Compact(std::string_view text) {
  std::string out;
  return AppendCompactJson(ToBytes(text), &out) ? out : "";
}

TEST(JsonTextTest, CompactJsonHasNoWhiteSpaceBetweenTokens) {
  EXPECT_EQ(Compact(" { \"a\" : [ 1 , -2.5e+3 ,\r\n\t{ } ] , \"b c\" : \"x y\" } \n"),
            "{\"a\":[1,-2.5e+3,{}],\"b c\":\"x y\"}");
  EXPECT_EQ(Compact("[true,false,null,[],{\"\":{}}]"), "[true,false,null,[],{\"\":{}}]");
  EXPECT_EQ(Compact("\"\\u00e9\\n\\\"\""), "\"\\u00e9\\n\\\"\"");
  EXPECT_EQ(Compact("0"), "0");
  EXPECT_EQ(Compact("\"gr\xc3\xbc\xc3\x9f\""), "\"gr\xc3\xbc\xc3\x9f\"");
}

TEST(JsonTextTest, WhatIsNoJsonIsRefused) {
  const std::vector<std::string_view> bad = {
      "",
      " ",
      "{",
      "}",
      "[1",
      "[1,]",
      "{\"a\"}",
      "{\"a\":}",
      "{a:1}",
      "{\"a\":1,}",
      "01",
      "-",
      "1.",
      ".5",
      "1e",
      "+1",
      "tru",
      "truex",
      "nul",
      "[1 2]",
      "{} {}",
      "\"",
      "\"\\x\"",
      "\"\\u12\"",
      "\"\n\"",
      "[1}",
      "{\"a\":1]",
      "\"\xff\"",
      "\"\xc0\x80\"",
      "\"\xed\xa0\x80\"",
      "\"\xf5\x80\x80\x80\"",
      "\"\xe2\x82\"",
      "'a'",
      "[,1]",
      "{,}",
      "\"\\",
      "1,",
  };
  for (const std::string_view text : bad) {
    std::string out = "kept";
    EXPECT_FALSE(AppendCompactJson(ToBytes(text), &out)) << text;
    EXPECT_EQ(out, "kept");
  }
}

TEST(JsonTextTest, DepthIsBounded) {
  const std::string open(kMaxJsonDepth, '[');
  const std::string close(kMaxJsonDepth, ']');
  EXPECT_EQ(Compact(open + close), open + close);
  EXPECT_EQ(Compact("[" + open + close + "]"), "");
  EXPECT_EQ(Compact(std::string(100'000, '[')), "");
}

TEST(JsonTextTest, AStringIsEscaped) {
  std::string out;
  AppendJsonString(ToBytes("a\"b\\c\n\x01\x7f\xc3\xa9"), &out);
  EXPECT_EQ(out, "\"a\\\"b\\\\c\\n\\u0001\\u007f\xc3\xa9\"");
  EXPECT_EQ(Compact(out), out);
}

}  // namespace
}  // namespace dtls13::udp_notif
