// SPDX-License-Identifier: Apache-2.0
#include "dtls13/wire/return_routability_check.h"

#include <gtest/gtest.h>

#include <vector>

#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

using Type = ReturnRoutabilityCheck::Type;

TEST(ReturnRoutabilityCheck, RoundTrip) {
  for (const Type type : {Type::kPathChallenge, Type::kPathResponse, Type::kPathDrop}) {
    const ReturnRoutabilityCheck message = {type, {1, 2, 3, 4, 5, 6, 7, 8}};
    const auto content = SerializeReturnRoutabilityCheck(message);
    EXPECT_EQ(Bytes(content.begin(), content.end()),
              (Bytes{static_cast<uint8_t>(type), 1, 2, 3, 4, 5, 6, 7, 8}));
    EXPECT_EQ(ParseReturnRoutabilityCheck(content), message);
  }
}

TEST(ReturnRoutabilityCheck, UnknownTypesAndWrongLengthsAreNothing) {
  //= draft-ietf-tls-dtls-rrc#section-4
  //= type=test
  //# Implementations MUST be able to parse and understand the
  //# three RRC message types defined in this document.  In addition,
  //# implementations MUST be able to parse and gracefully ignore messages
  //# with an unknown msg_type.
  for (int type = 0; type < 256; ++type) {
    Bytes content(9, 7);
    content[0] = static_cast<uint8_t>(type);
    EXPECT_EQ(ParseReturnRoutabilityCheck(content).has_value(), type <= 2);
  }
  for (size_t len = 0; len < 20; ++len) {
    EXPECT_EQ(ParseReturnRoutabilityCheck(Bytes(len)).has_value(), len == 9);
  }
}

}  // namespace
}  // namespace dtls13
