// SPDX-License-Identifier: Apache-2.0
// Associations that go cold when nothing happens to them, and are what they were when something
// does.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dtls13/session/ticket_keyring.h"
#include "dtls13/wire/bytes_test_util.h"
#include "tests/conformance/connected_pair.h"
#include "tests/sim/association_pair.h"
#include "tests/sim/forge.h"
#include "tests/sim/pair_paths.h"
#include "tests/sim/test_identity.h"
#include "tools/bench/allocation_counter.h"

namespace dtls13::sim {
namespace {

// Before main, because libcrypto takes these functions only before its first allocation.
const bool g_counts_libcrypto = (bench::InstallAllocationCounter(), true);

int64_t LiveBytes() { return bench::CountAllocations().live_bytes; }
uint64_t NumAllocations() { return bench::CountAllocations().num_allocations; }

constexpr Duration kColdAfter = seconds(10);
// kLeastGivenBack is what goes with the cipher contexts of an epoch at least.
constexpr int64_t kLeastGivenBack = 1500;

PairOptions ColdOptions(PairOptions options = ForgeableOptions()) {
  options.client.cold_after = options.server.cold_after = kColdAfter;
  return options;
}

const Bytes& ExportKey() {
  static const Bytes& key = *new Bytes(kExportKeyLen, 0x4b);
  return key;
}

class ColdTest : public ConnectedPairTest {
 protected:
  explicit ColdTest(PairOptions options = ColdOptions()) : ConnectedPairTest(std::move(options)) {}

  // GoCold lets time pass until both sides are cold: on the way nothing is sent.
  void GoCold(Duration silence = 2 * kColdAfter) {
    const int64_t before = LiveBytes();
    const size_t num_sent = NumSent();
    pair_.RunFor(silence);
    EXPECT_LT(LiveBytes(), before - kLeastGivenBack) << "nothing was given back";
    EXPECT_EQ(NumSent(), num_sent);
  }
  size_t NumSent() {
    return pair_.link().num_sent(Direction::kServerToClient) +
           pair_.link().num_sent(Direction::kClientToServer);
  }
  void ExpectDataFlows() {
    for (Side* to : {&pair_.client(), &pair_.server()}) to->received.clear();
    EXPECT_TRUE(pair_.DataFlowsBothWays());
  }
};

TEST_F(ColdTest, ASilentAssociationKeepsLittleAndHasNoDeadline) {
  ASSERT_TRUE(g_counts_libcrypto);
  GoCold(minutes(5));  // the handshake's keys have had their time too
  EXPECT_EQ(pair_.client().association->NextTimeout(), std::nullopt);
  EXPECT_EQ(pair_.server().association->NextTimeout(), std::nullopt);
}

TEST_F(ColdTest, GoesColdWhenTheSilenceHasLastedAndNotBefore) {
  GoCold();
  ASSERT_TRUE(pair_.Send(pair_.client(), "at the beginning"));
  pair_.RunFor(seconds(1));
  const int64_t warm = LiveBytes();
  pair_.RunFor(kColdAfter - milliseconds(1500));
  EXPECT_GE(LiveBytes(), warm);
  pair_.RunFor(seconds(1));
  EXPECT_LT(LiveBytes(), warm - kLeastGivenBack);
}

// Data keep it warm, and move no deadline: there is one look each time that it could go cold.
TEST_F(ColdTest, ActivityMovesNoDeadline) {
  GoCold();
  Association& server = *pair_.server().association;
  ASSERT_TRUE(pair_.Send(pair_.client(), "first"));
  pair_.RunFor(seconds(1));
  const std::optional<Instant> look_at = server.NextTimeout();
  ASSERT_TRUE(look_at);
  EXPECT_EQ(server.NextTransmission(), std::nullopt) << "there is nothing to send then";
  for (int i = 0; i < 8; ++i) {
    ASSERT_TRUE(pair_.Send(pair_.client(), "another"));
    pair_.RunFor(seconds(1));
    EXPECT_EQ(server.NextTimeout(), look_at);
  }
  const int64_t warm = LiveBytes();
  pair_.RunFor(seconds(5));
  EXPECT_GT(LiveBytes(), warm - kLeastGivenBack)
      << "it was looked at, and is not silent for long enough";
  EXPECT_GT(*server.NextTimeout(), *look_at);
}

TEST_F(ColdTest, EitherSideWakesTheOther) {
  for (int i = 0; i < 3; ++i) {
    GoCold();
    ExpectDataFlows();
  }
  // Not one number was left out or taken twice.
  const std::vector<RecordNumber>& numbers = pair_.server().received_numbers;
  ASSERT_GE(numbers.size(), 3u);
  for (size_t i = 0; i < numbers.size(); ++i) {
    EXPECT_EQ(numbers[i], (RecordNumber{numbers[0].epoch, {numbers[0].sequence_number.value + i}}));
  }
}

TEST_F(ColdTest, WhatWasReceivedBeforeIsAReplay) {
  const Bytes first = Sealed(pair_.client(), "first"), second = Sealed(pair_.client(), "second");
  pair_.Inject(pair_.server(), second);
  GoCold();
  pair_.Inject(pair_.server(), second);
  pair_.Inject(pair_.server(), first);
  GoCold();
  pair_.Inject(pair_.server(), first);
  EXPECT_EQ(pair_.server().received, (std::vector<Bytes>{ToBytes("second"), ToBytes("first")}));
  EXPECT_EQ(pair_.server().association->facts().records.num_dropped(DropReason::kReplay), 2u);
}

// Whoever sends datagrams without the keys wakes nothing for longer than it takes to see that.
TEST_F(ColdTest, AForgedRecordFindsItColdAgain) {
  Bytes forged = Sealed(pair_.client(), "to be damaged");
  const Bytes replayed = forged;
  pair_.Inject(pair_.server(), replayed);
  forged.back() ^= 1;
  GoCold(minutes(5));
  Association& server = *pair_.server().association;
  const auto deliver = [&](Bytes datagram) {
    Bytes out(2048);
    server.HandleDatagram(datagram, pair_.now());
    EXPECT_EQ(server.PollTransmit(out, pair_.now()), 0u);
    EXPECT_EQ(server.PollEvent(), std::nullopt);
    EXPECT_EQ(server.NextTimeout(), std::nullopt);
  };
  // It remembers a count for each reason; the first one takes some bytes.
  deliver(replayed);
  deliver(forged);
  const int64_t cold = LiveBytes();
  uint64_t most = 0;
  for (int i = 0; i < 200; ++i) {
    const uint64_t num_before = NumAllocations();
    deliver(i % 3 == 0 ? replayed : i % 3 == 1 ? forged : Bytes(100, 0x2b));
    most = std::max(most, NumAllocations() - num_before);
    ASSERT_EQ(LiveBytes(), cold) << i;
  }
  EXPECT_LE(most, 40u) << "and costs the same each time";
  const auto dropped = [&](DropReason reason) {
    return server.facts().records.num_dropped(reason);
  };
  EXPECT_EQ(dropped(DropReason::kReplay), 68u);
  EXPECT_EQ(dropped(DropReason::kAuthentication), 68u + 66u);
  ExpectDataFlows();
}

TEST_F(ColdTest, ForgedRecordsKeepNothingWarm) {
  Bytes forged = Sealed(pair_.client(), "to be damaged");
  forged.back() ^= 1;
  GoCold();
  ExpectDataFlows();
  const int64_t warm = LiveBytes();
  for (int i = 0; i < 30; ++i) {
    pair_.Inject(pair_.server(), forged);
    pair_.RunFor(milliseconds(500));
  }
  EXPECT_LT(LiveBytes(), warm - 2 * kLeastGivenBack) << "both sides went cold";
  EXPECT_EQ(pair_.server().association->facts().records.num_dropped(DropReason::kAuthentication),
            30u);
}

//= rfc9147#section-4.5.3
//= type=test
//# Implementations MUST count the number of received packets that fail
//# authentication with each key.
TEST(ColdConfigTest, FailuresWhileColdReachTheLimit) {
  PairOptions options = ColdOptions();
  options.server.max_failures_per_key = kMinFailuresPerKey;
  AssociationPair pair(options);
  ASSERT_TRUE(pair.RunUntilConnected());
  pair.RunFor(minutes(5));
  Bytes record(2048);
  size_t len = 0;
  ASSERT_EQ(pair.client().association->Seal(ToBytes("x"), record, &len), SendResult::kSealed);
  record.resize(len);
  record.back() ^= 1;
  uint64_t num = 0;
  for (; num < kMinFailuresPerKey && !pair.server().failure; ++num) {
    // The peer is asked to update its keys before; here it has gone.
    pair.client().association->Abort(AlertDescription::kInternalError);
    pair.Inject(pair.server(), record);
  }
  ASSERT_TRUE(pair.server().failure);
  EXPECT_EQ(pair.server().failure->reason(), Reason::kIntegrityLimit);
  EXPECT_EQ(num, kMinFailuresPerKey);
}

TEST_F(ColdTest, KeysAreUpdatedFromTheCold) {
  for (const bool request_peer : {true, false, true}) {
    for (Side* side : {&pair_.server(), &pair_.client()}) {
      GoCold();
      pair_.UpdateKeys(*side, request_peer);
      pair_.RunFor(seconds(1));
      EXPECT_FALSE(side->association->facts().has_unacked);
      ExpectDataFlows();
    }
  }
  EXPECT_EQ(pair_.client().association->facts().records.write_epoch(), Epoch{3 + 5});
  EXPECT_EQ(pair_.server().association->facts().records.write_epoch(), Epoch{3 + 5});
}

// What waits to be acknowledged is sent again, however long that takes.
TEST_F(ColdTest, NothingGoesColdThatIsUnderWay) {
  GoCold();
  pair_.link().SetFilter([](const SentDatagram&) { return true; });
  const size_t num_before = NumSent();
  pair_.UpdateKeys(pair_.client(), /*request_peer=*/false);
  const int64_t waiting = LiveBytes();
  pair_.RunFor(minutes(2));
  EXPECT_GE(LiveBytes(), waiting - 100);
  EXPECT_GE(NumSent() - num_before, 5u);
  pair_.link().SetFilter(nullptr);
  pair_.RunFor(minutes(2));
  EXPECT_LT(LiveBytes(), waiting - kLeastGivenBack);
  EXPECT_EQ(pair_.client().association->facts().records.write_epoch(), Epoch{4});
  ExpectDataFlows();
}

TEST_F(ColdTest, OldKeysGoInTimeAllTheSame) {
  Association& server = *pair_.server().association;
  GoCold();
  const std::optional<Instant> deadline = server.NextTimeout();
  ASSERT_TRUE(deadline) << "of the handshake's keys";
  EXPECT_TRUE(server.facts().records.CanRead(kHandshakeEpoch));
  pair_.RunFor(2 * kColdAfter);
  EXPECT_EQ(server.NextTimeout(), deadline);
  const int64_t before = LiveBytes();
  pair_.RunFor(*deadline - pair_.now() + seconds(1));
  EXPECT_LT(LiveBytes(), before) << "and it is still cold";
  EXPECT_GT(LiveBytes(), before - kLeastGivenBack);
  EXPECT_EQ(server.NextTimeout(), std::nullopt);
  EXPECT_FALSE(server.facts().records.CanRead(kHandshakeEpoch));
  ExpectDataFlows();
}

TEST_F(ColdTest, WhatIsKnownStaysKnown) {
  for (Side* side : {&pair_.client(), &pair_.server()}) {
    Association& association = *side->association;
    std::array<uint8_t, 32> before, after;
    ASSERT_TRUE(association.ExportKeyingMaterial("EXPORTER-test", {}, before));
    const size_t max_plaintext = association.MaxPlaintext();
    const AssociationFacts facts = association.facts();
    const HandshakeResult result = facts.result;
    const RetransmitTimerReport timer = facts.retransmit_timer;
    GoCold(minutes(5));
    const int64_t cold = LiveBytes();
    const AssociationStanding standing = association.standing();
    EXPECT_TRUE(standing.connected);
    EXPECT_FALSE(standing.failed);
    EXPECT_EQ(standing.retransmit_timer.value, timer.value);
    EXPECT_EQ(standing.retransmit_timer.num_starts, timer.num_starts);
    ASSERT_TRUE(association.ExportKeyingMaterial("EXPORTER-test", {}, after));
    EXPECT_EQ(association.MaxPlaintext(), max_plaintext);
    EXPECT_FALSE(association.HasOutput());
    EXPECT_EQ(LiveBytes(), cold) << "nothing of that warms it";
    EXPECT_EQ(before, after);
    const AssociationFacts later = association.facts();
    EXPECT_EQ(later.role, facts.role);
    EXPECT_EQ(later.result.suite, result.suite);
    EXPECT_EQ(later.result.group, result.group);
    EXPECT_EQ(later.result.peer_signature_scheme, result.peer_signature_scheme);
    EXPECT_EQ(later.result.server_name, result.server_name);
    EXPECT_EQ(later.result.connection.server_groups, result.connection.server_groups);
    EXPECT_EQ(later.mtu, standing.mtu);
    EXPECT_EQ(later.retransmit_timer.value, timer.value);
    pair_.RunFor(2 * kColdAfter);
    ExpectDataFlows();
  }
}

TEST_F(ColdTest, HalfClosedAssociationsStayHalfClosed) {
  const Bytes late = Sealed(pair_.client(), "late");
  pair_.client().association->Close();
  pair_.Flush(pair_.client());
  pair_.RunFor(seconds(1));
  GoCold();
  EXPECT_TRUE(pair_.server().association->standing().peer_closed);
  EXPECT_TRUE(pair_.client().association->standing().close_sent);
  EXPECT_FALSE(pair_.Send(pair_.client(), "too late"));
  ASSERT_TRUE(pair_.Send(pair_.server(), "answer"));
  pair_.Inject(pair_.server(), late);
  pair_.RunFor(seconds(1));
  EXPECT_EQ(pair_.client().received, std::vector<Bytes>{ToBytes("answer")});
  EXPECT_EQ(pair_.server().received, std::vector<Bytes>{ToBytes("late")});
}

TEST_F(ColdTest, ItEndsFromTheColdAsItWouldElse) {
  GoCold();
  pair_.client().association->Abort(AlertDescription::kInternalError);
  pair_.Flush(pair_.client());
  pair_.RunFor(seconds(1));
  ASSERT_TRUE(pair_.server().failure);
  EXPECT_TRUE(pair_.server().failure_from_peer);
  EXPECT_EQ(pair_.server().association->NextTimeout(), std::nullopt);
  EXPECT_EQ(pair_.client().association->NextTimeout(), std::nullopt);
}

// --- What few have

class ColdExportTest : public ColdTest {
 protected:
  static PairOptions Options() {
    PairOptions options = ColdOptions();
    options.client.exportable = options.server.exportable = true;
    return options;
  }
  ColdExportTest() : ColdTest(Options()) {}
};

TEST_F(ColdExportTest, IsExportedFromTheColdAndGoesColdWhereItIsImported) {
  GoCold();
  const PairOptions options = Options();
  for (Side* side : {&pair_.server(), &pair_.client()}) {
    const Bytes state = side->association->Export(ExportKey());
    ASSERT_FALSE(state.empty());
    side->association =
        Association::Import(std::make_shared<AssociationConfig>(
                                side == &pair_.client() ? options.client : options.server),
                            state, ExportKey(), pair_.now());
    ASSERT_NE(side->association, nullptr);
    ExpectDataFlows();
    GoCold();
    ExpectDataFlows();
    GoCold();
  }
}

class ColdIdsTest : public ColdTest {
 protected:
  static PairOptions Options() {
    PairOptions options = ColdOptions();
    for (AssociationConfig* config : {&options.client, &options.server}) {
      config->handshake.connection_ids.receive_len = 8;
      config->handshake.connection_ids.min_spares = 2;
    }
    options.paths.emplace();
    options.paths->Open("A", "A");
    return options;
  }
  ColdIdsTest() : ColdTest(Options()) {}

  void Rebind(std::string_view from, std::string_view to) {
    pair_.paths().Open("A", std::string(to));
    pair_.paths().Close(std::string(from));
  }
};

TEST_F(ColdIdsTest, ThePeerMayMoveMeanwhile) {
  for (int i = 0; i < 2; ++i) {
    GoCold();
    EXPECT_EQ(pair_.server().association->standing().active_path, NamedPath(i == 0 ? "A" : "B"));
    Rebind(i == 0 ? "A" : "B", i == 0 ? "B" : "C");
    ASSERT_TRUE(pair_.Send(pair_.client(), "from elsewhere"));
    pair_.RunFor(seconds(5));
    ExpectDataFlows();
  }
  EXPECT_EQ(pair_.server().moves, (std::vector<PathId>{NamedPath("B"), NamedPath("C")}));
  GoCold();
  EXPECT_EQ(pair_.server().association->facts().path_stats.num_validated, 2u);
}

TEST_F(ColdIdsTest, RetiredOnesAreForgottenInTime) {
  const Bytes late = Sealed(pair_.client(), "late"), too_late = Sealed(pair_.client(), "too late");
  ASSERT_TRUE(pair_.server().association->IssueConnectionIds(1, ConnectionIdUsage::kImmediate,
                                                             pair_.now()));
  pair_.Flush(pair_.server());
  pair_.RunFor(seconds(3));
  const size_t num_ids = pair_.server().connection_ids.size();
  GoCold();
  pair_.Inject(pair_.server(), late);
  EXPECT_EQ(pair_.server().received, std::vector<Bytes>{ToBytes("late")});
  pair_.RunFor(minutes(6));
  EXPECT_LT(pair_.server().connection_ids.size(), num_ids);
  pair_.Inject(pair_.server(), too_late);
  EXPECT_EQ(pair_.server().received.size(), 1u);
  ExpectDataFlows();
}

TEST_F(ColdIdsTest, MoreAreGivenFromTheCold) {
  GoCold();
  const size_t num_before = pair_.client().connection_ids.size();
  ASSERT_TRUE(
      pair_.client().association->IssueConnectionIds(2, ConnectionIdUsage::kSpare, pair_.now()));
  pair_.Flush(pair_.client());
  pair_.RunFor(seconds(3));
  EXPECT_EQ(pair_.client().connection_ids.size(), num_before + 2);
  GoCold();
  pair_.server().association->RequestConnectionIds(1, pair_.now());
  pair_.Flush(pair_.server());
  pair_.RunFor(seconds(3));
  EXPECT_GT(pair_.client().connection_ids.size(), num_before + 2);
}

class ColdTicketsTest : public ColdTest {
 protected:
  static PairOptions Options() {
    PairOptions options = ColdOptions();
    options.server.handshake.server.ticket_keys = TicketKeyring::Create(
        options.server.handshake.algorithms, options.server.handshake.random, {});
    options.client.handshake.post_handshake_auth = true;
    options.server.handshake.post_handshake_auth = true;
    options.client_identity = &TestIdentity::Get(KeyType::kEcdsaP256);
    options.client.handshake.credential = options.client_identity->credential();
    return options;
  }
  ColdTicketsTest() : ColdTest(Options()) {}
};

TEST_F(ColdTicketsTest, TicketsAreIssuedAndTakenFromTheCold) {
  const size_t num_before = pair_.client().sessions.size();
  ASSERT_GT(num_before, 0u);
  GoCold();
  EXPECT_NE(pair_.server().association->IssuedSession(), nullptr);
  ASSERT_TRUE(pair_.server().association->SendTicket(pair_.now()));
  pair_.Flush(pair_.server());
  pair_.RunFor(seconds(3));
  ASSERT_EQ(pair_.client().sessions.size(), num_before + 1);
  EXPECT_GT(pair_.client().sessions.back()->issued_at, pair_.client().sessions.front()->issued_at);
}

TEST_F(ColdTicketsTest, AClientShowsItsCertificateFromTheCold) {
  GoCold();
  ASSERT_TRUE(pair_.server().association->RequestClientCertificate(pair_.now()));
  pair_.Flush(pair_.server());
  pair_.RunFor(seconds(5));
  EXPECT_EQ(pair_.server().num_authenticated, 1u);
  GoCold();
  ExpectDataFlows();
}

TEST(ColdConfigTest, ZeroIsNever) {
  PairOptions options = ColdOptions();
  options.server.cold_after = options.client.cold_after = Duration::zero();
  AssociationPair pair(options);
  ASSERT_TRUE(pair.RunUntilConnected());
  pair.RunFor(minutes(6));
  EXPECT_EQ(pair.server().association->NextTimeout(), std::nullopt);
  const int64_t before = LiveBytes();
  pair.RunFor(minutes(6));
  EXPECT_EQ(LiveBytes(), before);
}

TEST(ColdConfigTest, Draft26GoesColdToo) {
  AssociationPair pair(ColdOptions(DefaultPairOptions(1, kDraft26Profile)));
  ASSERT_TRUE(pair.RunUntilConnected());
  for (int i = 0; i < 3; ++i) {
    const int64_t before = LiveBytes();
    pair.RunFor(minutes(1));
    EXPECT_LT(LiveBytes(), before - kLeastGivenBack);
    for (Side* to : {&pair.client(), &pair.server()}) to->received.clear();
    EXPECT_TRUE(pair.DataFlowsBothWays());
    pair.UpdateKeys(pair.client(), /*request_peer=*/true);
    pair.RunFor(seconds(2));
  }
}

}  // namespace
}  // namespace dtls13::sim
