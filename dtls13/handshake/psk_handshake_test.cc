// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <tuple>

#include "dtls13/handshake/handshake_test_util.h"
#include "dtls13/handshake/psk_test_util.h"
#include "dtls13/message/client_hello.h"
#include "dtls13/message/server_hello.h"
#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

std::vector<HandshakeType> TypesSent(const HandshakePair::Side& side) {
  std::vector<HandshakeType> types;
  for (const HandshakePair::Flying& flying : side.sent) types.push_back(flying.type);
  return types;
}

const std::vector<HandshakeType> kPskFlight = {kSH, HandshakeType::kEncryptedExtensions,
                                               HandshakeType::kFinished};

// OfferOf reads a ClientHello that one side has sent.
ClientHello OfferOf(const HandshakePair::Flying& flying) {
  ClientHello offer;
  EXPECT_EQ(flying.type, kCH);
  EXPECT_TRUE(ReadClientHello(flying.body, &offer).ok());
  return offer;
}

// --- whole handshakes

enum class Retry { kNone, kCookie, kGroup };

class PskHandshakeTest
    : public testing::TestWithParam<std::tuple<PskKeyExchangeMode, HashId, bool, Retry>> {};

//= rfc8446#section-4.2.9
//= type=test
//# psk_ke:  PSK-only key establishment.  In this mode, the server
//# MUST NOT supply a "key_share" value.
//= rfc8446#section-4.2.8
//= type=test
//# MUST NOT send a
//# KeyShareEntry when using the "psk_ke" PskKeyExchangeMode.
//= rfc8446#section-4.3.2
//= type=test
//# Servers which are authenticating with a PSK MUST NOT send the
//# CertificateRequest message in the main handshake
//= rfc8446#section-4.2.9
//= type=test
//# In this mode, the client and server MUST supply "key_share" values as
//# described in Section 4.2.8.
//= rfc8446#appendix-E.1
//= type=test
//# Implementations MUST NOT combine external PSKs with certificate-based
//# authentication of either the client or the server unless negotiated by
//# some extension.
TEST_P(PskHandshakeTest, Completes) {
  const auto [mode, hash, is_session, retry] = GetParam();
  HandshakeConfig client_config = TestConfig();
  HandshakeConfig server_config = AskingServer();
  client_config.psk_modes = server_config.psk_modes = {mode};
  server_config.server.require_cookie = retry == Retry::kCookie;
  if (retry == Retry::kGroup) {
    // With the PSK alone no group is asked for.
    client_config.client.initial_key_shares = {NamedGroup::kX25519};
    server_config.groups = {NamedGroup::kSecp256r1};
  }
  const Psk psk = is_session
                      ? Psk(NewSession(1, hash == HashId::kSha256 ? kSha256Suite : kSha384Suite))
                      : External(1, hash);
  HandshakePair pair(client_config, server_config, Offering({psk}));
  pair.provide_psk = Knowing({psk});
  pair.Run();
  ExpectCompleted(pair);

  const HandshakeResult& result = pair.client_handshake->result();
  EXPECT_EQ(result.suite->hash, hash);
  EXPECT_EQ(result.psk_index, 0);
  EXPECT_EQ(result.psk_mode, mode);
  EXPECT_EQ(result.resumed, is_session);
  EXPECT_EQ(result.group == NamedGroup{}, mode == kKe);
  EXPECT_EQ(result.peer_signature_scheme, SignatureScheme{});
  const bool retried =
      retry == Retry::kCookie || (retry == Retry::kGroup && mode == PskKeyExchangeMode::kPskDheKe);
  EXPECT_EQ(result.used_hello_retry_request, retried);
  std::vector<HandshakeType> flight = kPskFlight;
  if (retried) flight.insert(flight.begin(), kSH);
  EXPECT_EQ(TypesSent(pair.server), flight);
  const auto hello = ParseServerHello(pair.server.sent[retried ? 1 : 0].body);
  EXPECT_EQ(hello->extensions.Has(ExtensionType::kKeyShare), mode == kDheKe);
  EXPECT_EQ(TypesSent(pair.client).back(), HandshakeType::kFinished);
  const auto& certificates = pair.client_handshake->peer_identity().chain;
  EXPECT_EQ(certificates, is_session ? psk.session()->peer_certificates : std::vector<Bytes>());
  EXPECT_EQ(pair.server_handshake->peer_identity().chain, certificates);
}

INSTANTIATE_TEST_SUITE_P(
    All, PskHandshakeTest,
    testing::Combine(testing::Values(kKe, kDheKe),
                     testing::Values(HashId::kSha256, HashId::kSha384), testing::Bool(),
                     testing::Values(Retry::kNone, Retry::kCookie, Retry::kGroup)));

// The caller's protocol, in place of the config's, whether the key is known or not.
TEST(PskHandshakeTest, TheCallerMayChooseTheProtocolWhileItIsAskedForAKey) {
  const Psk psk = External(1);
  for (const bool is_known : {true, false}) {
    HandshakeConfig client_config = TestConfig();
    client_config.connection.alpn = {"coap", "webrtc"};
    HandshakePair pair(client_config, AskingServer(), Offering({psk}));
    pair.provide_psk = [&](ServerHandshake* server) {
      EXPECT_TRUE(server->ChooseProtocol("webrtc").ok());
      return server->ProvidePsk(0, is_known ? psk : Psk());
    };
    pair.Run();
    ExpectCompleted(pair);
    EXPECT_EQ(pair.client_handshake->result().psk_index.has_value(), is_known);
    EXPECT_EQ(pair.client_handshake->result().connection.alpn, "webrtc");
    EXPECT_EQ(pair.server_handshake->result().connection.alpn, "webrtc");
  }
}

// A key may be longer than any secret of the handshake: libssl takes 512 bytes.
TEST(PskHandshakeTest, TakesKeysOfAnyLength) {
  for (const size_t len : {1u, 73u, 512u}) {
    auto external = std::make_shared<ExternalPsk>();
    external->identity = {'i'};
    external->key = PskKey::CopyOf(Bytes(len, 0x5a));
    ASSERT_EQ(external->key.bytes().size(), len);
    const Psk psk(std::move(external));
    HandshakePair pair(TestConfig(), AskingServer(), Offering({psk}));
    pair.provide_psk = Knowing({psk});
    pair.Run();
    ExpectCompleted(pair);
    EXPECT_EQ(pair.client_handshake->result().psk_index, 0);
  }
}

// Keys that have a beginning in common are different keys.
TEST(PskHandshakeTest, LooksAtTheWholeKey) {
  std::vector<Psk> sides;
  for (const size_t len : {511u, 512u}) {
    auto external = std::make_shared<ExternalPsk>();
    external->identity = {'i'};
    external->key = PskKey::CopyOf(Bytes(len, 0x5a));
    sides.push_back(Psk(std::move(external)));
  }
  HandshakePair pair(TestConfig(), AskingServer(), Offering({sides[0]}));
  pair.provide_psk = Knowing({sides[1]});
  pair.Run();
  ExpectFatal(pair.server.status, AlertDescription::kDecryptError, Reason::kBinderMismatch);
}

// The key of a session is what both sides have from the connection before.
TEST(PskHandshakeTest, ResumesWhatAFullHandshakeLeft) {
  HandshakePair first(TestConfig(), TestConfig(), Offering({}));
  first.Run();
  ExpectCompleted(first);
  EXPECT_FALSE(first.client_handshake->result().psk_index.has_value());
  EXPECT_FALSE(first.client_handshake->result().resumed);
  std::vector<Psk> sides;
  for (Handshake* side :
       {first.client_handshake.get(), static_cast<Handshake*>(first.server_handshake.get())}) {
    auto session = NewSession(1, side->result().suite->id);
    session->psk = Secret::CopyOf(side->secrets().resumption_secret.bytes());
    session->peer_certificates = side->peer_identity().chain;
    sides.push_back(Psk(std::move(session)));
  }
  HandshakePair second(TestConfig(), AskingServer(), Offering({sides[0]}));
  second.provide_psk = Knowing({sides[1]});
  second.Run();
  ExpectCompleted(second);
  EXPECT_TRUE(second.client_handshake->result().resumed);
  EXPECT_EQ(second.client_handshake->peer_identity().chain,
            TestIdentity::Get(TestKeyKind::kEcdsaP256).credential()->chain);
  EXPECT_TRUE(second.server_handshake->peer_identity().chain.empty());
  EXPECT_FALSE(second.client_handshake->secrets().exporter_secret.EqualsConstantTime(
      first.client_handshake->secrets().exporter_secret.bytes()));
}

TEST(PskHandshakeTest, SaysNothingOfCertificateTypes) {
  HandshakeConfig client_config = TestConfig();
  client_config.peer_certificate_types = {CertificateType::kRawPublicKey};
  const Psk psk = External(1, HashId::kSha256);
  HandshakePair pair(client_config, AskingServer(), Offering({psk}));
  pair.provide_psk = Knowing({psk});
  pair.Run();
  ExpectCompleted(pair);
}

TEST(PskHandshakeTest, ImportedAndRawKeysDoNotMix) {
  for (const bool client_imports : {false, true}) {
    for (const bool server_imports : {false, true}) {
      HandshakePair pair(TestConfig(), AskingServer(),
                         Offering({External(1, HashId::kSha256, client_imports)}));
      pair.provide_psk = Knowing({External(1, HashId::kSha256, server_imports)});
      pair.Run();
      EXPECT_EQ(pair.completed(), client_imports == server_imports);
      if (client_imports != server_imports) {
        ExpectFatal(pair.server.status, AlertDescription::kDecryptError, Reason::kBinderMismatch);
      }
    }
  }
}

// RFC 8446 section 9.2: neither signatures nor groups are needed where a PSK alone will do.
TEST(PskHandshakeTest, PskAloneNeedsNothingElse) {
  HandshakeConfig config = WithoutCertificate(AskingServer());
  config.psk_modes = {kKe};
  config.groups.clear();
  config.signature_schemes.clear();
  for (const bool require_cookie : {false, true}) {
    config.server.require_cookie = require_cookie;
    HandshakePair pair(config, config, Offering({External(1)}));
    pair.provide_psk = Knowing({External(1)});
    pair.Run();
    ExpectCompleted(pair);
    for (const ExtensionType type : {ExtensionType::kKeyShare, ExtensionType::kSupportedGroups,
                                     ExtensionType::kSignatureAlgorithms}) {
      EXPECT_FALSE(OfferOf(pair.client.sent[0]).extensions.Has(type));
    }
  }
}

// --- what a client offers

//= rfc8446#section-4.2.11.1
//= type=test
//# Clients MUST NOT attempt to
//# use tickets which have ages greater than the "ticket_lifetime" value
//# which was provided with the ticket.
//= rfc8446#section-4.6.1
//= type=test
//# Clients MUST only resume if the new SNI value is valid for the server
//# certificate presented in the original session and SHOULD only resume
//# if the SNI value matches the one used in the original session.
//= rfc8446#section-4.1.2
//= type=test
//# If the client is
//# attempting a PSK key establishment, it SHOULD advertise at least
//# one cipher suite indicating a Hash associated with the PSK.
TEST(PskOfferTest, LeavesOutWhatCannotBeUsed) {
  const std::pair<const char*, std::function<void(Session*)>> kUnusable[] = {
      {"expired", [](Session* s) { s->issued_at = Now() - std::chrono::seconds(3601); }},
      {"another name", [](Session* s) { s->server_name = "other.test"; }},
      {"no name", [](Session* s) { s->server_name.clear(); }},
      {"no such suite", [](Session* s) { s->suite = kSha384Suite; }},
      {"no ticket", [](Session* s) { s->ticket.clear(); }},
      {"a ticket of no format", [](Session* s) { s->ticket.assign(65536, 1); }},
      {"no key", [](Session* s) { s->psk = Secret(); }},
      {"discarded", [](Session* s) { s->lifetime_s = 0; }},
  };
  HandshakeConfig config = TestConfig();
  config.cipher_suites = {kSha256Suite};
  for (const auto& [what, spoil] : kUnusable) {
    auto session = NewSession(1);
    spoil(session.get());
    HandshakePair pair(config, AskingServer(), Offering({Psk(session), External(2)}));
    pair.Run();
    const OfferedPsks psks = OfferOf(pair.client.sent[0]).psks;
    ASSERT_EQ(psks.size(), 1u) << what;
    EXPECT_EQ(psks.Identity(0)->identity[0], 'i') << what;
  }
  for (const bool has_modes : {false, true}) {
    if (!has_modes) config.psk_modes.clear();
    HandshakePair pair(config, AskingServer(), Offering({Psk()}));
    pair.Run();
    EXPECT_TRUE(pair.completed());
    EXPECT_TRUE(OfferOf(pair.client.sent[0]).psks.empty());
  }
}

//= rfc8446#section-4.2.11
//= type=test
//# For identities
//# established externally, an obfuscated_ticket_age of 0 SHOULD be
//# used, and servers MUST ignore the value.
TEST(PskOfferTest, AgesAndOrderAndTheirNumber) {
  std::vector<Psk> psks = {External(1), Psk(NewSession(2)), External(3, HashId::kSha384)};
  for (uint8_t i = 4; i < 40; ++i) psks.push_back(External(i));
  HandshakePair pair(TestConfig(), AskingServer(), Offering(psks));
  std::vector<OfferedIdentity> seen;
  pair.provide_psk = [&](ServerHandshake* server) {
    seen = server->client_hello().psk_identities;
    EXPECT_EQ(server->client_hello().server_name, "server.test");
    return server->ProvidePsk(0, psks[0]);
  };
  pair.Run();
  ExpectCompleted(pair);
  const OfferedPsks offered = OfferOf(pair.client.sent[0]).psks;
  ASSERT_EQ(offered.size(), kMaxPskIdentities);
  ASSERT_EQ(seen.size(), kMaxPskIdentities);
  EXPECT_EQ(offered.Identity(0)->obfuscated_ticket_age, 0u);
  EXPECT_EQ(offered.Identity(1)->obfuscated_ticket_age, 10'000u - 0x100);  // modulo 2^32
  EXPECT_EQ(offered.Binder(2).size(), 48u);
  for (size_t i = 0; i < seen.size(); ++i) {
    EXPECT_EQ(seen[i].identity, Bytes(psks[i].identity().begin(), psks[i].identity().end()));
    EXPECT_EQ(seen[i].obfuscated_ticket_age, offered.Identity(i)->obfuscated_ticket_age);
  }
}

TEST(PskOfferTest, SuitesThatFitTheFirstKeyComeFirst) {
  for (const HashId hash : {HashId::kSha256, HashId::kSha384}) {
    HandshakePair pair(TestConfig(), TestConfig(), Offering({External(1, hash), External(2)}));
    pair.Run();
    const auto first = static_cast<CipherSuiteId>(OfferOf(pair.client.sent[0]).cipher_suites[0]);
    EXPECT_EQ(FindCipherSuite(first)->hash, hash);
  }
}

//= rfc8446#section-4.1.4
//= type=test
//# In addition, in its updated ClientHello, the client SHOULD NOT offer
//# any pre-shared keys associated with a hash other than that of the
//# selected cipher suite.
TEST(PskOfferTest, RetryLeavesOnlyKeysThatFit) {
  HandshakeConfig server_config = AskingServer();
  server_config.server.require_cookie = true;
  server_config.cipher_suites = {kSha384Suite};
  const Psk fits = External(2, HashId::kSha384);
  HandshakePair pair(TestConfig(), server_config, Offering({External(1), fits, External(3)}));
  pair.provide_psk = Knowing({fits});
  pair.Run();
  ExpectCompleted(pair);
  EXPECT_EQ(OfferOf(pair.client.sent[0]).psks.size(), 3u);
  const OfferedPsks second = OfferOf(pair.client.sent[1]).psks;
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(second.Identity(0)->identity[1], 2);
  EXPECT_EQ(pair.client_handshake->result().psk_index, 0);

  // None is left: the extension is gone, and certificates do it.
  HandshakePair none(TestConfig(), server_config, Offering({External(1)}));
  none.Run();
  ExpectCompleted(none);
  EXPECT_FALSE(OfferOf(none.client.sent[1]).extensions.Has(ExtensionType::kPreSharedKey));
}

// --- what a server chooses

//= rfc8446#section-4.2.11
//= type=test
//# If no acceptable PSKs are found, the server
//# SHOULD perform a non-PSK handshake if possible.
//= rfc8446#section-2.2
//= type=test
//# When a client offers
//# resumption via a PSK, it SHOULD also supply a "key_share" extension
//# to the server to allow the server to decline resumption and fall back
//# to a full handshake, if needed.
TEST(PskChoiceTest, WithoutAKnownKeyCertificatesDoIt) {
  for (const bool asks : {false, true}) {
    HandshakePair pair(TestConfig(), asks ? AskingServer() : TestConfig(),
                       Offering({External(1), External(2)}));
    pair.Run();
    ExpectCompleted(pair);
    EXPECT_FALSE(pair.client_handshake->result().psk_index.has_value());
    EXPECT_FALSE(pair.client_handshake->peer_identity().chain.empty());
  }
}

//= rfc8446#section-6.2
//= type=test
//# Sending this alert is OPTIONAL; servers MAY instead choose to send
//# a "decrypt_error" alert to merely indicate an invalid PSK
//# identity.
TEST(PskChoiceTest, WithoutCertificatesAnUnknownKeyIsTheEnd) {
  HandshakePair unknown(TestConfig(), WithoutCertificate(AskingServer()), Offering({External(1)}));
  unknown.Run();
  ExpectFatal(unknown.server.status, AlertDescription::kUnknownPskIdentity,
              Reason::kUnknownPskIdentity);
  HandshakePair none(TestConfig(), WithoutCertificate(AskingServer()), Offering({}));
  none.Run();
  ExpectFatal(none.server.status, AlertDescription::kHandshakeFailure, Reason::kNoCertificateSet);
}

//= rfc8446#section-4.2.3
//= type=test
//# If a server
//# is authenticating via a certificate and the client has not sent a
//# "signature_algorithms" extension, then the server MUST abort the
//# handshake with a "missing_extension" alert
TEST(PskChoiceTest, CertificatesNeedSignatureAlgorithms) {
  HandshakeConfig client_config = TestConfig();
  client_config.signature_schemes.clear();
  HandshakePair pair(client_config, AskingServer(), Offering({External(1)}));
  pair.Run();
  ExpectFatal(pair.server.status, AlertDescription::kMissingExtension, Reason::kMissingExtension);
}

//= rfc8446#section-4.2.11
//= type=test
//# If backward
//# compatibility is important, client-provided, externally established
//# PSKs SHOULD influence cipher suite selection.
//= rfc8446#section-4.2.11
//= type=test
//# The server MUST ensure that it selects a compatible PSK
//# (if any) and cipher suite.
//= rfc8446#section-2.2
//= type=test
//# When PSKs are provisioned out of band, the PSK identity and the KDF
//# hash algorithm to be used with the PSK MUST also be provisioned.
//= rfc8446#section-4.2.11
//= type=test
//# For externally established PSKs, the Hash algorithm MUST be set when
//# the PSK is established or default to SHA-256 if no such algorithm is
//# defined.
TEST(PskChoiceTest, KeyOfEitherHashBringsItsSuite) {
  const Psk keys[] = {External(1, HashId::kSha384), External(2, HashId::kSha256)};
  for (size_t known = 0; known < 2; ++known) {
    for (const bool server_preference : {false, true}) {
      HandshakeConfig server_config = AskingServer();
      server_config.server.server_preference = server_preference;
      HandshakePair pair(TestConfig(), server_config, Offering({keys[0], keys[1]}));
      pair.provide_psk = Knowing({keys[known]});
      pair.Run();
      ExpectCompleted(pair);
      EXPECT_EQ(pair.client_handshake->result().psk_index, known);
      EXPECT_EQ(pair.client_handshake->result().suite->hash, keys[known].hash());
    }
  }
  EXPECT_EQ(ExternalPsk().hash, HashId::kSha256) << "where nothing else is said";
  // The key's hash has no suite on this server.
  HandshakeConfig server_config = AskingServer();
  server_config.cipher_suites = {kSha256Suite};
  HandshakePair pair(TestConfig(), server_config, Offering({keys[0]}));
  pair.provide_psk = Knowing({keys[0]});
  pair.Run();
  ExpectCompleted(pair);
  EXPECT_FALSE(pair.client_handshake->result().psk_index.has_value());
}

// A HelloRetryRequest names the suite before the caller can be asked: it fits the first key.
TEST(PskChoiceTest, FirstKeyDecidesTheRetrysSuite) {
  for (const HashId hash : {HashId::kSha256, HashId::kSha384}) {
    HandshakeConfig server_config = AskingServer();
    server_config.server.require_cookie = true;
    const HashId other = hash == HashId::kSha256 ? HashId::kSha384 : HashId::kSha256;
    const std::vector<Psk> keys = {External(1, hash), External(2, other)};
    HandshakePair pair(TestConfig(), server_config, Offering(keys));
    pair.provide_psk = Knowing(keys);
    pair.Run();
    ExpectCompleted(pair);
    EXPECT_EQ(pair.client_handshake->result().suite->hash, hash);
    EXPECT_EQ(pair.client_handshake->result().psk_index, 0);
  }
}

//= rfc8446#section-4.2.9
//= type=test
//# Servers MUST NOT select a key
//# exchange mode that is not listed by the client.
//= rfc8446#section-4.1.1
//= type=test
//# If the server selects a PSK, then it MUST also select a key
//# establishment mode from the set indicated by the client's
//# "psk_key_exchange_modes" extension (at present, PSK alone or with
//# (EC)DHE).
TEST(PskChoiceTest, ModesOfBothSidesDecide) {
  struct Case {
    Modes client;
    Modes server;
    std::optional<PskKeyExchangeMode> chosen;
  };
  const Case kCases[] = {
      {{kDheKe}, {kKe}, std::nullopt},     {{kKe}, {kDheKe}, std::nullopt},
      {{kKe, kDheKe}, {kDheKe}, kDheKe},   {{kKe, kDheKe}, {kDheKe, kKe}, kDheKe},
      {{kDheKe, kKe}, {kKe, kDheKe}, kKe}, {{kKe}, {kDheKe, kKe}, kKe},
      {{kDheKe}, {}, std::nullopt}};
  for (const Case& test : kCases) {
    HandshakeConfig client_config = TestConfig();
    HandshakeConfig server_config = AskingServer();
    client_config.psk_modes = test.client;
    server_config.psk_modes = test.server;
    HandshakePair pair(client_config, server_config, Offering({External(1)}));
    bool asked = false;
    pair.provide_psk = [&](ServerHandshake* server) {
      asked = true;
      return server->ProvidePsk(0, External(1));
    };
    pair.Run();
    ExpectCompleted(pair);
    const HandshakeResult& result = pair.client_handshake->result();
    EXPECT_EQ(asked, test.chosen.has_value());
    EXPECT_EQ(result.psk_index.has_value(), test.chosen.has_value());
    if (test.chosen.has_value()) {
      EXPECT_EQ(result.psk_mode, *test.chosen);
    }
  }
}

// Without a group in common only the PSK alone is left.
TEST(PskChoiceTest, NoCommonGroup) {
  HandshakeConfig client_config = TestConfig();
  HandshakeConfig server_config = AskingServer();
  client_config.groups = {NamedGroup::kX25519};
  server_config.groups = {NamedGroup::kSecp256r1};
  client_config.psk_modes = server_config.psk_modes = {kDheKe, kKe};
  for (const bool known : {true, false}) {
    HandshakePair pair(client_config, server_config, Offering({External(1)}));
    if (known) pair.provide_psk = Knowing({External(1)});
    pair.Run();
    if (known) {
      ExpectCompleted(pair);
      EXPECT_EQ(pair.client_handshake->result().psk_mode, kKe);
    } else {
      ExpectFatal(pair.server.status, AlertDescription::kHandshakeFailure,
                  Reason::kNoSuitableGroup);
    }
  }
  server_config.psk_modes = {kDheKe};
  HandshakePair pair(client_config, server_config, Offering({External(1)}));
  pair.Run();
  ExpectFatal(pair.server.status, AlertDescription::kHandshakeFailure, Reason::kNoSuitableGroup);
}

// The key would have done without a share; certificates cannot, so the share is asked for then.
TEST(PskChoiceTest, UnknownKeyAloneMayCostARetry) {
  HandshakeConfig client_config = TestConfig();
  HandshakeConfig server_config = AskingServer();
  client_config.psk_modes = server_config.psk_modes = {kKe};
  client_config.client.initial_key_shares = {NamedGroup::kX25519};
  server_config.groups = {NamedGroup::kSecp256r1};
  int num_asked = 0;
  HandshakePair pair(client_config, server_config, Offering({External(1)}));
  pair.provide_psk = [&](ServerHandshake* server) {
    ++num_asked;
    return server->ProvidePsk(0, Psk());
  };
  pair.Run();
  ExpectCompleted(pair);
  EXPECT_EQ(num_asked, 2);  // nothing is kept of the first
  EXPECT_EQ(pair.server.num_stateless, 1);
  EXPECT_EQ(pair.client_handshake->result().group, NamedGroup::kSecp256r1);
}

TEST(PskChoiceTest, SessionsThatCannotBeResumedHere) {
  const std::pair<const char*, std::function<void(Session*)>> kUnusable[] = {
      {"expired", [](Session* s) { s->issued_at = Now() - std::chrono::seconds(3601); }},
      {"another name", [](Session* s) { s->server_name = "other.test"; }},
  };
  for (const auto& [what, spoil] : kUnusable) {
    auto at_server = NewSession(1);
    spoil(at_server.get());
    HandshakePair pair(TestConfig(), AskingServer(), Offering({Psk(NewSession(1))}));
    pair.provide_psk = Knowing({Psk(at_server)});
    pair.Run();
    ExpectCompleted(pair);
    EXPECT_FALSE(pair.client_handshake->result().resumed) << what;
  }
}

// A client that has to show a certificate has shown it in the session, or shows it now.
TEST(PskChoiceTest, SessionsWithoutTheRequiredCertificate) {
  for (const bool had_certificate : {false, true}) {
    HandshakeConfig server_config = AskingServer();
    server_config.server.client_authentication = ClientAuthentication::kRequired;
    auto at_server = NewSession(1);
    if (!had_certificate) at_server->peer_certificates.clear();
    HandshakePair pair(TestConfig(), server_config, Offering({Psk(NewSession(1))}));
    pair.provide_psk = Knowing({Psk(at_server)});
    pair.Run();
    ExpectCompleted(pair);
    EXPECT_EQ(pair.server_handshake->result().resumed, had_certificate);
    EXPECT_FALSE(pair.server_handshake->peer_identity().chain.empty());
  }
  // An external key is proof enough.
  HandshakeConfig server_config = AskingServer();
  server_config.server.client_authentication = ClientAuthentication::kRequired;
  HandshakePair pair(TestConfig(), server_config, Offering({External(1)}));
  pair.provide_psk = Knowing({External(1)});
  pair.Run();
  ExpectCompleted(pair);
  EXPECT_EQ(pair.server_handshake->result().psk_index, 0);
}

TEST(PskChoiceTest, AnswersThatAreNone) {
  const std::function<Status(ServerHandshake*)> kWrong[] = {
      [](ServerHandshake* server) { return server->ProvidePsk(1, External(1)); },
      [](ServerHandshake* server) {
        return server->ProvidePsk(0, Psk(std::make_shared<ExternalPsk>()));
      },
      [](ServerHandshake* server) { return server->ProvideCredential(nullptr); },
  };
  for (const auto& answer : kWrong) {
    HandshakePair pair(TestConfig(), AskingServer(), Offering({External(1)}));
    pair.provide_psk = answer;
    pair.Run();
    ExpectFatal(pair.server.status, AlertDescription::kInternalError, Reason::kInternal);
  }
  // Nobody asked.
  HandshakePair pair(TestConfig(), TestConfig());
  EXPECT_FALSE(pair.server_handshake->ProvidePsk(0, External(1)).ok());
  EXPECT_FALSE(pair.client_handshake->ProvidePsk(0, External(1)).ok());
}

}  // namespace
}  // namespace dtls13
