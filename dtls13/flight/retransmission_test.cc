// SPDX-License-Identifier: Apache-2.0
#include "dtls13/flight/retransmission.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <vector>

#include "dtls13/wire/ack.h"

namespace dtls13 {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr size_t kMessageLen = 100;
constexpr size_t kRecordLen = 12 + kMessageLen;

// Sender packs one message into each record and numbers the records.
class Sender {
 public:
  explicit Sender(const RetransmitTimerConfig& config = {}) : retransmission(config) {}

  void Add(uint16_t seq, Epoch epoch = kHandshakeEpoch,
           HandshakeType type = HandshakeType::kCertificate) {
    retransmission.Add(epoch, type, seq, std::vector<uint8_t>(kMessageLen), now);
  }
  void AddTicket(uint16_t seq) {
    Add(seq, kFirstApplicationEpoch, HandshakeType::kNewSessionTicket);
  }
  // Lets all timers expire. Returns how many records left meanwhile.
  size_t RunUntilQuiet() {
    size_t num_records = 0;
    while (retransmission.deadline()) {
      now = *retransmission.deadline();
      retransmission.HandleTimeout(now);
      num_records += SendAll();
    }
    return num_records;
  }
  // Returns how many records left.
  size_t SendAll() {
    size_t num_records = 0;
    std::vector<uint8_t> record(kRecordLen);
    while (retransmission.MaySend()) {
      const Retransmission::Packed packed = retransmission.PackRecord(record);
      EXPECT_EQ(packed.len, kRecordLen);
      retransmission.OnRecordSent({kHandshakeEpoch, {next_number++}}, packed, now);
      ++num_records;
    }
    retransmission.OnDatagramSent(now);
    return num_records;
  }
  bool Ack(uint64_t number) { return retransmission.OnAcked({kHandshakeEpoch, {number}}); }

  Retransmission retransmission;
  Instant now{seconds(100)};
  uint64_t next_number = 0;
};

TEST(Retransmission, IsIdleWithoutMessages) {
  Sender sender;
  EXPECT_TRUE(sender.retransmission.empty());
  EXPECT_FALSE(sender.retransmission.MaySend());
  EXPECT_FALSE(sender.retransmission.deadline().has_value());
  sender.retransmission.Provoke(sender.now);
  EXPECT_EQ(sender.retransmission.HandleTimeout(sender.now), Retransmission::Timeout::kNothing);
  EXPECT_FALSE(sender.retransmission.HasOwed());
}

TEST(Retransmission, SendsAgainWhenTheTimerExpires) {
  Sender sender;
  sender.retransmission.BeginFlight();
  sender.Add(0);
  EXPECT_EQ(sender.SendAll(), 1u);
  ASSERT_EQ(sender.retransmission.deadline(), sender.now + seconds(1));
  sender.now += milliseconds(999);
  EXPECT_EQ(sender.retransmission.HandleTimeout(sender.now), Retransmission::Timeout::kNothing);
  sender.now += milliseconds(1);
  EXPECT_EQ(sender.retransmission.HandleTimeout(sender.now), Retransmission::Timeout::kOwed);
  EXPECT_EQ(sender.SendAll(), 1u);
  EXPECT_EQ(sender.retransmission.deadline(), sender.now + seconds(2));
}

// A long flight of which nothing is known is tried with its beginning; the rest leaves at the first
// sign of the peer, or when the timer expires again.
TEST(Retransmission, ProbesBeforeItSendsALongFlightAgain) {
  Sender sender;
  for (uint16_t seq = 0; seq < 5; ++seq) sender.Add(seq);
  EXPECT_EQ(sender.SendAll(), 5u);
  sender.now += seconds(1);
  EXPECT_EQ(sender.retransmission.HandleTimeout(sender.now), Retransmission::Timeout::kOwed);
  EXPECT_EQ(sender.SendAll(), 2u);
  sender.now += milliseconds(50);
  EXPECT_TRUE(sender.Ack(5));  // the probe's first
  EXPECT_TRUE(sender.Ack(3));
  sender.retransmission.OnProgress(sender.now);
  EXPECT_EQ(sender.SendAll(), 2u);  // neither 1, which the probe carried, nor 3
}

TEST(Retransmission, SendsAllOfAFlightWhoseProbeIsNotAnswered) {
  Sender sender;
  for (uint16_t seq = 0; seq < 5; ++seq) sender.Add(seq);
  sender.SendAll();
  sender.now += seconds(1);
  sender.retransmission.HandleTimeout(sender.now);
  EXPECT_EQ(sender.SendAll(), 2u);
  sender.now += seconds(2);
  EXPECT_EQ(sender.retransmission.HandleTimeout(sender.now), Retransmission::Timeout::kOwed);
  EXPECT_EQ(sender.SendAll(), 5u);
}

TEST(Retransmission, WhatIsOnlyClaimedIsSparedUntilTheTimerExpires) {
  Sender sender;
  for (uint16_t seq = 0; seq < 3; ++seq) sender.Add(seq, kPlaintextEpoch);
  EXPECT_EQ(sender.SendAll(), 3u);
  sender.now += milliseconds(100);
  sender.retransmission.OnClaimed({kHandshakeEpoch, {1}});
  EXPECT_FALSE(sender.retransmission.AllAcked());
  sender.retransmission.ProvokeUnclaimed(sender.now);
  EXPECT_EQ(sender.SendAll(), 2u);  // 3 and 4
  for (uint64_t number : {3, 4}) sender.retransmission.OnClaimed({kHandshakeEpoch, {number}});
  EXPECT_FALSE(sender.retransmission.AllAcked());
  const auto deadline = sender.retransmission.deadline();
  sender.now += milliseconds(100);
  sender.retransmission.ProvokeUnclaimed(sender.now);
  EXPECT_FALSE(sender.retransmission.HasOwed());
  EXPECT_EQ(sender.retransmission.deadline(), deadline) << "nor is the timer put off";
  sender.now = *deadline;
  EXPECT_EQ(sender.retransmission.HandleTimeout(sender.now), Retransmission::Timeout::kOwed);
  EXPECT_EQ(sender.SendAll(), 3u);
}

// The content of an ACK that names `numbers`.
std::vector<uint8_t> AckOf(const std::vector<RecordNumber>& numbers) {
  std::vector<uint8_t> content(kAckHeaderLen + numbers.size() * kAckRecordNumberLen);
  EXPECT_EQ(WriteAck(numbers, content), content.size());
  return content;
}

TEST(Retransmission, AnAckSaysWhatIsNewAndMayNotNameALaterEpoch) {
  Sender sender;
  sender.Add(0);
  sender.Add(1);
  sender.SendAll();
  const auto hear = [&](const std::vector<RecordNumber>& numbers) {
    const std::vector<uint8_t> content = AckOf(numbers);
    return sender.retransmission.OnAck(*AckReader::Parse(content), kHandshakeEpoch, sender.now);
  };
  using enum Retransmission::AckNews;
  EXPECT_EQ(hear({}), kNothing);
  EXPECT_EQ(hear({{kHandshakeEpoch, {77}}}), kNothing) << "never sent";
  EXPECT_EQ(hear({{kHandshakeEpoch, {0}}}), kProgress);
  EXPECT_EQ(hear({{kHandshakeEpoch, {0}}}), kNothing);
  EXPECT_EQ(hear({{kHandshakeEpoch, {0}}, {kFirstApplicationEpoch, {0}}}), kImpossible);
  EXPECT_EQ(hear({{kHandshakeEpoch, {0}}, {kHandshakeEpoch, {1}}}), kProgress);
  EXPECT_TRUE(sender.retransmission.AllAcked());
}

TEST(Retransmission, APlaintextAckHastensWhatItDoesNotName) {
  Sender sender;
  for (uint16_t seq = 0; seq < 3; ++seq) {
    sender.Add(seq, kPlaintextEpoch);
    EXPECT_TRUE(sender.retransmission.MaySend());
    std::vector<uint8_t> record(kRecordLen);
    const Retransmission::Packed packed = sender.retransmission.PackRecord(record);
    EXPECT_EQ(packed.len, kRecordLen);
    sender.retransmission.OnRecordSent({kPlaintextEpoch, {seq}}, packed, sender.now);
  }
  sender.retransmission.OnDatagramSent(sender.now);
  sender.now += milliseconds(100);
  const std::vector<uint8_t> impossible = AckOf({{kHandshakeEpoch, {1}}});
  sender.retransmission.OnClaim(*AckReader::Parse(impossible), sender.now);
  EXPECT_FALSE(sender.retransmission.HasOwed());
  const std::vector<uint8_t> content = AckOf({{kPlaintextEpoch, {1}}});
  sender.retransmission.OnClaim(*AckReader::Parse(content), sender.now);
  EXPECT_EQ(sender.SendAll(), 2u);
  EXPECT_FALSE(sender.retransmission.AllAcked());
}

TEST(Retransmission, GivesUpAfterTheConfiguredExpiries) {
  Sender sender({.max_expiries = 3});
  sender.Add(0);
  sender.SendAll();
  for (int i = 0; i < 2; ++i) {
    sender.now = *sender.retransmission.deadline();
    EXPECT_EQ(sender.retransmission.HandleTimeout(sender.now), Retransmission::Timeout::kOwed);
    sender.SendAll();
  }
  sender.now = *sender.retransmission.deadline();
  EXPECT_EQ(sender.retransmission.HandleTimeout(sender.now), Retransmission::Timeout::kExhausted);
  EXPECT_FALSE(sender.retransmission.timer_running());
  EXPECT_FALSE(sender.retransmission.empty());
}

//= rfc9147#section-5.8.3
//= type=test
//# DTLS stacks SHOULD NOT send more than 10 records in a single
//# transmission.
TEST(Retransmission, SendsAtMostTenRecordsBeforeThePeerIsHeard) {
  Sender sender;
  for (uint16_t seq = 0; seq < 25; ++seq) sender.Add(seq);
  EXPECT_EQ(sender.SendAll(), 10u);
  EXPECT_TRUE(sender.retransmission.HasOwed());
  EXPECT_TRUE(sender.Ack(9));
  sender.now += milliseconds(20);
  sender.retransmission.OnProgress(sender.now);
  EXPECT_EQ(sender.SendAll(), 10u);
}

// Without an ACK the rest follows in bursts as well, and the timer waits for the last of them.
TEST(Retransmission, ALongFlightLeavesInBurstsHalfATimerApart) {
  Sender sender;
  for (uint16_t seq = 0; seq < 25; ++seq) sender.Add(seq);
  EXPECT_EQ(sender.SendAll(), 10u);
  for (const size_t burst : {10u, 5u}) {
    ASSERT_EQ(sender.retransmission.deadline(), sender.now + milliseconds(500));
    EXPECT_EQ(sender.SendAll(), 0u);
    sender.now += milliseconds(500);
    EXPECT_EQ(sender.retransmission.HandleTimeout(sender.now), Retransmission::Timeout::kOwed);
    EXPECT_EQ(sender.SendAll(), burst);
  }
  EXPECT_FALSE(sender.retransmission.HasOwed());
  ASSERT_EQ(sender.retransmission.deadline(), sender.now + seconds(1));
  sender.now += seconds(1);
  EXPECT_EQ(sender.retransmission.HandleTimeout(sender.now), Retransmission::Timeout::kOwed);
  EXPECT_EQ(sender.SendAll(), 2u);  // the probe
  ASSERT_EQ(sender.retransmission.deadline(), sender.now + seconds(2));
  sender.now += seconds(2);
  EXPECT_EQ(sender.retransmission.HandleTimeout(sender.now), Retransmission::Timeout::kOwed);
  EXPECT_EQ(sender.SendAll(), 10u);
  ASSERT_EQ(sender.retransmission.deadline(), sender.now + seconds(2));
}

TEST(Retransmission, WhatDidNotLeaveIsOwedAgainAtOnce) {
  Sender sender;
  sender.Add(0);
  sender.retransmission.SendAgain(sender.now);
  EXPECT_EQ(sender.SendAll(), 1u);
  sender.retransmission.SendAgain(sender.now);
  EXPECT_EQ(sender.SendAll(), 1u);
  EXPECT_EQ(sender.retransmission.deadline(), sender.now + seconds(1));
}

TEST(Retransmission, AnAckCallsForWhatItOvertookAndOnlyThat) {
  Sender sender;
  for (uint16_t seq = 0; seq < 4; ++seq) sender.Add(seq);
  EXPECT_EQ(sender.SendAll(), 4u);
  sender.now += milliseconds(40);
  EXPECT_TRUE(sender.Ack(2));
  EXPECT_FALSE(sender.Ack(2));
  EXPECT_FALSE(sender.retransmission.AllAcked());
  sender.retransmission.OnProgress(sender.now);
  EXPECT_EQ(sender.SendAll(), 2u);  // 0 and 1; 3 may be under way
}

TEST(Retransmission, AnUnacknowledgedEndIsSentAgainAfterAShortWhile) {
  Sender sender;
  for (uint16_t seq = 0; seq < 3; ++seq) sender.Add(seq);
  sender.SendAll();
  sender.now += milliseconds(80);
  EXPECT_TRUE(sender.Ack(0));
  EXPECT_TRUE(sender.Ack(1));
  sender.retransmission.OnProgress(sender.now);
  EXPECT_EQ(sender.SendAll(), 0u);
  ASSERT_EQ(sender.retransmission.deadline(), sender.now + milliseconds(20));
  sender.now += milliseconds(20);
  EXPECT_EQ(sender.retransmission.HandleTimeout(sender.now), Retransmission::Timeout::kOwed);
  EXPECT_EQ(sender.SendAll(), 1u);
}

// A second ACK that was under way when the first one called for a retransmission says nothing
// about that one.
TEST(Retransmission, WhatWasJustSentAgainIsGivenTheTimeOfAnAnswer) {
  Sender sender;
  for (uint16_t seq = 0; seq < 4; ++seq) sender.Add(seq);
  sender.SendAll();
  sender.now += milliseconds(80);
  EXPECT_TRUE(sender.Ack(0));
  EXPECT_TRUE(sender.Ack(2));
  sender.retransmission.OnProgress(sender.now);
  EXPECT_EQ(sender.SendAll(), 1u);
  EXPECT_TRUE(sender.Ack(3));
  sender.retransmission.OnProgress(sender.now);
  EXPECT_EQ(sender.SendAll(), 0u);
  EXPECT_EQ(sender.retransmission.deadline(), sender.now + milliseconds(100));
}

TEST(Retransmission, ProvocationsAreBoundedInRateAndNumber) {
  Sender sender;
  sender.Add(0);
  sender.retransmission.Provoke(sender.now);  // not sent yet: nothing to repeat
  EXPECT_EQ(sender.SendAll(), 1u);
  size_t num_sent = 0;
  for (int i = 0; i < 1000; ++i) {
    sender.now += milliseconds(10);
    sender.retransmission.Provoke(sender.now);
    num_sent += sender.SendAll();
  }
  EXPECT_EQ(num_sent, 16u);
  sender.now += milliseconds(100);
  sender.retransmission.OnProgress(sender.now);
  sender.retransmission.Provoke(sender.now);
  EXPECT_EQ(sender.SendAll(), 1u);
}

// What cannot be forged brings back a flight that was given up, as often as it comes.
TEST(Retransmission, AFlightThatWasGivenUpIsRevivedEachTime) {
  Sender sender;
  sender.Add(0);
  EXPECT_EQ(sender.SendAll(), 1u);
  sender.retransmission.Revive(sender.now);
  EXPECT_EQ(sender.SendAll(), 0u) << "its timer runs";
  for (int outage = 0; outage < 40; ++outage) {
    size_t num_sent = 0;
    while (sender.retransmission.deadline()) {
      sender.now = *sender.retransmission.deadline();
      sender.retransmission.HandleTimeout(sender.now);
      num_sent += sender.SendAll();
    }
    EXPECT_EQ(num_sent, 11u) << "all of its attempts";
    sender.now += seconds(1);
    sender.retransmission.Revive(sender.now);
    EXPECT_EQ(sender.SendAll(), 1u);
  }
}

TEST(Retransmission, TicketsAreGivenUpAfterFourExpiries) {
  Sender sender;
  sender.AddTicket(0);
  sender.AddTicket(1);
  EXPECT_EQ(sender.SendAll(), 2u);
  const Instant sent_at = sender.now;
  EXPECT_TRUE(sender.retransmission.WaitsForPeer());
  EXPECT_EQ(sender.RunUntilQuiet(), 8u);
  EXPECT_FALSE(sender.retransmission.WaitsForPeer());
  EXPECT_EQ(sender.now, sent_at + seconds(1 + 2 + 4 + 8));
  EXPECT_FALSE(sender.retransmission.empty()) << "the peer may still acknowledge them";
  EXPECT_EQ(sender.retransmission.HandleTimeout(sender.now + seconds(1000)),
            Retransmission::Timeout::kNothing);
  EXPECT_TRUE(sender.Ack(0));
  EXPECT_EQ(sender.retransmission.TakeAcked(sender.now)->message_seq, 0);
}

// The last round of many tickets leaves in bursts, which arm no timer.
TEST(Retransmission, ManyTicketsAreGivenUpTooAndLeaveWhole) {
  Sender sender;
  for (uint16_t seq = 0; seq < 15; ++seq) sender.AddTicket(seq);
  EXPECT_EQ(sender.SendAll(), 10u);
  EXPECT_EQ(sender.RunUntilQuiet(), 5u + 2 + 3 * 15) << "the first time again is a probe";
  EXPECT_FALSE(sender.retransmission.HasOwed());
}

TEST(Retransmission, TicketsThatWereGivenUpAreRevivedFourTimesOnceEach) {
  Sender sender;
  sender.AddTicket(0);
  sender.SendAll();
  sender.RunUntilQuiet();
  size_t num_sent = 0;
  for (int i = 0; i < 10'000; ++i) {
    sender.now += milliseconds(100);
    sender.retransmission.Provoke(sender.now);
    EXPECT_EQ(sender.SendAll(), 0u) << "what may be forged is not counted as evidence";
    sender.retransmission.Revive(sender.now);
    num_sent += sender.SendAll();
    ASSERT_FALSE(sender.retransmission.deadline());
  }
  EXPECT_EQ(num_sent, 4u);
}

TEST(Retransmission, ARevivedTicketWaitsTwiceAsLongEachTime) {
  Sender sender;
  sender.AddTicket(0);
  sender.SendAll();
  sender.RunUntilQuiet();
  for (const int patience : {16, 32, 64, 128}) {
    sender.now += seconds(patience) - milliseconds(1);
    sender.retransmission.Revive(sender.now);
    EXPECT_EQ(sender.SendAll(), 0u);
    sender.now += milliseconds(1);
    sender.retransmission.Revive(sender.now);
    EXPECT_EQ(sender.SendAll(), 1u);
  }
}

// A KeyUpdate behind a ticket is taken only after it, and is waited for.
TEST(Retransmission, TicketsThatWereGivenUpGoWithWhatComesBehindThem) {
  Sender sender;
  sender.AddTicket(0);
  sender.SendAll();
  sender.RunUntilQuiet();
  sender.Add(1, kFirstApplicationEpoch, HandshakeType::kKeyUpdate);
  EXPECT_EQ(sender.SendAll(), 2u);
  EXPECT_EQ(sender.RunUntilQuiet(), 2u * 11) << "as often as any other flight";
  // Without it there is a ticket alone again.
  EXPECT_TRUE(sender.Ack(5));
  sender.retransmission.TakeAcked(sender.now);
  sender.AddTicket(2);
  EXPECT_EQ(sender.SendAll(), 2u) << "the KeyUpdate too, which still waits for its ACK";
}

TEST(Retransmission, OtherMessagesAfterTheHandshakeKeepTheTimer) {
  for (const HandshakeType type :
       {HandshakeType::kKeyUpdate, HandshakeType::kNewConnectionId,
        HandshakeType::kRequestConnectionId, HandshakeType::kCertificateRequest}) {
    Sender sender;
    sender.Add(0, kFirstApplicationEpoch, type);
    sender.SendAll();
    EXPECT_EQ(sender.RunUntilQuiet(), 11u);
  }
}

TEST(Retransmission, ForgetsMessagesOfLaterEpochs) {
  Sender sender;
  sender.Add(0);
  sender.Add(1, kFirstApplicationEpoch);
  sender.SendAll();
  sender.retransmission.ForgetFrom(kFirstApplicationEpoch);
  sender.now = *sender.retransmission.deadline();
  sender.retransmission.HandleTimeout(sender.now);
  EXPECT_EQ(sender.SendAll(), 1u);
  sender.retransmission.ForgetFrom(kHandshakeEpoch);
  EXPECT_TRUE(sender.retransmission.empty());
  EXPECT_FALSE(sender.retransmission.deadline());
}

//= rfc9147#section-4.4
//= type=test
//# If repeated retransmissions do not result in a response, and the PMTU is
//# unknown, subsequent retransmissions SHOULD back off to a smaller record
//# size, fragmenting the handshake message as appropriate.
TEST(Retransmission, LossesSuggestSmallFragments) {
  Sender sender;
  sender.Add(0);
  sender.SendAll();
  for (int i = 0; i < 2; ++i) {
    EXPECT_FALSE(sender.retransmission.wants_small_fragments());
    sender.now = *sender.retransmission.deadline();
    sender.retransmission.HandleTimeout(sender.now);
    sender.SendAll();
  }
  EXPECT_TRUE(sender.retransmission.wants_small_fragments());
}

//= rfc9147#section-7.2
//= type=test
//# Once all the messages in a flight have been acknowledged, the
//# implementation MUST cancel all retransmissions of that flight.
TEST(Retransmission, AnAcknowledgedFlightIsNeverSentAgain) {
  Sender sender;
  sender.Add(0);
  sender.Add(1);
  sender.SendAll();
  EXPECT_TRUE(sender.Ack(0));
  EXPECT_TRUE(sender.Ack(1));
  EXPECT_TRUE(sender.retransmission.AllAcked());
  sender.retransmission.OnAllAcked(sender.now);
  EXPECT_TRUE(sender.retransmission.empty());
  EXPECT_FALSE(sender.retransmission.deadline().has_value());
  sender.retransmission.Provoke(sender.now);
  EXPECT_EQ(sender.SendAll(), 0u);
}

TEST(Retransmission, MessagesAreTakenAsAcknowledgedInOrder) {
  Sender sender;
  sender.Add(4, Epoch{3});
  sender.Add(5, Epoch{4});
  sender.SendAll();
  EXPECT_TRUE(sender.Ack(1));
  EXPECT_FALSE(sender.retransmission.TakeAcked(sender.now).has_value());
  EXPECT_EQ(sender.retransmission.oldest_epoch(), Epoch{3});
  EXPECT_TRUE(sender.Ack(0));
  EXPECT_EQ(sender.retransmission.TakeAcked(sender.now)->message_seq, 4);
  EXPECT_EQ(sender.retransmission.oldest_epoch(), Epoch{4});
  EXPECT_EQ(sender.retransmission.TakeAcked(sender.now)->message_seq, 5);
  EXPECT_TRUE(sender.retransmission.empty());
  EXPECT_FALSE(sender.retransmission.timer_running());
}

// --- the round trip

// RFC 9147 section 5.8.2 retains the value for as long as it is unknown which of two transmissions
// an acknowledgement is for. A record's number tells.
TEST(Retransmission, AnAckOfARecordSentAgainMeasuresTheRoundTrip) {
  Sender sender;
  sender.Add(0);
  sender.Add(1);
  sender.SendAll();
  sender.now += seconds(1);
  sender.retransmission.HandleTimeout(sender.now);
  EXPECT_EQ(sender.SendAll(), 2u);
  sender.now += milliseconds(60);
  const std::vector<uint8_t> content = AckOf({{kHandshakeEpoch, {0}}, {kHandshakeEpoch, {2}}});
  EXPECT_EQ(sender.retransmission.OnAck(*AckReader::Parse(content), kHandshakeEpoch, sender.now),
            Retransmission::AckNews::kProgress);
  EXPECT_EQ(sender.retransmission.timer_value(), milliseconds(90)) << "of the newer of the two";
  sender.now += seconds(3);
  sender.retransmission.OnAck(*AckReader::Parse(content), kHandshakeEpoch, sender.now);
  EXPECT_EQ(sender.retransmission.timer_value(), milliseconds(90)) << "an ACK repeated late";
}

// A flight of a ClientHello that left twice, a second apart, and what the timer's value becomes
// when 60 ms later an answer with the number `mirrored` is accepted.
Duration ValueAfterAnswer(uint64_t mirrored) {
  Sender sender;
  sender.Add(0, kPlaintextEpoch, HandshakeType::kClientHello);
  for (uint64_t number = 0; number < 2; ++number) {
    std::vector<uint8_t> record(kRecordLen);
    const Retransmission::Packed packed = sender.retransmission.PackRecord(record);
    sender.retransmission.OnRecordSent({kPlaintextEpoch, {number}}, packed, sender.now);
    sender.retransmission.OnDatagramSent(sender.now);
    sender.now += seconds(1);
    if (number == 0) sender.retransmission.HandleTimeout(sender.now);
  }
  sender.now += milliseconds(60 - 1'000);
  sender.retransmission.OnAnswerBegins({mirrored}, sender.now);
  EXPECT_EQ(sender.retransmission.timer_value(), seconds(2)) << "nobody vouches for it yet";
  sender.retransmission.OnAllAcked(sender.now);
  return sender.retransmission.timer_value();
}

TEST(Retransmission, AnAnswerThatMirrorsARecordsNumberMeasuresTheRoundTrip) {
  EXPECT_EQ(ValueAfterAnswer(1), milliseconds(90));
  EXPECT_EQ(ValueAfterAnswer(0), milliseconds(1'590));
  EXPECT_EQ(ValueAfterAnswer(2), seconds(2)) << "no record of ours had that";
}

// --- before the timer

// RFC 8985 section 7: the last record is enough to hear what the peer lacks.
TEST(Retransmission, AnUnacknowledgedEndIsTriedWithItsLastRecord) {
  Sender sender;
  for (uint16_t seq = 0; seq < 4; ++seq) sender.Add(seq);
  sender.SendAll();
  sender.now += milliseconds(100);
  EXPECT_TRUE(sender.Ack(0));
  sender.retransmission.OnProgress(sender.now);
  EXPECT_EQ(sender.SendAll(), 0u);
  sender.now += milliseconds(25);
  EXPECT_EQ(sender.retransmission.HandleTimeout(sender.now), Retransmission::Timeout::kOwed);
  EXPECT_EQ(sender.SendAll(), 1u);
  EXPECT_TRUE(sender.Ack(4)) << "record 4 carries what 3 did";
  EXPECT_FALSE(sender.Ack(3));
  sender.retransmission.OnProgress(sender.now);
  EXPECT_EQ(sender.SendAll(), 2u) << "1 and 2, which it overtook";
}

// Anyone can send what cannot be read, for as long as they like.
TEST(Retransmission, WhatCannotBeReadHastensAFlightAFewTimes) {
  Sender sender;
  sender.Add(0, kPlaintextEpoch, HandshakeType::kClientHello);
  sender.SendAll();
  const Instant begin = sender.now;
  std::vector<Duration> sent_at;
  for (int ms = 60; ms < 1'300; ++ms) {
    sender.now = begin + milliseconds(ms);
    sender.retransmission.Hasten(sender.now);
    sender.retransmission.HandleTimeout(sender.now);
    if (sender.SendAll() > 0) sent_at.push_back(sender.now - begin);
  }
  // After as long again as it took for something to come, after twice and four times that.
  EXPECT_EQ(sent_at,
            (std::vector<Duration>{milliseconds(120), milliseconds(240), milliseconds(480)}));
  EXPECT_EQ(sender.retransmission.deadline(), begin + milliseconds(480) + seconds(1));
}

TEST(Retransmission, NothingIsHastenedBeforeItLeft) {
  Sender sender;
  sender.Add(0);
  sender.retransmission.Hasten(sender.now);
  EXPECT_FALSE(sender.retransmission.deadline());
  EXPECT_EQ(sender.retransmission.BeginningDue(sender.now), sender.now + milliseconds(50));
}

// --- copies

// The second retransmission in vain leaves in two datagrams, before seconds of silence.
TEST(Retransmission, ALongWaitIsPrecededByTwoCopies) {
  Sender sender;
  sender.Add(0, kPlaintextEpoch);
  sender.SendAll();
  std::vector<size_t> num_copies;
  for (int i = 0; i < 3; ++i) {
    sender.now = *sender.retransmission.deadline();
    sender.retransmission.HandleTimeout(sender.now);
    num_copies.push_back(0);
    while (sender.SendAll() > 0) ++num_copies.back();
    EXPECT_EQ(sender.retransmission.deadline(), sender.now + seconds(2 << i)) << "the timer's own";
  }
  EXPECT_EQ(num_copies, (std::vector<size_t>{1, 2, 2}));
}

// The path may carry less than the MTU we were told: the copy is made for that.
TEST(Retransmission, TheFirstCopyIsInSmallFragments) {
  Sender sender;
  sender.Add(0, kPlaintextEpoch);
  sender.SendAll();
  for (int i = 0; i < 2; ++i) {
    sender.now = *sender.retransmission.deadline();
    sender.retransmission.HandleTimeout(sender.now);
    EXPECT_FALSE(sender.retransmission.wants_small_fragments());
    EXPECT_EQ(sender.SendAll(), 1u);
  }
  EXPECT_TRUE(sender.retransmission.wants_small_fragments());
  EXPECT_EQ(sender.SendAll(), 1u);
}

TEST(Retransmission, ShortWaitsAndProtectedFlightsGetNoCopies) {
  Sender quick({.initial = milliseconds(100)});
  quick.Add(0, kPlaintextEpoch);
  quick.SendAll();
  Sender is_protected;
  is_protected.Add(0);
  is_protected.SendAll();
  for (Sender* sender : {&quick, &is_protected}) {
    for (int i = 0; i < 3; ++i) {
      sender->now = *sender->retransmission.deadline();
      sender->retransmission.HandleTimeout(sender->now);
      EXPECT_EQ(sender->SendAll(), 1u);
      EXPECT_FALSE(sender->retransmission.MaySend()) << i;
    }
  }
}

// --- what an ACK waits

TEST(Retransmission, OurOwnBackOffDelaysNoAck) {
  Sender sender;
  sender.Add(0);
  sender.SendAll();
  EXPECT_EQ(sender.retransmission.ack_timer(), seconds(1));
  sender.now += seconds(1);
  sender.retransmission.HandleTimeout(sender.now);
  sender.SendAll();
  EXPECT_EQ(sender.retransmission.timer_value(), seconds(2));
  EXPECT_EQ(sender.retransmission.repeat_timer(), seconds(1));
  EXPECT_EQ(sender.retransmission.ack_timer(), RetransmitTimer::kFloor)
      << "what is missing of the answer is likelier lost than late";
}

}  // namespace
}  // namespace dtls13
