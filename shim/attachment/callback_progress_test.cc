// SPDX-License-Identifier: Apache-2.0
#include "shim/attachment/callback_progress.h"

#include <gtest/gtest.h>

namespace dtls13::shim {
namespace {

TEST(CallbackProgressTest, EachCallbackHasItsTurnOnce) {
  CallbackProgress progress;
  EXPECT_FALSE(progress.HasHad(CallbackTurn::kClientHello));
  progress.Finish(CallbackTurn::kClientHello);
  EXPECT_TRUE(progress.HasHad(CallbackTurn::kClientHello));
  EXPECT_FALSE(progress.HasHad(CallbackTurn::kServerName));
}

TEST(CallbackProgressTest, AClientPassesOverTheServersTurns) {
  CallbackProgress progress;
  progress.Finish(CallbackTurn::kServerName);
  EXPECT_TRUE(progress.HasHad(CallbackTurn::kClientHello));
  EXPECT_FALSE(progress.HasHad(CallbackTurn::kCertificate));
  progress.Finish(CallbackTurn::kCertificate);
  EXPECT_TRUE(progress.HasHad(CallbackTurn::kCertificate));
  EXPECT_TRUE(progress.HasHad(CallbackTurn::kProtocol));
}

TEST(CallbackProgressTest, AQuestionIsAskedAgainOnce) {
  CallbackProgress progress;
  EXPECT_EQ(progress.TakePostponed(), std::nullopt);
  EXPECT_EQ(progress.want(), Want::kNothing);
  progress.Postpone(EventType::kPskWanted, Want::kClientHelloCallback);
  EXPECT_TRUE(progress.is_postponed());
  EXPECT_EQ(progress.want(), Want::kClientHelloCallback);
  EXPECT_EQ(progress.TakePostponed(), EventType::kPskWanted);
  EXPECT_FALSE(progress.is_postponed());
  EXPECT_EQ(progress.TakePostponed(), std::nullopt);
}

TEST(CallbackProgressTest, ARetryIsOfTheVerificationAtHand) {
  CallbackProgress progress;
  progress.RequestRetry();
  EXPECT_TRUE(progress.retry_requested());
  progress.ForgetRetry();
  EXPECT_FALSE(progress.retry_requested());
}

}  // namespace
}  // namespace dtls13::shim
