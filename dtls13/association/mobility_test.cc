// SPDX-License-Identifier: Apache-2.0
#include "dtls13/association/mobility.h"

#include <gtest/gtest.h>

#include <vector>

namespace dtls13 {
namespace {

using News = Mobility::News;
using Type = ReturnRoutabilityCheck::Type;

constexpr size_t kLen = 40;
constexpr Duration kRetiredLifetime = std::chrono::minutes(4);

class Zeros final : public RandomSource {
 public:
  bool Fill(std::span<uint8_t> out) override {
    for (uint8_t& byte : out) byte = 0;
    return true;
  }
};

PathId Path(uint8_t name) { return *PathId::Of(std::vector<uint8_t>{name}); }

TEST(PathId, IsItsBytes) {
  EXPECT_TRUE(PathId().empty());
  EXPECT_EQ(*PathId::Of({}), PathId());
  EXPECT_FALSE(*PathId::Of(std::vector<uint8_t>(1)) == PathId());
  EXPECT_TRUE(PathId::Of(std::vector<uint8_t>(PathId::kMaxLen, 1)));
  EXPECT_FALSE(PathId::Of(std::vector<uint8_t>(PathId::kMaxLen + 1, 1)));
  const std::vector<uint8_t> bytes = {1, 2, 3};
  const PathId path = *PathId::Of(bytes);
  EXPECT_EQ(std::vector<uint8_t>(path.bytes().begin(), path.bytes().end()), bytes);
}

class MobilityTest : public testing::Test {
 protected:
  explicit MobilityTest(bool has_check = true) {
    if (has_check) mobility_.EnableCheck();
    mobility_.Use(Path(1));
  }
  std::optional<Mobility::Outgoing> Next() {
    return mobility_.NextMessage({.len_without_id = kLen, .max_len = 2 * kLen}, &random_);
  }
  void Migrate(const PathId& path) { mobility_.Migrate(path, {}, std::nullopt); }

  Instant now_{};
  Zeros random_;
  Mobility mobility_{PathValidatorConfig{}, kRetiredLifetime};
};

class MobilityWithoutCheckTest : public MobilityTest {
 protected:
  MobilityWithoutCheckTest() : MobilityTest(/*has_check=*/false) {}
};

TEST_F(MobilityTest, MovesOnlyOnceProved) {
  EXPECT_EQ(mobility_.OnRecord(Path(1), 100, /*is_newest=*/true, now_), News::kNone);
  //= rfc9147#section-11
  //= type=test
  //# DTLS implementations MUST NOT update the address they send to in
  //# response to packets from a different address unless they first
  //# perform some reachability test; no such test is defined in this
  //# specification and a future specification would need to specify a
  //# complete procedure for how and when to update addresses.
  EXPECT_EQ(mobility_.OnRecord(Path(2), 100, /*is_newest=*/true, now_), News::kProbing);
  EXPECT_EQ(mobility_.active(), Path(1));
  const auto challenge = Next();
  ASSERT_TRUE(challenge);
  EXPECT_EQ(challenge->to, Path(2));
  EXPECT_EQ(challenge->message.type, Type::kPathChallenge);
  const ReturnRoutabilityCheck answer = {Type::kPathResponse, challenge->message.cookie};
  EXPECT_EQ(mobility_.OnMessage(answer, Path(1), now_), News::kNone);
  EXPECT_EQ(mobility_.active(), Path(1));
  EXPECT_EQ(mobility_.OnMessage(answer, Path(2), now_), News::kMoved);
  EXPECT_EQ(mobility_.active(), Path(2));
}

TEST_F(MobilityTest, AReorderedRecordIsNoMove) {
  //= rfc9146#section-6
  //= type=test
  //# When a record with a CID is received that has a source address
  //# different from the one currently associated with the DTLS connection,
  //# the receiver MUST NOT replace the address it uses for sending records
  //# to its peer with the source address specified in the received
  //# datagram, unless the following three conditions are met:
  EXPECT_EQ(mobility_.OnRecord(Path(2), 100, /*is_newest=*/false, now_), News::kNone);
  EXPECT_FALSE(Next());
}

TEST_F(MobilityTest, AThirdPathWaits) {
  EXPECT_EQ(mobility_.OnRecord(Path(2), 100, true, now_), News::kProbing);
  EXPECT_EQ(mobility_.OnRecord(Path(3), 100, true, now_), News::kNone);
  EXPECT_EQ(mobility_.candidate(), Path(2));
  EXPECT_EQ(mobility_.HandleTimeout(now_ + std::chrono::seconds(1)), News::kProbeOver);
  EXPECT_EQ(mobility_.active(), Path(1));
  // After one that did not answer, the old path is asked first.
  EXPECT_EQ(mobility_.OnRecord(Path(3), 100, true, now_ + std::chrono::seconds(2)), News::kNone);
  EXPECT_EQ(mobility_.HandleTimeout(now_ + std::chrono::seconds(3)), News::kProbing);
  EXPECT_EQ(mobility_.candidate(), Path(3));
}

TEST_F(MobilityTest, EachChallengeIsAnsweredOnceWhereItCameFrom) {
  const ReturnRoutabilityCheck challenge = {Type::kPathChallenge, {1}};
  mobility_.OnMessage(challenge, Path(1), now_);
  mobility_.OnMessage({Type::kPathChallenge, {2}}, Path(9), now_);
  //= draft-ietf-tls-dtls-rrc#section-5.4
  //= type=test
  //# The responder MUST send the path_response or the path_drop to the
  //# address from which the corresponding path_challenge was received.

  //= draft-ietf-tls-dtls-rrc#section-5.4
  //= type=test
  //# The responder MUST send exactly one path_response or path_drop
  //# message for each valid path_challenge it received.
  const auto first = Next();
  const auto second = Next();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->to, Path(1));
  EXPECT_EQ(first->message, (ReturnRoutabilityCheck{Type::kPathResponse, {1}}));
  EXPECT_EQ(second->to, Path(9));
  EXPECT_EQ(second->message, (ReturnRoutabilityCheck{Type::kPathResponse, {2}}));
  EXPECT_FALSE(Next());
}

TEST_F(MobilityTest, AnswersAreBounded) {
  for (uint8_t i = 0; i < 100; ++i) mobility_.OnMessage({Type::kPathChallenge, {i}}, Path(1), now_);
  size_t num = 0;
  while (Next()) ++num;
  EXPECT_EQ(num, Mobility::kMaxAnswers);
}

TEST_F(MobilityTest, WhoMigratedDropsTheOldPath) {
  Migrate(Path(2));
  EXPECT_EQ(mobility_.active(), Path(2));
  mobility_.OnMessage({Type::kPathChallenge, {1}}, Path(1), now_);
  mobility_.OnMessage({Type::kPathChallenge, {2}}, Path(2), now_);
  //= draft-ietf-tls-dtls-rrc#section-5.2
  //= type=test
  //# *  If the path through which the message was received is no
  //#    longer preferred, a return_routability_check message of type
  //#    path_drop MUST be returned.
  EXPECT_EQ(Next()->message.type, Type::kPathDrop);
  //= draft-ietf-tls-dtls-rrc#section-5.2
  //= type=test
  //# *  If the path through which the message was received is
  //#    preferred, a return_routability_check message of type
  //#    path_response MUST be returned.
  EXPECT_EQ(Next()->message.type, Type::kPathResponse);
  // What the peer still sends there does not bring us back.
  EXPECT_EQ(mobility_.OnRecord(Path(1), 100, true, now_), News::kNone);
  EXPECT_FALSE(Next());
  // Back again: the roles of the two are exchanged.
  Migrate(Path(1));
  mobility_.OnMessage({Type::kPathChallenge, {1}}, Path(1), now_);
  mobility_.OnMessage({Type::kPathChallenge, {2}}, Path(2), now_);
  EXPECT_EQ(Next()->message.type, Type::kPathResponse);
  EXPECT_EQ(Next()->message.type, Type::kPathDrop);
}

//= rfc8446#section-5
//= type=test
//# Implementations MUST NOT send record types not defined in this
//# document unless negotiated by some extension.
TEST_F(MobilityWithoutCheckTest, TheApplicationDecides) {
  EXPECT_EQ(mobility_.OnRecord(Path(2), 100, true, now_), News::kCandidate);
  EXPECT_EQ(mobility_.candidate(), Path(2));
  EXPECT_EQ(mobility_.OnRecord(Path(2), 100, true, now_), News::kNone);  // said once
  EXPECT_EQ(mobility_.OnRecord(Path(3), 100, true, now_), News::kCandidate);
  EXPECT_EQ(mobility_.active(), Path(1));
  EXPECT_FALSE(Next());
  mobility_.Use(Path(3));
  EXPECT_EQ(mobility_.active(), Path(3));
  EXPECT_EQ(mobility_.OnRecord(Path(3), 100, true, now_), News::kNone);
  EXPECT_EQ(mobility_.OnRecord(Path(2), 100, true, now_), News::kCandidate);
}

TEST_F(MobilityWithoutCheckTest, ChallengesAreIgnored) {
  //= draft-ietf-tls-dtls-rrc#section-3
  //= type=test
  //# The client and server MUST NOT use RRC unless both sides
  //# have successfully exchanged rrc extensions.
  EXPECT_EQ(mobility_.OnMessage({Type::kPathChallenge, {1}}, Path(1), now_), News::kNone);
  EXPECT_FALSE(Next());
}

// --- Before the handshake is over

TEST(Mobility, AServerThatHasNotAnsweredAnswersWhoeverSpeaks) {
  Mobility mobility({}, kRetiredLifetime);
  mobility.OnDatagram(PathId(), 100, /*follows=*/true);
  EXPECT_FALSE(mobility.has_paths());  // nobody names paths
  mobility.OnDatagram(Path(1), 100, /*follows=*/true);
  EXPECT_EQ(mobility.active(), Path(1));
  mobility.OnDatagram(Path(2), 100, /*follows=*/true);
  EXPECT_EQ(mobility.active(), Path(2));
  // From here on the handshake stays where it is.
  mobility.OnHandshakeRecord(Path(3));
  EXPECT_EQ(mobility.active(), Path(2));
}

TEST(Mobility, WhatAnAddressMayBeSentIsReckonedByWhatItSends) {
  Mobility mobility({}, kRetiredLifetime);
  mobility.bound().Impose();
  EXPECT_EQ(mobility.bound().Room(/*is_new=*/false), 0u);
  mobility.OnDatagram(Path(1), 1000, /*follows=*/true);
  const size_t room = mobility.bound().Room(/*is_new=*/false);
  EXPECT_GE(room, 1000u);
  mobility.OnDatagram(Path(2), 1000, /*follows=*/false);
  EXPECT_EQ(mobility.bound().Room(/*is_new=*/false), room);
  mobility.OnDatagram(Path(2), 200, /*follows=*/true);
  EXPECT_EQ(mobility.active(), Path(2));
  EXPECT_LE(mobility.bound().Room(/*is_new=*/false), 3 * 200u);
}

TEST(Mobility, AClientsHandshakeIsWhereItsFirstAnswerCameFrom) {
  Mobility mobility({}, kRetiredLifetime);
  mobility.OnHandshakeRecord(PathId());
  EXPECT_FALSE(mobility.has_paths());
  mobility.OnHandshakeRecord(Path(1));
  EXPECT_EQ(mobility.active(), Path(1));
}

TEST(Mobility, WithoutPathsNothingIsKeptOfThem) {
  Mobility mobility({}, kRetiredLifetime);
  mobility.EnableCheck();
  EXPECT_EQ(mobility.OnRecord(PathId(), 100, true, Instant()), News::kNone);
  EXPECT_EQ(mobility.HandleTimeout(Instant()), News::kNone);
  EXPECT_FALSE(mobility.has_paths());
  EXPECT_FALSE(mobility.deadline());
  EXPECT_TRUE(mobility.IsAtRest());
  // A peer that asks is answered all the same.
  mobility.OnMessage({Type::kPathChallenge, {1}}, PathId(), Instant());
  EXPECT_FALSE(mobility.IsAtRest());
  Zeros random;
  const auto answer = mobility.NextMessage({.len_without_id = kLen, .max_len = kLen}, &random);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->message, (ReturnRoutabilityCheck{Type::kPathResponse, {1}}));
}

TEST(Mobility, TheNewestRecordHasTheHighestNumber) {
  Mobility mobility({}, kRetiredLifetime);
  EXPECT_TRUE(mobility.OnNumber({kFirstApplicationEpoch, {5}}));
  EXPECT_FALSE(mobility.OnNumber({kFirstApplicationEpoch, {5}}));
  EXPECT_FALSE(mobility.OnNumber({kHandshakeEpoch, {9}}));
  EXPECT_TRUE(mobility.OnNumber({kFirstApplicationEpoch.Next(), {0}}));
}

// --- The peer's Connection IDs

class MobilityWithIdsTest : public MobilityTest {
 protected:
  // IdTo is the Connection ID of a datagram to `path`.
  ConnectionId IdTo(const PathId& path) {
    const std::span<const uint8_t> id = mobility_.IdFor(path, usual_);
    return {id.begin(), id.end()};
  }

  const ConnectionId usual_ = {1, 1};
  const ConnectionId spare_ = {2, 2, 2};
};

TEST_F(MobilityWithIdsTest, AProbedPathHasAConnectionIdOfItsOwn) {
  ASSERT_EQ(mobility_.OnRecord(Path(2), 100, true, now_), News::kProbing);
  mobility_.ProbeWith(spare_);
  EXPECT_FALSE(mobility_.IsAtRest());
  EXPECT_EQ(IdTo(Path(2)), spare_);
  EXPECT_EQ(IdTo(Path(1)), usual_);
  EXPECT_EQ(IdTo(Path(9)), usual_);
  // The datagram must have room for either.
  Mobility::Carrier carrier{.len_without_id = kLen, .max_len = kLen + 2, .usual_id = usual_};
  EXPECT_FALSE(mobility_.NextMessage(carrier, &random_));
  carrier.max_len = kLen + 3;
  const auto challenge = mobility_.NextMessage(carrier, &random_);
  ASSERT_TRUE(challenge);
  EXPECT_FALSE(mobility_.TakeFreshId());
  ASSERT_EQ(mobility_.OnMessage({Type::kPathResponse, challenge->message.cookie}, Path(2), now_),
            News::kMoved);
  EXPECT_EQ(mobility_.TakeFreshId(), spare_);
  EXPECT_FALSE(mobility_.TakeFreshId());
  EXPECT_TRUE(mobility_.IsAtRest());
}

TEST_F(MobilityWithIdsTest, AConnectionIdThatProbedInVainIsNotUsedAgain) {
  ASSERT_EQ(mobility_.OnRecord(Path(2), 100, true, now_), News::kProbing);
  mobility_.ProbeWith(spare_);
  ASSERT_TRUE(mobility_.deadline());
  EXPECT_EQ(mobility_.HandleTimeout(now_ + std::chrono::seconds(1)), News::kProbeOver);
  EXPECT_EQ(IdTo(Path(2)), usual_);
  EXPECT_FALSE(mobility_.TakeFreshId());
  EXPECT_TRUE(mobility_.IsAtRest());
}

TEST_F(MobilityWithIdsTest, WhoMigratesLeavesItsConnectionIdBehind) {
  mobility_.Migrate(Path(2), usual_, spare_);
  EXPECT_EQ(mobility_.TakeFreshId(), spare_);
  const std::span<const uint8_t> left = mobility_.IdFor(Path(1), spare_);
  EXPECT_EQ(ConnectionId(left.begin(), left.end()), usual_);
  mobility_.OnPeerReplacedIds();
  EXPECT_EQ(mobility_.IdFor(Path(1), spare_).data(), spare_.data());
}

TEST_F(MobilityWithIdsTest, AConfirmedPathTakesAFreshConnectionId) {
  mobility_.Confirm(Path(2), spare_);
  EXPECT_EQ(mobility_.active(), Path(2));
  EXPECT_EQ(mobility_.TakeFreshId(), spare_);
  mobility_.Confirm(Path(3), std::nullopt);
  EXPECT_FALSE(mobility_.TakeFreshId());
}

// --- Our Connection IDs

TEST_F(MobilityTest, ARetiredConnectionIdIsHeardForAWhile) {
  EXPECT_FALSE(mobility_.forget_at());
  mobility_.Retire({1}, now_);
  mobility_.Retire({2}, now_ + std::chrono::seconds(1));
  mobility_.Retire({3}, now_ + std::chrono::seconds(2));
  mobility_.KeepId({2});
  EXPECT_EQ(mobility_.forget_at(), now_ + kRetiredLifetime);
  EXPECT_FALSE(mobility_.TakeForgottenId(now_ + kRetiredLifetime - Duration(1)));
  EXPECT_EQ(mobility_.TakeForgottenId(now_ + kRetiredLifetime), ConnectionId{1});
  EXPECT_FALSE(mobility_.TakeForgottenId(now_ + kRetiredLifetime));
  EXPECT_EQ(mobility_.TakeForgottenId(now_ + 2 * kRetiredLifetime), ConnectionId{3});
  EXPECT_FALSE(mobility_.forget_at());
}

TEST_F(MobilityTest, RetiredConnectionIdsAreBounded) {
  for (uint8_t i = 0; i <= Mobility::kMaxRetiring; ++i) mobility_.Retire({i}, now_);
  EXPECT_EQ(mobility_.TakeForgottenId(now_), ConnectionId{0});
  EXPECT_FALSE(mobility_.TakeForgottenId(now_));
  EXPECT_EQ(mobility_.retiring().size(), Mobility::kMaxRetiring);
}

// --- Another process

TEST_F(MobilityWithIdsTest, ItsStateGoesToAnotherProcess) {
  mobility_.OnNumber({kFirstApplicationEpoch, {5}});
  mobility_.Migrate(Path(2), usual_, spare_);
  mobility_.Retire({7}, now_);
  std::vector<uint8_t> state;
  ByteWriter writer(&state);
  mobility_.WriteState(&writer, now_ + std::chrono::minutes(1));

  const Instant then{std::chrono::seconds(12)};  // of another clock
  Mobility after({}, kRetiredLifetime);
  ByteReader reader(state);
  ASSERT_TRUE(after.ReadState(&reader, then));
  EXPECT_TRUE(reader.empty());
  EXPECT_EQ(after.active(), Path(2));
  EXPECT_FALSE(after.OnNumber({kFirstApplicationEpoch, {5}}));
  EXPECT_TRUE(after.OnNumber({kFirstApplicationEpoch, {6}}));
  const std::span<const uint8_t> left = after.IdFor(Path(1), spare_);
  EXPECT_EQ(ConnectionId(left.begin(), left.end()), usual_);
  EXPECT_EQ(after.forget_at(), then + std::chrono::minutes(3));

  for (size_t len = 0; len < state.size(); ++len) {
    ByteReader cut(std::span<const uint8_t>(state).first(len));
    EXPECT_FALSE(Mobility({}, kRetiredLifetime).ReadState(&cut, then)) << len;
  }
}

}  // namespace
}  // namespace dtls13
