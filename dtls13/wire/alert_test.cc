// SPDX-License-Identifier: Apache-2.0
#include "dtls13/wire/alert.h"

#include <gtest/gtest.h>

#include <vector>

#include "dtls13/wire/bytes_test_util.h"
#include "dtls13/wire/status.h"

namespace dtls13 {
namespace {

TEST(Alert, RoundTrip) {
  const Alert alert{AlertLevel::kWarning, AlertDescription::kUserCanceled};
  EXPECT_EQ(SerializeAlert(alert), (std::array<uint8_t, 2>{1, 90}));
  EXPECT_EQ(ParseAlert(SerializeAlert(alert)), alert);
}

//= rfc8446#section-5.1
//= type=test
//# In other words, a record with an Alert type MUST contain exactly one
//# message.
TEST(Alert, ExactlyTwoBytes) {
  EXPECT_FALSE(ParseAlert({}));
  EXPECT_FALSE(ParseAlert(Bytes{2}));
  EXPECT_FALSE(ParseAlert(Bytes{2, 40, 2}));
  EXPECT_FALSE(ParseAlert(Bytes{2, 40, 2, 40}));
}

TEST(Alert, UnknownDescriptionAndLevelParse) {
  const auto alert = ParseAlert(Bytes{77, 254});
  ASSERT_TRUE(alert);
  EXPECT_EQ(static_cast<uint8_t>(alert->description), 254);
  EXPECT_EQ(AlertName(alert->description), "unknown");
}

TEST(Alert, Names) {
  EXPECT_EQ(AlertName(AlertDescription::kCloseNotify), "close_notify");
  EXPECT_EQ(AlertName(AlertDescription::kTooManyCidsRequested), "too_many_cids_requested");
  EXPECT_EQ(AlertName(AlertDescription::kNoApplicationProtocol), "no_application_protocol");
}

TEST(Status, NamesOneReasonAndOneAlert) {
  EXPECT_TRUE(Status::Ok().ok());
  const Status status = Status::Fatal(Reason::kBadDigest, AlertDescription::kDecryptError);
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(status.reason(), Reason::kBadDigest);
  EXPECT_EQ(status.alert(), AlertDescription::kDecryptError);
}

}  // namespace
}  // namespace dtls13
