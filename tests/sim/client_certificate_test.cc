// SPDX-License-Identifier: Apache-2.0
// Client certificates between two associations: who learns what, and when.

#include <gtest/gtest.h>

#include <memory>

#include "tests/sim/association_pair.h"

namespace dtls13::sim {
namespace {

PairOptions Options(const WireProfile& profile, ClientAuthentication wanted) {
  PairOptions options = DefaultPairOptions(1, profile);
  options.server.handshake.server.client_authentication = wanted;
  options.client_identity = &TestIdentity::Get(KeyType::kEcdsaP384);
  options.client.handshake.credential = options.client_identity->credential();
  return options;
}

class ClientCertificateTest : public testing::TestWithParam<WireProfile> {};

INSTANTIATE_TEST_SUITE_P(EveryProfile, ClientCertificateTest,
                         testing::Values(kRfc9147Profile, kDraft26Profile),
                         [](const auto& info) { return ProfileName(info.param); });

// A client is connected once its Finished is sent, and hears of the server's verdict only then.
void ExpectRefused(PairOptions options, AlertDescription alert) {
  AssociationPair pair(std::move(options));
  EXPECT_FALSE(pair.RunUntilConnected());
  pair.RunUntilQuiet();
  EXPECT_FALSE(pair.server().connected);
  ASSERT_TRUE(pair.server().failure.has_value());
  EXPECT_EQ(pair.server().failure->alert(), alert);
  ASSERT_TRUE(pair.client().failure.has_value());
  EXPECT_EQ(pair.client().failure->alert(), alert);
  EXPECT_TRUE(pair.client().failure_from_peer);
}

TEST_P(ClientCertificateTest, TheClientHearsWhyItIsRefused) {
  PairOptions without = Options(GetParam(), ClientAuthentication::kRequired);
  without.client.handshake.credential = nullptr;
  ExpectRefused(without, AlertDescription::kCertificateRequired);

  PairOptions distrusted = Options(GetParam(), ClientAuthentication::kRequired);
  distrusted.verify_client_ok = false;
  ExpectRefused(distrusted, AlertDescription::kUnknownCa);
  distrusted.max_answer_delay = seconds(10);
  ExpectRefused(distrusted, AlertDescription::kUnknownCa);

  PairOptions false_signature = Options(GetParam(), ClientAuthentication::kRequired);
  auto another = std::make_shared<Credential>(*false_signature.client_identity->credential());
  another->chain = TestIdentity::Make(KeyType::kEcdsaP384, 0).credential()->chain;
  false_signature.client.handshake.credential = another;
  ExpectRefused(false_signature, AlertDescription::kDecryptError);
}

TEST_P(ClientCertificateTest, AClientWithoutOneMayBeLetIn) {
  PairOptions options = Options(GetParam(), ClientAuthentication::kOptional);
  options.client.handshake.credential = nullptr;
  AssociationPair pair(options);
  ASSERT_TRUE(pair.RunUntilConnected());
  EXPECT_EQ(pair.server().association->facts().result.peer_signature_scheme, SignatureScheme{});
  EXPECT_TRUE(pair.DataFlowsBothWays());
}

// A chain of many datagrams, on a path of the smallest MTU, with bursts and ACKs in between.
TEST_P(ClientCertificateTest, ALongChainArrives) {
  const TestIdentity identity = TestIdentity::Make(KeyType::kRsa2048, 20'000);
  PairOptions options = Options(GetParam(), ClientAuthentication::kRequired);
  options.client.mtu = options.server.mtu = kMinMtu;
  options.client_identity = &identity;
  options.client.handshake.credential = identity.credential();
  AssociationPair pair(options);
  ASSERT_TRUE(pair.RunUntilConnected());
  EXPECT_EQ(pair.server().association->facts().result.peer_signature_scheme,
            SignatureScheme::kRsaPssRsaeSha256);
  EXPECT_TRUE(pair.DataFlowsBothWays());
}

// --- after the handshake

PairOptions LaterOptions() {
  PairOptions options = Options(kRfc9147Profile, ClientAuthentication::kNone);
  options.client.handshake.post_handshake_auth = true;
  options.server.handshake.post_handshake_auth = true;
  return options;
}

bool Request(AssociationPair* pair, Side* side) {
  const bool asked = side->association->RequestClientCertificate(pair->now());
  pair->Flush(*side);
  return asked;
}

TEST(ClientAuthenticationLaterTest, OnlyAConnectedServerMayAsk) {
  AssociationPair pair(LaterOptions());
  EXPECT_FALSE(Request(&pair, &pair.server()));
  ASSERT_TRUE(pair.RunUntilConnected());
  EXPECT_FALSE(Request(&pair, &pair.client()));
  EXPECT_TRUE(Request(&pair, &pair.server()));
  pair.RunUntilQuiet();
  EXPECT_EQ(pair.server().num_authenticated, 1u);
  EXPECT_EQ(pair.server().association->facts().peer_certificates(),
            TestIdentity::Get(KeyType::kEcdsaP384).credential()->chain);
  EXPECT_EQ(pair.server().association->facts().result.peer_signature_scheme,
            SignatureScheme::kEcdsaSecp384r1Sha384);
  pair.server().association->Close();
  EXPECT_FALSE(Request(&pair, &pair.server()));

  PairOptions not_offered = LaterOptions();
  not_offered.client.handshake.post_handshake_auth = false;
  AssociationPair other(not_offered);
  ASSERT_TRUE(other.RunUntilConnected());
  EXPECT_FALSE(Request(&other, &other.server()));
}

TEST(ClientAuthenticationLaterTest, AClientMayDeclineAndStay) {
  PairOptions options = LaterOptions();
  options.client.handshake.credential = nullptr;
  AssociationPair pair(options);
  ASSERT_TRUE(pair.RunUntilConnected());
  EXPECT_TRUE(Request(&pair, &pair.server()));
  pair.RunUntilQuiet();
  EXPECT_EQ(pair.server().num_declined, 1u);
  EXPECT_TRUE(pair.DataFlowsBothWays());
}

// Data and KeyUpdates go on while the callers think.
TEST(ClientAuthenticationLaterTest, NothingWaitsForTheCallers) {
  PairOptions options = LaterOptions();
  options.max_answer_delay = minutes(3);
  AssociationPair pair(options);
  ASSERT_TRUE(pair.RunUntilConnected(std::chrono::hours(1)));
  EXPECT_TRUE(Request(&pair, &pair.server()));
  pair.RunFor(milliseconds(200));
  EXPECT_TRUE(pair.DataFlowsBothWays());
  pair.server().association->RequestKeyUpdate(/*request_peer=*/true, pair.now());
  pair.Flush(pair.server());
  pair.RunUntilQuiet(std::chrono::hours(1));
  EXPECT_EQ(pair.server().num_authenticated, 1u);
  EXPECT_FALSE(pair.client().failure || pair.server().failure);
  EXPECT_TRUE(pair.DataFlowsBothWays());
}

TEST(ClientAuthenticationLaterTest, ARefusalEndsTheAssociation) {
  PairOptions options = LaterOptions();
  options.verify_client_ok = false;
  AssociationPair pair(options);
  ASSERT_TRUE(pair.RunUntilConnected());
  EXPECT_TRUE(Request(&pair, &pair.server()));
  pair.RunUntilQuiet();
  EXPECT_EQ(pair.server().num_authenticated, 0u);
  ASSERT_TRUE(pair.client().failure.has_value());
  EXPECT_EQ(pair.client().failure->alert(), AlertDescription::kUnknownCa);
}

}  // namespace
}  // namespace dtls13::sim
