// SPDX-License-Identifier: Apache-2.0
#include "dtls13/message/connection_id.h"

#include <gtest/gtest.h>

#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

TEST(ConnectionId, ExtensionData) {
  //= rfc9146#section-3
  //= type=test
  //# The extension_data field of this extension, when included in the
  //# ClientHello, MUST contain the ConnectionId structure.
  const auto empty = ParseConnectionId(Bytes{0});
  ASSERT_TRUE(empty);
  EXPECT_TRUE(empty->empty());
  const Bytes data = {3, 7, 8, 9};
  const auto three = ParseConnectionId(data);
  ASSERT_TRUE(three);
  EXPECT_EQ(Bytes(three->begin(), three->end()), (Bytes{7, 8, 9}));
  EXPECT_FALSE(ParseConnectionId({}));
  EXPECT_FALSE(ParseConnectionId(Bytes{3, 7, 8}));
  EXPECT_FALSE(ParseConnectionId(Bytes{1, 7, 8}));
  Bytes longest(256, 1);
  longest[0] = 255;
  EXPECT_EQ(ParseConnectionId(longest)->size(), 255u);
}

TEST(NewConnectionIdMessage, RoundTrip) {
  const std::vector<ConnectionId> ids = {{1}, {2, 3}, {}};
  const Bytes body = SerializeNewConnectionId(ids, ConnectionIdUsage::kSpare);
  EXPECT_EQ(body, (Bytes{0, 6, 1, 1, 2, 2, 3, 0, 1}));
  bool illegal = true;
  const auto message = ParseNewConnectionId(body, &illegal);
  ASSERT_TRUE(message);
  EXPECT_FALSE(illegal);
  EXPECT_EQ(message->usage, ConnectionIdUsage::kSpare);
  ByteReader reader(message->cids);
  std::span<const uint8_t> id;
  for (const ConnectionId& expected : ids) {
    ASSERT_TRUE(NewConnectionId::Next(&reader, &id));
    EXPECT_EQ(Bytes(id.begin(), id.end()), expected);
  }
  EXPECT_FALSE(NewConnectionId::Next(&reader, &id));
  EXPECT_EQ(SerializeNewConnectionId({}, ConnectionIdUsage::kImmediate), (Bytes{0, 0, 0}));
}

TEST(NewConnectionIdMessage, Malformed) {
  bool illegal = true;
  for (const Bytes& body : {Bytes{}, Bytes{0}, Bytes{0, 0}, Bytes{0, 0, 0, 0}, Bytes{0, 2, 2, 1, 0},
                            Bytes{0, 3, 1, 1, 0}, Bytes{0, 1, 1, 0}}) {
    EXPECT_FALSE(ParseNewConnectionId(body, &illegal));
    EXPECT_FALSE(illegal);
  }
  EXPECT_FALSE(ParseNewConnectionId(Bytes{0, 0, 2}, &illegal));
  EXPECT_TRUE(illegal);
}

TEST(NewConnectionIdMessage, TooLongToWrite) {
  EXPECT_TRUE(
      SerializeNewConnectionId(std::vector<ConnectionId>{Bytes(256)}, ConnectionIdUsage::kSpare)
          .empty());
}

TEST(RequestConnectionIdMessage, OneByte) {
  EXPECT_EQ(SerializeRequestConnectionId(200), Bytes{200});
  EXPECT_EQ(ParseRequestConnectionId(Bytes{200}), 200);
  EXPECT_FALSE(ParseRequestConnectionId({}));
  EXPECT_FALSE(ParseRequestConnectionId(Bytes{1, 2}));
}

}  // namespace
}  // namespace dtls13
