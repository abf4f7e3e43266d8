// SPDX-License-Identifier: Apache-2.0
#include "dtls13/handshake/connection_ids.h"

#include <gtest/gtest.h>

#include <memory>
#include <variant>
#include <vector>

#include "dtls13/handshake/handshake_test_util.h"
#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

using Actions = std::vector<HandshakeAction>;

// Counting makes identifiers that tell in which order they were made.
class Counting final : public ConnectionIdSource {
 public:
  bool Generate(std::span<uint8_t> id) override {
    if (num_left == 0) return false;
    --num_left;
    id.back() = ++next;
    return true;
  }
  uint8_t next = 0;
  int num_left = 1000;
};

class ConnectionIdsTest : public testing::Test {
 protected:
  ConnectionIdsTest() { Start({.negotiated = true, .receive = {0, 0}, .send = {9, 9, 9}}); }

  void Start(const ConnectionIdAgreement& agreement, uint8_t min_spares = 0) {
    auto config = std::make_shared<HandshakeConfig>(TestConfig());
    config->connection_ids.source = source_;
    config->connection_ids.min_spares = min_spares;
    ids_ = std::make_unique<ConnectionIds>(std::move(config), agreement);
    actions_.clear();
  }

  // Owed returns the body of the next message, which must be of `type`; nothing if there is none.
  std::optional<Bytes> Owed(HandshakeType type) {
    auto message = ids_->NextMessage(&actions_);
    if (!message) return std::nullopt;
    EXPECT_EQ(message->type, type);
    return std::move(message->body);
  }
  Status HandleNew(const std::vector<ConnectionId>& ids, ConnectionIdUsage usage) {
    return ids_->HandleNewConnectionId(SerializeNewConnectionId(ids, usage), &actions_);
  }
  Status HandleRequest(uint8_t num_cids) {
    return ids_->HandleRequestConnectionId(SerializeRequestConnectionId(num_cids));
  }
  // Taken returns the identifiers of all actions of a kind so far.
  template <typename Action>
  std::vector<ConnectionId> Of() const {
    std::vector<ConnectionId> found;
    for (const HandshakeAction& action : actions_) {
      if (const auto* one = std::get_if<Action>(&action)) found.push_back(one->id);
    }
    return found;
  }
  static std::vector<ConnectionId> Numbered(uint8_t first, uint8_t last) {
    std::vector<ConnectionId> ids;
    for (uint8_t i = first; i <= last; ++i) ids.push_back({0, i});
    return ids;
  }
  static void ExpectFatal(Status status, AlertDescription alert) {
    EXPECT_FALSE(status.ok());
    EXPECT_EQ(status.alert(), alert);
  }

  std::shared_ptr<Counting> source_ = std::make_shared<Counting>();
  std::unique_ptr<ConnectionIds> ids_;
  Actions actions_;
};

// F43: what is asked for and given, kept and used up.

TEST_F(ConnectionIdsTest, F43NothingIsOwedUnasked) {
  EXPECT_FALSE(ids_->NextMessage(&actions_));
  EXPECT_FALSE(ids_->TakeSpare());
  EXPECT_TRUE(actions_.empty());
}

TEST_F(ConnectionIdsTest, F43ImmediateIsUsedAtOnceAndEndsTheSpares) {
  ASSERT_TRUE(HandleNew({{1}, {2}}, ConnectionIdUsage::kSpare).ok());
  //= rfc9147#section-9
  //= type=test
  //# If usage is set to "cid_immediate", then one of the
  //# new CIDs MUST be used immediately for all future records.
  ASSERT_TRUE(HandleNew({{3}, {4, 4}, {5}}, ConnectionIdUsage::kImmediate).ok());
  EXPECT_EQ(Of<SendWithConnectionId>(), (std::vector<ConnectionId>{{3}}));
  //= rfc9147#section-9
  //= type=test
  //# Endpoints SHOULD use receiver-provided CIDs in the order they were
  //# provided.
  EXPECT_EQ(ids_->TakeSpare(), (ConnectionId{4, 4}));
  EXPECT_EQ(ids_->TakeSpare(), ConnectionId{5});
  EXPECT_FALSE(ids_->TakeSpare());
}

TEST_F(ConnectionIdsTest, F43SparesChangeNothingYet) {
  //= rfc9147#section-9
  //= type=test
  //# If it
  //# is set to "cid_spare", then either an existing or new CID MAY be
  //# used.
  ASSERT_TRUE(HandleNew({{1}, {2}}, ConnectionIdUsage::kSpare).ok());
  EXPECT_TRUE(actions_.empty());
  EXPECT_EQ(ids_->num_spares(), 2u);
  ASSERT_TRUE(HandleNew({{2}, {3}}, ConnectionIdUsage::kSpare).ok());
  EXPECT_EQ(ids_->num_spares(), 3u);  // one of them came before
  ASSERT_TRUE(HandleNew({}, ConnectionIdUsage::kSpare).ok());
  EXPECT_EQ(ids_->TakeSpare(), ConnectionId{1});
}

TEST_F(ConnectionIdsTest, F43MoreSparesThanFitAreDiscarded) {
  //= rfc9147#section-9
  //= type=test
  //# Implementations which receive more spare CIDs than they
  //# wish to maintain MAY simply discard any extra CIDs.
  ASSERT_TRUE(HandleNew(Numbered(1, 200), ConnectionIdUsage::kSpare).ok());
  EXPECT_EQ(ids_->num_spares(), ConnectionIds::kMaxSpares);
  EXPECT_EQ(ids_->TakeSpare(), (ConnectionId{0, 1}));
}

TEST_F(ConnectionIdsTest, IllegalNewConnectionId) {
  ExpectFatal(HandleNew({}, ConnectionIdUsage::kImmediate), AlertDescription::kIllegalParameter);
  ExpectFatal(HandleNew({{1}, {}}, ConnectionIdUsage::kSpare), AlertDescription::kIllegalParameter);
  ExpectFatal(ids_->HandleNewConnectionId(Bytes{0, 0, 2}, &actions_),
              AlertDescription::kIllegalParameter);
  ExpectFatal(ids_->HandleNewConnectionId(Bytes{0, 0}, &actions_), AlertDescription::kDecodeError);
  EXPECT_EQ(ids_->num_spares(), 0u);
  EXPECT_TRUE(actions_.empty());
}

TEST_F(ConnectionIdsTest, F43RequestIsAnsweredWithSpares) {
  ASSERT_TRUE(HandleRequest(3).ok());
  //= rfc9147#section-9
  //= type=test
  //# Endpoints SHOULD respond to RequestConnectionId by sending a
  //# NewConnectionId with usage "cid_spare" containing num_cids CIDs as
  //# soon as possible.
  EXPECT_EQ(Owed(HandshakeType::kNewConnectionId),
            SerializeNewConnectionId(Numbered(1, 3), ConnectionIdUsage::kSpare));
  EXPECT_EQ(Of<ExpectConnectionId>(), Numbered(1, 3));
  EXPECT_FALSE(ids_->NextMessage(&actions_));
}

TEST_F(ConnectionIdsTest, F43RequestForMoreThanThereIsRoom) {
  ASSERT_TRUE(HandleRequest(255).ok());
  //= rfc9147#section-9
  //= type=test
  //# An endpoint
  //# MAY handle requests which it considers excessive by responding with a
  //# NewConnectionId message containing fewer than num_cids CIDs,
  //# including no CIDs at all.
  EXPECT_EQ(Owed(HandshakeType::kNewConnectionId),
            SerializeNewConnectionId(Numbered(1, 7), ConnectionIdUsage::kSpare));
  EXPECT_EQ(ids_->num_ours(), ConnectionIds::kMaxOurs);
  ids_->OnAcked(HandshakeType::kNewConnectionId, &actions_);
  ASSERT_TRUE(HandleRequest(1).ok());
  EXPECT_EQ(Owed(HandshakeType::kNewConnectionId),
            SerializeNewConnectionId({}, ConnectionIdUsage::kSpare));
  EXPECT_TRUE(Of<RetireConnectionId>().empty());
}

TEST_F(ConnectionIdsTest, WhatThePeerLeftBehindMakesRoom) {
  ASSERT_TRUE(HandleRequest(7).ok());
  ASSERT_TRUE(Owed(HandshakeType::kNewConnectionId));
  ids_->OnAcked(HandshakeType::kNewConnectionId, &actions_);
  ids_->OnUsed(Bytes{0, 3});
  ids_->OnUsed(Bytes{7, 7});  // not one of ours
  EXPECT_TRUE(Of<RetireConnectionId>().empty());
  ASSERT_TRUE(HandleRequest(2).ok());
  EXPECT_EQ(Owed(HandshakeType::kNewConnectionId),
            SerializeNewConnectionId(Numbered(8, 9), ConnectionIdUsage::kSpare));
  EXPECT_EQ(Of<RetireConnectionId>(), Numbered(0, 1));
  ids_->OnAcked(HandshakeType::kNewConnectionId, &actions_);
  // The one in use is never taken away.
  ASSERT_TRUE(HandleRequest(8).ok());
  EXPECT_EQ(Owed(HandshakeType::kNewConnectionId),
            SerializeNewConnectionId(Numbered(10, 10), ConnectionIdUsage::kSpare));
  EXPECT_EQ(Of<RetireConnectionId>(), Numbered(0, 2));
}

TEST_F(ConnectionIdsTest, F43TooManyRequests) {
  ASSERT_TRUE(HandleRequest(7).ok());
  ASSERT_TRUE(Owed(HandshakeType::kNewConnectionId));
  ids_->OnAcked(HandshakeType::kNewConnectionId, &actions_);
  //= rfc9147#section-9
  //= type=test
  //# Endpoints MAY handle an excessive number
  //# of RequestConnectionId messages by terminating the connection using a
  //# "too_many_cids_requested" (alert number 52) alert.
  for (uint32_t i = 0; i < ConnectionIds::kMaxFruitlessRequests; ++i) {
    ASSERT_TRUE(HandleRequest(1).ok());
    ASSERT_TRUE(Owed(HandshakeType::kNewConnectionId));
    ids_->OnAcked(HandshakeType::kNewConnectionId, &actions_);
  }
  ExpectFatal(HandleRequest(1), AlertDescription::kTooManyCidsRequested);
}

TEST_F(ConnectionIdsTest, F43OneNewConnectionIdAtATime) {
  ASSERT_TRUE(ids_->Issue(1, ConnectionIdUsage::kSpare));
  ASSERT_TRUE(Owed(HandshakeType::kNewConnectionId));
  //= rfc9147#section-9
  //= type=test
  //# Endpoints MUST
  //# NOT have more than one NewConnectionId message outstanding.
  EXPECT_FALSE(ids_->Issue(1, ConnectionIdUsage::kSpare));
  ASSERT_TRUE(HandleRequest(2).ok());
  EXPECT_FALSE(ids_->NextMessage(&actions_));
  ids_->OnAcked(HandshakeType::kNewConnectionId, &actions_);
  EXPECT_EQ(Owed(HandshakeType::kNewConnectionId),
            SerializeNewConnectionId(Numbered(2, 3), ConnectionIdUsage::kSpare));
}

TEST_F(ConnectionIdsTest, F43ReplacedOnesRetireWithTheAck) {
  ASSERT_TRUE(ids_->Issue(2, ConnectionIdUsage::kImmediate));
  EXPECT_EQ(Owed(HandshakeType::kNewConnectionId),
            SerializeNewConnectionId(Numbered(1, 2), ConnectionIdUsage::kImmediate));
  EXPECT_EQ(Of<ExpectConnectionId>(), Numbered(1, 2));
  EXPECT_TRUE(Of<RetireConnectionId>().empty());
  ids_->OnAcked(HandshakeType::kRequestConnectionId, &actions_);
  EXPECT_TRUE(Of<RetireConnectionId>().empty());
  ids_->OnAcked(HandshakeType::kNewConnectionId, &actions_);
  EXPECT_EQ(Of<RetireConnectionId>(), Numbered(0, 0));
  EXPECT_EQ(ids_->num_ours(), 2u);
}

TEST_F(ConnectionIdsTest, IssueIsBounded) {
  EXPECT_FALSE(ids_->Issue(0, ConnectionIdUsage::kSpare));
  ASSERT_TRUE(ids_->Issue(100, ConnectionIdUsage::kSpare));
  ASSERT_TRUE(Owed(HandshakeType::kNewConnectionId));
  EXPECT_EQ(ids_->num_ours(), ConnectionIds::kMaxOurs);
  ids_->OnAcked(HandshakeType::kNewConnectionId, &actions_);
  EXPECT_FALSE(ids_->Issue(1, ConnectionIdUsage::kSpare));
  // Full as it is, all can still be replaced.
  ASSERT_TRUE(ids_->Issue(100, ConnectionIdUsage::kImmediate));
  ASSERT_TRUE(Owed(HandshakeType::kNewConnectionId));
  EXPECT_EQ(ids_->num_ours(), 2 * ConnectionIds::kMaxOurs);
  ids_->OnAcked(HandshakeType::kNewConnectionId, &actions_);
  EXPECT_EQ(ids_->num_ours(), ConnectionIds::kMaxOurs);
}

TEST_F(ConnectionIdsTest, AFailingSourceGivesNothing) {
  source_->num_left = 0;
  ASSERT_TRUE(ids_->Issue(1, ConnectionIdUsage::kImmediate));
  EXPECT_FALSE(ids_->NextMessage(&actions_));
  ASSERT_TRUE(HandleRequest(1).ok());
  EXPECT_EQ(Owed(HandshakeType::kNewConnectionId),
            SerializeNewConnectionId({}, ConnectionIdUsage::kSpare));
}

TEST_F(ConnectionIdsTest, NoneIsGivenTwice) {
  ASSERT_TRUE(ids_->Issue(1, ConnectionIdUsage::kSpare));
  ASSERT_TRUE(Owed(HandshakeType::kNewConnectionId));
  ids_->OnAcked(HandshakeType::kNewConnectionId, &actions_);
  source_->next = 0;  // makes the same again
  ASSERT_TRUE(ids_->Issue(1, ConnectionIdUsage::kSpare));
  EXPECT_EQ(Owed(HandshakeType::kNewConnectionId),
            SerializeNewConnectionId(Numbered(2, 2), ConnectionIdUsage::kSpare));
}

TEST_F(ConnectionIdsTest, F43OneRequestAtATime) {
  EXPECT_FALSE(ids_->Request(0));
  ASSERT_TRUE(ids_->Request(4));
  EXPECT_FALSE(ids_->Request(4));
  EXPECT_EQ(Owed(HandshakeType::kRequestConnectionId), Bytes{4});
  EXPECT_FALSE(ids_->Request(4));
  //= rfc9147#section-9
  //= type=test
  //# Endpoints MUST NOT send a RequestConnectionId
  //# message when an existing request is still unfulfilled; this implies
  //# that endpoints need to request new CIDs well in advance.
  ids_->OnAcked(HandshakeType::kRequestConnectionId, &actions_);
  EXPECT_FALSE(ids_->Request(4));
  ASSERT_TRUE(HandleNew({}, ConnectionIdUsage::kSpare).ok());
  EXPECT_TRUE(ids_->Request(4));
  EXPECT_EQ(Owed(HandshakeType::kRequestConnectionId), Bytes{4});
  //= rfc9147#section-5.8.4
  //= type=test
  //# In contrast,
  //# implementations MUST NOT send KeyUpdate, NewConnectionId, or
  //# RequestConnectionId messages if an earlier message of the same type
  //# has not yet been acknowledged.
  ASSERT_TRUE(HandleNew({{1}}, ConnectionIdUsage::kSpare).ok());
  EXPECT_FALSE(ids_->Request(4));
}

TEST_F(ConnectionIdsTest, SparesAreAskedForInAdvance) {
  Start({.negotiated = true, .receive = {}, .send = {9}}, /*min_spares=*/2);
  //= rfc9147#section-9
  //= type=test
  //# Implementations SHOULD use a new CID whenever sending on a new path
  //# and SHOULD request new CIDs for this purpose if path changes are
  //# anticipated.
  EXPECT_EQ(Owed(HandshakeType::kRequestConnectionId), Bytes{2});
  ids_->OnAcked(HandshakeType::kRequestConnectionId, &actions_);
  ASSERT_TRUE(HandleNew({{1}, {2}, {3}}, ConnectionIdUsage::kSpare).ok());
  EXPECT_TRUE(ids_->TakeSpare());
  EXPECT_FALSE(ids_->NextMessage(&actions_));
  EXPECT_TRUE(ids_->TakeSpare());
  EXPECT_EQ(Owed(HandshakeType::kRequestConnectionId), Bytes{1});
}

TEST_F(ConnectionIdsTest, WhereThePeerUsesNoneOfOurs) {
  Start({.negotiated = true, .receive = {}, .send = {9}});
  //= rfc9147#section-9
  //= type=test
  //# Implementations which either did not negotiate the "connection_id"
  //# extension or which have negotiated receiving an empty CID MUST NOT
  //# send NewConnectionId.
  EXPECT_FALSE(ids_->Issue(1, ConnectionIdUsage::kSpare));
  EXPECT_FALSE(ids_->Issue(1, ConnectionIdUsage::kImmediate));
  //= rfc9147#section-9
  //= type=test
  //# Implementations which detect a violation of these rules MUST
  //# terminate the connection with an "unexpected_message" alert.
  ExpectFatal(HandleRequest(1), AlertDescription::kUnexpectedMessage);
  EXPECT_TRUE(HandleNew({{1}}, ConnectionIdUsage::kSpare).ok());
}

TEST_F(ConnectionIdsTest, WhereWeUseNoneOfThePeers) {
  Start({.negotiated = true, .receive = {0, 0}, .send = {}}, /*min_spares=*/2);
  //= rfc9147#section-9
  //= type=test
  //# Implementations MUST NOT send
  //# RequestConnectionId when sending an empty Connection ID.
  EXPECT_FALSE(ids_->Request(1));
  EXPECT_FALSE(ids_->NextMessage(&actions_));
  ExpectFatal(HandleNew({{1}}, ConnectionIdUsage::kSpare), AlertDescription::kUnexpectedMessage);
  EXPECT_TRUE(HandleRequest(1).ok());
  ExpectFatal(ids_->HandleRequestConnectionId({}), AlertDescription::kDecodeError);
}

}  // namespace
}  // namespace dtls13
