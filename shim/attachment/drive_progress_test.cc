// SPDX-License-Identifier: Apache-2.0
#include "shim/attachment/drive_progress.h"

#include <gtest/gtest.h>

namespace dtls13::shim {
namespace {

TEST(LastCallTest, WaitsForWhatItMetLast) {
  LastCall call;
  EXPECT_EQ(call.want(), Want::kNothing);
  call.WaitToRead();
  EXPECT_EQ(call.want(), Want::kRead);
  call.WaitToWrite();
  EXPECT_EQ(call.want(), Want::kWrite);
  CallbackProgress callbacks;
  callbacks.Postpone(EventType::kVerifyPeer, Want::kVerification);
  call.WaitForCallback(callbacks);
  EXPECT_EQ(call.want(), Want::kVerification);
  call.WaitForNothing();
  EXPECT_EQ(call.want(), Want::kNothing);
}

TEST(HandshakePositionTest, MessagesAfterTheHandshakeMoveNothing) {
  HandshakePosition position;
  EXPECT_EQ(position.state(), TLS_ST_BEFORE);
  EXPECT_TRUE(position.Follow(/*is_server=*/false, /*outgoing=*/true, HandshakeType::kClientHello));
  EXPECT_EQ(position.state(), TLS_ST_CW_CLNT_HELLO);
  EXPECT_FALSE(position.is_over());
  position.Finish();
  EXPECT_TRUE(position.is_over());
  EXPECT_FALSE(
      position.Follow(/*is_server=*/false, /*outgoing=*/false, HandshakeType::kNewSessionTicket));
  EXPECT_EQ(position.state(), TLS_ST_OK);
}

TEST(EarlyDataUseTest, IsReadOnceAndFromTheBeginning) {
  EarlyDataUse use;
  EXPECT_TRUE(use.MayRead(/*has_begun=*/false));
  EXPECT_FALSE(use.MayRead(/*has_begun=*/true));
  use.OnRead();
  EXPECT_TRUE(use.reads());
  EXPECT_TRUE(use.MayRead(/*has_begun=*/true));
  use.OnReadToEnd();
  EXPECT_FALSE(use.reads());
  EXPECT_FALSE(use.MayRead(/*has_begun=*/false));
  EXPECT_FALSE(use.MayRead(/*has_begun=*/true));
}

TEST(EarlyDataUseTest, IsWritten) {
  EarlyDataUse use;
  EXPECT_FALSE(use.writes());
  use.OnWrite();
  EXPECT_TRUE(use.writes());
  EXPECT_FALSE(use.reads());
}

}  // namespace
}  // namespace dtls13::shim
