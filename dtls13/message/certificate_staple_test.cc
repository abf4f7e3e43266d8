// SPDX-License-Identifier: Apache-2.0
#include "dtls13/message/certificate_staple.h"

#include <gtest/gtest.h>

#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

std::optional<CertificateStaple> Read(const Bytes& block) {
  return ReadStaple(*ExtensionBlock::Parse(block));
}

//= rfc8446#section-4.4.2.1
//= type=test
//# Specifically, the body of the
//# "status_request" extension from the server MUST be a
//# CertificateStatus structure as defined in [RFC6066], which is
//# interpreted as defined in [RFC6960].
TEST(CertificateStapleTest, IsWrittenAsTheRfcsHaveIt) {
  Bytes written;
  ByteWriter writer(&written);
  WriteStaple({.ocsp_response = {7, 8, 9}, .sct_list = {0, 3, 0, 1, 5}}, &writer);
  EXPECT_EQ(written, (Bytes{0, 20, 0, 5, 0, 7, 1, 0, 0, 3, 7, 8, 9, 0, 18, 0, 5, 0, 3, 0, 1, 5}));
  const auto read = Read(Bytes(written.begin() + 2, written.end()));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->ocsp_response, (Bytes{7, 8, 9}));
  EXPECT_EQ(read->sct_list, (Bytes{0, 3, 0, 1, 5}));
}

TEST(CertificateStapleTest, NothingIsNoExtension) {
  Bytes written;
  ByteWriter writer(&written);
  WriteStaple({}, &writer);
  EXPECT_EQ(written, (Bytes{0, 0}));
  const auto read = Read({});
  ASSERT_TRUE(read.has_value());
  EXPECT_TRUE(read->ocsp_response.empty());
  EXPECT_TRUE(read->sct_list.empty());
}

TEST(CertificateStapleTest, MalformedOnes) {
  const Bytes bad[] = {
      {0, 5, 0, 0},                     // no type
      {0, 5, 0, 4, 1, 0, 0, 0},         // an empty response
      {0, 5, 0, 5, 2, 0, 0, 1, 9},      // not OCSP
      {0, 5, 0, 5, 1, 0, 0, 2, 9},      // cut short
      {0, 5, 0, 6, 1, 0, 0, 1, 9, 9},   // a byte behind
      {0, 18, 0, 0},                    // no list
      {0, 18, 0, 2, 0, 0},              // an empty list
      {0, 18, 0, 4, 0, 2, 0, 0},        // an empty timestamp
      {0, 18, 0, 5, 0, 3, 0, 2, 1},     // a timestamp cut short
      {0, 18, 0, 6, 0, 3, 0, 1, 1, 9},  // a byte behind
      {0, 18, 0, 6, 0, 4, 0, 1, 1, 9},  // half a length
  };
  for (const Bytes& block : bad) EXPECT_FALSE(Read(block).has_value()) << block.size();
}

}  // namespace
}  // namespace dtls13
