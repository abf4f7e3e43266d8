// SPDX-License-Identifier: Apache-2.0
#include "dtls13/message/server_name.h"

#include <gtest/gtest.h>

#include <vector>

#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

TEST(ServerNameTest, RoundTrip) {
  Bytes data;
  ByteWriter writer(&data);
  WriteServerName(&writer, "server.test");
  std::string_view name;
  ASSERT_TRUE(ReadServerName(data, &name).ok());
  EXPECT_EQ(name, "server.test");
  for (size_t len = 0; len < data.size(); ++len) {
    EXPECT_EQ(ReadServerName(std::span(data).first(len), &name).alert(),
              AlertDescription::kDecodeError);
  }
}

TEST(ServerNameTest, IpLiterals) {
  for (const char* host : {"192.0.2.1", "127.0.0.1", "::1", "2001:db8::1", "fe80::1%eth0"}) {
    EXPECT_TRUE(IsIpLiteral(host)) << host;
  }
  for (const char* host : {"server.test", "localhost", "1.example", "a1.b2", "", "10"}) {
    EXPECT_FALSE(IsIpLiteral(host)) << host;
  }
}

}  // namespace
}  // namespace dtls13
