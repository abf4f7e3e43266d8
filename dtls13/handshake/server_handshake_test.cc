// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <utility>
#include <variant>

#include "dtls13/crypto/crypto_test_util.h"
#include "dtls13/crypto/key_exchange.h"
#include "dtls13/handshake/handshake_test_util.h"
#include "dtls13/message/certificate.h"
#include "dtls13/message/certificate_request.h"
#include "dtls13/message/client_hello.h"
#include "dtls13/message/encrypted_extensions.h"
#include "dtls13/message/received_hello.h"
#include "dtls13/message/server_hello.h"
#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

constexpr auto kCH = HandshakeType::kClientHello;

void ExpectFatal(const Status& status, AlertDescription alert, Reason reason) {
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.alert(), alert) << "alert " << static_cast<int>(status.alert());
  EXPECT_EQ(status.reason(), reason) << "reason " << static_cast<int>(status.reason());
}

std::unique_ptr<ServerHandshake> NewServer(const HandshakeConfig& config,
                                           ServerParameters parameters = TestServerParameters()) {
  return NewServerHandshake(std::make_shared<HandshakeConfig>(config), std::move(parameters));
}

// RunTampered runs a pair and changes each of the client's messages of `type` that `change` likes
// to; returns how the server took it.
Status RunTampered(HandshakeType type, const std::function<void(HandshakePair::Flying*)>& change,
                   const HandshakeConfig& server_config = TestConfig(),
                   const HandshakeConfig& client_config = TestConfig()) {
  HandshakePair pair(client_config, server_config);
  pair.tamper = [&](HandshakePair::Flying* flying) {
    if (flying->from_client && flying->type == type) change(flying);
  };
  pair.Run();
  EXPECT_EQ(pair.server.num_completed, 0);
  if (!pair.server.status.ok()) {
    EXPECT_EQ(pair.server_handshake->wait(), HandshakeWait::kNothing);
  }
  return pair.server.status;
}

// Fields of a hello with one P-256 share.
struct Hello {
  Hello() : key_exchange(KeyExchange::Generate(*TestAlgorithms(), NamedGroup::kSecp256r1)) {
    fields.random.assign(kRandomLen, 0x42);
    fields.cipher_suites = {CipherSuiteId::kAes128GcmSha256, CipherSuiteId::kAes256GcmSha384};
    fields.groups = {NamedGroup::kSecp384r1, NamedGroup::kSecp256r1, NamedGroup::kX25519};
    fields.signature_schemes = {SignatureScheme::kEcdsaSecp256r1Sha256};
    const auto key = key_exchange->public_key();
    fields.key_shares = {{NamedGroup::kSecp256r1, {key.begin(), key.end()}}};
  }
  Bytes Build() const {
    std::vector<ExtensionType> offered;
    return SerializeClientHello(fields, &offered);
  }

  std::optional<KeyExchange> key_exchange;
  ClientHelloFields fields;
};

Status Give(ServerHandshake* server, const Bytes& body, Epoch epoch = kPlaintextEpoch) {
  return server->HandleMessage(kCH, body, epoch);
}

// TakeRetry returns the HelloRetryRequest that `server` owes, taken apart.
struct Retry {
  std::optional<NamedGroup> group;
  Bytes cookie;
};
std::optional<Retry> TakeRetry(ServerHandshake* server) {
  auto action = server->NextAction();
  if (!action.has_value()) return std::nullopt;
  const auto* stateless = std::get_if<SendStateless>(&*action);
  if (stateless == nullptr) return std::nullopt;
  EXPECT_EQ(stateless->type, HandshakeType::kServerHello);
  EXPECT_FALSE(server->NextAction().has_value());
  EXPECT_EQ(server->wait(), HandshakeWait::kMessage);
  const auto hello = ParseServerHello(stateless->body);
  if (!hello.has_value() || !hello->IsHelloRetryRequest()) return std::nullopt;
  Retry retry;
  if (const auto share = hello->extensions.Find(ExtensionType::kKeyShare)) {
    retry.group = ParseRetryGroup(*share);
  }
  const auto cookie = ParseRetryCookie(*hello->extensions.Find(ExtensionType::kCookie));
  retry.cookie.assign(cookie->begin(), cookie->end());
  return retry;
}

// TakeServerHello returns the ServerHello that `server` owes.
Bytes TakeServerHello(ServerHandshake* server) {
  while (auto action = server->NextAction()) {
    if (auto* message = std::get_if<SendMessage>(&*action)) {
      if (message->type == HandshakeType::kServerHello) return std::move(message->body);
    }
  }
  return {};
}

// --- choices

TEST(ServerChoiceTest, FollowsTheClientUnlessToldOtherwise) {
  Hello hello;
  const auto x25519 = KeyExchange::Generate(*TestAlgorithms(), NamedGroup::kX25519);
  hello.fields.key_shares.push_back(
      {NamedGroup::kX25519, {x25519->public_key().begin(), x25519->public_key().end()}});
  for (const bool server_preference : {false, true}) {
    HandshakeConfig config = TestConfig();
    config.cipher_suites = {CipherSuiteId::kAes256GcmSha384, CipherSuiteId::kAes128GcmSha256};
    config.groups = {NamedGroup::kX25519, NamedGroup::kSecp256r1};
    config.server.server_preference = server_preference;
    const auto server = NewServer(config);
    ASSERT_TRUE(Give(server.get(), hello.Build()).ok());
    EXPECT_EQ(server->result().suite->id, server_preference ? CipherSuiteId::kAes256GcmSha384
                                                            : CipherSuiteId::kAes128GcmSha256);
    EXPECT_EQ(server->result().group,
              server_preference ? NamedGroup::kX25519 : NamedGroup::kSecp256r1);
  }
}

TEST(ServerChoiceTest, RetryGroupFollowsTheSamePreference) {
  Hello hello;
  hello.fields.key_shares.clear();
  for (const bool server_preference : {false, true}) {
    HandshakeConfig config = TestConfig();
    config.groups = {NamedGroup::kX25519, NamedGroup::kSecp384r1};
    config.server.server_preference = server_preference;
    const auto server = NewServer(config);
    ASSERT_TRUE(Give(server.get(), hello.Build()).ok());
    const auto retry = TakeRetry(server.get());
    ASSERT_TRUE(retry.has_value());
    EXPECT_EQ(retry->group, server_preference ? NamedGroup::kX25519 : NamedGroup::kSecp384r1);
  }
}

//= rfc8446#section-4.1.1
//= type=test
//# If the server is unable to negotiate a supported set of parameters
//# (i.e., there is no overlap between the client and server parameters),
//# it MUST abort the handshake with either a "handshake_failure" or
//# "insufficient_security" fatal alert (see Section 6).
//= rfc8446#section-2.1
//= type=test
//# If no common cryptographic parameters can be negotiated, the server
//# MUST abort the handshake with an appropriate alert.
//= rfc8446#section-4.1.1
//= type=test
//# If there is no overlap between the received "supported_groups" and the
//# groups supported by the server, then the server MUST abort the
//# handshake with a "handshake_failure" or an "insufficient_security"
//# alert.
TEST(ServerChoiceTest, NothingInCommonIsHandshakeFailure) {
  const Bytes hello = Hello().Build();
  HandshakeConfig suites = TestConfig();
  suites.cipher_suites = {CipherSuiteId::kChaCha20Poly1305Sha256};
  ExpectFatal(Give(NewServer(suites).get(), hello), AlertDescription::kHandshakeFailure,
              Reason::kNoSharedCipher);
  HandshakeConfig groups = TestConfig();
  groups.groups = {static_cast<NamedGroup>(0x0100)};  // ffdhe2048
  ExpectFatal(Give(NewServer(groups).get(), hello), AlertDescription::kHandshakeFailure,
              Reason::kNoSuitableGroup);
  HandshakeConfig schemes = TestConfig();
  schemes.credential = TestIdentity::Get(TestKeyKind::kEd25519).credential();
  ExpectFatal(Give(NewServer(schemes).get(), hello), AlertDescription::kHandshakeFailure,
              Reason::kNoSuitableSignatureAlgorithm);
  HandshakeConfig nothing = TestConfig();
  nothing.credential = nullptr;
  ExpectFatal(Give(NewServer(nothing).get(), hello), AlertDescription::kHandshakeFailure,
              Reason::kNoCertificateSet);
}

// The schemes for certificates alone do not sign handshakes, even if both sides list them.
//= rfc8446#section-4.4.2.2
//= type=test
//# The server's end-entity certificate's public key (and associated
//# restrictions) MUST be compatible with the selected authentication
//# algorithm from the client's "signature_algorithms" extension
//# (currently RSA, ECDSA, or EdDSA).
//= rfc8446#section-4.4.3
//= type=test
//# RSA signatures MUST use an RSASSA-PSS algorithm, regardless of whether
//# RSASSA-PKCS1-v1_5 algorithms appear in "signature_algorithms".
//= rfc8446#section-4.2.3
//= type=test
//# These values refer solely to signatures which appear in certificates
//# (see Section 4.4.2.2) and are not defined for use in signed TLS
//# handshake messages,
TEST(ServerChoiceTest, NeverSignsWithPkcs1) {
  Hello hello;
  hello.fields.signature_schemes = {SignatureScheme::kRsaPkcs1Sha256};
  auto credential =
      std::make_shared<Credential>(*TestIdentity::Get(TestKeyKind::kRsa).credential());
  credential->schemes.insert(credential->schemes.begin(), SignatureScheme::kRsaPkcs1Sha256);
  HandshakeConfig config = TestConfig();
  config.credential = credential;
  ExpectFatal(Give(NewServer(config).get(), hello.Build()), AlertDescription::kHandshakeFailure,
              Reason::kNoSuitableSignatureAlgorithm);
  hello.fields.signature_schemes.push_back(SignatureScheme::kRsaPssRsaeSha384);
  const auto server = NewServer(config);
  ASSERT_TRUE(Give(server.get(), hello.Build()).ok());
  EXPECT_EQ(server->signature_request().scheme, SignatureScheme::kRsaPssRsaeSha384);
}

//= rfc8446#section-4.4.2
//= type=test
//# The server's certificate_list MUST always be non-empty.
//= rfc8446#section-4.4.2.2
//= type=test
//# If the server cannot produce a certificate chain that is signed only via
//# the indicated supported algorithms, then it SHOULD continue the handshake
//# by sending the client a certificate chain of its choice
//= rfc8446#section-4.4.2.2
//= type=test
//# This fallback chain SHOULD NOT use the deprecated SHA-1 hash algorithm
//# in general, but MAY do so if the client's advertisement permits it,
//# and MUST NOT do so otherwise.
TEST(ServerChoiceTest, Sha1IsShownOnlyToWhoTakesIt) {
  const OpenSslPtr<EVP_PKEY> issuer = NewTestKey("RSA");
  const auto serve = [&](const char* digest, const std::vector<uint16_t>& also_taken,
                         bool in_certificates) {
    auto credential =
        std::make_shared<Credential>(*TestIdentity::Get(TestKeyKind::kEcdsaP256).credential());
    credential->chain.push_back(MakeCertificate({.common_name = "authority",
                                                 .issuer_name = "root",
                                                 .key = issuer.get(),
                                                 .issuer_key = issuer.get(),
                                                 .digest = digest}));
    HandshakeConfig config = TestConfig();
    config.credential = credential;
    Hello hello;
    auto* const list = in_certificates ? &hello.fields.certificate_wishes.certificate_schemes
                                       : &hello.fields.signature_schemes;
    for (const uint16_t scheme : also_taken) list->push_back(static_cast<SignatureScheme>(scheme));
    return Give(NewServer(config).get(), hello.Build());
  };
  EXPECT_TRUE(serve("SHA256", {}, false).ok()) << "not listed, and the client's to judge";
  for (const char* digest : {"SHA1", "MD5"}) {
    ExpectFatal(serve(digest, {}, false), AlertDescription::kHandshakeFailure,
                Reason::kNoSuitableSignatureAlgorithm);
    ExpectFatal(serve(digest, {0x0401}, true), AlertDescription::kHandshakeFailure,
                Reason::kNoSuitableSignatureAlgorithm);
  }
  for (const bool in_certificates : {false, true}) {
    EXPECT_TRUE(serve("SHA1", {0x0201}, in_certificates).ok());
  }
}

TEST(ServerChoiceTest, AsksForTheCredential) {
  HandshakeConfig config = TestConfig();
  config.credential = nullptr;
  config.ask_credential = true;
  Hello hello;
  hello.fields.server_name = "server.test";
  const auto server = NewServer(config);
  ASSERT_TRUE(Give(server.get(), hello.Build()).ok());
  ASSERT_EQ(server->wait(), HandshakeWait::kCredential);
  EXPECT_FALSE(server->NextAction().has_value());
  EXPECT_EQ(server->client_hello().server_name, "server.test");
  EXPECT_EQ(server->client_hello().signature_schemes, hello.fields.signature_schemes);
  EXPECT_EQ(server->client_hello().cipher_suites, (std::vector<uint16_t>{0x1301, 0x1302}));
  ASSERT_TRUE(
      server->ProvideCredential(TestIdentity::Get(TestKeyKind::kEcdsaP256).credential()).ok());
  EXPECT_EQ(server->wait(), HandshakeWait::kSignature);

  const auto refused = NewServer(config);
  ASSERT_TRUE(Give(refused.get(), hello.Build()).ok());
  ExpectFatal(refused->ProvideCredential(nullptr), AlertDescription::kHandshakeFailure,
              Reason::kNoCertificateSet);
}

// --- ServerHello

// F29: the server does not echo what the client sent.
//= rfc9147#section-5
//= type=test
//# DTLS servers MUST NOT echo
//# the "legacy_session_id" value from the client
TEST(ServerHelloFlightTest, SessionIdIsNotEchoed) {
  Hello hello;
  hello.fields.legacy_session_id.assign(32, 7);
  const auto server = NewServer(TestConfig());
  ASSERT_TRUE(Give(server.get(), hello.Build()).ok());
  const Bytes body = TakeServerHello(server.get());
  EXPECT_TRUE(ParseServerHello(body)->legacy_session_id_echo.empty());

  HandshakeConfig config = TestConfig();
  config.server.require_cookie = true;
  const auto retrying = NewServer(config);
  ASSERT_TRUE(Give(retrying.get(), hello.Build()).ok());
  auto action = retrying->NextAction();
  const Bytes retry = std::get<SendStateless>(*action).body;
  EXPECT_TRUE(ParseServerHello(retry)->legacy_session_id_echo.empty());
}

TEST(ServerHelloFlightTest, BadSharesAreIllegal) {
  Bytes off_curve(65, 7);
  off_curve[0] = 4;
  for (const Bytes& key : {off_curve, Bytes(64, 4), Bytes(1, 4)}) {
    Hello hello;
    hello.fields.key_shares[0].key_exchange = key;
    ExpectFatal(Give(NewServer(TestConfig()).get(), hello.Build()),
                AlertDescription::kIllegalParameter, Reason::kBadKeyShare);
  }
  Hello zero;
  zero.fields.key_shares = {{NamedGroup::kX25519, Bytes(32, 0)}};
  ExpectFatal(Give(NewServer(TestConfig()).get(), zero.Build()),
              AlertDescription::kIllegalParameter, Reason::kBadKeyShare);
}

// The server's own order of groups has another first, of which the client sent no share.
//= rfc8446#section-2
//= type=test
//# the server's share MUST be in the same group as one of the client's
//# shares.
//= rfc8446#section-4.2.8
//= type=test
//# This value MUST be in the same group as the KeyShareEntry value
//# offered by the client that the server has selected for the negotiated
//# key exchange.
TEST(ServerHelloFlightTest, HasTheShareOfAGroupThatTheClientSentOneOf) {
  HandshakeConfig config = TestConfig();
  config.groups = {NamedGroup::kX25519, NamedGroup::kSecp384r1, NamedGroup::kSecp256r1};
  config.server.server_preference = true;
  const auto server = NewServer(config);
  ASSERT_TRUE(Give(server.get(), Hello().Build()).ok());
  const Bytes body = TakeServerHello(server.get());
  const auto hello = ParseServerHello(body);
  ASSERT_TRUE(hello.has_value());
  const auto share = ParseServerShare(*hello->extensions.Find(ExtensionType::kKeyShare));
  ASSERT_TRUE(share.has_value());
  EXPECT_EQ(share->group, NamedGroup::kSecp256r1);
}

// Whatever else the client offers is answered in EncryptedExtensions, or not at all.
//= rfc8446#section-4.1.3
//= type=test
//# The ServerHello MUST only include extensions which are required to
//# establish the cryptographic context and negotiate the protocol
//# version.
TEST(ServerHelloFlightTest, HasNoOtherExtensionsThanItsKeysNeed) {
  Hello hello;
  hello.fields.server_name = "server.test";
  hello.fields.connection.alpn = {"coap"};
  hello.fields.connection.record_size_limit = 500;
  hello.fields.psk_modes = {PskKeyExchangeMode::kPskDheKe};
  hello.fields.post_handshake_auth = true;
  hello.fields.certificate_wishes.ocsp = true;
  HandshakeConfig config = TestConfig();
  config.connection.alpn = {"coap"};
  const auto server = NewServer(config);
  ASSERT_TRUE(Give(server.get(), hello.Build()).ok());
  const Bytes body = TakeServerHello(server.get());
  auto action = server->NextAction();
  while (action.has_value() && !std::holds_alternative<SendMessage>(*action)) {
    action = server->NextAction();
  }
  ASSERT_TRUE(action.has_value());
  ASSERT_EQ(std::get<SendMessage>(*action).type, HandshakeType::kEncryptedExtensions);
  const auto encrypted = ParseEncryptedExtensions(std::get<SendMessage>(*action).body);
  ASSERT_TRUE(encrypted.has_value());
  EXPECT_TRUE(encrypted->Has(ExtensionType::kApplicationLayerProtocolNegotiation));
  //= rfc8446#section-4.2.6
  //= type=test
  //# Servers MUST NOT send this extension.
  EXPECT_FALSE(encrypted->Has(ExtensionType::kPostHandshakeAuth));
  //= rfc8446#section-4.2.9
  //= type=test
  //# The server MUST NOT send a "psk_key_exchange_modes" extension.
  EXPECT_FALSE(encrypted->Has(ExtensionType::kPskKeyExchangeModes));
  const auto answer = ParseServerHello(body);
  ASSERT_TRUE(answer.has_value());
  std::vector<ExtensionType> types;
  ByteReader reader = answer->extensions.Begin();
  for (Extension extension; ExtensionBlock::Next(&reader, &extension);) {
    types.push_back(extension.type);
  }
  EXPECT_EQ(types, (std::vector<ExtensionType>{ExtensionType::kSupportedVersions,
                                               ExtensionType::kKeyShare}));
}

// status_request_v2 (17) and truncated_hmac (4) are DTLS 1.2's.
//= rfc8446#section-4.4.2.1
//= type=test
//# TLS 1.3 servers MUST NOT act upon its presence or information in it
//# when processing ClientHello messages; in particular, they MUST NOT
//# send the status_request_v2 extension in the EncryptedExtensions,
//# CertificateRequest, or Certificate messages.
//= rfc8446#section-4.4.2.1
//= type=test
//# TLS 1.3 servers MUST be able to process ClientHello messages that
//# include it, as it MAY be sent by clients that wish to use it in
//# earlier protocol versions.
//= rfc8446#appendix-D.5
//= type=test
//# MUST NOT use the Truncated HMAC extension, defined in Section 7 of
//# [RFC6066],
TEST(ServerHelloFlightTest, ExtensionsOfDtls12AreIgnored) {
  Bytes body = Hello().Build();
  SetExtension(kCH, &body, static_cast<ExtensionType>(17), {0, 7, 2, 0, 4, 0, 0, 0, 0});
  SetExtension(kCH, &body, static_cast<ExtensionType>(4), {});
  HandshakeConfig config = TestConfig();
  config.server.client_authentication = ClientAuthentication::kOptional;
  auto credential =
      std::make_shared<Credential>(*TestIdentity::Get(TestKeyKind::kEcdsaP256).credential());
  credential->staples = {{.ocsp_response = {7, 8, 9}}};
  config.credential = credential;
  const auto server = NewServer(config);
  ASSERT_TRUE(Give(server.get(), body).ok());
  std::vector<HandshakeType> types;
  while (auto action = server->NextAction()) {
    const auto* message = std::get_if<SendMessage>(&*action);
    if (message == nullptr || message->type == HandshakeType::kServerHello) continue;
    types.push_back(message->type);
    if (message->type == HandshakeType::kEncryptedExtensions) {
      EXPECT_EQ(message->body, (Bytes{0, 0}));
    } else if (message->type == HandshakeType::kCertificateRequest) {
      EXPECT_FALSE(
          ParseCertificateRequest(message->body)->extensions.Has(static_cast<ExtensionType>(17)));
    } else {
      const auto certificate = ParseCertificate(message->body);
      ASSERT_TRUE(certificate.has_value());
      ByteReader extensions = certificate->entries.front().extensions.Begin();
      EXPECT_TRUE(extensions.empty());
    }
  }
  //= rfc8446#section-4.3.2
  //= type=test
  //# This message, if sent, MUST follow EncryptedExtensions.
  EXPECT_EQ(types, (std::vector<HandshakeType>{HandshakeType::kEncryptedExtensions,
                                               HandshakeType::kCertificateRequest,
                                               HandshakeType::kCertificate}));
}

// F34: a client full of unknown values completes.
TEST(ServerHelloFlightTest, GreaseIsIgnored) {
  Hello hello;
  Bytes body = hello.Build();
  EditExtensions(kCH, &body, [](std::vector<RawExtension>* extensions) {
    extensions->insert(extensions->begin(), {0x1a1a, {}});
    extensions->push_back({0xeaea, {0}});
    for (RawExtension& extension : *extensions) {
      if (extension.type == 43) extension.data = {6, 0x7a, 0x7a, 0xfe, 0xfc, 0xfe, 0xfd};
      if (extension.type == 10) extension.data = {0, 4, 0x2a, 0x2a, 0, 23};
      if (extension.type == 13) extension.data = {0, 6, 0xfe, 0xfe, 0x09, 0x05, 4, 3};
    }
  });
  const auto server = NewServer(TestConfig());
  ASSERT_TRUE(Give(server.get(), body).ok());
  EXPECT_EQ(server->wait(), HandshakeWait::kSignature);
  EXPECT_EQ(server->result().group, NamedGroup::kSecp256r1);
}

//= rfc8446#section-4.1.3
//= type=test
//# This structure is generated by the server and MUST be generated
//# independently of the ClientHello.random.
TEST(ServerHelloFlightTest, EveryRandomIsFresh) {
  const auto first = NewServer(TestConfig());
  const HandshakeConfig shared = TestConfig();
  const auto second = NewServer(shared);
  const auto third = NewServer(shared);
  ASSERT_TRUE(Give(second.get(), Hello().Build()).ok());
  ASSERT_TRUE(Give(third.get(), Hello().Build()).ok());
  const Bytes a = TakeServerHello(second.get());
  const Bytes b = TakeServerHello(third.get());
  EXPECT_FALSE(std::equal(a.begin(), a.begin() + 2 + kRandomLen, b.begin()));
}

// --- the cookie exchange

//= rfc9147#section-5.1
//= type=test
//# When the client sends its ClientHello message to the server, the server
//# MAY respond with a HelloRetryRequest message.
//= rfc9147#section-5.2
//= type=test
//# DTLS 1.3-compliant implementations MUST NOT use the HelloVerifyRequest
//# to execute a return-routability check.
//= rfc8446#appendix-B
//= type=test
//# TLS 1.3 implementations MUST NOT send them but might receive them from
//# older TLS implementations.
//= rfc8446#section-4.2.2
//= type=test
//# When sending a HelloRetryRequest, the server MAY provide a "cookie"
//# extension to the client
TEST(ServerCookieTest, RetryIsStatelessAndRepeatable) {
  HandshakeConfig config = TestConfig();
  config.server.require_cookie = true;
  const auto server = NewServer(config);
  Hello hello;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(Give(server.get(), hello.Build()).ok());
    const auto retry = TakeRetry(server.get());
    ASSERT_TRUE(retry.has_value());
    EXPECT_FALSE(retry->group.has_value());
    EXPECT_FALSE(retry->cookie.empty());
    EXPECT_EQ(server->result().suite, nullptr);
  }
}

TEST(ServerCookieTest, TheMessageCanBeLookedAtUntilTheNext) {
  HandshakeConfig config = TestConfig();
  config.server.require_cookie = true;
  const auto server = NewServer(config);
  Hello hello;
  for (const uint8_t first : {1, 2}) {
    hello.fields.random[0] = first;
    ASSERT_TRUE(Give(server.get(), hello.Build()).ok());
    ASSERT_TRUE(TakeRetry(server.get()).has_value());
    ASSERT_NE(server->client_hello().message, nullptr);
    EXPECT_EQ((*server->client_hello().message)->random[0], first);
    EXPECT_TRUE(server->client_hello().signature_schemes.empty());
  }
}

//= rfc9147#section-5.1
//= type=test
//# The default SHOULD be that the exchange is performed, however.
TEST(ServerCookieTest, IsAskedForByDefault) {
  HandshakeConfig config = TestConfig();
  config.server.require_cookie = HandshakeConfig().server.require_cookie;
  const auto server = NewServer(config);
  ASSERT_TRUE(Give(server.get(), Hello().Build()).ok());
  EXPECT_TRUE(TakeRetry(server.get()).has_value());
}

// Another object, with the same keys, goes on where the first left off: nothing was kept.
TEST(ServerCookieTest, AnyServerWithTheKeysContinues) {
  HandshakeConfig config = TestConfig();
  config.server.require_cookie = true;
  HandshakePair pair(TestConfig(), config);
  const auto first = NewServer(config);
  auto action = pair.client_handshake->NextAction();
  ASSERT_TRUE(Give(first.get(), std::get<SendMessage>(*action).body).ok());
  action = first->NextAction();
  ASSERT_TRUE(pair.client_handshake
                  ->HandleMessage(HandshakeType::kServerHello,
                                  std::get<SendStateless>(*action).body, kPlaintextEpoch)
                  .ok());
  pair.Run();
  EXPECT_TRUE(pair.completed());
}

//= rfc8446#section-4.1.1
//= type=test
//# If the server selects an (EC)DHE group and the client did not offer a
//# compatible "key_share" extension in the initial ClientHello, the
//# server MUST respond with a HelloRetryRequest (Section 4.1.4) message.
TEST(ServerCookieTest, GroupAndCookieComeTogether) {
  HandshakeConfig config = TestConfig();
  config.groups = {NamedGroup::kX25519};
  const auto server = NewServer(config);
  ASSERT_TRUE(Give(server.get(), Hello().Build()).ok());
  const auto retry = TakeRetry(server.get());
  ASSERT_TRUE(retry.has_value());
  EXPECT_EQ(retry->group, NamedGroup::kX25519);
  EXPECT_FALSE(retry->cookie.empty());
}

TEST(ServerCookieTest, WithoutKeysARetryIsAnInternalError) {
  HandshakeConfig config = TestConfig();
  config.server.cookie_keys = nullptr;
  config.server.require_cookie = true;
  ExpectFatal(Give(NewServer(config).get(), Hello().Build()), AlertDescription::kInternalError,
              Reason::kCrypto);
}

//= rfc9147#section-5.1
//= type=test
//# The server then verifies the
//# cookie and proceeds with the handshake only if it is valid.
//= rfc9147#section-5.1
//= type=test
//# If a server receives a ClientHello with an invalid cookie, it MUST
//# terminate the handshake with an "illegal_parameter" alert.
//= rfc9147#section-11
//= type=test
//# It MUST NOT be possible for anyone other than the issuing entity to
//# generate cookies that are accepted as valid by that entity.
TEST(ServerCookieTest, ForgedForeignAndExpiredCookiesAreRefused) {
  HandshakeConfig config = TestConfig();
  config.server.require_cookie = true;
  const auto server = NewServer(config);
  Hello hello;
  ASSERT_TRUE(Give(server.get(), hello.Build()).ok());
  const auto retry = TakeRetry(server.get());
  ASSERT_TRUE(retry.has_value());
  hello.fields.cookie = retry->cookie;
  ASSERT_TRUE(Give(server.get(), hello.Build()).ok());

  ServerParameters elsewhere = TestServerParameters();
  elsewhere.peer_address.back() ^= 1;
  ExpectFatal(Give(NewServer(config, elsewhere).get(), hello.Build()),
              AlertDescription::kIllegalParameter, Reason::kCookieMismatch);
  ServerParameters later = TestServerParameters();
  later.now += std::chrono::seconds(301);
  ExpectFatal(Give(NewServer(config, later).get(), hello.Build()),
              AlertDescription::kIllegalParameter, Reason::kCookieMismatch);
  hello.fields.cookie.back() ^= 1;
  ExpectFatal(Give(NewServer(config).get(), hello.Build()), AlertDescription::kIllegalParameter,
              Reason::kCookieMismatch);
  // A server that asks for no cookie takes none that is not its own either.
  ExpectFatal(Give(NewServer(TestConfig()).get(), hello.Build()),
              AlertDescription::kIllegalParameter, Reason::kCookieMismatch);
}

// WithCookie has `config` answer `hello` and puts the cookie in.
void WithCookie(const HandshakeConfig& config, Hello* hello) {
  const auto server = NewServer(config);
  ASSERT_TRUE(Give(server.get(), hello->Build()).ok());
  const auto retry = TakeRetry(server.get());
  ASSERT_TRUE(retry.has_value());
  hello->fields.cookie = retry->cookie;
}

//= rfc8446#section-4.1.2
//= type=test
//# -  If a "key_share" extension was supplied in the HelloRetryRequest,
//#    replacing the list of shares with a list containing a single
//#    KeyShareEntry from the indicated group.
TEST(ServerCookieTest, SecondHelloMustHaveExactlyTheAskedShare) {
  HandshakeConfig config = TestConfig();
  config.groups = {NamedGroup::kX25519, NamedGroup::kSecp384r1};
  Hello hello;
  hello.fields.groups = {NamedGroup::kX25519, NamedGroup::kSecp256r1, NamedGroup::kSecp384r1};
  WithCookie(config, &hello);
  const auto share = [](NamedGroup group) {
    const auto key = KeyExchange::Generate(*TestAlgorithms(), group);
    return ClientHelloFields::Share{group, {key->public_key().begin(), key->public_key().end()}};
  };
  const auto p256 = hello.fields.key_shares.front();
  const std::vector<std::vector<ClientHelloFields::Share>> kBad = {
      {},                                  // none
      {p256},                              // the old one
      {share(NamedGroup::kX25519), p256},  // one too many
      {share(NamedGroup::kSecp384r1)}};    // another of ours
  for (const auto& shares : kBad) {
    hello.fields.key_shares = shares;
    ExpectFatal(Give(NewServer(config).get(), hello.Build()), AlertDescription::kIllegalParameter,
                Reason::kBadKeyShare);
  }
  hello.fields.key_shares = {share(NamedGroup::kX25519)};
  EXPECT_TRUE(Give(NewServer(config).get(), hello.Build()).ok());
}

// A second HelloRetryRequest does not exist: after a cookie alone, the share must still do.
TEST(ServerCookieTest, SecondHelloCannotAskAgain) {
  HandshakeConfig config = TestConfig();
  config.server.require_cookie = true;
  Hello hello;
  WithCookie(config, &hello);
  hello.fields.key_shares.clear();
  ExpectFatal(Give(NewServer(config).get(), hello.Build()), AlertDescription::kIllegalParameter,
              Reason::kBadKeyShare);
}

// F35: what is signed is the handshake that goes on, and nothing of hellos that it replaced.
TEST(ServerCookieTest, F35RepliesToEarlierHellosLeaveNothingBehind) {
  for (const bool require_cookie : {true, false}) {
    HandshakeConfig config = TestConfig();
    config.server.require_cookie = require_cookie;
    config.groups = {NamedGroup::kSecp384r1};  // nobody's first share
    HandshakePair pair(TestConfig(), config);
    for (const char* name : {"first.test", "second.test"}) {
      Hello other;
      other.fields.server_name = name;
      ASSERT_TRUE(Give(pair.server_handshake.get(), other.Build()).ok());
      EXPECT_TRUE(TakeRetry(pair.server_handshake.get()).has_value());
    }
    pair.Run();
    EXPECT_TRUE(pair.completed());
  }
}

//= rfc8446#section-4.1.2
//= type=test
//# In that case, the client MUST send the same
//# ClientHello without modification, except as follows:
TEST(ServerCookieTest, SecondHelloChangesOnlyWhatItMay) {
  HandshakeConfig config = TestConfig();
  config.server.require_cookie = true;
  Hello hello;
  WithCookie(config, &hello);
  const Bytes good = hello.Build();
  const auto answer = [&](const std::function<void(std::vector<RawExtension>*)>& edit) {
    Bytes body = good;
    EditExtensions(kCH, &body, edit);
    return Give(NewServer(config).get(), body);
  };
  EXPECT_TRUE(answer([](std::vector<RawExtension>* all) {
                all->insert(all->begin(), {.type = 21, .data = Bytes(300)});  // padding
              }).ok());
  ExpectFatal(answer([](std::vector<RawExtension>* all) {
                all->insert(all->begin(), {.type = 0x2a2a, .data = {}});
              }),
              AlertDescription::kIllegalParameter, Reason::kHelloChanged);
  // In another order, as wolfSSL's client sends it, it is the same hello.
  EXPECT_TRUE(
      answer([](std::vector<RawExtension>* all) { std::swap(all->front(), all->back()); }).ok());
  hello.fields.server_name = "another.test";
  ExpectFatal(Give(NewServer(config).get(), hello.Build()), AlertDescription::kIllegalParameter,
              Reason::kHelloChanged);
}

//= rfc8446#section-4.1.4
//= type=test
//# Servers MUST ensure that they negotiate the
//# same cipher suite when receiving a conformant updated ClientHello (if
//# the server selects the cipher suite as the first step in the
//# negotiation, then this will happen automatically).
TEST(ServerCookieTest, SuiteOfTheRetryIsKept) {
  HandshakeConfig config = TestConfig();
  config.server.require_cookie = true;
  Hello hello;
  WithCookie(config, &hello);
  hello.fields.cipher_suites = {CipherSuiteId::kAes256GcmSha384};  // the asked one is gone
  ExpectFatal(Give(NewServer(config).get(), hello.Build()), AlertDescription::kIllegalParameter,
              Reason::kWrongCipherReturned);
  hello.fields.cipher_suites = {CipherSuiteId::kAes256GcmSha384, CipherSuiteId::kAes128GcmSha256};
  ExpectFatal(Give(NewServer(config).get(), hello.Build()), AlertDescription::kIllegalParameter,
              Reason::kHelloChanged);
}

// --- order, epochs, Finished

TEST(ServerOrderTest, ClientHelloOnlyOnceAndOnlyInEpochZero) {
  const Bytes hello = Hello().Build();
  for (const uint64_t epoch : {1, 2, 3}) {
    ExpectFatal(Give(NewServer(TestConfig()).get(), hello, Epoch{epoch}),
                AlertDescription::kUnexpectedMessage, Reason::kUnexpectedMessage);
  }
  //= rfc8446#section-4.1.2
  //= type=test
  //# Because TLS 1.3 forbids renegotiation, if a server has negotiated
  //# TLS 1.3 and receives a ClientHello at any other time, it MUST
  //# terminate the connection with an "unexpected_message" alert.
  const auto server = NewServer(TestConfig());
  ASSERT_TRUE(Give(server.get(), hello).ok());
  const SignatureRequest& request = server->signature_request();
  ASSERT_TRUE(
      server
          ->ProvideSignature(
              TestIdentity::Get(TestKeyKind::kEcdsaP256).Sign(request.scheme, request.input))
          .ok());
  ExpectFatal(Give(server.get(), hello), AlertDescription::kUnexpectedMessage,
              Reason::kUnexpectedMessage);
}

// F16: the client's Finished under any epoch but 2 is refused.
TEST(ServerOrderTest, FinishedOnlyInEpochTwo) {
  for (const uint64_t epoch : {0, 1, 3, 6}) {
    ExpectFatal(RunTampered(HandshakeType::kFinished,
                            [&](HandshakePair::Flying* flying) { flying->epoch = Epoch{epoch}; }),
                AlertDescription::kUnexpectedMessage, Reason::kUnexpectedMessage);
  }
}

TEST(ServerOrderTest, CertificateThatWasNotAskedForIsUnexpected) {
  ExpectFatal(RunTampered(HandshakeType::kFinished,
                          [](HandshakePair::Flying* flying) {
                            flying->type = HandshakeType::kCertificate;
                            flying->body = {0, 0, 0, 0};
                          }),
              AlertDescription::kUnexpectedMessage, Reason::kUnexpectedMessage);
}

//= rfc8446#section-4.4.4
//= type=test
//# Recipients of Finished messages MUST verify that the contents are
//# correct and if incorrect MUST terminate the connection with a
//# "decrypt_error" alert.
TEST(ServerFinishedTest, WrongIsDecryptErrorAndMalformedDecodeError) {
  ExpectFatal(RunTampered(HandshakeType::kFinished,
                          [](HandshakePair::Flying* flying) { flying->body.back() ^= 1; }),
              AlertDescription::kDecryptError, Reason::kBadDigest);
  ExpectFatal(RunTampered(HandshakeType::kFinished,
                          [](HandshakePair::Flying* flying) { flying->body.pop_back(); }),
              AlertDescription::kDecodeError, Reason::kDecodeError);
}

// Read keys of epoch 3 come only with a Finished that verified.
//= rfc9147#section-5.8.1
//= type=test
//# Implementations MUST either discard or buffer all application data
//# records for epoch 3 and above until they have received the Finished
//# message from the peer.
TEST(ServerFinishedTest, NoApplicationReadKeysBeforeFinished) {
  HandshakePair pair(TestConfig(), TestConfig());
  pair.tamper = [](HandshakePair::Flying* flying) {
    if (flying->from_client && flying->type == HandshakeType::kFinished) flying->deliver = false;
  };
  pair.Run();
  EXPECT_TRUE(pair.server.status.ok());
  EXPECT_EQ(pair.server_handshake->wait(), HandshakeWait::kMessage);
  ASSERT_EQ(pair.server.read_keys.size(), 1u);
  EXPECT_EQ(pair.server.read_keys[0].epoch, kHandshakeEpoch);
  EXPECT_EQ(pair.server.write_keys.back().epoch, kFirstApplicationEpoch);
}

TEST(ServerSignatureTest, EmptySignatureIsInternalError) {
  const auto server = NewServer(TestConfig());
  ASSERT_TRUE(Give(server.get(), Hello().Build()).ok());
  ExpectFatal(server->ProvideSignature({}), AlertDescription::kInternalError,
              Reason::kSignerFailed);
  EXPECT_EQ(server->wait(), HandshakeWait::kNothing);
}

TEST(ServerAnswerTest, AnswersNobodyWaitsForAreInternalErrors) {
  ExpectFatal(NewServer(TestConfig())->ProvideSignature(Bytes{1}), AlertDescription::kInternalError,
              Reason::kInternal);
  ExpectFatal(NewServer(TestConfig())->ProvideCredential(nullptr), AlertDescription::kInternalError,
              Reason::kInternal);
  ExpectFatal(NewServer(TestConfig())->ProvideVerification(true, AlertDescription::kCloseNotify),
              AlertDescription::kInternalError, Reason::kInternal);
}

TEST(ServerRandomTest, NoRandomnessIsInternalError) {
  HandshakeConfig config = TestConfig();
  const auto random = std::make_shared<SeededRandom>(1);
  random->Fail();
  config.random = random;
  ExpectFatal(Give(NewServer(config).get(), Hello().Build()), AlertDescription::kInternalError,
              Reason::kCrypto);
}

TEST(ServerHelloFlightTest, TamperedClientHelloNeverCompletes) {
  // Any change of the hello that still parses ends in a Finished or signature that does not fit.
  HandshakePair pair(TestConfig(), TestConfig());
  pair.tamper = [](HandshakePair::Flying* flying) {
    if (flying->type == kCH) flying->body[10] ^= 1;  // the random
  };
  pair.Run();
  EXPECT_FALSE(pair.client.status.ok());
  EXPECT_EQ(pair.client.status.alert(), AlertDescription::kDecryptError);
  EXPECT_FALSE(pair.completed());
}

}  // namespace
}  // namespace dtls13
