// SPDX-License-Identifier: Apache-2.0
#include "shim/libssl/error_map.h"

#include <gtest/gtest.h>

#include "shim/libssl/openssl_headers.h"

namespace dtls13::shim {
namespace {

TEST(ErrorMapTest, EveryReasonHasOneOfLibssls) {
  for (int reason = 1; reason <= static_cast<int>(Reason::kInternal); ++reason) {
    const Status status =
        Status::Fatal(static_cast<Reason>(reason), AlertDescription::kHandshakeFailure);
    EXPECT_GT(LibsslReason(status), 0) << reason;
  }
}

TEST(ErrorMapTest, CertificateFailureIsTheReasonThatApplicationsLookFor) {
  ERR_clear_error();
  RaiseStatus(Status::Fatal(Reason::kCertificateVerifyFailed, AlertDescription::kUnknownCa));
  const unsigned long error = ERR_get_error();
  EXPECT_EQ(ERR_GET_LIB(error), ERR_LIB_SSL);
  EXPECT_EQ(ERR_GET_REASON(error), SSL_R_CERTIFICATE_VERIFY_FAILED);
  EXPECT_EQ(ERR_get_error(), 0u);
}

TEST(ErrorMapTest, PeersAlertCarriesItsNumber) {
  ERR_clear_error();
  RaiseStatus(Status::Fatal(Reason::kPeerAlert, AlertDescription::kHandshakeFailure));
  const char* data = nullptr;
  int flags = 0;
  const unsigned long error = ERR_get_error_all(nullptr, nullptr, nullptr, &data, &flags);
  EXPECT_EQ(ERR_GET_REASON(error), SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE);
  EXPECT_STREQ(data, "SSL alert number 40");
}

}  // namespace
}  // namespace dtls13::shim
