// SPDX-License-Identifier: Apache-2.0
#include "udp_notif/json_line.h"

#include <gtest/gtest.h>

#include "dtls13/wire/bytes_test_util.h"

namespace dtls13::udp_notif {
namespace {

std::string Line(MediaType type, const Bytes& notification) {
  Delivery delivery;
  delivery.header = {.media_type = type, .publisher_id = 2, .message_id = 1563};
  delivery.notification = notification;
  delivery.gap = 3;
  delivery.num_lost = 4;
  std::string line;
  AppendJsonLine("192.0.2.1:5000", delivery, &line);
  return line;
}

constexpr std::string_view kBegin =
    R"({"source":"192.0.2.1:5000","publisher_id":2,"message_id":1563,"media_type":")";
constexpr std::string_view kMiddle = R"(","segments":1,"gap":3,"lost":4,)";

std::string Expected(std::string_view type, std::string_view payload) {
  return std::string(kBegin) + std::string(type) + std::string(kMiddle) + std::string(payload) +
         "}\n";
}

TEST(JsonLineTest, JsonIsAValue) {
  EXPECT_EQ(Line({.value = kMediaTypeJson}, ToBytes("{\n  \"a\": 1\n}\n")),
            Expected("application/yang-data+json", R"("payload":{"a":1})"));
}

TEST(JsonLineTest, TextIsAString) {
  EXPECT_EQ(Line({.value = kMediaTypeXml}, ToBytes("<a b=\"c\"/>\n")),
            Expected("application/yang-data+xml", R"("payload":"<a b=\"c\"/>\n")"));
  EXPECT_EQ(Line({.value = kMediaTypeJson}, ToBytes("{ broken")),
            Expected("application/yang-data+json", R"("payload":"{ broken")"));
  EXPECT_EQ(Line({.value = 5, .is_private = true}, ToBytes("x")),
            Expected("private/5", R"("payload":"x")"));
}

TEST(JsonLineTest, OctetsAreBase64) {
  EXPECT_EQ(Line({.value = kMediaTypeCbor}, {0xa1, 0x61, 0x61, 0x01}),
            Expected("application/yang-data+cbor", R"("payload_base64":"oWFhAQ==")"));
  EXPECT_EQ(Line({.value = 9}, {0xff}), Expected("unassigned/9", R"("payload_base64":"/w==")"));
}

}  // namespace
}  // namespace dtls13::udp_notif
