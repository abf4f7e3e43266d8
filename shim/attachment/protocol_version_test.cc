// Pinned methods are deprecated, and applications use them.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "shim/attachment/protocol_version.h"

#include <gtest/gtest.h>

#include "shim/libssl/dtls_method.h"

namespace dtls13::shim {
namespace {

class ProtocolVersionTest : public testing::Test {
 protected:
  ~ProtocolVersionTest() override {
    SSL_free(ssl_);
    SSL_CTX_free(ctx_);
  }

  // The attachment of an SSL of `method`; null where it cannot be ours.
  SslAttachment* Attach(const SSL_METHOD* method) {
    ctx_ = SSL_CTX_new(method);
    ssl_ = SSL_new(ctx_);
    return SslAttachment::FindOrCreate(ssl_);
  }

  SSL_CTX* ctx_ = nullptr;
  SSL* ssl_ = nullptr;
};

TEST_F(ProtocolVersionTest, FixedVersionMethodsAreLibssls) {
  EXPECT_TRUE(MayBeOurs(DTLS_method()));
  EXPECT_TRUE(MayBeOurs(DTLS_client_method()));
  EXPECT_TRUE(MayBeOurs(DTLS_server_method()));
  EXPECT_FALSE(MayBeOurs(DTLSv1_2_method()));
  EXPECT_FALSE(MayBeOurs(DTLSv1_2_client_method()));
  EXPECT_FALSE(MayBeOurs(DTLSv1_server_method()));
  EXPECT_FALSE(MayBeOurs(TLS_method()));
  EXPECT_EQ(Attach(DTLSv1_2_client_method()), nullptr);
  EXPECT_EQ(Decide(ssl_), nullptr);
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

TEST_F(ProtocolVersionTest, NoSideMeansNoDecision) {
  SslAttachment* attachment = Attach(DTLS_method());
  ASSERT_NE(attachment, nullptr);
  EXPECT_EQ(Decide(ssl_), nullptr);
  EXPECT_EQ(attachment->owner, Owner::kUndecided);
  attachment->side = Side::kServer;
  EXPECT_EQ(Decide(ssl_), attachment);
  EXPECT_EQ(SslAttachment::Ours(ssl_), attachment);
}

TEST_F(ProtocolVersionTest, UpperLimitBelow13IsAPin) {
  SslAttachment* attachment = Attach(DTLS_client_method());
  ASSERT_NE(attachment, nullptr);
  attachment->side = Side::kClient;
  SSL_set_max_proto_version(ssl_, DTLS1_2_VERSION);
  EXPECT_EQ(Decide(ssl_), nullptr);
  EXPECT_EQ(attachment->owner, Owner::kLibssl);
  // What was decided holds until SSL_clear, whatever is set meanwhile.
  SSL_set_max_proto_version(ssl_, 0);
  EXPECT_EQ(Decide(ssl_), nullptr);
  attachment->Reset();
  EXPECT_EQ(Decide(ssl_), attachment);
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

TEST_F(ProtocolVersionTest, AMethodOfTheOtherSideIsForLibsslToRefuse) {
  SslAttachment* attachment = Attach(DTLS_client_method());
  ASSERT_NE(attachment, nullptr);
  attachment->side = Side::kServer;
  EXPECT_EQ(Decide(ssl_), nullptr);
}

}  // namespace
}  // namespace dtls13::shim
