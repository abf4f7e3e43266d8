// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <tuple>

#include "dtls13/handshake/handshake_test_util.h"

namespace dtls13 {
namespace {

enum class Retry { kNone, kCookie, kGroup };

using PairParameters = std::tuple<CipherSuiteId, NamedGroup, Retry, TestKeyKind>;

class HandshakePairTest : public testing::TestWithParam<PairParameters> {};

//= rfc9147#section-5.1
//= type=test
//# If the server is being operated in an environment where amplification is
//# not a problem, e.g., where ICE [RFC8445] has been used to establish
//# bidirectional connectivity, the server MAY be configured not to perform
//# a cookie exchange.
TEST_P(HandshakePairTest, Completes) {
  const auto [suite, group, retry, kind] = GetParam();
  HandshakeConfig client_config = TestConfig();
  HandshakeConfig server_config = TestConfig();
  server_config.cipher_suites = {suite};
  server_config.server.require_cookie = retry == Retry::kCookie;
  if (retry == Retry::kGroup) {
    client_config.client.initial_key_shares = {group == NamedGroup::kX25519 ? NamedGroup::kSecp256r1
                                                                            : NamedGroup::kX25519};
    server_config.groups = {group};
  } else {
    client_config.client.initial_key_shares = {group};
  }
  const TestIdentity& identity = TestIdentity::Get(kind);
  server_config.credential = identity.credential();

  HandshakePair pair(client_config, server_config, {.server_name = "server.test"});
  pair.identity = &identity;
  pair.Run();
  ASSERT_TRUE(pair.client.status.ok()) << static_cast<int>(pair.client.status.reason());
  ASSERT_TRUE(pair.server.status.ok()) << static_cast<int>(pair.server.status.reason());
  ASSERT_TRUE(pair.completed());

  const HandshakeResult& at_client = pair.client_handshake->result();
  const HandshakeResult& at_server = pair.server_handshake->result();
  EXPECT_EQ(at_client.suite->id, suite);
  EXPECT_EQ(at_server.suite->id, suite);
  EXPECT_EQ(at_client.group, group);
  EXPECT_EQ(at_server.group, group);
  EXPECT_EQ(at_client.peer_signature_scheme, at_server.local_signature_scheme);
  EXPECT_EQ(at_server.local_signature_scheme, identity.credential()->schemes.front());
  EXPECT_EQ(at_client.used_hello_retry_request, retry != Retry::kNone);
  EXPECT_EQ(at_server.used_hello_retry_request, retry != Retry::kNone);
  EXPECT_EQ(pair.server.num_stateless, retry == Retry::kNone ? 0 : 1);
  EXPECT_EQ(at_server.server_name, "server.test");
  const HandshakeSecrets& clients = pair.client_handshake->secrets();
  const HandshakeSecrets& servers = pair.server_handshake->secrets();
  EXPECT_TRUE(clients.exporter_secret.EqualsConstantTime(servers.exporter_secret.bytes()));
  EXPECT_TRUE(clients.resumption_secret.EqualsConstantTime(servers.resumption_secret.bytes()));
  EXPECT_EQ(pair.client_handshake->peer_certificates(), identity.credential()->chain);
  EXPECT_EQ(pair.client_handshake->wait(), HandshakeWait::kNothing);
  EXPECT_EQ(pair.server_handshake->wait(), HandshakeWait::kNothing);

  // What one side writes under, the other reads under.
  for (const auto& [from, to] :
       {std::pair(&pair.client, &pair.server), std::pair(&pair.server, &pair.client)}) {
    ASSERT_EQ(from->write_keys.size(), 2u);
    ASSERT_EQ(to->read_keys.size(), 2u);
    for (size_t i = 0; i < 2; ++i) {
      EXPECT_EQ(from->write_keys[i].epoch, Epoch{2 + i});
      EXPECT_EQ(to->read_keys[i].epoch, Epoch{2 + i});
      EXPECT_EQ(from->write_keys[i].secret, to->read_keys[i].secret);
    }
    EXPECT_EQ(from->num_peer_is_dtls13, 1);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, HandshakePairTest,
    testing::Combine(testing::Values(CipherSuiteId::kAes128GcmSha256,
                                     CipherSuiteId::kAes256GcmSha384,
                                     CipherSuiteId::kChaCha20Poly1305Sha256),
                     testing::Values(NamedGroup::kX25519, NamedGroup::kX448, NamedGroup::kSecp256r1,
                                     NamedGroup::kSecp384r1, NamedGroup::kSecp521r1),
                     testing::Values(Retry::kNone, Retry::kCookie, Retry::kGroup),
                     testing::Values(TestKeyKind::kEcdsaP256, TestKeyKind::kEcdsaP384,
                                     TestKeyKind::kRsa, TestKeyKind::kRsaPss,
                                     TestKeyKind::kEd25519)));

// A client that predicts the hybrid, and one that has to be asked for it.
TEST(HandshakeHybridTest, Completes) {
  if (!TestAlgorithms()->Supports(NamedGroup::kX25519MlKem768)) {
    GTEST_SKIP() << "NOT TESTED HERE: this libcrypto has no ML-KEM-768; OpenSSL 3.5 or newer has";
  }
  for (NamedGroup group : {NamedGroup::kX25519MlKem768, NamedGroup::kSecp256r1MlKem768}) {
    for (bool predicted : {true, false}) {
      HandshakeConfig client_config = TestConfig();
      client_config.groups = {group, NamedGroup::kX25519};
      if (predicted) client_config.client.initial_key_shares = {group, NamedGroup::kX25519};
      HandshakeConfig server_config = TestConfig();
      server_config.groups = {group};
      HandshakePair pair(client_config, server_config);
      pair.Run();
      ASSERT_TRUE(pair.completed());
      EXPECT_EQ(pair.client_handshake->result().group, group);
      EXPECT_EQ(pair.client_handshake->result().used_hello_retry_request, !predicted);
    }
  }
}

TEST(HandshakeKeyLogTest, LinesOnlyWhenAsked) {
  HandshakeConfig config = TestConfig();
  HandshakePair silent(config, config);
  silent.Run();
  ASSERT_TRUE(silent.completed());
  EXPECT_TRUE(silent.client.key_log.empty());
  EXPECT_TRUE(silent.server.key_log.empty());

  config.key_log = true;
  HandshakePair pair(config, config);
  pair.Run();
  ASSERT_TRUE(pair.completed());
  const std::vector<std::string> kLabels = {
      "CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET",
      "CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0", "EXPORTER_SECRET"};
  EXPECT_EQ(pair.client.key_log, kLabels);
  EXPECT_EQ(pair.server.key_log, kLabels);
}

TEST(HandshakeResultTest, CanBeTaken) {
  HandshakePair pair(TestConfig(), TestConfig());
  pair.Run();
  ASSERT_TRUE(pair.completed());
  const HandshakeSecrets secrets = std::move(pair.client_handshake->secrets());
  pair.client_handshake.reset();
  EXPECT_FALSE(secrets.client_application_secret.empty());
  EXPECT_EQ(pair.server.read_keys.back().secret,
            std::vector<uint8_t>(secrets.client_application_secret.bytes().begin(),
                                 secrets.client_application_secret.bytes().end()));
}

// The prefix is in every secret: two sides that differ in it cannot talk (F30).
TEST(HandshakeLabelTest, PrefixesMustAgree) {
  HandshakeConfig config = TestConfig();
  HandshakeConfig other = TestConfig();
  other.wire_profile.label_prefix = LabelPrefix::kTls13;
  HandshakePair pair(config, other);
  pair.Run();
  EXPECT_FALSE(pair.completed());
  EXPECT_NE(pair.client.read_keys.at(0).secret, pair.server.write_keys.at(0).secret);
}

}  // namespace
}  // namespace dtls13
