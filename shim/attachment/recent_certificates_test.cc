// SPDX-License-Identifier: Apache-2.0
#include "shim/attachment/recent_certificates.h"

#include <gtest/gtest.h>
#include <openssl/x509v3.h>

#include <string>
#include <vector>

#include "shim/testing/ssl_pair.h"

namespace dtls13::shim {
namespace {

std::vector<uint8_t> DerOf(const OpenSslPtr<X509>& certificate) {
  std::vector<uint8_t> der(static_cast<size_t>(i2d_X509(certificate.get(), nullptr)));
  unsigned char* out = der.data();
  i2d_X509(certificate.get(), &out);
  return der;
}

TEST(RecentCertificatesTest, FindsWhatWasShown) {
  const TestCertificate shown("shown");
  const TestCertificate other("other");
  RecentCertificates recent;
  EXPECT_EQ(recent.Find(DerOf(shown.certificate)), nullptr);
  recent.Keep(shown.certificate.get());
  EXPECT_EQ(recent.Find(DerOf(shown.certificate)).get(), shown.certificate.get());
  EXPECT_EQ(recent.Find(DerOf(other.certificate)), nullptr);
  std::vector<uint8_t> damaged = DerOf(shown.certificate);
  damaged.back() ^= 1;
  EXPECT_EQ(recent.Find(damaged), nullptr);
  EXPECT_EQ(recent.Find({}), nullptr);
}

TEST(RecentCertificatesTest, WhatTheApplicationAlteredIsNotFound) {
  const TestCertificate shown("shown");
  const std::vector<uint8_t> der = DerOf(shown.certificate);
  RecentCertificates recent;
  recent.Keep(shown.certificate.get());
  ASSERT_NE(recent.Find(der), nullptr);
  ASSERT_EQ(X509_set_version(shown.certificate.get(), X509_VERSION_2), 1);
  EXPECT_EQ(recent.Find(der), nullptr);
}

TEST(RecentCertificatesTest, ForgetsTheOneShownLongestAgo) {
  RecentCertificates recent;
  std::vector<TestCertificate> shown;
  for (size_t i = 0; i < RecentCertificates::kMaxCertificates; ++i) {
    recent.Keep(shown.emplace_back(std::to_string(i)).certificate.get());
  }
  ASSERT_NE(recent.Find(DerOf(shown[0].certificate)), nullptr);  // and so shown last
  const TestCertificate another("another");
  recent.Keep(another.certificate.get());
  EXPECT_NE(recent.Find(DerOf(shown[0].certificate)), nullptr);
  EXPECT_EQ(recent.Find(DerOf(shown[1].certificate)), nullptr);
  EXPECT_NE(recent.Find(DerOf(another.certificate)), nullptr);
}

TEST(RecentCertificatesTest, KeepsNoLongOne) {
  TestCertificate shown("shown");
  const std::string text(RecentCertificates::kMaxLen, 'c');
  ASN1_IA5STRING* comment = ASN1_IA5STRING_new();
  ASN1_STRING_set(comment, text.data(), static_cast<int>(text.size()));
  X509_add1_ext_i2d(shown.certificate.get(), NID_netscape_comment, comment, /*crit=*/0,
                    X509V3_ADD_DEFAULT);
  ASN1_IA5STRING_free(comment);
  shown.SignAgain(/*issuer=*/nullptr, EVP_sha256());
  ASSERT_GT(DerOf(shown.certificate).size(), RecentCertificates::kMaxLen);
  RecentCertificates recent;
  recent.Keep(shown.certificate.get());
  EXPECT_EQ(recent.Find(DerOf(shown.certificate)), nullptr);
}

}  // namespace
}  // namespace dtls13::shim
