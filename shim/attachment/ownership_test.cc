// SPDX-License-Identifier: Apache-2.0
// Pinned methods are deprecated, and applications use them.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "shim/attachment/ownership.h"

#include <gtest/gtest.h>

#include "shim/attachment/attachment_test_util.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

using OwnershipTest = AttachmentTest;

TEST_F(OwnershipTest, FixedVersionMethodsAreLibssls) {
  EXPECT_EQ(Attach(DTLSv1_2_client_method()), nullptr);
  EXPECT_EQ(Decide(ssl_), nullptr);
}

TEST_F(OwnershipTest, NoSideMeansNoDecision) {
  SslAttachment* attachment = Attach(DTLS_method());
  ASSERT_NE(attachment, nullptr);
  EXPECT_EQ(Decide(ssl_), nullptr);
  EXPECT_EQ(attachment->owner(), Owner::kUndecided);
  attachment->TakeSide(Side::kServer);
  EXPECT_EQ(Decide(ssl_), attachment);
  EXPECT_EQ(SslAttachment::Ours(ssl_), attachment);
}

TEST_F(OwnershipTest, UpperLimitBelow13IsAPin) {
  SslAttachment* attachment = Attach(DTLS_client_method());
  ASSERT_NE(attachment, nullptr);
  attachment->TakeSide(Side::kClient);
  SSL_set_max_proto_version(ssl_, DTLS1_2_VERSION);
  EXPECT_EQ(Decide(ssl_), nullptr);
  EXPECT_EQ(attachment->owner(), Owner::kLibssl);
  // What was decided holds until SSL_clear, whatever is set meanwhile.
  SSL_set_max_proto_version(ssl_, 0);
  EXPECT_EQ(Decide(ssl_), nullptr);
  ForgetConnection(*attachment);
  EXPECT_EQ(Decide(ssl_), attachment);
}

TEST_F(OwnershipTest, AMethodOfTheOtherSideIsForLibsslToRefuse) {
  SslAttachment* attachment = Attach(DTLS_client_method());
  ASSERT_NE(attachment, nullptr);
  attachment->TakeSide(Side::kServer);
  EXPECT_EQ(Decide(ssl_), nullptr);
}

TEST_F(OwnershipTest, AMethodThatIsNoneOfDtlsAnyMoreIsLibssls) {
  SslAttachment* attachment = Attach(DTLS_method());
  ASSERT_NE(attachment, nullptr);
  attachment->TakeSide(Side::kClient);
  ASSERT_EQ(SSL_set_ssl_method(ssl_, TLS_method()), 1);
  EXPECT_EQ(Decide(ssl_), nullptr);
  ASSERT_EQ(SSL_set_ssl_method(ssl_, DTLS_method()), 1);
  EXPECT_EQ(Decide(ssl_), attachment);
}

TEST_F(OwnershipTest, WhatLibsslWasGivenIsItsUntilTheConnectionIsForgotten) {
  SslAttachment* attachment = Attach(DTLS_server_method());
  ASSERT_NE(attachment, nullptr);
  attachment->TakeSide(Side::kServer);
  attachment->settings.mtu = 1000;
  ASSERT_EQ(Decide(ssl_), attachment);
  attachment->kept_hello.Keep(std::vector<uint8_t>{1, 2, 3}, {}, nullptr);
  GiveToLibssl(*attachment);
  EXPECT_EQ(attachment->owner(), Owner::kLibssl);
  EXPECT_EQ(SslAttachment::Ours(ssl_), nullptr);
  EXPECT_EQ(Decide(ssl_), nullptr);
  EXPECT_FALSE(attachment->kept_hello.has_datagram());
  ForgetConnection(*attachment);
  EXPECT_EQ(attachment->owner(), Owner::kUndecided);
  EXPECT_EQ(attachment->side(), Side::kServer);
  EXPECT_EQ(attachment->settings.mtu, 1000u);
  EXPECT_EQ(Decide(ssl_), attachment);
}

TEST_F(OwnershipTest, LibsslReadsTheHelloThatWasKept) {
  SslAttachment* attachment = Attach(DTLS_server_method());
  ASSERT_NE(attachment, nullptr);
  attachment->TakeSide(Side::kServer);
  ASSERT_EQ(Decide(ssl_), attachment);
  BIO* bio = BIO_new(BIO_s_mem());
  SSL_set_bio(ssl_, bio, bio);
  BIO_write(bio, "behind", 6);
  attachment->kept_hello.Keep(std::vector<uint8_t>{'k', 'e', 'p', 't'}, {}, nullptr);
  ASSERT_TRUE(GiveHelloToLibssl(*attachment));
  EXPECT_EQ(attachment->owner(), Owner::kLibssl);
  char read[16] = {};
  EXPECT_EQ(BIO_read(Real().SSL_get_rbio(ssl_), read, sizeof(read)), 4);
  EXPECT_STREQ(read, "kept");
  EXPECT_EQ(BIO_read(Real().SSL_get_rbio(ssl_), read, sizeof(read)), 6);
  // Both were read, so that the next decision gives the application its own BIO back.
  EXPECT_EQ(Decide(ssl_), nullptr);
  EXPECT_EQ(Real().SSL_get_rbio(ssl_), bio);
}

TEST_F(OwnershipTest, ABusySslIsNotCleared) {
  SslAttachment* attachment = Attach(DTLS_server_method());
  ASSERT_NE(attachment, nullptr);
  attachment->TakeSide(Side::kServer);
  ASSERT_EQ(Decide(ssl_), attachment);
  {
    SslAttachment::Busy busy(*attachment);
    ERR_clear_error();
    EXPECT_EQ(ClearConnection(ssl_), 0);
    EXPECT_EQ(ERR_GET_REASON(ERR_get_error()), ERR_R_SHOULD_NOT_HAVE_BEEN_CALLED);
    EXPECT_EQ(attachment->owner(), Owner::kOurs);
  }
  EXPECT_EQ(ClearConnection(ssl_), 1);
  EXPECT_EQ(attachment->owner(), Owner::kUndecided);
}

}  // namespace
}  // namespace dtls13::shim
