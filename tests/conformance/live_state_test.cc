// SPDX-License-Identifier: Apache-2.0
// An association that goes on in another process.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <vector>

#include "dtls13/session/anti_replay.h"
#include "dtls13/session/ticket_keyring.h"
#include "dtls13/wire/bytes_test_util.h"
#include "dtls13/wire/handshake_header.h"
#include "dtls13/wire/record_header.h"
#include "tests/conformance/connected_pair.h"
#include "tests/sim/association_pair.h"
#include "tests/sim/forge.h"
#include "tests/sim/pair_paths.h"

namespace dtls13::sim {
namespace {

const Bytes& Key() {
  static const Bytes& key = *new Bytes(kExportKeyLen, 0x4b);
  return key;
}

PairOptions Options() {
  PairOptions options = ForgeableOptions();
  options.client.exportable = options.server.exportable = true;
  return options;
}

class LiveStateTest : public ConnectedPairTest {
 protected:
  explicit LiveStateTest(const PairOptions& options = Options())
      : ConnectedPairTest(options), options_(options) {}

  std::unique_ptr<Association> Import(const Side& side, std::span<const uint8_t> state,
                                      std::span<const uint8_t> key = Key()) {
    const bool is_client = side.association->facts().role == Role::kClient;
    return Association::Import(
        std::make_shared<AssociationConfig>(is_client ? options_.client : options_.server), state,
        key, pair_.now());
  }
  // Move has the side's association go on as another one. The one it was comes back.
  std::unique_ptr<Association> Move(Side& side) {
    const Bytes state = side.association->Export(Key());
    EXPECT_FALSE(state.empty());
    std::unique_ptr<Association> imported = Import(side, state);
    EXPECT_NE(imported, nullptr);
    return std::exchange(side.association, std::move(imported));
  }
  void UpdateKeys(Side& side, bool request_peer) {
    pair_.UpdateKeys(side, request_peer);
    pair_.RunFor(seconds(1));
  }

  PairOptions options_;
};

TEST_F(LiveStateTest, DataFlowsBeforeAndAfterOnEitherSide) {
  EXPECT_TRUE(pair_.DataFlowsBothWays());
  for (Side* side : {&pair_.client(), &pair_.server(), &pair_.client()}) {
    std::array<uint8_t, 32> before, after;
    ASSERT_TRUE(side->association->ExportKeyingMaterial("EXPORTER-test", {}, before));
    const std::unique_ptr<Association> old = Move(*side);
    ASSERT_NE(side->association, nullptr);
    EXPECT_EQ(side->association->facts().role, old->facts().role);
    EXPECT_EQ(side->association->facts().result.suite, old->facts().result.suite);
    EXPECT_EQ(side->association->facts().mtu, old->facts().mtu);
    EXPECT_EQ(side->association->SealOverhead(), 22u);
    EXPECT_FALSE(side->association->facts().has_unacked);
    EXPECT_EQ(side->association->PollEvent(), std::nullopt);
    ASSERT_TRUE(side->association->ExportKeyingMaterial("EXPORTER-test", {}, after));
    EXPECT_EQ(before, after);
    for (Side* to : {&pair_.client(), &pair_.server()}) to->received.clear();
    EXPECT_TRUE(pair_.DataFlowsBothWays());
  }
}

TEST_F(LiveStateTest, KeyUpdatesGoOn) {
  for (Side* side : {&pair_.server(), &pair_.client()}) {
    UpdateKeys(*side, /*request_peer=*/true);
    UpdateKeys(*side, /*request_peer=*/false);
    Move(*side);
    UpdateKeys(*side, /*request_peer=*/true);
    EXPECT_FALSE(side->association->facts().has_unacked);
    for (Side* to : {&pair_.client(), &pair_.server()}) to->received.clear();
    EXPECT_TRUE(pair_.DataFlowsBothWays());
  }
  EXPECT_EQ(pair_.client().association->facts().records.write_epoch(), Epoch{3 + 5});
  EXPECT_EQ(pair_.server().association->facts().records.write_epoch(), Epoch{3 + 5});
}

TEST_F(LiveStateTest, TheReplayWindowGoesWithIt) {
  const Bytes first = Sealed(pair_.client(), "first"), second = Sealed(pair_.client(), "second");
  pair_.Inject(pair_.server(), second);
  Move(pair_.server());
  pair_.Inject(pair_.server(), second);
  pair_.Inject(pair_.server(), first);
  pair_.Inject(pair_.server(), first);
  EXPECT_EQ(pair_.server().received, (std::vector<Bytes>{ToBytes("second"), ToBytes("first")}));
  EXPECT_EQ(pair_.server().association->facts().records.num_dropped(DropReason::kReplay), 2u);
}

// No number of the exporter's is used again, nor any near it.
TEST_F(LiveStateTest, NumbersGoOnFarFromTheExporters) {
  ASSERT_TRUE(pair_.Send(pair_.client(), "by the exporter"));
  pair_.RunFor(seconds(1));
  Move(pair_.client());
  for (int i = 0; i < 20000; ++i) Sealed(pair_.client(), "lost");
  ASSERT_TRUE(pair_.Send(pair_.client(), "by the importer"));
  pair_.RunFor(seconds(1));
  ASSERT_EQ(pair_.server().received_numbers.size(), 2u);
  const uint64_t before = pair_.server().received_numbers[0].sequence_number.value;
  const uint64_t after = pair_.server().received_numbers[1].sequence_number.value;
  EXPECT_EQ(after, before + 1 + 4096 + 20000);
}

class ShortNumbersTest : public LiveStateTest {
 protected:
  static PairOptions ShortOptions() {
    PairOptions options = Options();
    options.client.short_numbers = options.server.short_numbers = true;
    return options;
  }
  ShortNumbersTest() : LiveStateTest(ShortOptions()) {}
};

// Eight bits do not span the numbers that were skipped.
TEST_F(ShortNumbersTest, SixteenBitsAreSentUntilTheNextKeys) {
  const size_t overhead = pair_.client().association->SealOverhead();
  Move(pair_.client());
  EXPECT_EQ(pair_.client().association->SealOverhead(), overhead + 1);
  EXPECT_TRUE(pair_.DataFlowsBothWays());
  UpdateKeys(pair_.client(), false);
  EXPECT_EQ(pair_.client().association->SealOverhead(), overhead);
  pair_.server().received.clear();
  EXPECT_TRUE(pair_.DataFlowsBothWays());
}

TEST_F(LiveStateTest, TheExporterIsOver) {
  const Bytes waiting = Sealed(pair_.server(), "not for the exporter");
  const std::unique_ptr<Association> old = Move(pair_.client());
  EXPECT_TRUE(old->facts().failed);
  EXPECT_EQ(old->facts().failure.reason(), Reason::kExported);
  Bytes buffer(2048);
  size_t len = 0;
  EXPECT_EQ(old->Seal({}, buffer, &len), SendResult::kClosed);
  old->RequestKeyUpdate(true, pair_.now());
  old->Close();
  EXPECT_EQ(old->PollTransmit(buffer, pair_.now()), 0u);
  Bytes copy = waiting;
  old->HandleDatagram(copy, pair_.now());
  EXPECT_EQ(old->PollEvent(), std::nullopt);
  EXPECT_EQ(old->NextTimeout(), std::nullopt);
  EXPECT_TRUE(old->Export(Key()).empty());
  EXPECT_FALSE(old->facts().records.CanRead(kFirstApplicationEpoch));
  EXPECT_FALSE(old->facts().records.CanWrite(kFirstApplicationEpoch));
  pair_.Inject(pair_.client(), waiting);
  EXPECT_EQ(pair_.client().received, std::vector<Bytes>{ToBytes("not for the exporter")});
}

TEST_F(LiveStateTest, NothingHalfDoneIsExported) {
  Association& client = *pair_.client().association;
  EXPECT_TRUE(client.Export(Bytes(16)).empty());
  client.RequestKeyUpdate(false, pair_.now());
  EXPECT_TRUE(client.Export(Key()).empty()) << "a message is owed";
  pair_.Flush(pair_.client());
  EXPECT_TRUE(client.Export(Key()).empty()) << "it is not acknowledged";
  pair_.RunFor(seconds(1));
  Bytes record = Sealed(pair_.server(), "data");
  client.HandleDatagram(record, pair_.now());
  EXPECT_TRUE(client.Export(Key()).empty()) << "an event is to be polled";
  pair_.Flush(pair_.client());
  Forge forge(pair_, pair_.server());
  const Bytes update = WholeMessage(HandshakeType::kKeyUpdate, 7, Bytes{0});
  pair_.Inject(pair_.client(), forge.Protected(kFirstApplicationEpoch, ContentType::kHandshake,
                                               std::span(update).first(12)));
  client.Close();
  EXPECT_TRUE(client.Export(Key()).empty()) << "an alert is owed";
}

TEST(LiveStateConfigTest, OnlyWhatIsConnectedAndMayBeIsExported) {
  PairOptions options = Options();
  options.server.exportable = false;
  AssociationPair pair(options);
  EXPECT_TRUE(pair.client().association->Export(Key()).empty());
  ASSERT_TRUE(pair.RunUntilConnected());
  pair.RunFor(seconds(5));
  EXPECT_TRUE(pair.server().association->Export(Key()).empty());
  EXPECT_FALSE(pair.client().association->Export(Key()).empty());
}

TEST_F(LiveStateTest, WrongKeysAndChangedBytesAreRefused) {
  Side& server = pair_.server();
  const Bytes state = server.association->Export(Key());
  ASSERT_FALSE(state.empty());
  Bytes wrong_key = Key();
  wrong_key[31] ^= 1;
  EXPECT_EQ(Import(server, state, wrong_key), nullptr);
  EXPECT_EQ(Import(server, state, std::span(Key()).first(31)), nullptr);
  for (size_t len = 0; len < state.size(); ++len) {
    EXPECT_EQ(Import(server, std::span(state).first(len)), nullptr) << len;
  }
  for (size_t i = 0; i < state.size(); ++i) {
    Bytes changed = state;
    changed[i] ^= 0x40;
    EXPECT_EQ(Import(server, changed), nullptr) << i;
  }
  Bytes longer = state;
  longer.push_back(0);
  EXPECT_EQ(Import(server, longer), nullptr);
  EXPECT_EQ(Import(server, Bytes(100000)), nullptr);
  EXPECT_NE(Import(server, state), nullptr);
}

// The peer's KeyUpdate was taken and its ACK lost: the peer still speaks under the old keys.
TEST_F(LiveStateTest, AnUnfinishedKeyUpdateOfThePeerIsFinishedByTheImporter) {
  const size_t first_ack = pair_.link().num_sent(Direction::kServerToClient);
  pair_.link().SetFilter([first_ack](const SentDatagram& datagram) {
    return datagram.direction == Direction::kServerToClient && datagram.index == first_ack;
  });
  pair_.UpdateKeys(pair_.client(), /*request_peer=*/false);
  pair_.RunFor(milliseconds(30));
  ASSERT_TRUE(pair_.client().association->facts().has_unacked);
  Move(pair_.server());
  ASSERT_TRUE(pair_.Send(pair_.client(), "under the old keys"));
  pair_.RunFor(seconds(5));
  EXPECT_EQ(pair_.server().received, std::vector<Bytes>{ToBytes("under the old keys")});
  EXPECT_FALSE(pair_.client().association->facts().has_unacked);
  EXPECT_EQ(pair_.client().association->facts().records.write_epoch(), Epoch{4});
  EXPECT_TRUE(pair_.DataFlowsBothWays());
  // The superseded keys go in time with the importer as they would have with the exporter.
  pair_.RunFor(minutes(5));
  EXPECT_FALSE(pair_.server().association->facts().records.CanRead(kFirstApplicationEpoch));
}

// F1 over an export: the ACK of Finished was lost.
TEST(LiveStateHandshakeTest, TheImporterAcknowledgesTheHandshakesLastFlightAgain) {
  PairOptions options = Options();
  AssociationPair pair(options);
  pair.link().SetFilter([](const SentDatagram& datagram) {
    return datagram.direction == Direction::kServerToClient && datagram.index == 1;
  });
  ASSERT_TRUE(pair.RunUntilConnected());
  pair.RunFor(milliseconds(20));
  ASSERT_FALSE(pair.client().handshake_acked);
  const Bytes state = pair.server().association->Export(Key());
  ASSERT_FALSE(state.empty());
  pair.server().association = Association::Import(
      std::make_shared<AssociationConfig>(options.server), state, Key(), pair.now());
  ASSERT_NE(pair.server().association, nullptr);
  pair.RunFor(seconds(5));
  EXPECT_TRUE(pair.client().handshake_acked);
  EXPECT_TRUE(pair.DataFlowsBothWays());
}

TEST_F(LiveStateTest, HalfClosedAssociationsStayHalfClosed) {
  const Bytes late = Sealed(pair_.client(), "late");
  pair_.client().association->Close();
  pair_.Flush(pair_.client());
  pair_.RunFor(seconds(1));
  Move(pair_.client());
  Move(pair_.server());
  EXPECT_TRUE(pair_.server().association->facts().peer_closed);
  EXPECT_TRUE(pair_.client().association->facts().close_sent);
  EXPECT_FALSE(pair_.Send(pair_.client(), "too late"));
  ASSERT_TRUE(pair_.Send(pair_.server(), "answer"));
  pair_.Inject(pair_.server(), late);
  pair_.RunFor(seconds(1));
  EXPECT_EQ(pair_.client().received, std::vector<Bytes>{ToBytes("answer")});
  EXPECT_EQ(pair_.server().received, std::vector<Bytes>{ToBytes("late")});
}

// What the extensions settled: a peer that takes only small records still gets no others.
TEST(LiveStateConnectionTest, KeepsWhatWasAgreedOn) {
  PairOptions options = Options();
  for (AssociationConfig* config : {&options.client, &options.server}) {
    config->handshake.connection.alpn = {"coap"};
    config->handshake.connection.record_size_limit = 200;
    OfferSrtp({SrtpProfile::kAeadAes128Gcm}, config);
  }
  AssociationPair pair(options);
  ASSERT_TRUE(pair.RunUntilConnected());
  pair.RunFor(seconds(5));
  for (Side* side : {&pair.client(), &pair.server()}) {
    const size_t max_plaintext = side->association->MaxPlaintext();
    EXPECT_LT(max_plaintext, 200u);
    const bool is_client = side->association->facts().role == Role::kClient;
    const Bytes state = side->association->Export(Key());
    side->association = Association::Import(
        std::make_shared<AssociationConfig>(is_client ? options.client : options.server), state,
        Key(), pair.now());
    ASSERT_NE(side->association, nullptr);
    EXPECT_EQ(side->association->MaxPlaintext(), max_plaintext);
    const ConnectionResult& connection = side->association->facts().result.connection;
    EXPECT_EQ(connection.alpn, "coap");
    EXPECT_EQ(connection.srtp_profile, SrtpProfile::kAeadAes128Gcm);
    EXPECT_EQ(connection.max_receive_inner_len, 200u);
  }
  EXPECT_TRUE(pair.DataFlowsBothWays());
}

// --- Connection IDs and paths

class LiveIdsTest : public LiveStateTest {
 protected:
  static PairOptions IdOptions() {
    PairOptions options = Options();
    for (AssociationConfig* config : {&options.client, &options.server}) {
      config->handshake.connection_ids.receive_len = 8;
      config->handshake.connection_ids.min_spares = 2;
    }
    options.paths.emplace();
    options.paths->Open("A", "A");
    return options;
  }
  LiveIdsTest() : LiveStateTest(IdOptions()) {}

  // MoveSide is Move; the importer names the same identifiers again.
  void MoveSide(Side& side) {
    const std::vector<Bytes> ids = std::exchange(side.connection_ids, {});
    Move(side);
    ASSERT_NE(side.association, nullptr);
    pair_.Flush(side);
    EXPECT_EQ(side.connection_ids, ids);
    EXPECT_FALSE(ids.empty());
  }
  void Rebind() {
    pair_.paths().Open("A", "B");
    pair_.paths().Close("A");
  }
  // LastId returns the Connection ID of the last datagram in a direction.
  Bytes LastId(Direction direction) {
    Bytes last;
    for (const SentDatagram& sent : pair_.link().log()) {
      const auto id = FindConnectionId(sent.bytes, 8);
      if (sent.direction == direction && id) last.assign(id->begin(), id->end());
    }
    return last;
  }
};

TEST_F(LiveIdsTest, DataFlowsBothWaysUnderTheSameIds) {
  ASSERT_TRUE(pair_.DataFlowsBothWays());
  const Bytes to_client = LastId(Direction::kServerToClient);
  const Bytes to_server = LastId(Direction::kClientToServer);
  MoveSide(pair_.client());
  MoveSide(pair_.server());
  EXPECT_EQ(pair_.server().association->facts().active_path, NamedPath("A"));
  for (Side* side : {&pair_.client(), &pair_.server()}) side->received.clear();
  EXPECT_TRUE(pair_.DataFlowsBothWays());
  EXPECT_EQ(LastId(Direction::kServerToClient), to_client);
  EXPECT_EQ(LastId(Direction::kClientToServer), to_server);
}

// The spare that the exporter had is what the importer uses on a new path, and it asks for another.
TEST_F(LiveIdsTest, TheAddressMayChangeAfterwards) {
  ASSERT_TRUE(pair_.DataFlowsBothWays());
  const Bytes by_a = LastId(Direction::kServerToClient);
  MoveSide(pair_.server());
  MoveSide(pair_.client());
  Rebind();
  ASSERT_TRUE(pair_.Send(pair_.client(), "from B"));
  pair_.RunFor(seconds(3));
  EXPECT_EQ(pair_.server().moves, std::vector<PathId>{NamedPath("B")});
  ASSERT_TRUE(pair_.Send(pair_.server(), "by B"));
  EXPECT_NE(LastId(Direction::kServerToClient), by_a);
  pair_.RunFor(seconds(3));
  EXPECT_TRUE(AssociationPair::HasReceived(pair_.client(), "by B"));
  EXPECT_EQ(pair_.client().connection_ids.size(), 4u);
  // And once more, with the state of a path that was moved to.
  MoveSide(pair_.server());
  EXPECT_EQ(pair_.server().association->facts().active_path, NamedPath("B"));
  for (Side* side : {&pair_.client(), &pair_.server()}) side->received.clear();
  EXPECT_TRUE(pair_.DataFlowsBothWays());
}

TEST_F(LiveIdsTest, AnUncheckedPathStaysWhereItIs) {
  Rebind();
  ASSERT_TRUE(pair_.Send(pair_.client(), "from B"));
  pair_.RunFor(milliseconds(15));
  ASSERT_EQ(pair_.server().association->facts().path_stats.num_started, 1u);
  EXPECT_TRUE(pair_.server().association->Export(Key()).empty());
  pair_.RunFor(seconds(3));
  EXPECT_FALSE(pair_.server().association->Export(Key()).empty());
}

TEST_F(LiveIdsTest, OutstandingMessagesAboutThemStayWhereTheyAre) {
  Association& client = *pair_.client().association;
  ASSERT_TRUE(client.IssueConnectionIds(1, ConnectionIdUsage::kSpare, pair_.now()));
  EXPECT_TRUE(client.Export(Key()).empty());
  pair_.Flush(pair_.client());
  EXPECT_TRUE(client.Export(Key()).empty());
  pair_.RunFor(seconds(3));
  ASSERT_TRUE(client.RequestConnectionIds(1, pair_.now()));
  EXPECT_TRUE(client.Export(Key()).empty());
  pair_.Flush(pair_.client());
  EXPECT_TRUE(client.Export(Key()).empty());
  pair_.RunFor(seconds(3));
  MoveSide(pair_.client());
}

// Of an immediate change: the replaced identifiers are taken for as long as they would have been.
TEST_F(LiveIdsTest, RetiringOnesRetireInTime) {
  const Bytes late = Sealed(pair_.client(), "late");
  const Bytes too_late = Sealed(pair_.client(), "too late");
  Association& server = *pair_.server().association;
  ASSERT_TRUE(server.IssueConnectionIds(1, ConnectionIdUsage::kImmediate, pair_.now()));
  pair_.Flush(pair_.server());
  pair_.RunFor(seconds(3));
  EXPECT_GT(pair_.server().connection_ids.size(), 1u);
  MoveSide(pair_.server());
  pair_.Inject(pair_.server(), late);
  EXPECT_EQ(pair_.server().received, std::vector<Bytes>{ToBytes("late")});
  pair_.RunFor(minutes(5));
  EXPECT_EQ(pair_.server().connection_ids, std::vector<Bytes>{LastId(Direction::kClientToServer)});
  pair_.Inject(pair_.server(), too_late);
  EXPECT_EQ(pair_.server().received.size(), 1u);
  // More may be had as before.
  EXPECT_TRUE(
      pair_.server().association->IssueConnectionIds(3, ConnectionIdUsage::kSpare, pair_.now()));
  pair_.Flush(pair_.server());
  pair_.RunFor(seconds(3));
  EXPECT_EQ(pair_.server().connection_ids.size(), 4u);
}

// --- What result() says

void ExpectSameResult(const HandshakeResult& before, const HandshakeResult& after) {
  EXPECT_EQ(before.suite, after.suite);
  EXPECT_EQ(before.group, after.group);
  EXPECT_EQ(before.peer_signature_scheme, after.peer_signature_scheme);
  EXPECT_EQ(before.local_signature_scheme, after.local_signature_scheme);
  EXPECT_EQ(before.used_hello_retry_request, after.used_hello_retry_request);
  EXPECT_EQ(before.psk_index, after.psk_index);
  EXPECT_EQ(before.psk_mode, after.psk_mode);
  EXPECT_EQ(before.resumed, after.resumed);
  EXPECT_EQ(before.authenticated_at, after.authenticated_at);
  EXPECT_EQ(before.early_data, after.early_data);
  EXPECT_EQ(before.early_suite, after.early_suite);
  EXPECT_EQ(before.takes_tickets, after.takes_tickets);
  EXPECT_EQ(before.server_name, after.server_name);
  EXPECT_EQ(before.client_certificate_type, after.client_certificate_type);
  EXPECT_EQ(before.connection.alpn, after.connection.alpn);
  EXPECT_EQ(before.connection.srtp_profile, after.connection.srtp_profile);
  EXPECT_EQ(before.connection.srtp_mki, after.connection.srtp_mki);
  EXPECT_EQ(before.connection.max_send_inner_len, after.connection.max_send_inner_len);
  EXPECT_EQ(before.connection.max_receive_inner_len, after.connection.max_receive_inner_len);
  EXPECT_EQ(before.connection.server_name_acknowledged, after.connection.server_name_acknowledged);
  EXPECT_EQ(before.connection_ids.negotiated, after.connection_ids.negotiated);
  EXPECT_EQ(before.connection_ids.receive, after.connection_ids.receive);
  EXPECT_EQ(before.connection_ids.send, after.connection_ids.send);
  EXPECT_EQ(before.connection_ids.return_routability_check,
            after.connection_ids.return_routability_check);
}

// A resumed connection with early data has every field at work.
TEST(LiveStateResultTest, SaysWhatItSaid) {
  PairOptions options = Options();
  for (AssociationConfig* config : {&options.client, &options.server}) {
    config->handshake.connection.alpn = {"coap"};
    config->handshake.connection.record_size_limit = 300;
    config->handshake.connection_ids.receive_len = 4;
    OfferSrtp({SrtpProfile::kAeadAes128Gcm}, config);
  }
  HandshakeConfig& server = options.server.handshake;
  server.server.ticket_keys = TicketKeyring::Create(server.algorithms, server.random, {});
  server.server.max_early_data_len = 4096;
  server.server.require_cookie = false;
  server.server.replay_guard = std::make_shared<RecentClaims>(kStartOfTime);
  AssociationPair first(options);
  ASSERT_TRUE(first.RunUntilConnected());
  first.RunFor(seconds(5));
  ASSERT_FALSE(first.client().sessions.empty());
  options.client_psks.push_back(Psk(first.client().sessions[0]));
  options.client_early_data = true;
  options.age = seconds(100);
  AssociationPair pair(options);
  ASSERT_TRUE(pair.RunUntilConnected());
  pair.RunFor(seconds(5));
  for (Side* side : {&pair.client(), &pair.server()}) {
    const bool is_client = side->association->facts().role == Role::kClient;
    const std::unique_ptr<Association> old = std::move(side->association);
    std::array<uint8_t, 32> before, after;
    ASSERT_TRUE(old->ExportEarlyKeyingMaterial("EXPORTER-test", {}, before));
    ASSERT_TRUE(old->facts().result.resumed);
    ASSERT_EQ(old->facts().result.early_data, EarlyDataOutcome::kAccepted);
    ASSERT_TRUE(old->facts().result.authenticated_at.has_value());
    const size_t max_plaintext = old->MaxPlaintext();
    const Bytes state = old->Export(Key());
    side->association = Association::Import(
        std::make_shared<AssociationConfig>(is_client ? options.client : options.server), state,
        Key(), pair.now());
    ASSERT_NE(side->association, nullptr);
    ExpectSameResult(old->facts().result, side->association->facts().result);
    EXPECT_EQ(side->association->MaxPlaintext(), max_plaintext);
    ASSERT_TRUE(side->association->ExportEarlyKeyingMaterial("EXPORTER-test", {}, after));
    EXPECT_EQ(before, after);
  }
  EXPECT_TRUE(pair.DataFlowsBothWays());
}

}  // namespace
}  // namespace dtls13::sim
