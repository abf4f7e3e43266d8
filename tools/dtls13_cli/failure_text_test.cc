// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13_cli/failure_text.h"

#include <gtest/gtest.h>

#include "dtls13/wire/alert.h"

namespace dtls13::cli {
namespace {

TEST(FailureTextTest, SaysWhoseDoingItWas) {
  EXPECT_EQ(
      FailureText(Status::Fatal(Reason::kPeerAlert, AlertDescription::kHandshakeFailure), "a.test"),
      "the peer's alert ended it: handshake_failure");
  EXPECT_EQ(
      FailureText(Status::Fatal(Reason::kHandshakeTimeout, AlertDescription::kInternalError), ""),
      "the peer does not answer");
  const Status malformed = Status::Fatal(Reason::kDecodeError, AlertDescription::kDecodeError);
  EXPECT_EQ(FailureText(malformed, ""), "it failed with the alert decode_error (reason 1)");
}

TEST(FailureTextTest, NamesWhomACertificateWasToBeFor) {
  const Status refused =
      Status::Fatal(Reason::kCertificateVerifyFailed, AlertDescription::kBadCertificate);
  EXPECT_EQ(FailureText(refused, "a.test"),
            "the peer's certificate is not accepted for 'a.test': bad_certificate");
  EXPECT_EQ(FailureText(refused, ""), "the peer's certificate is not accepted: bad_certificate");
}

}  // namespace
}  // namespace dtls13::cli
