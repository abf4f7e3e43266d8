// SPDX-License-Identifier: Apache-2.0
#include "dtls13/wire/inner_plaintext.h"

#include <gtest/gtest.h>

#include "dtls13/wire/bytes_test_util.h"
#include "dtls13/wire/record_header.h"

namespace dtls13 {
namespace {

TEST(InnerPlaintext, StripsPadding) {
  for (const size_t num_zeros : {0, 1, 100}) {
    Bytes serialized = {0, 7, 0, 23};
    serialized.resize(4 + num_zeros);
    const auto inner = ParseInnerPlaintext(serialized);
    ASSERT_TRUE(inner);
    EXPECT_EQ(inner->type, ContentType::kApplicationData);
    EXPECT_EQ(Bytes(inner->content.begin(), inner->content.end()), (Bytes{0, 7, 0}));
  }
}

TEST(InnerPlaintext, EmptyContent) {
  Bytes serialized = {26};
  const auto inner = ParseInnerPlaintext(serialized);
  ASSERT_TRUE(inner);
  EXPECT_EQ(inner->type, ContentType::kAck);
  EXPECT_TRUE(inner->content.empty());
}

//= rfc8446#section-5.4
//= type=test
//# Implementations MUST limit their scanning to the cleartext returned
//# from the AEAD decryption.
TEST(InnerPlaintext, F18NoContentType) {
  EXPECT_FALSE(ParseInnerPlaintext({}));
  Bytes zeros(64);
  EXPECT_FALSE(ParseInnerPlaintext(zeros));
}

TEST(InnerPlaintext, F18ContentLength) {
  Bytes largest(kMaxPlaintextLen, 1);
  largest.push_back(23);
  largest.resize(largest.size() + 200);  // padding does not count
  EXPECT_TRUE(ParseInnerPlaintext(largest));
  Bytes too_long(kMaxPlaintextLen + 1, 1);
  too_long.push_back(23);
  EXPECT_FALSE(ParseInnerPlaintext(too_long));
}

TEST(InnerPlaintext, OnlyTypesThatMayBeProtected) {
  for (int type = 1; type < 256; ++type) {
    Bytes serialized = {1, static_cast<uint8_t>(type)};
    const bool allowed = (type >= 21 && type <= 23) || type == 26 || type == 27;
    EXPECT_EQ(ParseInnerPlaintext(serialized).has_value(), allowed) << type;
  }
}

TEST(InnerPlaintext, Draft26HasAnAckOfItsOwnType) {
  Bytes ack = {1, 25};
  EXPECT_EQ(ParseInnerPlaintext(ack, kDraft26Profile)->type, ContentType::kAck);
  Bytes of_rfc9147 = {1, 26};
  EXPECT_FALSE(ParseInnerPlaintext(of_rfc9147, kDraft26Profile));
}

}  // namespace
}  // namespace dtls13
