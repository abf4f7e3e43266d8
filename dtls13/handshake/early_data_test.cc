// SPDX-License-Identifier: Apache-2.0
#include "dtls13/handshake/early_data.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <string>
#include <variant>

#include "dtls13/handshake/psk_test_util.h"
#include "dtls13/session/anti_replay.h"
#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

constexpr auto kCH = HandshakeType::kClientHello;
constexpr auto kSH = HandshakeType::kServerHello;
constexpr auto kEE = HandshakeType::kEncryptedExtensions;
const Bytes kAccepting = {0, 4, 0, 42, 0, 0};

Psk EarlySession(uint8_t ticket) {
  auto session = NewSession(ticket);
  session->max_early_data_len = 100;
  return Psk(std::move(session));
}

ClientParameters WithEarlyData(std::vector<Psk> psks) {
  ClientParameters parameters = Offering(std::move(psks));
  parameters.early_data = true;
  return parameters;
}

HandshakeConfig Client() {
  HandshakeConfig config = TestConfig();
  config.key_log = true;
  return config;
}

// The caller knows the session, so that no keys for tickets are needed.
HandshakeConfig Server() {
  HandshakeConfig config = AskingServer();
  config.key_log = true;
  config.server.require_cookie = false;
  config.server.max_early_data_len = 100;
  config.server.replay_guard = std::make_shared<RecentClaims>(Now() - std::chrono::seconds(1000));
  return config;
}

void ReplaceExtensions(HandshakePair* pair, const Bytes& body) {
  pair->tamper = [body](HandshakePair::Flying* flying) {
    if (flying->type == kEE) flying->body = body;
  };
}

bool HasLogged(const HandshakePair::Side& side, const std::string& label) {
  return std::find(side.key_log.begin(), side.key_log.end(), label) != side.key_log.end();
}

//= rfc8446#section-4.2.10
//= type=test
//# If the client opts to do so, it MUST supply both the "pre_shared_key"
//# and "early_data" extensions.
TEST(EarlyDataTest, BothSidesAgreeOnIt) {
  const Psk psk = EarlySession(1);
  HandshakePair pair(Client(), Server(), WithEarlyData({psk}));
  pair.provide_psk = Knowing({psk});
  pair.Run();
  ExpectCompleted(pair);
  const auto offer = ParseClientHello(pair.client.sent[0].body);
  EXPECT_TRUE(offer->extensions.Has(ExtensionType::kEarlyData));
  EXPECT_TRUE(offer->extensions.Has(ExtensionType::kPreSharedKey));
  const HandshakeResult& client = pair.client_handshake->result();
  const HandshakeResult& server = pair.server_handshake->result();
  EXPECT_EQ(client.early_data, EarlyDataOutcome::kAccepted);
  EXPECT_EQ(server.early_data, EarlyDataOutcome::kAccepted);
  const Secret& secret = pair.client_handshake->secrets().early_exporter_secret;
  EXPECT_FALSE(secret.empty());
  EXPECT_TRUE(
      secret.EqualsConstantTime(pair.server_handshake->secrets().early_exporter_secret.bytes()));
  for (const HandshakePair::Side* side : {&pair.client, &pair.server}) {
    EXPECT_TRUE(HasLogged(*side, "CLIENT_EARLY_TRAFFIC_SECRET"));
    EXPECT_TRUE(HasLogged(*side, "EARLY_EXPORTER_SECRET"));
  }
}

Bytes RawHmac(const Bytes& key, const Bytes& data) {
  Bytes mac(32);
  unsigned len = 0;
  EXPECT_NE(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), data.data(), data.size(),
                 mac.data(), &len),
            nullptr);
  return mac;
}

// F31: the message is hashed with its four-byte header, without message_seq and fragment fields.
//= rfc8446#section-4.2.10
//= type=test
//# The PSK used to encrypt the early data MUST be the first PSK listed in
//# the client's "pre_shared_key" extension.
TEST(EarlyDataTest, F31TheTrafficSecretMatchesAnIndependentComputation) {
  const auto config = std::make_shared<HandshakeConfig>(TestConfig());
  const auto client = NewClientHandshake(config, WithEarlyData({EarlySession(7), EarlySession(8)}));
  ASSERT_NE(client, nullptr);
  Bytes hello;
  Bytes secret;
  while (auto action = client->NextAction()) {
    if (const auto* message = std::get_if<SendMessage>(&*action)) hello = message->body;
    if (const auto* allow = std::get_if<AllowEarlyData>(&*action)) {
      secret.assign(allow->traffic_secret.bytes().begin(), allow->traffic_secret.bytes().end());
      EXPECT_EQ(allow->max_len, 100u);
      EXPECT_EQ(allow->suite->id, kSha256Suite);
    }
  }
  ASSERT_FALSE(hello.empty());
  Bytes message = {1, 0, static_cast<uint8_t>(hello.size() >> 8),
                   static_cast<uint8_t>(hello.size() & 0xff)};
  message.insert(message.end(), hello.begin(), hello.end());
  Bytes hash(32);
  ASSERT_EQ(EVP_Digest(message.data(), message.size(), hash.data(), nullptr, EVP_sha256(), nullptr),
            1);
  const std::string label = "dtls13c e traffic";
  Bytes info = {0, 32, static_cast<uint8_t>(label.size())};
  info.insert(info.end(), label.begin(), label.end());
  info.push_back(32);
  info.insert(info.end(), hash.begin(), hash.end());
  info.push_back(1);
  const Bytes early_secret = RawHmac(Bytes(32, 0), Bytes(32, 7));
  EXPECT_EQ(secret, RawHmac(early_secret, info));
}

TEST(EarlyDataTest, TheSessionsSuiteIsMostWanted) {
  auto session = NewSession(1, CipherSuiteId::kChaCha20Poly1305Sha256);
  session->max_early_data_len = 100;
  ClientHelloFields hello;
  hello.cipher_suites = {CipherSuiteId::kAes128GcmSha256, CipherSuiteId::kAes256GcmSha384,
                         CipherSuiteId::kChaCha20Poly1305Sha256};
  PrepareEarlyData(Psk(session), &hello);
  EXPECT_TRUE(hello.early_data);
  EXPECT_EQ(hello.cipher_suites, (std::vector<CipherSuiteId>{CipherSuiteId::kChaCha20Poly1305Sha256,
                                                             CipherSuiteId::kAes128GcmSha256,
                                                             CipherSuiteId::kAes256GcmSha384}));
}

//= rfc8446#appendix-D.1
//= type=test
//# 0-RTT data is not compatible with older servers and SHOULD NOT be sent
//# absent knowledge that the server supports TLS 1.3.
TEST(EarlyDataTest, IsNotOfferedWithWhatDoesNotAllowIt) {
  ClientHelloFields hello;
  hello.cipher_suites = {CipherSuiteId::kAes256GcmSha384};
  PrepareEarlyData(Psk(NewSession(1)), &hello);
  PrepareEarlyData(External(1), &hello);
  PrepareEarlyData(EarlySession(1), &hello);  // its suite is not offered
  EXPECT_FALSE(hello.early_data);
}

// ProtocolCase is the ALPN of a session and of the new connection's sides, and what becomes of
// early data.
struct ProtocolCase {
  std::string session;
  std::vector<std::string> client;
  std::vector<std::string> server;
  EarlyDataOutcome outcome;
};

//= rfc8446#section-4.2.10
//= type=test
//# In addition, it MUST verify that the
//# following values are the same as those associated with the
//# selected PSK:
TEST(EarlyDataTest, TheProtocolIsTheSessions) {
  const ProtocolCase cases[] = {
      {"a", {"b", "a"}, {"a"}, EarlyDataOutcome::kAccepted},
      {"a", {"a", "b"}, {"b"}, EarlyDataOutcome::kRejected},
      {"a", {"a"}, {}, EarlyDataOutcome::kRejected},
      {"a", {"b"}, {"b"}, EarlyDataOutcome::kNone},
      {"", {"a"}, {"a"}, EarlyDataOutcome::kRejected},
      {"", {"a"}, {}, EarlyDataOutcome::kAccepted},
  };
  for (const ProtocolCase& test : cases) {
    auto session = NewSession(1);
    session->max_early_data_len = 100;
    session->alpn.assign(test.session.begin(), test.session.end());
    const Psk psk(session);
    HandshakeConfig client = Client();
    HandshakeConfig server = Server();
    client.connection.alpn = test.client;
    server.connection.alpn = test.server;
    HandshakePair pair(client, server, WithEarlyData({psk}));
    pair.provide_psk = Knowing({psk});
    pair.Run();
    ExpectCompleted(pair);
    EXPECT_EQ(pair.client_handshake->result().early_data, test.outcome) << test.session;
    EXPECT_EQ(pair.server_handshake->result().early_data, test.outcome) << test.session;
  }
}

TEST(EarlyDataTest, AcceptedWithAnotherProtocolIsIllegal) {
  auto session = NewSession(1);
  session->max_early_data_len = 100;
  session->alpn = {'a'};
  HandshakeConfig client = Client();
  HandshakeConfig server = Server();
  client.connection.alpn = {"a", "b"};
  server.connection.alpn = {"b"};
  HandshakePair pair(client, server, WithEarlyData({Psk(session)}));
  pair.provide_psk = Knowing({Psk(session)});
  // early_data, and ALPN's "b".
  ReplaceExtensions(&pair, {0, 12, 0, 42, 0, 0, 0, 16, 0, 4, 0, 2, 1, 'b'});
  pair.Run();
  ExpectFatal(pair.client.status, AlertDescription::kIllegalParameter, Reason::kBadExtension);
}

// CountingGuard takes whatever it is asked for.
class CountingGuard final : public EarlyDataReplayGuard {
 public:
  bool TryClaim(const Claim& claim, WallTime) override {
    ids.emplace_back(claim.id.begin(), claim.id.end());
    return true;
  }
  std::vector<Bytes> ids;
};

//= rfc8446#section-8.2
//= type=test
//# The server MUST derive the storage key only from validated sections of
//# the ClientHello.
TEST(EarlyDataTest, NothingIsRememberedOfAHelloWhoseBinderIsWrong) {
  const Psk psk = EarlySession(1);
  for (const bool forged : {true, false}) {
    const auto guard = std::make_shared<CountingGuard>();
    HandshakeConfig server = Server();
    server.server.replay_guard = guard;
    HandshakePair pair(Client(), server, WithEarlyData({psk}));
    pair.provide_psk = Knowing({psk});
    Bytes binder;
    pair.tamper = [&](HandshakePair::Flying* flying) {
      if (flying->type != kCH) return;
      if (forged) flying->body.back() ^= 1;
      binder.assign(flying->body.end() - 32, flying->body.end());
    };
    pair.Run();
    EXPECT_EQ(pair.server.status.ok(), !forged);
    EXPECT_EQ(guard->ids, forged ? std::vector<Bytes>() : std::vector<Bytes>{binder});
  }
}

TEST(EarlyDataTest, AServerThatIsSilentHasRejectedIt) {
  const Psk psk = EarlySession(1);
  HandshakeConfig server = Server();
  server.server.max_early_data_len = 0;
  HandshakePair pair(Client(), server, WithEarlyData({psk}));
  pair.provide_psk = Knowing({psk});
  pair.Run();
  ExpectCompleted(pair);
  EXPECT_EQ(pair.client_handshake->result().early_data, EarlyDataOutcome::kRejected);
  EXPECT_EQ(pair.server_handshake->result().early_data, EarlyDataOutcome::kRejected);
  EXPECT_TRUE(pair.client_handshake->secrets().early_exporter_secret.empty());
}

//= rfc8446#section-4.2.11
//= type=test
//# If the server supplies an "early_data" extension, the client MUST
//# verify that the server's selected_identity is 0.  If any other value
//# is returned, the client MUST abort the handshake with an
//# "illegal_parameter" alert.
TEST(EarlyDataTest, AcceptedWithAnotherIdentityIsIllegal) {
  HandshakePair pair(Client(), Server(), WithEarlyData({EarlySession(1), EarlySession(2)}));
  pair.provide_psk = Knowing({EarlySession(2)});
  ReplaceExtensions(&pair, kAccepting);
  pair.Run();
  ExpectFatal(pair.client.status, AlertDescription::kIllegalParameter, Reason::kBadExtension);
}

TEST(EarlyDataTest, AcceptedWithoutAPskIsIllegal) {
  HandshakePair pair(Client(), Server(), WithEarlyData({EarlySession(1)}));
  pair.provide_psk = Knowing({});
  ReplaceExtensions(&pair, kAccepting);
  pair.Run();
  ExpectFatal(pair.client.status, AlertDescription::kIllegalParameter, Reason::kBadExtension);
}

TEST(EarlyDataTest, AcceptedWithContentIsMalformed) {
  const Psk psk = EarlySession(1);
  HandshakePair pair(Client(), Server(), WithEarlyData({psk}));
  pair.provide_psk = Knowing({psk});
  ReplaceExtensions(&pair, {0, 5, 0, 42, 0, 1, 0});
  pair.Run();
  ExpectFatal(pair.client.status, AlertDescription::kDecodeError, Reason::kDecodeError);
}

TEST(EarlyDataTest, AcceptedWithoutAnOfferIsUnsolicited) {
  const Psk psk = EarlySession(1);
  HandshakePair pair(Client(), Server(), Offering({psk}));
  pair.provide_psk = Knowing({psk});
  ReplaceExtensions(&pair, kAccepting);
  pair.Run();
  EXPECT_EQ(pair.client.status.alert(), AlertDescription::kUnsupportedExtension);
}

//= rfc8446#section-4.2.10
//= type=test
//# A client MUST NOT include the
//# "early_data" extension in its followup ClientHello.
TEST(EarlyDataTest, IsNotOfferedTwice) {
  const Psk psk = EarlySession(1);
  HandshakeConfig server = Server();
  server.server.require_cookie = true;
  HandshakePair pair(Client(), server, WithEarlyData({psk}));
  pair.provide_psk = Knowing({psk});
  pair.Run();
  ExpectCompleted(pair);
  std::vector<bool> offers;
  for (const HandshakePair::Flying& flying : pair.client.sent) {
    if (flying.type != kCH) continue;
    ClientHello offer;
    ASSERT_TRUE(ReadClientHello(flying.body, &offer).ok());
    offers.push_back(offer.early_data);
  }
  EXPECT_EQ(offers, (std::vector<bool>{true, false}));
  EXPECT_EQ(pair.client_handshake->result().early_data, EarlyDataOutcome::kRejected);
  EXPECT_TRUE(pair.client_handshake->result().resumed);
}

// F37
//= rfc8446#appendix-D.3
//= type=test
//# A client that attempts to send 0-RTT data MUST fail a connection if
//# it receives a ServerHello with TLS 1.2 or older.
TEST(EarlyDataTest, F37AnOlderServerHelloEndsIt) {
  const Psk psk = EarlySession(1);
  HandshakePair pair(Client(), Server(), WithEarlyData({psk}));
  pair.provide_psk = Knowing({psk});
  pair.tamper = [](HandshakePair::Flying* flying) {
    if (flying->type == kSH) RemoveExtension(kSH, &flying->body, ExtensionType::kSupportedVersions);
  };
  pair.Run();
  ExpectFatal(pair.client.status, AlertDescription::kProtocolVersion, Reason::kUnsupportedProtocol);
}

}  // namespace
}  // namespace dtls13
