// SPDX-License-Identifier: Apache-2.0
#include "dtls13/association/ending.h"

#include <gtest/gtest.h>

#include <vector>

namespace dtls13 {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using PeerAlert = Ending::PeerAlert;

constexpr Instant kNow{seconds(100)};
constexpr Status kBad = Status::Fatal(Reason::kDecodeError, AlertDescription::kDecodeError);

RecordNumber Number(uint64_t epoch, uint64_t sequence_number) {
  return {Epoch{epoch}, SequenceNumber{sequence_number}};
}

// --- Closing

TEST(Ending, ClosingOwesOneWarning) {
  Ending ending;
  EXPECT_TRUE(ending.may_send());
  EXPECT_FALSE(ending.may_alert());
  EXPECT_TRUE(ending.Close());
  EXPECT_TRUE(ending.close_sent());
  EXPECT_FALSE(ending.may_send());
  EXPECT_FALSE(ending.failed());
  ASSERT_TRUE(ending.alert_owed());
  EXPECT_EQ(ending.owed_alert(), (Alert{AlertLevel::kWarning, AlertDescription::kCloseNotify}));
  EXPECT_FALSE(ending.Close());
  EXPECT_FALSE(ending.closed());
  ending.OnAlertSent();
  EXPECT_TRUE(ending.closed());
  EXPECT_FALSE(ending.may_alert());
  EXPECT_FALSE(ending.Close());
  EXPECT_FALSE(ending.alert_owed());
}

TEST(Ending, CancelingOwesTwoAlerts) {
  Ending ending;
  EXPECT_TRUE(ending.Cancel());
  EXPECT_EQ(ending.failure().reason(), Reason::kCanceled);
  ASSERT_TRUE(ending.alert_owed());
  EXPECT_EQ(ending.owed_alert(), (Alert{AlertLevel::kWarning, AlertDescription::kUserCanceled}));
  ending.OnAlertSent();
  ASSERT_TRUE(ending.alert_owed());
  EXPECT_EQ(ending.owed_alert(), (Alert{AlertLevel::kWarning, AlertDescription::kCloseNotify}));
  ending.OnAlertSent();
  EXPECT_FALSE(ending.may_alert());
  ending.OnDatagramWhenFailed();
  EXPECT_FALSE(ending.alert_owed());
  EXPECT_FALSE(ending.Cancel());
}

// --- Failing

TEST(Ending, AFailureIsAnsweredAFewTimesMore) {
  Ending ending;
  EXPECT_TRUE(ending.Fail(kBad));
  EXPECT_TRUE(ending.failed());
  EXPECT_EQ(ending.failure().reason(), Reason::kDecodeError);
  ASSERT_TRUE(ending.alert_owed());
  EXPECT_EQ(ending.owed_alert(), (Alert{AlertLevel::kFatal, AlertDescription::kDecodeError}));
  ending.OnAlertSent();
  for (int i = 0; i < Ending::kMaxAlertRepeats; ++i) {
    EXPECT_FALSE(ending.alert_owed());
    EXPECT_TRUE(ending.may_alert());
    ending.OnDatagramWhenFailed();
    ASSERT_TRUE(ending.alert_owed());
    EXPECT_EQ(ending.owed_alert().description, AlertDescription::kDecodeError);
    ending.OnAlertSent();
  }
  EXPECT_FALSE(ending.may_alert());
  ending.OnDatagramWhenFailed();
  EXPECT_FALSE(ending.alert_owed());
}

TEST(Ending, TheFirstFailureStays) {
  Ending ending;
  ending.Close();
  EXPECT_TRUE(ending.EndQuietly(Status::Fatal(Reason::kPeerAlert, AlertDescription::kUnknownCa)));
  // What was owed is no longer worth saying.
  EXPECT_FALSE(ending.may_alert());
  EXPECT_TRUE(ending.close_sent());
  EXPECT_FALSE(ending.Fail(kBad));
  EXPECT_FALSE(ending.EndQuietly(kBad));
  EXPECT_FALSE(ending.Cancel());
  EXPECT_FALSE(ending.Close());
  EXPECT_EQ(ending.failure().reason(), Reason::kPeerAlert);
  EXPECT_FALSE(ending.alert_owed());
  ending.OnDatagramWhenFailed();
  EXPECT_FALSE(ending.alert_owed());
}

// --- The peer

TEST(Ending, ThePeersClosureCountsByRecordNumber) {
  Ending ending;
  EXPECT_FALSE(ending.IsAfterPeerClose(Number(9, 9)));
  EXPECT_EQ(ending.OnPeerAlert(AlertDescription::kCloseNotify, Number(3, 7)), PeerAlert::kClosed);
  EXPECT_TRUE(ending.peer_closed());
  EXPECT_TRUE(ending.IsAfterPeerClose(Number(3, 8)));
  EXPECT_TRUE(ending.IsAfterPeerClose(Number(4, 0)));
  // One that was overtaken by it is no later.
  EXPECT_FALSE(ending.IsAfterPeerClose(Number(3, 6)));
  EXPECT_FALSE(ending.IsAfterPeerClose(Number(2, 99)));
  // Our own side stays open.
  EXPECT_TRUE(ending.may_send());
}

TEST(Ending, ThePeersOtherAlertsAreFatal) {
  Ending ending;
  EXPECT_EQ(ending.OnPeerAlert(AlertDescription::kUserCanceled, Number(2, 0)), PeerAlert::kIgnored);
  EXPECT_EQ(ending.OnPeerAlert(AlertDescription::kDecryptError, Number(2, 1)), PeerAlert::kFatal);
  EXPECT_EQ(ending.OnPeerAlert(static_cast<AlertDescription>(200), Number(2, 2)),
            PeerAlert::kFatal);
  EXPECT_FALSE(ending.peer_closed());
}

// --- A silent peer

TEST(Ending, APeerThatOwesItsFlightIsGivenUp) {
  Ending ending;
  ending.OnCallerAnswered(kNow);
  EXPECT_FALSE(ending.give_up_at());
  EXPECT_FALSE(ending.IsPeerGone(kNow + minutes(60)));
  ending.WaitForAnswer(kNow);
  EXPECT_EQ(ending.give_up_at(), kNow + Ending::kGiveUpAfter);
  EXPECT_FALSE(ending.IsPeerGone(kNow + Ending::kGiveUpAfter - Duration(1)));
  EXPECT_TRUE(ending.IsPeerGone(kNow + Ending::kGiveUpAfter));
  // The time that our own caller took is not the peer's.
  ending.OnCallerAnswered(kNow + minutes(4));
  EXPECT_FALSE(ending.IsPeerGone(kNow + Ending::kGiveUpAfter));
  EXPECT_TRUE(ending.IsPeerGone(kNow + minutes(4) + Ending::kGiveUpAfter));
  ending.StopWaiting();
  EXPECT_FALSE(ending.IsPeerGone(kNow + minutes(60)));
}

// --- Another process

TEST(Ending, ItsStateGoesToAnotherProcess) {
  Ending before;
  before.Close();
  before.OnAlertSent();
  before.OnPeerAlert(AlertDescription::kCloseNotify, Number(3, 7));
  std::vector<uint8_t> state;
  ByteWriter writer(&state);
  before.WriteState(&writer);

  Ending after;
  ByteReader reader(state);
  ASSERT_TRUE(after.ReadState(&reader));
  EXPECT_TRUE(reader.empty());
  EXPECT_TRUE(after.close_sent());
  EXPECT_FALSE(after.may_alert());
  EXPECT_TRUE(after.IsAfterPeerClose(Number(3, 8)));
  EXPECT_FALSE(after.IsAfterPeerClose(Number(3, 7)));

  state.pop_back();
  ByteReader cut(state);
  EXPECT_FALSE(Ending().ReadState(&cut));
  state.front() = 2;
  ByteReader wrong(state);
  EXPECT_FALSE(Ending().ReadState(&wrong));
}

}  // namespace
}  // namespace dtls13
