// SPDX-License-Identifier: Apache-2.0
// Pinned methods are deprecated, and applications use them.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "shim/attachment/protocol_version.h"

#include <gtest/gtest.h>

#include "shim/attachment/attachment_test_util.h"
#include "shim/libssl/dtls_method.h"
#include "shim/libssl/version_order.h"

namespace dtls13::shim {
namespace {

using ProtocolVersionTest = AttachmentTest;

TEST_F(ProtocolVersionTest, FixedVersionMethodsAreLibssls) {
  EXPECT_TRUE(MayBeDtls13(DTLS_method()));
  EXPECT_TRUE(MayBeDtls13(DTLS_client_method()));
  EXPECT_TRUE(MayBeDtls13(DTLS_server_method()));
  EXPECT_FALSE(MayBeDtls13(DTLSv1_2_method()));
  EXPECT_FALSE(MayBeDtls13(DTLSv1_2_client_method()));
  EXPECT_FALSE(MayBeDtls13(DTLSv1_server_method()));
  EXPECT_FALSE(MayBeDtls13(TLS_method()));
  EXPECT_EQ(Attach(DTLSv1_2_client_method()), nullptr);
}

TEST_F(ProtocolVersionTest, KnowsWhatAMethodFixes) {
  EXPECT_EQ(FindDtlsMethod(TLS_method()), nullptr);
  EXPECT_EQ(FindDtlsMethod(nullptr), nullptr);
  const DtlsMethod* method = FindDtlsMethod(DTLSv1_2_client_method());
  ASSERT_NE(method, nullptr);
  EXPECT_EQ(method->pinned_version, DTLS1_2_VERSION);
  EXPECT_TRUE(method->connects);
  EXPECT_FALSE(method->accepts);
  method = FindDtlsMethod(DTLSv1_server_method());
  ASSERT_NE(method, nullptr);
  EXPECT_EQ(method->pinned_version, DTLS1_VERSION);
  EXPECT_FALSE(method->connects);
  EXPECT_TRUE(method->accepts);
}

TEST_F(ProtocolVersionTest, OptionAndLowerLimit) {
  SslAttachment* attachment = Attach(DTLS_server_method());
  ASSERT_NE(attachment, nullptr);
  EXPECT_TRUE(AllowsDtls13(*attachment));
  EXPECT_TRUE(AllowsOlder(*attachment));
  attachment->settings.min_version = {DTLS1_2_VERSION, /*told=*/0};
  EXPECT_TRUE(AllowsOlder(*attachment));
  attachment->settings.min_version = {DTLS1_3_VERSION, /*told=*/0};
  EXPECT_FALSE(AllowsOlder(*attachment));
  SSL_set_options(ssl_, SSL_OP_NO_TLSv1_3);
  EXPECT_FALSE(AllowsDtls13(*attachment));
}

TEST_F(ProtocolVersionTest, SaysWhatIsAgainstDtls13) {
  SslAttachment* attachment = Attach(DTLS_client_method());
  ASSERT_NE(attachment, nullptr);
  EXPECT_EQ(CauseAgainstDtls13(*attachment), std::nullopt);
  attachment->settings.max_version = {DTLS1_2_VERSION, /*told=*/0};
  EXPECT_EQ(CauseAgainstDtls13(*attachment), LibsslCause::kMaxVersion);
  attachment->settings.resumes_as_dtls12 = true;
  EXPECT_EQ(CauseAgainstDtls13(*attachment), LibsslCause::kSession);
  ASSERT_EQ(SSL_enable_ct(ssl_, SSL_CT_VALIDATION_PERMISSIVE), 1);
  EXPECT_EQ(CauseAgainstDtls13(*attachment), LibsslCause::kCertificateTransparency);
  SSL_set_options(ssl_, SSL_OP_NO_TLSv1_3);
  EXPECT_EQ(CauseAgainstDtls13(*attachment), LibsslCause::kOptions);
}

TEST_F(ProtocolVersionTest, CiscosNumberIsOlderThanAll) {
  SslAttachment* attachment = Attach(DTLS_client_method());
  ASSERT_NE(attachment, nullptr);
  attachment->settings.min_version = {DTLS1_BAD_VER, /*told=*/0};
  EXPECT_TRUE(AllowsDtls13(*attachment));
  EXPECT_TRUE(AllowsOlder(*attachment));
  attachment->settings.max_version = {DTLS1_BAD_VER, /*told=*/0};
  EXPECT_FALSE(AllowsDtls13(*attachment));
  EXPECT_TRUE(AllowsOlder(*attachment));
  EXPECT_TRUE(IsOlderVersion(DTLS1_BAD_VER, DTLS1_VERSION));
  EXPECT_FALSE(IsOlderVersion(DTLS1_BAD_VER, DTLS1_BAD_VER));
  EXPECT_FALSE(IsOlderVersion(DTLS1_3_VERSION, DTLS1_BAD_VER));
}

}  // namespace
}  // namespace dtls13::shim
