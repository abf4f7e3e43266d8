// SPDX-License-Identifier: Apache-2.0
#include "dtls13/flight/ack_scheduler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <vector>

namespace dtls13 {
namespace {

using Numbers = std::vector<RecordNumber>;
using std::chrono::milliseconds;

constexpr Epoch kAnyEpoch{UINT64_MAX};

RecordNumber Number(uint64_t epoch, uint64_t sequence_number) {
  return {.epoch = {epoch}, .sequence_number = {sequence_number}};
}

Instant At(int64_t ms) { return Instant(milliseconds(ms)); }

Numbers Take(AckScheduler& acks, Epoch max_epoch = kAnyEpoch,
             size_t room = AckScheduler::kMaxRecordNumbers) {
  Numbers numbers(room);
  numbers.resize(acks.FillAck(max_epoch, numbers));
  return numbers;
}

TEST(AckScheduler, OwesNothingAtFirst) {
  AckScheduler acks;
  EXPECT_FALSE(acks.owed());
  EXPECT_FALSE(acks.deadline());
  EXPECT_EQ(acks.num_unsent(), 0u);
  acks.HandleTimeout(At(1'000'000));
  EXPECT_FALSE(acks.owed());
}

// F8
TEST(AckScheduler, F8NamesRecordsInIncreasingOrderWithoutDuplicates) {
  AckScheduler acks;
  for (const RecordNumber number : {Number(2, 3), Number(2, 1), Number(0, 9), Number(2, 3),
                                    Number(0, 2), Number(2, 1), Number(0, 9)}) {
    acks.OnRecord(number);
  }
  EXPECT_EQ(acks.num_unsent(), 4u);
  //= rfc9147#section-7
  //= type=test
  //# record_numbers:  A list of the records containing handshake messages
  //# in the current flight which the endpoint has received and either
  //# processed or buffered, in numerically increasing order.
  EXPECT_EQ(Take(acks), (Numbers{Number(0, 2), Number(0, 9), Number(2, 1), Number(2, 3)}));
}

//= rfc9147#section-7.1
//= type=test
//# Implementations MAY acknowledge the records corresponding to each
//# transmission of each flight or simply acknowledge the most recent one.
TEST(AckScheduler, NamesTheFlightAgainInEveryAckOfTheHandshake) {
  AckScheduler acks;
  acks.OnRecord(Number(0, 0));
  EXPECT_EQ(Take(acks), (Numbers{Number(0, 0)}));
  EXPECT_EQ(acks.num_unsent(), 0u);
  acks.OnRecord(Number(2, 0));
  EXPECT_EQ(acks.num_unsent(), 1u);
  EXPECT_EQ(Take(acks), (Numbers{Number(0, 0), Number(2, 0)}));
}

TEST(AckScheduler, AnEmptyAckIsValid) {
  AckScheduler acks;
  acks.OweNow();
  EXPECT_TRUE(acks.owed());
  //= rfc9147#section-7.1
  //= type=test
  //# Note that in some cases it may be necessary to send an ACK which does
  //# not contain any record numbers.
  EXPECT_TRUE(Take(acks).empty());
  EXPECT_FALSE(acks.owed());
}

TEST(AckScheduler, AnAckNeverNamesAHigherEpochThanItsOwn) {
  AckScheduler acks;
  acks.OnRecord(Number(0, 0));
  acks.OnRecord(Number(2, 0));
  acks.OnRecord(Number(2, 1));
  //= rfc9147#section-7
  //= type=test
  //# During the handshake, ACK records MUST be sent with an epoch which is
  //# equal to or higher than the record which is being acknowledged.
  EXPECT_EQ(Take(acks, kPlaintextEpoch), (Numbers{Number(0, 0)}));
  EXPECT_EQ(acks.num_unsent(), 2u);
  EXPECT_EQ(Take(acks, kHandshakeEpoch), (Numbers{Number(0, 0), Number(2, 0), Number(2, 1)}));
  EXPECT_EQ(acks.num_unsent(), 0u);
}

TEST(AckScheduler, PostHandshakeRecordsAreNamedOnce) {
  AckScheduler acks;
  acks.OnRecord(Number(2, 0));
  Take(acks);
  acks.OnRecord(Number(3, 4));
  //= rfc9147#section-7
  //= type=test
  //# For post-handshake messages, ACKs SHOULD be sent once for each
  //# received and processed handshake record (potentially subject to some
  //# delay) and MAY cover more than one flight.
  EXPECT_EQ(Take(acks), (Numbers{Number(2, 0), Number(3, 4)}));
  EXPECT_TRUE(Take(acks).empty());
  // A copy comes under another number.
  acks.OnRecord(Number(3, 5));
  acks.OnRecord(Number(4, 0));
  EXPECT_EQ(Take(acks, {3}), (Numbers{Number(3, 5)}));
  EXPECT_EQ(Take(acks, {4}), (Numbers{Number(4, 0)}));
}

TEST(AckScheduler, ANewFlightForgetsTheOneBefore) {
  AckScheduler acks;
  acks.OnRecord(Number(0, 0));
  acks.OweBy(At(10));
  acks.OnFlightStarted();
  EXPECT_FALSE(acks.deadline());
  acks.OnRecord(Number(2, 0));
  //= rfc9147#section-7
  //= type=test
  //# Accordingly,
  //# an ACK from the server would not cover both the ClientHello and the
  //# client's Certificate message, because the ClientHello and client
  //# Certificate are in different flights.
  EXPECT_EQ(Take(acks), (Numbers{Number(2, 0)}));
}

TEST(AckScheduler, CancelPendingKeepsTheList) {
  AckScheduler acks;
  acks.OnRecord(Number(0, 0));
  acks.OweNow();
  acks.CancelPending();
  EXPECT_FALSE(acks.owed());
  acks.OweBy(At(10));
  acks.CancelPending();
  EXPECT_FALSE(acks.deadline());
  acks.HandleTimeout(At(10));
  EXPECT_FALSE(acks.owed());
  EXPECT_EQ(Take(acks), (Numbers{Number(0, 0)}));
}

TEST(AckScheduler, BecomesOwedAtItsDeadline) {
  AckScheduler acks;
  acks.OweBy(At(250));
  EXPECT_FALSE(acks.owed());
  acks.HandleTimeout(At(249));
  EXPECT_FALSE(acks.owed());
  EXPECT_EQ(acks.deadline(), At(250));
  acks.HandleTimeout(At(250));
  EXPECT_TRUE(acks.owed());
  EXPECT_FALSE(acks.deadline()) << "nothing to wait for once it is owed";
}

// F6: the peer retransmits every 100 ms, our delay is 250 ms.
TEST(AckScheduler, F6ADeadlineIsNeverPostponed) {
  AckScheduler acks;
  std::vector<Instant> sent_at;
  for (int64_t ms = 0; ms <= 1'000; ms += 50) {
    acks.HandleTimeout(At(ms));
    if (acks.owed()) {
      Take(acks);
      sent_at.push_back(At(ms));
    }
    if (ms % 100 == 0) {
      acks.OnRecord(Number(2, ms / 100));
      acks.OweBy(At(ms + 250));
    }
  }
  EXPECT_EQ(sent_at, (std::vector<Instant>{At(250), At(550), At(850)}));
}

TEST(AckScheduler, AnEarlierDeadlineWins) {
  AckScheduler acks;
  acks.OweBy(At(250));
  acks.OweBy(At(100));
  EXPECT_EQ(acks.deadline(), At(100));
  acks.OweNow();
  acks.OweBy(At(50));
  EXPECT_TRUE(acks.owed());
  EXPECT_FALSE(acks.deadline());
}

// F12
TEST(AckScheduler, F12AShortAckFavoursWhatWasNeverNamed) {
  AckScheduler acks;
  for (uint64_t i = 0; i < 4; ++i) acks.OnRecord(Number(2, i));
  EXPECT_EQ(Take(acks, kAnyEpoch, 3), (Numbers{Number(2, 0), Number(2, 1), Number(2, 2)}));
  EXPECT_EQ(acks.num_unsent(), 1u);
  acks.OnRecord(Number(2, 9));
  //= rfc9147#section-7.1
  //= type=test
  //# if space is limited, implementations SHOULD
  //# favor including records which have not yet been acknowledged.
  EXPECT_EQ(Take(acks, kAnyEpoch, 3), (Numbers{Number(2, 2), Number(2, 3), Number(2, 9)}));
  EXPECT_EQ(acks.num_unsent(), 0u);
  EXPECT_TRUE(Take(acks, kAnyEpoch, 0).empty());
}

// F12
TEST(AckScheduler, F12WhatHasNoRoomIsOwedUntilItIsNamed) {
  for (const uint64_t epoch : {2, 3}) {
    AckScheduler acks;
    for (uint64_t i = 0; i < 7; ++i) acks.OnRecord(Number(epoch, i));
    acks.OweNow();
    EXPECT_EQ(Take(acks, kAnyEpoch, 3),
              (Numbers{Number(epoch, 0), Number(epoch, 1), Number(epoch, 2)}));
    EXPECT_TRUE(acks.owed());
    EXPECT_FALSE(acks.deadline()) << "at once";
    EXPECT_EQ(Take(acks, kAnyEpoch, 3),
              (Numbers{Number(epoch, 3), Number(epoch, 4), Number(epoch, 5)}));
    EXPECT_TRUE(acks.owed());
    EXPECT_EQ(Take(acks, kAnyEpoch, 3).back(), Number(epoch, 6));
    EXPECT_FALSE(acks.owed());
  }
}

TEST(AckScheduler, WhatMayNotBeNamedYetIsNotOwedForEver) {
  AckScheduler held;
  held.OnConnected();
  held.OnRecord(Number(3, 1));
  held.OnRecord(Number(3, 2), 6, /*first_incomplete=*/6);
  held.OweNow();
  EXPECT_EQ(Take(held), (Numbers{Number(3, 1)}));
  EXPECT_FALSE(held.owed());
  AckScheduler of_later_epoch;
  of_later_epoch.OnRecord(Number(0, 1));
  of_later_epoch.OnRecord(Number(2, 0));
  of_later_epoch.OweNow();
  EXPECT_EQ(Take(of_later_epoch, kPlaintextEpoch), (Numbers{Number(0, 1)}));
  EXPECT_FALSE(of_later_epoch.owed());
}

// F12
TEST(AckScheduler, F12AFullListDropsWhatWasNamedBefore) {
  constexpr uint64_t kMax = AckScheduler::kMaxRecordNumbers;
  AckScheduler acks;
  for (uint64_t i = 0; i < kMax; ++i) acks.OnRecord(Number(2, i));
  Take(acks, kAnyEpoch, 2);  // 0 and 1 are named
  acks.OnRecord(Number(2, 100));
  acks.OnRecord(Number(2, 101));
  EXPECT_EQ(acks.num_unsent(), kMax);
  // Nothing named is left: the oldest goes, whether it comes or was there.
  acks.OnRecord(Number(2, 102));
  acks.OnRecord(Number(0, 0));
  EXPECT_EQ(acks.num_unsent(), kMax);
  const Numbers taken = Take(acks);
  ASSERT_EQ(taken.size(), kMax);
  EXPECT_EQ(taken.front(), Number(2, 3));
  EXPECT_EQ(taken.back(), Number(2, 102));
}

// F8, F12: random records and ACKs against a plain map of number to "was named".
TEST(AckScheduler, KeepsItsPromisesForRandomTraffic) {
  for (uint32_t seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    AckScheduler acks;
    std::map<RecordNumber, bool> model;
    for (int step = 0; step < 200; ++step) {
      if (random() % 8 != 0) {
        const RecordNumber number = Number(random() % 3, random() % 60);
        acks.OnRecord(number);
        if (model.contains(number)) continue;
        model[number] = false;
        if (model.size() <= AckScheduler::kMaxRecordNumbers) continue;
        auto victim = std::ranges::find(model, true, &decltype(model)::value_type::second);
        model.erase(victim == model.end() ? model.begin() : victim);
        continue;
      }
      const Epoch max_epoch{random() % 3};
      const size_t room = random() % (AckScheduler::kMaxRecordNumbers + 1);
      size_t num_eligible = 0;
      size_t num_new = 0;
      for (const auto& [number, sent] : model) {
        if (number.epoch > max_epoch) continue;
        ++num_eligible;
        if (!sent) ++num_new;
      }
      const Numbers taken = Take(acks, max_epoch, room);
      ASSERT_EQ(taken.size(), std::min(room, num_eligible)) << seed;
      ASSERT_EQ(std::ranges::adjacent_find(taken, std::ranges::greater_equal()), taken.end());
      size_t num_taken_new = 0;
      for (const RecordNumber number : taken) {
        ASSERT_TRUE(model.contains(number)) << seed;
        ASSERT_LE(number.epoch, max_epoch);
        if (!std::exchange(model[number], true)) ++num_taken_new;
      }
      ASSERT_EQ(num_taken_new, std::min(room, num_new)) << seed;
    }
  }
}

// After the handshake a record is named once what it carried is whole.
//= rfc9147#section-7
//= type=test
//# For post-handshake messages, ACKs SHOULD be sent once for each
//# received and processed handshake record
TEST(AckScheduler, AHeldRecordIsNamedOnceItsMessageIsWhole) {
  AckScheduler acks;
  acks.OnConnected();
  acks.OnRecord(Number(3, 1), 5, /*first_incomplete=*/5);
  acks.OnRecord(Number(3, 2), 6, /*first_incomplete=*/5);
  acks.OnRecord(Number(3, 3), 4, /*first_incomplete=*/5);
  EXPECT_EQ(acks.num_unsent(), 1u);
  EXPECT_EQ(Take(acks), (Numbers{Number(3, 3)}));
  acks.Release(5);
  EXPECT_EQ(acks.num_unsent(), 0u);
  EXPECT_TRUE(Take(acks).empty());
  acks.Release(6);
  EXPECT_EQ(Take(acks), (Numbers{Number(3, 1)}));
  acks.OnRecord(Number(3, 4), 7, /*first_incomplete=*/7);
  acks.ForgetHeld();
  acks.Release(8);
  EXPECT_TRUE(Take(acks).empty());
}

// During the handshake a part of a message is kept until the handshake ends.
TEST(AckScheduler, APartOfAHandshakeMessageIsNamedAtOnce) {
  AckScheduler acks;
  acks.OnRecord(Number(2, 1), 5, /*first_incomplete=*/5);
  EXPECT_EQ(Take(acks), (Numbers{Number(2, 1)}));
}

constexpr Duration kTimer = std::chrono::seconds(1);

// F11
TEST(AckScheduler, F11NothingIsOwedBeforeThePeerTakesAcks) {
  AckScheduler acks;
  for (uint64_t i = 0; i < 20; ++i) acks.OnRecord(Number(0, i));
  acks.OnDisruption();
  acks.OnDatagram(/*saw_unreadable=*/true, kTimer, At(0));
  EXPECT_FALSE(acks.owed());
  EXPECT_FALSE(acks.deadline());
  acks.Allow();
  acks.OnDatagram(/*saw_unreadable=*/false, kTimer, At(0));
  EXPECT_TRUE(acks.owed());
}

TEST(AckScheduler, APartOfAFlightIsAcknowledgedAfterAQuarterOfTheTimer) {
  for (const bool saw_unreadable : {false, true}) {
    AckScheduler acks;
    acks.Allow();
    acks.OnDatagram(/*saw_unreadable=*/false, kTimer, At(1'000));
    EXPECT_FALSE(acks.deadline()) << "there is nothing to say";
    if (!saw_unreadable) acks.OnRecord(Number(2, 0));
    acks.OnDatagram(saw_unreadable, kTimer, At(1'000));
    EXPECT_FALSE(acks.owed());
    EXPECT_EQ(acks.deadline(), At(1'250));
    acks.OnDatagram(saw_unreadable, kTimer, At(1'100));
    EXPECT_EQ(acks.deadline(), At(1'250)) << "it is not put off";
    acks.HandleTimeout(At(1'250));
    EXPECT_EQ(Take(acks).size(), saw_unreadable ? 0u : 1u);
    acks.OnDatagram(/*saw_unreadable=*/false, kTimer, At(1'300));
    EXPECT_FALSE(acks.deadline()) << "nothing is new";
  }
}

TEST(AckScheduler, EveryEightRecordsOfAFlightAreAcknowledgedAtOnce) {
  AckScheduler acks;
  acks.Allow();
  size_t num_acks = 0;
  for (uint64_t i = 0; i < 24; ++i) {
    acks.OnRecord(Number(2, i));
    acks.OnDatagram(/*saw_unreadable=*/false, kTimer, At(0));
    if (!acks.owed()) continue;
    ++num_acks;
    EXPECT_EQ(i % 8, 7u);
    Take(acks);
  }
  EXPECT_EQ(num_acks, 3u);
}

TEST(AckScheduler, WhatComesOutOfOrderIsAcknowledgedAtOnce) {
  AckScheduler acks;
  acks.Allow();
  acks.OnRecord(Number(2, 5));
  acks.OnDisruption();
  EXPECT_TRUE(acks.owed());
}

TEST(AckScheduler, AfterTheHandshakeAllIsAcknowledgedAtOnce) {
  AckScheduler acks;
  acks.Allow();
  acks.OnConnected();
  acks.OnDatagram(/*saw_unreadable=*/true, kTimer, At(0));
  EXPECT_FALSE(acks.owed() || acks.deadline()) << "what cannot be read is not missed any more";
  acks.OnRecord(Number(3, 0), 7, /*first_incomplete=*/7);
  acks.OnDatagram(/*saw_unreadable=*/false, kTimer, At(0));
  EXPECT_FALSE(acks.owed()) << "its message is not whole";
  acks.OnRecord(Number(3, 1), 6, /*first_incomplete=*/7);
  acks.OnDatagram(/*saw_unreadable=*/false, kTimer, At(0));
  EXPECT_TRUE(acks.owed());
}

// F6, F13
TEST(AckScheduler, F6F13ARepetitionCallsForAnAckOrForOurFlight) {
  struct Case {
    bool is_client, is_connected;
    uint64_t epoch;
    bool has_flight, is_acknowledged;
  };
  const Case kCases[] = {
      {.is_client = true,
       .is_connected = false,
       .epoch = 0,
       .has_flight = true,
       .is_acknowledged = false},
      {.is_client = false,
       .is_connected = false,
       .epoch = 0,
       .has_flight = true,
       .is_acknowledged = false},
      {.is_client = true,
       .is_connected = false,
       .epoch = 2,
       .has_flight = false,
       .is_acknowledged = true},
      // The server repeats its flight: Finished was lost.
      {.is_client = true,
       .is_connected = true,
       .epoch = 2,
       .has_flight = true,
       .is_acknowledged = false},
      {.is_client = true,
       .is_connected = true,
       .epoch = 2,
       .has_flight = false,
       .is_acknowledged = true},
      {.is_client = true,
       .is_connected = true,
       .epoch = 3,
       .has_flight = true,
       .is_acknowledged = true},
      // The client repeats Finished: its ACK was lost, whatever became of the tickets.
      {.is_client = false,
       .is_connected = true,
       .epoch = 2,
       .has_flight = true,
       .is_acknowledged = true},
  };
  for (const Case& one : kCases) {
    AckScheduler acks(one.is_client);
    acks.Allow();
    if (one.is_connected) acks.OnConnected();
    EXPECT_EQ(acks.OnRepeated(Epoch{one.epoch}, one.has_flight), one.is_acknowledged);
    EXPECT_EQ(acks.owed(), one.is_acknowledged);
  }
}

TEST(AckScheduler, OurFlightIsTheAnswerDuringTheHandshakeAlone) {
  AckScheduler acks;
  acks.OweNow();
  acks.OnFlightSent();
  EXPECT_FALSE(acks.owed());
  acks.OnConnected();
  acks.OweNow();
  acks.OnFlightSent();
  EXPECT_TRUE(acks.owed());
}

TEST(AckScheduler, AnAckIsRepeatedWhereNothingElseIs) {
  for (const bool is_client : {false, true}) {
    for (const bool is_connected : {false, true}) {
      for (const bool has_flight : {false, true}) {
        AckScheduler acks(is_client);
        if (is_connected) acks.OnConnected();
        acks.OnRecord(Number(2, 0));
        acks.OweNow();
        Take(acks);
        acks.OnAckSent(has_flight, kTimer, At(0));
        EXPECT_EQ(acks.deadline().has_value(), is_client && !is_connected && !has_flight);
      }
    }
  }
}

TEST(AckScheduler, RepeatsAnAckEverMoreSeldomUntilANewRecordComes) {
  AckScheduler acks(/*is_client=*/true);
  std::array<RecordNumber, 4> numbers;
  Instant now(std::chrono::seconds(10));
  acks.OnRecord({kHandshakeEpoch, {0}});
  for (const int seconds : {20, 40, 60, 60}) {
    acks.OweNow();
    EXPECT_EQ(acks.FillAck(kHandshakeEpoch, numbers), 1u);
    acks.OnAckSent(/*has_flight=*/false, std::chrono::seconds(20), now);
    ASSERT_EQ(acks.deadline(), now + std::chrono::seconds(seconds));
    now = *acks.deadline();
    acks.HandleTimeout(now);
    EXPECT_TRUE(acks.owed());
  }
  acks.OnRecord({kHandshakeEpoch, {1}});
  EXPECT_EQ(acks.FillAck(kHandshakeEpoch, numbers), 2u);
  acks.OnAckSent(/*has_flight=*/false, std::chrono::seconds(20), now);
  EXPECT_EQ(acks.deadline(), now + std::chrono::seconds(20));
  acks.OnFlightStarted();
  EXPECT_FALSE(acks.deadline());
}

}  // namespace
}  // namespace dtls13
