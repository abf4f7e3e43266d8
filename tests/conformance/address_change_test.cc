// SPDX-License-Identifier: Apache-2.0
// A peer that is heard from another address: RFC 9146 section 6, RFC 9147 section 11, RFC 9853.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "dtls13/wire/bytes_test_util.h"
#include "dtls13/wire/record_header.h"
#include "tests/sim/association_pair.h"
#include "tests/sim/chosen_sizing.h"
#include "tests/sim/forge.h"
#include "tests/sim/pair_paths.h"

namespace dtls13::sim {
namespace {

PairOptions Options(PathCheck check = PathCheck::kBasic, uint64_t seed = 1) {
  PairOptions options = ForgeableOptions(seed);
  for (AssociationConfig* config : {&options.client, &options.server}) {
    config->handshake.connection_ids.receive_len = 8;
    config->handshake.connection_ids.min_spares = 2;
    config->path_validation.check = check;
  }
  options.paths.emplace();
  options.paths->Open("A", "A");
  return options;
}

// MovingPair is a pair that is connected by path A and quiet.
class MovingPair : public AssociationPair {
 public:
  explicit MovingPair(PairOptions options = Options()) : AssociationPair(std::move(options)) {
    EXPECT_TRUE(RunUntilConnected());
    RunFor(seconds(2));
    EXPECT_EQ(server().association->facts().active_path, NamedPath("A"));
    start_ = link().log().size();
  }

  // Rebind makes the NAT give the client another address; the old one is dead.
  void Rebind(std::string_view outside) {
    paths().Open("A", outside);
    paths().Close("A");
  }

  // SentBy returns the datagrams that left in a direction by a path since the start.
  std::vector<SentDatagram> SentBy(Direction direction, std::string_view path) {
    std::vector<SentDatagram> sent;
    for (size_t i = start_; i < link().log().size(); ++i) {
      const SentDatagram& one = link().log()[i];
      if (one.direction == direction && one.path == NamedPath(path)) sent.push_back(one);
    }
    return sent;
  }
  size_t BytesBy(Direction direction, std::string_view path) {
    const auto sent = SentBy(direction, path);
    return std::accumulate(
        sent.begin(), sent.end(), size_t{0},
        [](size_t sum, const SentDatagram& one) { return sum + one.bytes.size(); });
  }
  PathStats server_stats() { return server().association->facts().path_stats; }

 private:
  size_t start_ = 0;
};

Bytes IdOf(const SentDatagram& sent) {
  const auto id = FindConnectionId(sent.bytes, 8);
  return id ? Bytes(id->begin(), id->end()) : Bytes();
}

TEST(AddressChange, BasicAfterANatRebinding) {
  MovingPair pair;
  pair.Rebind("B");
  //= draft-ietf-tls-dtls-rrc#section-3.1
  //= type=test
  //# if a record with CID is received that has
  //# the source address of the enclosing UDP datagram different from what
  //# is currently associated with that CID value, the receiver SHOULD
  //# perform a return routability check as described in Section 5, unless
  //# an application-specific address validation mechanism can be triggered
  //# instead (e.g., CoAP Echo [RFC9175]).
  ASSERT_TRUE(pair.Send(pair.client(), "from B"));
  pair.RunFor(milliseconds(15));
  EXPECT_EQ(pair.server().received.size(), 1u);  // taken, but no reason to move yet
  EXPECT_EQ(pair.server().association->facts().active_path, NamedPath("A"));
  EXPECT_TRUE(pair.server().moves.empty());
  pair.RunFor(milliseconds(20));
  EXPECT_EQ(pair.server().moves, std::vector<PathId>{NamedPath("B")});
  EXPECT_EQ(pair.server().association->facts().active_path, NamedPath("B"));
  EXPECT_EQ(pair.server_stats().num_validated, 1u);
  EXPECT_TRUE(pair.DataFlowsBothWays());
  EXPECT_TRUE(pair.client().moves.empty());
  EXPECT_TRUE(pair.client().candidates.empty());
  // One challenge was enough, and its answer came at once.
  EXPECT_EQ(pair.server_stats().num_unexpected_answers, 0u);
}

TEST(AddressChange, PaddingMakesNoMessageOfTheCheckLonger) {
  const auto sizing = ChosenSizing::Filling();
  PairOptions options = Options();
  options.client.record_sizing = options.server.record_sizing = sizing;
  MovingPair pair(options);
  pair.Rebind("B");
  ASSERT_TRUE(pair.Send(pair.client(), "from B"));
  pair.RunFor(milliseconds(15));
  ASSERT_EQ(pair.SentBy(Direction::kServerToClient, "B").size(), 1u);
  EXPECT_LT(pair.BytesBy(Direction::kServerToClient, "B"), 100u);
  pair.RunFor(milliseconds(20));
  EXPECT_EQ(pair.server().moves, std::vector<PathId>{NamedPath("B")});
  for (const auto& [type, len] : sizing->asked) {
    EXPECT_NE(type, ContentType::kReturnRoutabilityCheck);
  }
}

TEST(AddressChange, TheNewPathHasAConnectionIdOfItsOwn) {
  MovingPair pair;
  ASSERT_TRUE(pair.Send(pair.server(), "by A"));
  pair.Rebind("B");
  ASSERT_TRUE(pair.Send(pair.client(), "from B"));
  pair.RunFor(seconds(3));
  ASSERT_TRUE(pair.Send(pair.server(), "by B"));
  const auto by_a = pair.SentBy(Direction::kServerToClient, "A");
  const auto by_b = pair.SentBy(Direction::kServerToClient, "B");
  ASSERT_FALSE(by_a.empty() || by_b.empty());
  //= draft-ietf-tls-dtls-rrc#section-9
  //= type=test
  //# When using DTLS 1.3, peers SHOULD avoid using the same CID on
  //# multiple network paths, in particular when initiating connection
  //# migration or when probing a new network path, as described in
  //# Section 5, as an adversary can otherwise correlate the communication
  //# interaction across those different paths.
  for (const auto& sent : by_b) {
    EXPECT_EQ(IdOf(sent), IdOf(by_b.front()));
    EXPECT_NE(IdOf(sent), IdOf(by_a.front()));
  }
  // What it took was asked for again.
  EXPECT_EQ(pair.client().connection_ids.size(), 4u);
}

TEST(AddressChange, MigrationOfOurOwn) {
  for (const PathCheck check : {PathCheck::kBasic, PathCheck::kEnhanced}) {
    MovingPair pair(Options(check));
    pair.paths().Open("C", "C");  // A stays alive
    pair.client().association->MigrateTo(NamedPath("C"), pair.now());
    ASSERT_TRUE(pair.Send(pair.client(), "from C"));
    pair.RunFor(milliseconds(200));
    EXPECT_EQ(pair.server().moves, std::vector<PathId>{NamedPath("C")});
    ASSERT_TRUE(pair.Send(pair.client(), "again"));
    const auto by_a = pair.SentBy(Direction::kClientToServer, "A");
    const auto by_c = pair.SentBy(Direction::kClientToServer, "C");
    //= rfc9147#section-11
    //= type=test
    //# In order to prevent this, implementations SHOULD attempt to use fresh
    //# CIDs whenever they change local addresses or ports (though this is
    //# not always possible to detect).
    for (const auto& on_a : by_a) {
      for (const auto& on_c : by_c) EXPECT_NE(IdOf(on_a), IdOf(on_c));
    }
    if (check == PathCheck::kEnhanced) {
      // The server asked by the old path, and path_drop came back by it.
      EXPECT_EQ(by_a.size(), 1u);
    }
    EXPECT_TRUE(pair.DataFlowsBothWays());
  }
}

// Who sees the client's records brings copies before they arrive, from addresses where nobody is.
// That must not cost the Connection IDs that a true move is to have.
TEST(AddressChange, CopiesFromNowhereDoNotUseUpConnectionIds) {
  MovingPair pair;
  for (int i = 0; i < 40; ++i) {
    Bytes copy(256);
    size_t len = 0;
    ASSERT_EQ(pair.client().association->Seal(ToBytes("x"), copy, &len), SendResult::kSealed);
    pair.InjectFrom(pair.server(), std::span(copy).first(len), NamedPath("Z" + std::to_string(i)));
    pair.RunFor(seconds(3));
  }
  EXPECT_EQ(pair.server_stats().num_timed_out, 1u);
  EXPECT_GE(pair.server_stats().num_refused, 30u);
  EXPECT_TRUE(pair.server().moves.empty());
  EXPECT_FALSE(pair.client().failure);
  // One was spent, and asked for again.
  EXPECT_EQ(pair.client().connection_ids.size(), 4u);

  ASSERT_TRUE(pair.Send(pair.server(), "by A"));
  pair.Rebind("B");
  ASSERT_TRUE(pair.Send(pair.client(), "from B"));
  pair.RunFor(seconds(5));
  EXPECT_EQ(pair.server().moves, std::vector<PathId>{NamedPath("B")});
  ASSERT_TRUE(pair.Send(pair.server(), "by B"));
  std::vector<Bytes> before;
  for (const SentDatagram& sent : pair.link().log()) {
    if (sent.direction != Direction::kServerToClient || IdOf(sent).empty()) continue;
    const bool is_seen = std::find(before.begin(), before.end(), IdOf(sent)) != before.end();
    if (sent.path == NamedPath("B")) {
      EXPECT_FALSE(is_seen) << "an identifier of another path";
    } else if (!is_seen) {
      before.push_back(IdOf(sent));
    }
  }
  EXPECT_FALSE(pair.SentBy(Direction::kServerToClient, "B").empty());
  EXPECT_TRUE(pair.DataFlowsBothWays());
}

TEST(AddressChange, EnhancedAfterANatRebinding) {
  MovingPair pair(Options(PathCheck::kEnhanced));
  pair.Rebind("B");
  ASSERT_TRUE(pair.Send(pair.client(), "from B"));
  pair.RunFor(milliseconds(900));
  EXPECT_TRUE(pair.server().moves.empty());
  pair.RunFor(milliseconds(300));
  EXPECT_EQ(pair.server().moves, std::vector<PathId>{NamedPath("B")});
  EXPECT_TRUE(pair.DataFlowsBothWays());
}

// RFC 9853 section 8.1.2: who sees the peer's datagrams sends copies that overtake them.
TEST(AddressChange, EnhancedDefeatsWhoRacesCopies) {
  MovingPair pair(Options(PathCheck::kEnhanced));
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(pair.Send(pair.client(), "hello"));
    pair.InjectFrom(pair.server(), pair.link().log().back().bytes, NamedPath("X"));
    pair.RunFor(milliseconds(300));
    EXPECT_EQ(pair.server().association->facts().active_path, NamedPath("A"));
  }
  EXPECT_TRUE(pair.server().moves.empty());
  EXPECT_GT(pair.server_stats().num_refused, 0u);
  // A check in vain is not begun again for a while.
  EXPECT_LE(pair.server_stats().num_started, 4u);
  EXPECT_EQ(pair.BytesBy(Direction::kServerToClient, "X"), 0u);
  EXPECT_EQ(pair.server().received.size(), 10u);
}

TEST(AddressChange, BasicDoesNotFollowWhoCannotAnswer) {
  MovingPair pair;
  size_t injected = 0;
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(pair.Send(pair.client(), "hello"));
    const Bytes copy = pair.link().log().back().bytes;
    injected += copy.size();
    pair.InjectFrom(pair.server(), copy, NamedPath("X"));
    pair.RunFor(milliseconds(200));
  }
  EXPECT_TRUE(pair.server().moves.empty());
  EXPECT_EQ(pair.server().association->facts().active_path, NamedPath("A"));
  EXPECT_EQ(pair.server().received.size(), 20u);
  //= draft-ietf-tls-dtls-rrc#section-5
  //= type=test
  //# A receiver that observes the peer's address change MUST stop sending
  //# any buffered application data, or limit the data sent to the
  //# unvalidated address to the anti-amplification limit.
  EXPECT_LE(pair.BytesBy(Direction::kServerToClient, "X"), 3 * injected);
  EXPECT_TRUE(pair.DataFlowsBothWays());
}

TEST(AddressChange, TheLimitHoldsForOneSmallRecord) {
  MovingPair pair;
  ASSERT_TRUE(pair.Send(pair.client(), ""));
  const Bytes copy = pair.link().log().back().bytes;
  pair.InjectFrom(pair.server(), copy, NamedPath("X"));
  for (int i = 0; i < 50; ++i) {
    // Data for the peer keeps to the path that is proved.
    ASSERT_TRUE(pair.Send(pair.server(), std::string(1000, 'x')));
    pair.RunFor(milliseconds(50));
  }
  EXPECT_LE(pair.BytesBy(Direction::kServerToClient, "X"), 3 * copy.size());
  EXPECT_GT(pair.BytesBy(Direction::kServerToClient, "X"), 0u);
  EXPECT_EQ(pair.client().received.size(), 50u);
}

TEST(AddressChange, ReplaysAndForgeriesFromElsewhereDoNothing) {
  MovingPair pair;
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(pair.Send(pair.client(), "data"));
  pair.RunFor(seconds(1));
  const auto log = pair.link().log();
  for (const SentDatagram& sent : log) {
    if (sent.direction != Direction::kClientToServer) continue;
    //= rfc9146#section-6
    //= type=test
    //# When a record with a CID is received that has a source address
    //# different from the one currently associated with the DTLS connection,
    //# the receiver MUST NOT replace the address it uses for sending records
    //# to its peer with the source address specified in the received
    //# datagram, unless the following three conditions are met:
    pair.InjectFrom(pair.server(), sent.bytes, NamedPath("X"));
    Bytes forged = sent.bytes;
    forged.back() ^= 1;
    //= rfc9146#section-6
    //= type=test
    //# DTLS implementations MUST silently discard records with bad MACs or
    //# that are otherwise invalid.
    pair.InjectFrom(pair.server(), forged, NamedPath("X"));
  }
  pair.RunFor(seconds(5));
  EXPECT_EQ(pair.server_stats().num_started, 0u);
  EXPECT_EQ(pair.BytesBy(Direction::kServerToClient, "X"), 0u);
  EXPECT_EQ(pair.server().received.size(), 5u);
}

TEST(AddressChange, AnOldRecordThatArrivesLateIsTakenAndChangesNothing) {
  MovingPair pair;
  Bytes late;
  pair.link().SetFilter([&](const SentDatagram& sent) {
    if (sent.direction != Direction::kClientToServer || !late.empty()) return false;
    late = sent.bytes;
    return true;
  });
  ASSERT_TRUE(pair.Send(pair.client(), "late"));
  ASSERT_TRUE(pair.Send(pair.client(), "newer"));
  pair.RunFor(seconds(1));
  pair.InjectFrom(pair.server(), late, NamedPath("X"));
  pair.RunFor(seconds(1));
  EXPECT_EQ(pair.server().received.size(), 2u);
  EXPECT_EQ(pair.server_stats().num_started, 0u);
}

TEST(AddressChange, ChallengesThatAreReplayedAreNotAnsweredTwice) {
  MovingPair pair;
  pair.Rebind("B");
  ASSERT_TRUE(pair.Send(pair.client(), "from B"));
  pair.RunFor(milliseconds(15));
  const Bytes challenge = pair.SentBy(Direction::kServerToClient, "B").at(0).bytes;
  pair.RunFor(seconds(10));
  const size_t sent = pair.link().log().size();
  for (int i = 0; i < 5; ++i) pair.Inject(pair.client(), challenge);
  pair.RunFor(seconds(1));
  EXPECT_EQ(pair.link().log().size(), sent);
}

TEST(AddressChange, UnknownMessagesAreIgnored) {
  MovingPair pair;
  Forge forge(pair, pair.client());
  //= draft-ietf-tls-dtls-rrc#section-4
  //= type=test
  //# In addition,
  //# implementations MUST be able to parse and gracefully ignore messages
  //# with an unknown msg_type.
  for (const Bytes& content : {Bytes(9, 200), Bytes(), Bytes(8, 0), Bytes(10, 1), Bytes(9, 1)}) {
    pair.Inject(pair.server(), forge.Protected(kFirstApplicationEpoch,
                                               ContentType::kReturnRoutabilityCheck, content));
  }
  EXPECT_FALSE(pair.server().association->facts().failed);
  EXPECT_TRUE(pair.SentBy(Direction::kServerToClient, "A").empty());
  EXPECT_TRUE(pair.server().moves.empty());
}

TEST(AddressChange, OverALossyLink) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    PairOptions options = Options(seed % 2 ? PathCheck::kBasic : PathCheck::kEnhanced, seed);
    options.impairment = {.loss = 20, .duplicate = 10, .reorder = 20};
    AssociationPair pair(options);
    ASSERT_TRUE(pair.RunUntilConnected()) << seed;
    pair.RunFor(seconds(10));
    pair.paths().Open("A", "B");
    pair.paths().Close("A");
    // The check may fail, and is begun anew as long as the peer speaks.
    EXPECT_TRUE(pair.DataFlowsBothWays()) << seed << "\n" << pair.link().Describe();
    EXPECT_EQ(pair.server().association->facts().active_path, NamedPath("B")) << seed;
    pair.RunFor(minutes(10));
    EXPECT_FALSE(pair.server().association->NextTimeout()) << seed;
  }
}

TEST(AddressChange, ChecksAreProtectedAndStandAlone) {
  MovingPair pair;
  ASSERT_TRUE(pair.Send(pair.client(), "overtaken"));
  const Bytes seen = pair.link().log().back().bytes;
  pair.InjectFrom(pair.server(), seen, NamedPath("X"));
  pair.RunFor(seconds(2));
  const auto challenges = pair.SentBy(Direction::kServerToClient, "X");
  //= draft-ietf-tls-dtls-rrc#section-5.3
  //= type=test
  //# -  Each path_challenge SHOULD go into different transport packets.
  ASSERT_GT(challenges.size(), 1u);
  for (const SentDatagram& sent : challenges) {
    //= draft-ietf-tls-dtls-rrc#section-4
    //= type=test
    //# The return_routability_check message MUST be authenticated and
    //# encrypted using the currently active security context.
    EXPECT_EQ(ClassifyRecord(sent.bytes[0]), RecordKind::kCiphertext);
    EXPECT_EQ(RecordExtent(sent.bytes, 8), sent.bytes.size());
  }
  // One that is not protected is none.
  const Bytes plaintext = Forge::Plaintext(ContentType::kReturnRoutabilityCheck, 0, 9, Bytes(9));
  const size_t num_sent = pair.link().log().size();
  pair.Inject(pair.client(), plaintext);
  EXPECT_EQ(pair.link().log().size(), num_sent);
}

TEST(AddressChange, AcrossAKeyUpdate) {
  MovingPair pair;
  pair.Rebind("B");
  pair.UpdateKeys(pair.client(), /*request_peer=*/true);
  pair.RunFor(seconds(10));
  EXPECT_EQ(pair.server().moves, std::vector<PathId>{NamedPath("B")});
  EXPECT_FALSE(pair.client().association->facts().has_unacked);
  EXPECT_TRUE(pair.DataFlowsBothWays());
}

TEST(AddressChange, WithoutTheCheckTheApplicationDecides) {
  PairOptions options = Options();
  options.client.handshake.connection_ids.return_routability_check = false;
  MovingPair pair(options);
  pair.Rebind("B");
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(pair.Send(pair.client(), "from B"));
  pair.RunFor(seconds(1));
  EXPECT_EQ(pair.server().candidates, std::vector<PathId>{NamedPath("B")});
  EXPECT_EQ(pair.server().received.size(), 3u);
  EXPECT_EQ(pair.server().association->facts().active_path, NamedPath("A"));
  EXPECT_TRUE(pair.SentBy(Direction::kServerToClient, "B").empty());
  pair.server().association->ConfirmPath(NamedPath("B"), pair.now());
  pair.Flush(pair.server());
  EXPECT_TRUE(pair.DataFlowsBothWays());
  //= draft-ietf-tls-dtls-rrc#section-3
  //= type=test
  //# The client and server MUST NOT use RRC unless both sides
  //# have successfully exchanged rrc extensions.
  Forge forge(pair, pair.client());
  const size_t sent = pair.link().log().size();
  pair.Inject(pair.server(), forge.Protected(kFirstApplicationEpoch,
                                             ContentType::kReturnRoutabilityCheck, Bytes(9)));
  EXPECT_EQ(pair.link().log().size(), sent);
}

TEST(AddressChange, NotBeforeTheHandshakeIsOver) {
  PairOptions options = Options();
  AssociationPair pair(options);
  pair.RunFor(milliseconds(15));  // the server's flight is under way
  pair.paths().Open("A", "B");
  pair.RunFor(milliseconds(30));
  // The client's Finished came from B; the server's address was proved at A, if anywhere.
  EXPECT_EQ(pair.server().association->facts().active_path, NamedPath("A"));
  EXPECT_TRUE(pair.RunUntilConnected());
  ASSERT_TRUE(pair.DataFlowsBothWays());
  EXPECT_EQ(pair.server().moves, std::vector<PathId>{NamedPath("B")});
}

TEST(AddressChange, WithoutPathsAChallengeIsAnsweredAllTheSame) {
  PairOptions options = Options();
  options.paths.reset();
  AssociationPair pair(options);
  ASSERT_TRUE(pair.RunUntilConnected());
  pair.RunFor(seconds(2));
  Forge forge(pair, pair.client());
  const size_t sent = pair.link().log().size();
  pair.Inject(pair.server(), forge.Protected(kFirstApplicationEpoch,
                                             ContentType::kReturnRoutabilityCheck, Bytes(9)));
  //= draft-ietf-tls-dtls-rrc#section-5.4
  //= type=test
  //# The responder MUST NOT delay sending an elicited path_response or
  //# path_drop messages.
  EXPECT_EQ(pair.link().log().size(), sent + 1);
  EXPECT_TRUE(pair.DataFlowsBothWays());
}

}  // namespace
}  // namespace dtls13::sim
