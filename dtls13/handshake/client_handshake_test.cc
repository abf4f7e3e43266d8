// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <variant>

#include "dtls13/crypto/key_exchange.h"
#include "dtls13/crypto/signature.h"
#include "dtls13/handshake/handshake_context.h"
#include "dtls13/handshake/handshake_test_util.h"
#include "dtls13/message/certificate.h"
#include "dtls13/message/certificate_verify.h"
#include "dtls13/message/client_hello.h"
#include "dtls13/message/server_hello.h"
#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

constexpr auto kSH = HandshakeType::kServerHello;
const Bytes kNone;

void ExpectFatal(const Status& status, AlertDescription alert, Reason reason) {
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.alert(), alert) << "alert " << static_cast<int>(status.alert());
  EXPECT_EQ(status.reason(), reason) << "reason " << static_cast<int>(status.reason());
}

// RunTampered runs a pair and changes the server's first message of `type`; returns how the client
// took it.
Status RunTampered(HandshakeType type, const std::function<void(HandshakePair::Flying*)>& change,
                   const HandshakeConfig& config = TestConfig(), ClientParameters parameters = {}) {
  HandshakePair pair(config, TestConfig(), std::move(parameters));
  bool changed = false;
  pair.tamper = [&](HandshakePair::Flying* flying) {
    if (flying->from_client || flying->type != type || changed) return;
    changed = true;
    change(flying);
  };
  pair.Run();
  EXPECT_TRUE(changed);
  EXPECT_EQ(pair.client.num_completed, 0);
  if (!pair.client.status.ok()) {
    EXPECT_EQ(pair.client_handshake->wait(), HandshakeWait::kNothing);
  }
  return pair.client.status;
}

Status RunWithBody(HandshakeType type, const std::function<void(Bytes*)>& change) {
  return RunTampered(type, [&](HandshakePair::Flying* flying) { change(&flying->body); });
}

// ScriptedServer says whatever a test wants, with the right keys.
class ScriptedServer {
 public:
  explicit ScriptedServer(HandshakeConfig client_config = TestConfig())
      : context_(std::make_shared<HandshakeConfig>(TestConfig())),
        client_(NewClientHandshake(std::make_shared<HandshakeConfig>(client_config), {})) {}

  Handshake* client() { return client_.get(); }

  // NextHello takes the client's ClientHello.
  Bytes NextHello() {
    while (auto action = client_->NextAction()) {
      if (auto* message = std::get_if<SendMessage>(&*action)) return std::move(message->body);
    }
    ADD_FAILURE() << "no ClientHello";
    return {};
  }

  Status Retry(const Bytes& body) { return client_->HandleMessage(kSH, body, kPlaintextEpoch); }

  // StartRetried sends a HelloRetryRequest and keeps the transcript in step.
  Bytes StartRetried(std::optional<NamedGroup> group, const Bytes& cookie,
                     CipherSuiteId suite = CipherSuiteId::kAes128GcmSha256) {
    const Bytes first = NextHello();
    const Bytes retry = SerializeHelloRetryRequest(suite, group, cookie);
    EXPECT_TRUE(Retry(retry).ok());
    EXPECT_TRUE(context_.transcript().SelectHash(FindCipherSuite(suite)->hash));
    EXPECT_TRUE(context_.Receive(HandshakeType::kClientHello, first).ok());
    EXPECT_TRUE(context_.transcript().ReplaceWithMessageHash());
    EXPECT_TRUE(context_.Receive(kSH, retry).ok());
    return first;
  }

  // Hello answers `client_hello`; the transcript holds what came before it.
  Status Hello(const Bytes& client_hello, NamedGroup group = NamedGroup::kX25519,
               CipherSuiteId suite = CipherSuiteId::kAes128GcmSha256) {
    ClientHello offer;
    EXPECT_TRUE(ReadClientHello(client_hello, &offer).ok());
    context_.SetSuite(*FindCipherSuite(suite));
    if (!context_.transcript().has_hash()) {
      EXPECT_TRUE(context_.transcript().SelectHash(FindCipherSuite(suite)->hash));
    }
    EXPECT_TRUE(context_.Receive(HandshakeType::kClientHello, client_hello).ok());
    const auto key_exchange = KeyExchange::Generate(context_.algorithms(), group);
    const Bytes hello = SerializeServerHello(
        Bytes(kRandomLen, 1), suite,
        {.key_share = KeyShare{.group = group, .key_exchange = key_exchange->public_key()}});
    EXPECT_TRUE(context_.Receive(kSH, hello).ok());
    if (const auto share = offer.key_shares.Find(group)) {
      Secret secret;
      EXPECT_TRUE(key_exchange->Derive(share->key_exchange, &secret).ok());
      EXPECT_TRUE(context_.DeriveHandshakeSecrets(secret.bytes()).ok());
    }
    return client_->HandleMessage(kSH, hello, kPlaintextEpoch);
  }

  Status Say(HandshakeType type, const Bytes& body) {
    EXPECT_TRUE(context_.Receive(type, body).ok());
    return client_->HandleMessage(type, body, kHandshakeEpoch);
  }

  // Authenticate says Certificate to Finished, and has the chain accepted.
  Status Authenticate() {
    const TestIdentity& identity = TestIdentity::Get(TestKeyKind::kEcdsaP256);
    Status status =
        Say(HandshakeType::kCertificate, SerializeCertificate({}, identity.credential()->chain));
    if (!status.ok()) return status;
    status = client_->ProvideVerification(true, AlertDescription::kCloseNotify);
    if (!status.ok()) return status;
    const auto scheme = SignatureScheme::kEcdsaSecp256r1Sha256;
    const Bytes input = BuildCertificateVerifyInput(true, context_.transcript().Hash()->view());
    status = Say(HandshakeType::kCertificateVerify,
                 SerializeCertificateVerify(scheme, identity.Sign(scheme, input)));
    if (!status.ok()) return status;
    EXPECT_TRUE(context_.SendFinished(context_.server_handshake_secret()).ok());
    EXPECT_TRUE(context_.DeriveApplicationSecrets().ok());
    auto action = context_.NextAction();
    return client_->HandleMessage(HandshakeType::kFinished, std::get<SendMessage>(*action).body,
                                  kHandshakeEpoch);
  }

  HandshakeContext& context() { return context_; }

 private:
  HandshakeContext context_;
  std::unique_ptr<Handshake> client_;
};

// --- ServerHello

//= rfc8446#appendix-D.1
//= type=test
//# If the version chosen by the server is not supported by the client (or
//# is not acceptable), the client MUST abort the handshake with a
//# "protocol_version" alert.
TEST(ClientServerHelloTest, Dtls12ServerIsProtocolVersion) {
  ExpectFatal(
      RunWithBody(
          kSH, [](Bytes* body) { RemoveExtension(kSH, body, ExtensionType::kSupportedVersions); }),
      AlertDescription::kProtocolVersion, Reason::kUnsupportedProtocol);
}

//= rfc8446#section-4.2.1
//= type=test
//# If
//# the "supported_versions" extension in the ServerHello contains a
//# version not offered by the client or contains a version prior to
//# TLS 1.3, the client MUST abort the handshake with an
//# "illegal_parameter" alert.
TEST(ClientServerHelloTest, OtherSelectedVersionIsIllegal) {
  for (const Bytes& version : {Bytes{0xfe, 0xfd}, Bytes{0x03, 0x04}, Bytes{0xfe, 0xfb}}) {
    ExpectFatal(RunWithBody(kSH,
                            [&](Bytes* body) {
                              SetExtension(kSH, body, ExtensionType::kSupportedVersions, version);
                            }),
                AlertDescription::kIllegalParameter, Reason::kUnsupportedProtocol);
  }
  ExpectFatal(RunWithBody(kSH,
                          [](Bytes* body) {
                            SetExtension(kSH, body, ExtensionType::kSupportedVersions, {0xfe});
                          }),
              AlertDescription::kDecodeError, Reason::kDecodeError);
}

// F29: whatever the client sent as legacy_session_id, an echo is an error.
//= rfc8446#section-4.1.3
//= type=test
//# A client which receives a legacy_session_id_echo field that does not
//# match what it sent in the ClientHello MUST abort the handshake with an
//# "illegal_parameter" alert.
TEST(ClientServerHelloTest, SessionIdEchoIsIllegal) {
  const Bytes session_id = {1, 2, 3, 4};
  for (const Bytes& sent : {kNone, Dtls12Hello(Bytes(kRandomLen, 9), session_id)}) {
    const Status status =
        RunTampered(kSH,
                    [&](HandshakePair::Flying* flying) {
                      Bytes* body = &flying->body;
                      const size_t at = 2 + kRandomLen;
                      (*body)[at] = static_cast<uint8_t>(session_id.size());
                      body->insert(body->begin() + at + 1, session_id.begin(), session_id.end());
                    },
                    TestConfig(), {.legacy_hello = sent});
    ExpectFatal(status, AlertDescription::kIllegalParameter, Reason::kInvalidSessionId);
  }
}

TEST(ClientServerHelloTest, CompressionIsIllegal) {
  ExpectFatal(RunWithBody(kSH, [](Bytes* body) { (*body)[2 + kRandomLen + 3] = 1; }),
              AlertDescription::kIllegalParameter, Reason::kInvalidCompression);
}

//= rfc8446#section-4.1.3
//= type=test
//# A client which receives a
//# cipher suite that was not offered MUST abort the handshake with an
//# "illegal_parameter" alert.
TEST(ClientServerHelloTest, SuiteThatWasNotOfferedIsIllegal) {
  for (const uint8_t low : {0x02, 0x05, 0xff}) {
    HandshakeConfig config = TestConfig();
    config.cipher_suites = {CipherSuiteId::kAes128GcmSha256};
    const Status status = RunTampered(
        kSH, [&](HandshakePair::Flying* flying) { flying->body[2 + kRandomLen + 2] = low; },
        config);
    ExpectFatal(status, AlertDescription::kIllegalParameter, Reason::kWrongCipherReturned);
  }
}

TEST(ClientServerHelloTest, KeyShareIsRequiredAndOfAnOfferedGroup) {
  ExpectFatal(
      RunWithBody(kSH, [](Bytes* body) { RemoveExtension(kSH, body, ExtensionType::kKeyShare); }),
      AlertDescription::kMissingExtension, Reason::kMissingExtension);
  ExpectFatal(RunWithBody(kSH,
                          [](Bytes* body) {
                            SetExtension(kSH, body, ExtensionType::kKeyShare, {0, 29});
                          }),
              AlertDescription::kDecodeError, Reason::kDecodeError);
  Bytes zero = {0, 29, 0, 32};
  zero.insert(zero.end(), 32, 0);
  Bytes other_group = zero;
  other_group[1] = 23;  // supported, and no share of it was sent
  const Bytes too_short = {0, 29, 0, 1, 9};
  for (const Bytes& share : {zero, other_group, too_short}) {
    ExpectFatal(
        RunWithBody(kSH,
                    [&](Bytes* body) { SetExtension(kSH, body, ExtensionType::kKeyShare, share); }),
        AlertDescription::kIllegalParameter, Reason::kBadKeyShare);
  }
}

TEST(ClientServerHelloTest, PointsOffTheCurveAreIllegal) {
  HandshakeConfig config = TestConfig();
  config.groups = {NamedGroup::kSecp256r1};
  const Status status = RunTampered(
      kSH,
      [](HandshakePair::Flying* flying) {
        Bytes share = {0, 23, 0, 65, 4};
        share.insert(share.end(), 64, 7);
        SetExtension(kSH, &flying->body, ExtensionType::kKeyShare, share);
      },
      config);
  ExpectFatal(status, AlertDescription::kIllegalParameter, Reason::kBadKeyShare);
}

TEST(ClientServerHelloTest, ExtensionsAreHeldAgainstTheTable) {
  const auto with = [](uint16_t type) {
    return RunWithBody(kSH, [type](Bytes* body) {
      EditExtensions(kSH, body, [type](std::vector<RawExtension>* e) { e->push_back({type, {}}); });
    });
  };
  // Not offered, known or unknown; known and not of this message; twice.
  ExpectFatal(with(41), AlertDescription::kUnsupportedExtension, Reason::kUnsolicitedExtension);
  ExpectFatal(with(0x7a7a), AlertDescription::kUnsupportedExtension, Reason::kUnsolicitedExtension);
  ExpectFatal(with(10), AlertDescription::kIllegalParameter, Reason::kBadExtension);
  ExpectFatal(with(44), AlertDescription::kIllegalParameter, Reason::kBadExtension);
  ExpectFatal(with(51), AlertDescription::kIllegalParameter, Reason::kDuplicateExtension);
}

TEST(ClientServerHelloTest, MalformedIsDecodeError) {
  ExpectFatal(RunWithBody(kSH, [](Bytes* body) { body->push_back(0); }),
              AlertDescription::kDecodeError, Reason::kDecodeError);
  ExpectFatal(RunWithBody(kSH, [](Bytes* body) { body->clear(); }), AlertDescription::kDecodeError,
              Reason::kDecodeError);
}

//= rfc8446#section-4.2.1
//= type=test
//# If this
//# extension is present, clients MUST ignore the
//# ServerHello.legacy_version value and MUST use only the
//# "supported_versions" extension to determine the selected version.
TEST(ClientServerHelloTest, LegacyVersionIsIgnored) {
  HandshakePair pair(TestConfig(), TestConfig());
  pair.tamper = [](HandshakePair::Flying* flying) {
    if (flying->type == kSH) flying->body[1] = 0xff;
  };
  pair.Run();
  // Only the transcripts differ, which the first encrypted signature shows.
  ExpectFatal(pair.client.status, AlertDescription::kDecryptError, Reason::kBadSignature);
}

// --- HelloRetryRequest

// F28: a cookie alone leaves the key share as it is.
//= rfc9147#section-5.1
//= type=test
//# The client MUST send a new ClientHello with the cookie added as an
//# extension.
//= rfc9147#section-5.1
//= type=test
//# When responding to a HelloRetryRequest, the client MUST create a new
//# ClientHello message following the description in Section 4.1.2 of
//# [TLS13].
//= rfc8446#section-4.1.3
//= type=test
//# Upon receiving a message with type server_hello, implementations MUST
//# first examine the Random value and, if it matches this value, process
//# it as described in Section 4.1.4).
//= rfc8446#section-4.2.2
//= type=test
//# When sending the new ClientHello, the client MUST copy the contents of
//# the extension received in the HelloRetryRequest into a "cookie"
//# extension in the new ClientHello.
//= rfc8446#section-4.2.2
//= type=test
//# Clients MUST NOT use cookies in their initial ClientHello in
//# subsequent connections.
TEST(ClientRetryTest, CookieOnlyKeepsTheKeyShare) {
  ScriptedServer server;
  const Bytes first = server.StartRetried(std::nullopt, {9, 9, 9});
  const Bytes second = server.NextHello();
  ClientHello offer;
  ASSERT_TRUE(ReadClientHello(second, &offer).ok());
  ASSERT_TRUE(offer.cookie.has_value());
  EXPECT_EQ(Bytes(offer.cookie->begin(), offer.cookie->end()), (Bytes{9, 9, 9}));
  Bytes without_cookie = second;
  RemoveExtension(HandshakeType::kClientHello, &without_cookie, ExtensionType::kCookie);
  EXPECT_EQ(without_cookie, first);
  // The next connection's first hello has none.
  EXPECT_FALSE(
      ParseClientHello(ScriptedServer().NextHello())->extensions.Has(ExtensionType::kCookie));

  ASSERT_TRUE(server.Hello(second).ok());
  ASSERT_TRUE(server.Say(HandshakeType::kEncryptedExtensions, {0, 0}).ok());
  EXPECT_TRUE(server.Authenticate().ok());
  EXPECT_TRUE(server.client()->result().used_hello_retry_request);
}

// Repeated is a client whose extension says something else behind a HelloRetryRequest, or ends.
class Repeated final : public RepeatedExtensions {
 public:
  static constexpr uint16_t kType = 0xfe01;

  Status Repeat(const ExtensionBlock& retry, std::vector<CustomExtension>* extensions) override {
    EXPECT_TRUE(retry.Has(ExtensionType::kCookie));
    EXPECT_EQ(extensions->size(), 1u);
    extensions->front().data = {2};
    return status;
  }

  Status status = Status::Ok();
};

TEST(ClientRetryTest, TheCallersExtensionsAreAskedForAgain) {
  const auto repeated = std::make_shared<Repeated>();
  HandshakeConfig config = TestConfig();
  config.client.repeated_extensions = repeated;
  for (const bool refuses : {false, true}) {
    if (refuses) {
      repeated->status = Status::Fatal(Reason::kBadExtension, AlertDescription::kAccessDenied);
    }
    const auto client =
        NewClientHandshake(std::make_shared<HandshakeConfig>(config),
                           {.extensions = {{.type = Repeated::kType, .data = {1}}}});
    const auto next_hello = [&]() -> Bytes {
      while (auto action = client->NextAction()) {
        if (auto* message = std::get_if<SendMessage>(&*action)) return std::move(message->body);
      }
      return {};
    };
    const auto said = [](const Bytes& hello) {
      const auto data =
          ParseClientHello(hello)->extensions.Find(static_cast<ExtensionType>(Repeated::kType));
      return data ? Bytes(data->begin(), data->end()) : Bytes();
    };
    EXPECT_EQ(said(next_hello()), Bytes{1});
    const Status status = client->HandleMessage(
        kSH, SerializeHelloRetryRequest(CipherSuiteId::kAes128GcmSha256, std::nullopt, Bytes{9}),
        kPlaintextEpoch);
    EXPECT_EQ(status.ok(), !refuses);
    if (refuses) {
      EXPECT_EQ(status.alert(), AlertDescription::kAccessDenied);
    } else {
      EXPECT_EQ(said(next_hello()), Bytes{2});
    }
  }
}

//= rfc8446#section-4.2.8
//= type=test
//# Otherwise, when sending the new ClientHello, the client MUST
//# replace the original "key_share" extension with one containing only a
//# new KeyShareEntry for the group indicated in the selected_group field
//# of the triggering HelloRetryRequest.
//= rfc8446#section-4.1.4
//= type=test
//# Otherwise, the client MUST process all extensions in the
//# HelloRetryRequest and send a second updated ClientHello.
TEST(ClientRetryTest, GroupReplacesTheKeyShare) {
  ScriptedServer server;
  const Bytes first = server.StartRetried(NamedGroup::kSecp384r1, {9});
  const Bytes second = server.NextHello();
  ClientHello offer;
  ASSERT_TRUE(ReadClientHello(second, &offer).ok());
  EXPECT_TRUE(offer.key_shares.IsExactly(NamedGroup::kSecp384r1));
  Bytes a = first;
  Bytes b = second;
  RemoveExtension(HandshakeType::kClientHello, &b, ExtensionType::kCookie);
  for (Bytes* body : {&a, &b}) {
    SetExtension(HandshakeType::kClientHello, body, ExtensionType::kKeyShare, {});
  }
  EXPECT_EQ(a, b);  // order, random, session id and all else are the same
  ASSERT_TRUE(server.Hello(second, NamedGroup::kSecp384r1).ok());
  ASSERT_TRUE(server.Say(HandshakeType::kEncryptedExtensions, {0, 0}).ok());
  EXPECT_TRUE(server.Authenticate().ok());
}

//= rfc8446#section-4.1.4
//= type=test
//# If a client receives a second
//# HelloRetryRequest in the same connection (i.e., where the ClientHello
//# was itself in response to a HelloRetryRequest), it MUST abort the
//# handshake with an "unexpected_message" alert.
//= rfc9147#section-5.1
//= type=test
//# As described in Section 4.1.4 of [TLS13], clients MUST abort the
//# handshake with an "unexpected_message" alert in response to any second
//# HelloRetryRequest which was sent in the same connection (i.e., where the
//# ClientHello was itself in response to a HelloRetryRequest).
TEST(ClientRetryTest, SecondRetryIsUnexpected) {  // F28
  ScriptedServer server;
  server.StartRetried(std::nullopt, {9});
  ExpectFatal(server.Retry(SerializeHelloRetryRequest(CipherSuiteId::kAes128GcmSha256,
                                                      NamedGroup::kSecp256r1, Bytes{8})),
              AlertDescription::kUnexpectedMessage, Reason::kUnexpectedMessage);
}

//= rfc8446#section-4.1.4
//= type=test
//# Clients MUST abort the handshake with an
//# "illegal_parameter" alert if the HelloRetryRequest would not result
//# in any change in the ClientHello.
TEST(ClientRetryTest, RetryThatChangesNothingIsIllegal) {
  ScriptedServer server;
  Bytes retry = SerializeHelloRetryRequest(CipherSuiteId::kAes128GcmSha256, std::nullopt, Bytes{8});
  RemoveExtension(kSH, &retry, ExtensionType::kCookie);
  ExpectFatal(server.Retry(retry), AlertDescription::kIllegalParameter,
              Reason::kBadHelloRetryRequest);
}

//= rfc8446#section-4.2.8
//= type=test
//# the client
//# MUST verify that (1) the selected_group field corresponds to a group
//# which was provided in the "supported_groups" extension in the
//# original ClientHello and (2) the selected_group field does not
//# correspond to a group which was provided in the "key_share" extension
//# in the original ClientHello.
//= rfc8446#section-4.2.8
//= type=test
//# If either of these checks fails, then the client MUST abort the
//# handshake with an "illegal_parameter" alert.
TEST(ClientRetryTest, GroupThatWasNotOfferedOrAlreadySharedIsIllegal) {  // F28
  for (const NamedGroup group : {static_cast<NamedGroup>(0x0100), NamedGroup::kX25519}) {
    ScriptedServer server;
    ExpectFatal(
        server.Retry(SerializeHelloRetryRequest(CipherSuiteId::kAes128GcmSha256, group, Bytes{8})),
        AlertDescription::kIllegalParameter, Reason::kBadHelloRetryRequest);
  }
}

//= rfc8446#section-4.1.4
//= type=test
//# Upon receipt of a HelloRetryRequest, the client MUST check the
//# legacy_version, legacy_session_id_echo, cipher_suite, and
//# legacy_compression_method as specified in Section 4.1.3 and then
//# process the extensions, starting with determining the version using
//# "supported_versions".
//= rfc8446#section-4.1.4
//= type=test
//# A client which receives a cipher suite that was not offered MUST abort
//# the handshake.
TEST(ClientRetryTest, FieldsAreCheckedAsInServerHello) {
  constexpr size_t kEchoAt = 2 + kRandomLen;
  const auto retry_with = [](const std::function<void(Bytes*)>& change) {
    HandshakeConfig config = TestConfig();
    config.cipher_suites = {CipherSuiteId::kAes128GcmSha256};
    ScriptedServer server(config);
    Bytes retry = SerializeHelloRetryRequest(CipherSuiteId::kAes128GcmSha256,
                                             NamedGroup::kSecp256r1, Bytes{8});
    change(&retry);
    return server.Retry(retry);
  };
  EXPECT_TRUE(retry_with([](Bytes* body) { (*body)[1] = 0xff; }).ok()) << "legacy_version";
  ExpectFatal(retry_with([](Bytes* body) {
                (*body)[kEchoAt] = 1;
                body->insert(body->begin() + kEchoAt + 1, 7);
              }),
              AlertDescription::kIllegalParameter, Reason::kInvalidSessionId);
  ExpectFatal(retry_with([](Bytes* body) { (*body)[kEchoAt + 2] = 2; }),
              AlertDescription::kIllegalParameter, Reason::kWrongCipherReturned);
  ExpectFatal(retry_with([](Bytes* body) { (*body)[kEchoAt + 3] = 1; }),
              AlertDescription::kIllegalParameter, Reason::kInvalidCompression);
  ExpectFatal(retry_with([](Bytes* body) {
                RemoveExtension(kSH, body, ExtensionType::kSupportedVersions);
              }),
              AlertDescription::kProtocolVersion, Reason::kUnsupportedProtocol);
}

TEST(ClientRetryTest, ExtensionsAreCheckedAsInServerHello) {
  const auto retry_with = [](ExtensionType type, Bytes data) {
    ScriptedServer server;
    Bytes retry = SerializeHelloRetryRequest(CipherSuiteId::kAes128GcmSha256,
                                             NamedGroup::kSecp256r1, Bytes{8});
    SetExtension(kSH, &retry, type, std::move(data));
    return server.Retry(retry);
  };
  ExpectFatal(retry_with(ExtensionType::kCookie, {0, 0}), AlertDescription::kDecodeError,
              Reason::kDecodeError);
  ExpectFatal(retry_with(ExtensionType::kKeyShare, {0, 23, 0}), AlertDescription::kDecodeError,
              Reason::kDecodeError);
  ExpectFatal(retry_with(ExtensionType::kSupportedVersions, {0xfe, 0xfd}),
              AlertDescription::kIllegalParameter, Reason::kUnsupportedProtocol);
  ExpectFatal(retry_with(ExtensionType::kServerName, {}), AlertDescription::kIllegalParameter,
              Reason::kBadExtension);
  ExpectFatal(retry_with(static_cast<ExtensionType>(0x7777), {}),
              AlertDescription::kUnsupportedExtension, Reason::kUnsolicitedExtension);
  Bytes huge = {0xff, 0x00};
  huge.insert(huge.end(), 0xff00, 1);
  ExpectFatal(retry_with(ExtensionType::kCookie, huge), AlertDescription::kIllegalParameter,
              Reason::kBadHelloRetryRequest);
}

//= rfc8446#section-4.1.4
//= type=test
//# Upon receiving
//# the ServerHello, clients MUST check that the cipher suite supplied in
//# the ServerHello is the same as that in the HelloRetryRequest and
//# otherwise abort the handshake with an "illegal_parameter" alert.
TEST(ClientRetryTest, SuiteMustStay) {
  ScriptedServer server;
  server.StartRetried(std::nullopt, {9}, CipherSuiteId::kAes128GcmSha256);
  const Bytes second = server.NextHello();
  ExpectFatal(server.Hello(second, NamedGroup::kX25519, CipherSuiteId::kChaCha20Poly1305Sha256),
              AlertDescription::kIllegalParameter, Reason::kWrongCipherReturned);
}

//= rfc8446#section-4.2.8
//= type=test
//# the client MUST
//# verify that the selected NamedGroup in the ServerHello is the same as
//# that in the HelloRetryRequest.  If this check fails, the client MUST
//# abort the handshake with an "illegal_parameter" alert.
TEST(ClientRetryTest, GroupMustStay) {
  ScriptedServer server;
  server.StartRetried(NamedGroup::kSecp256r1, {9});
  const Bytes second = server.NextHello();
  ExpectFatal(server.Hello(second, NamedGroup::kX25519), AlertDescription::kIllegalParameter,
              Reason::kBadKeyShare);
}

//= rfc8446#section-4.1.4
//= type=test
//# The value of selected_version in the HelloRetryRequest
//# "supported_versions" extension MUST be retained in the ServerHello,
//# and a client MUST abort the handshake with an "illegal_parameter"
//# alert if the value changes.
TEST(ClientRetryTest, VersionMustStay) {
  ScriptedServer server;
  server.StartRetried(std::nullopt, {9});
  Bytes hello = SerializeServerHello(Bytes(kRandomLen, 1), CipherSuiteId::kAes128GcmSha256, {});
  SetExtension(kSH, &hello, ExtensionType::kSupportedVersions, {0xfe, 0xfd});
  ExpectFatal(server.Retry(hello), AlertDescription::kIllegalParameter,
              Reason::kUnsupportedProtocol);
}

// --- EncryptedExtensions

//= rfc8446#section-4.3.1
//= type=test
//# The client MUST check EncryptedExtensions for the presence of any
//# forbidden extensions and if any are found MUST abort the handshake
//# with an "illegal_parameter" alert.
TEST(ClientEncryptedExtensionsTest, AnswersOnlyToWhatWasAsked) {
  const auto run = [](Bytes extensions) {
    return RunTampered(HandshakeType::kEncryptedExtensions,
                       [&](HandshakePair::Flying* flying) {
                         flying->body = {0, static_cast<uint8_t>(extensions.size())};
                         flying->body.insert(flying->body.end(), extensions.begin(),
                                             extensions.end());
                       },
                       TestConfig(), {.server_name = "server.test"});
  };
  ExpectFatal(run({0, 16, 0, 0}), AlertDescription::kUnsupportedExtension,
              Reason::kUnsolicitedExtension);
  ExpectFatal(run({0, 51, 0, 0}), AlertDescription::kIllegalParameter, Reason::kBadExtension);
  ExpectFatal(run({0, 0, 0, 1, 7}), AlertDescription::kDecodeError, Reason::kDecodeError);
  ExpectFatal(run({0, 10, 0, 2, 0, 0}), AlertDescription::kDecodeError, Reason::kDecodeError);
  ExpectFatal(run({0, 0, 0, 0, 0, 0, 0, 0}), AlertDescription::kIllegalParameter,
              Reason::kDuplicateExtension);
  ExpectFatal(run({0, 0, 0}), AlertDescription::kDecodeError, Reason::kDecodeError);
}

//= rfc8446#section-4.2.7
//= type=test
//# Clients MUST NOT act upon any information found in "supported_groups"
//# prior to successful completion of the handshake
//= rfc8446#section-9.2
//= type=test
//# Additionally, all implementations MUST support the use of the
//# "server_name" extension with applications capable of using it.
TEST(ClientEncryptedExtensionsTest, AcceptsServerNameAndGroups) {
  HandshakeConfig config = TestConfig();
  ScriptedServer server(config);
  ASSERT_TRUE(server.Hello(server.NextHello()).ok());
  EXPECT_TRUE(
      server.Say(HandshakeType::kEncryptedExtensions, {0, 8, 0, 10, 0, 4, 0, 2, 0, 23}).ok());
  EXPECT_TRUE(server.Authenticate().ok());
}

// --- CertificateRequest and Certificate

//= rfc8446#section-4.4.2
//= type=test
//# If the server requests client authentication but no
//# suitable certificate is available, the client MUST send a Certificate
//# message containing no certificates (i.e., with the "certificate_list"
//# field having length 0).
TEST(ClientCertificateTest, RequestIsAnsweredByAnEmptyCertificate) {
  HandshakeConfig config = TestConfig();
  config.credential = nullptr;
  ScriptedServer server(config);
  ASSERT_TRUE(server.Hello(server.NextHello()).ok());
  ASSERT_TRUE(server.Say(HandshakeType::kEncryptedExtensions, {0, 0}).ok());
  ASSERT_TRUE(
      server.Say(HandshakeType::kCertificateRequest, {0, 0, 8, 0, 13, 0, 4, 0, 2, 4, 3}).ok());
  ASSERT_TRUE(server.Authenticate().ok());
  std::vector<SendMessage> sent;
  while (auto action = server.client()->NextAction()) {
    if (auto* message = std::get_if<SendMessage>(&*action)) sent.push_back(std::move(*message));
  }
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(sent[0].type, HandshakeType::kCertificate);
  EXPECT_EQ(sent[0].epoch, kHandshakeEpoch);
  EXPECT_EQ(sent[0].body, (Bytes{0, 0, 0, 0}));
  EXPECT_EQ(sent[1].type, HandshakeType::kFinished);
  // The server's transcript has the empty Certificate, and the client's Finished agrees.
  ASSERT_TRUE(server.context().Receive(HandshakeType::kCertificate, sent[0].body).ok());
  EXPECT_TRUE(server.context()
                  .ReceiveFinished(sent[1].body, server.context().client_handshake_secret())
                  .ok());
}

TEST(ClientCertificateTest, SecondRequestIsUnexpected) {
  ScriptedServer server;
  ASSERT_TRUE(server.Hello(server.NextHello()).ok());
  ASSERT_TRUE(server.Say(HandshakeType::kEncryptedExtensions, {0, 0}).ok());
  const Bytes request = {0, 0, 8, 0, 13, 0, 4, 0, 2, 4, 3};
  ASSERT_TRUE(server.Say(HandshakeType::kCertificateRequest, request).ok());
  ExpectFatal(server.Say(HandshakeType::kCertificateRequest, request),
              AlertDescription::kUnexpectedMessage, Reason::kUnexpectedMessage);
}

//= rfc8446#section-4.4.2
//= type=test
//# Extensions in the Certificate message from the server MUST correspond
//# to ones from the ClientHello message.
TEST(ClientCertificateTest, BadOnes) {
  const auto run = [](Bytes body) {
    return RunWithBody(HandshakeType::kCertificate, [&](Bytes* out) { *out = body; });
  };
  ExpectFatal(run({0, 0, 0, 0}), AlertDescription::kDecodeError, Reason::kNoPeerCertificate);
  ExpectFatal(run({0, 0, 0, 6, 0, 0, 1, 9, 0, 0}), AlertDescription::kBadCertificate,
              Reason::kBadCertificate);
  ExpectFatal(run({0, 0, 0, 10, 0, 0, 1, 9, 0, 4, 0, 5, 0, 0}),
              AlertDescription::kUnsupportedExtension, Reason::kUnsolicitedExtension);
  ExpectFatal(run({0, 0, 0}), AlertDescription::kDecodeError, Reason::kDecodeError);
}

//= rfc8446#section-4.4.2.2
//= type=test
//# MUST abort the handshake with an appropriate certificate-related alert
TEST(ClientCertificateTest, RefusedChainGivesTheCallersAlert) {
  HandshakePair pair(TestConfig(), TestConfig());
  pair.verify = [](Handshake* handshake) {
    EXPECT_EQ(handshake->peer_certificates().size(), 1u);
    return handshake->ProvideVerification(false, AlertDescription::kUnknownCa);
  };
  pair.Run();
  ExpectFatal(pair.client.status, AlertDescription::kUnknownCa, Reason::kCertificateVerifyFailed);
  EXPECT_EQ(pair.client_handshake->wait(), HandshakeWait::kNothing);
}

// --- CertificateVerify

//= rfc8446#section-4.4.3
//= type=test
//# If the verification fails, the receiver MUST terminate the handshake
//# with a "decrypt_error" alert.
//= rfc8446#section-4.4.3
//= type=test
//# The receiver of a CertificateVerify message MUST verify the signature
//# field.
TEST(ClientCertificateVerifyTest, WrongSignatureIsDecryptError) {
  ExpectFatal(
      RunWithBody(HandshakeType::kCertificateVerify, [](Bytes* body) { body->back() ^= 1; }),
      AlertDescription::kDecryptError, Reason::kBadSignature);
  ExpectFatal(RunWithBody(HandshakeType::kCertificateVerify,
                          [](Bytes* body) {
                            *body = {4, 3, 0, 0};
                          }),
              AlertDescription::kDecryptError, Reason::kBadSignature);
}

//= rfc8446#section-4.4.3
//= type=test
//# If the CertificateVerify message is sent by a server, the signature
//# algorithm MUST be one offered in the client's "signature_algorithms"
//# extension unless no valid certificate chain can be produced without
//# unsupported algorithms (see Section 4.2.3).
//= rfc8446#section-4.4.3
//= type=test
//# The SHA-1 algorithm MUST NOT be used in any signatures of
//# CertificateVerify messages.
TEST(ClientCertificateVerifyTest, SchemesThatMayNotBeAreIllegal) {
  // Not offered; for certificates only; of another curve; of another kind of key; of SHA-1;
  // unknown.
  for (const uint16_t scheme : {0x0808, 0x0401, 0x0503, 0x0804, 0x0203, 0x0201, 0x7a7a}) {
    ExpectFatal(RunWithBody(HandshakeType::kCertificateVerify,
                            [&](Bytes* body) {
                              (*body)[0] = static_cast<uint8_t>(scheme >> 8);
                              (*body)[1] = static_cast<uint8_t>(scheme);
                            }),
                AlertDescription::kIllegalParameter, Reason::kWrongSignatureType);
  }
  ExpectFatal(
      RunWithBody(HandshakeType::kCertificateVerify, [](Bytes* body) { body->push_back(0); }),
      AlertDescription::kDecodeError, Reason::kDecodeError);
}

// --- Finished

//= rfc8446#section-4.4.4
//= type=test
//# Recipients of Finished messages MUST verify that the contents are
//# correct and if incorrect MUST terminate the connection with a
//# "decrypt_error" alert.
TEST(ClientFinishedTest, WrongIsDecryptErrorAndMalformedDecodeError) {
  ExpectFatal(RunWithBody(HandshakeType::kFinished, [](Bytes* body) { body->front() ^= 1; }),
              AlertDescription::kDecryptError, Reason::kBadDigest);
  ExpectFatal(RunWithBody(HandshakeType::kFinished, [](Bytes* body) { body->pop_back(); }),
              AlertDescription::kDecodeError, Reason::kDecodeError);
  ExpectFatal(RunWithBody(HandshakeType::kFinished, [](Bytes* body) { body->push_back(0); }),
              AlertDescription::kDecodeError, Reason::kDecodeError);
}

// --- order and epochs

TEST(ClientOrderTest, LeavingOutAnyMessageIsUnexpected) {
  for (const HandshakeType type :
       {kSH, HandshakeType::kEncryptedExtensions, HandshakeType::kCertificate,
        HandshakeType::kCertificateVerify}) {
    ExpectFatal(RunTampered(type, [](HandshakePair::Flying* flying) { flying->deliver = false; }),
                AlertDescription::kUnexpectedMessage, Reason::kUnexpectedMessage);
  }
}

// F16: every message is taken only under its own epoch.
TEST(ClientOrderTest, WrongEpochIsUnexpected) {
  for (const HandshakeType type :
       {kSH, HandshakeType::kEncryptedExtensions, HandshakeType::kCertificate,
        HandshakeType::kCertificateVerify, HandshakeType::kFinished}) {
    for (const uint64_t epoch : {0, 1, 2, 3, 6}) {
      if (epoch == (type == kSH ? 0 : 2)) continue;
      ExpectFatal(
          RunTampered(type, [&](HandshakePair::Flying* flying) { flying->epoch = Epoch{epoch}; }),
          AlertDescription::kUnexpectedMessage, Reason::kUnexpectedMessage);
    }
  }
}

//= rfc8446#section-4.1.2
//= type=test
//# When a client first connects to a server, it is REQUIRED to send the
//# ClientHello as its first TLS message.
//= rfc8446#section-4.3.1
//= type=test
//# In all handshakes, the server MUST send the EncryptedExtensions
//# message immediately after the ServerHello message.
//= rfc8446#section-4.4.2
//= type=test
//# The server MUST send a Certificate message whenever the agreed-upon
//# key exchange method uses certificates for authentication
//= rfc8446#section-4.4.3
//= type=test
//# Servers MUST send this message when authenticating via a certificate.
//= rfc8446#section-4.4.3
//= type=test
//# When sent, this message MUST appear immediately after the Certificate
//# message and immediately prior to the Finished message.
//= rfc8446#section-4.4.4
//= type=test
//# Any records following a Finished message MUST be encrypted under the
//# appropriate application traffic key as described in Section 7.2.
TEST(ClientOrderTest, ActionsComeInOrder) {
  HandshakePair pair(TestConfig(), TestConfig());
  pair.Run();
  ASSERT_TRUE(pair.completed());
  EXPECT_EQ(pair.client.order,
            (std::vector<std::string>{"send 1", "dtls13", "read 2", "write 2", "read 3", "send 20",
                                      "write 3", "completed"}));
  EXPECT_EQ(pair.server.order,
            (std::vector<std::string>{"dtls13", "send 2", "write 2", "read 2", "send 8", "send 11",
                                      "send 15", "send 20", "write 3", "read 3", "completed"}));
}

// --- servers without DTLS 1.3

Bytes Dtls12ServerHello(const Bytes& end_of_random = {}) {
  Bytes body = {0xfe, 0xfd};
  body.resize(2 + kRandomLen, 4);
  std::copy(end_of_random.begin(), end_of_random.end(), body.end() - end_of_random.size());
  body.insert(body.end(), {0, 0xc0, 0x2b, 0});
  return body;
}

// AnswerOlder lets a client that has (or has not) a DTLS 1.2 of its own hear `type`.
Status AnswerOlder(HandshakeType type, const Bytes& body, ClientParameters parameters) {
  const auto client =
      NewClientHandshake(std::make_shared<HandshakeConfig>(TestConfig()), std::move(parameters));
  while (client->NextAction()) {
  }
  return client->HandleMessage(type, body, kPlaintextEpoch);
}

//= rfc8446#section-4.2.1
//= type=test
//# Clients MUST check for this extension prior to processing the rest of
//# the ServerHello (although they will have to parse the ServerHello in
//# order to read the extension).
//= rfc9147#section-5.2
//= type=test
//# A dual-stack DTLS 1.2 / DTLS 1.3 client MUST, however, be prepared to
//# interact with a DTLS 1.2 server.
TEST(ClientOlderServerTest, IsTheCallersToGoOnWith) {
  const Bytes verify_request = {0xfe, 0xff, 1, 7};
  const ClientParameters dual = {.legacy_hello = Dtls12Hello(Bytes(kRandomLen, 3), {})};
  ExpectFatal(AnswerOlder(kSH, Dtls12ServerHello(), dual), AlertDescription::kProtocolVersion,
              Reason::kPeerIsOlder);
  ExpectFatal(AnswerOlder(HandshakeType::kHelloVerifyRequest, verify_request, dual),
              AlertDescription::kProtocolVersion, Reason::kPeerIsOlder);
  ExpectFatal(AnswerOlder(kSH, Dtls12ServerHello(), {}), AlertDescription::kProtocolVersion,
              Reason::kUnsupportedProtocol);
  ExpectFatal(AnswerOlder(HandshakeType::kHelloVerifyRequest, verify_request, {}),
              AlertDescription::kProtocolVersion, Reason::kUnsupportedProtocol);
}

//= rfc8446#section-4.1.3
//= type=test
//# TLS 1.3 clients receiving a ServerHello indicating TLS 1.2 or below
//# MUST check that the last 8 bytes are not equal to either of these
//# values.
//= rfc8446#section-4.1.3
//= type=test
//# If a match is found, the client MUST abort the handshake with an
//# "illegal_parameter" alert.
TEST(ClientOlderServerTest, MarkOfADowngradeIsIllegal) {
  const ClientParameters dual = {.legacy_hello = Dtls12Hello(Bytes(kRandomLen, 3), {})};
  for (const uint8_t last : {0, 1}) {
    ExpectFatal(
        AnswerOlder(kSH, Dtls12ServerHello({'D', 'O', 'W', 'N', 'G', 'R', 'D', last}), dual),
        AlertDescription::kIllegalParameter, Reason::kInappropriateFallback);
  }
}

TEST(ClientOlderServerTest, CannotTurnUpAfterAHelloRetryRequest) {
  const auto client = NewClientHandshake(std::make_shared<HandshakeConfig>(TestConfig()),
                                         {.legacy_hello = Dtls12Hello(Bytes(kRandomLen, 3), {})});
  while (client->NextAction()) {
  }
  const Bytes retry =
      SerializeHelloRetryRequest(CipherSuiteId::kAes128GcmSha256, std::nullopt, Bytes{1});
  ASSERT_TRUE(client->HandleMessage(kSH, retry, kPlaintextEpoch).ok());
  ExpectFatal(client->HandleMessage(kSH, Dtls12ServerHello(), kPlaintextEpoch),
              AlertDescription::kProtocolVersion, Reason::kUnsupportedProtocol);
}

// --- the first ClientHello

//= rfc8446#section-4.1.2
//= type=test
//# A client which has a cached session ID set by a pre-TLS 1.3 server
//# SHOULD set this field to that value.
//= rfc8446#section-4.4.2.2
//= type=test
//# clients SHOULD send this extension, when applicable.
//= rfc9147#section-5.3
//= type=test
//# A client which has a cached session ID set by a pre-DTLS 1.3 server
//# SHOULD set this field to that value.
TEST(ClientStartTest, UsesTheCallersBytes) {
  const Bytes random(kRandomLen, 0x33);
  const Bytes session_id = {5, 6, 7};
  const auto client = NewClientHandshake(
      std::make_shared<HandshakeConfig>(TestConfig()),
      {.server_name = "server.test", .legacy_hello = Dtls12Hello(random, session_id)});
  auto action = client->NextAction();
  const Bytes body = std::get<SendMessage>(*action).body;
  ClientHello offer;
  ASSERT_TRUE(ReadClientHello(body, &offer).ok());
  EXPECT_TRUE(std::equal(random.begin(), random.end(), offer.random.begin()));
  EXPECT_TRUE(std::equal(session_id.begin(), session_id.end(), offer.legacy_session_id.begin(),
                         offer.legacy_session_id.end()));
  EXPECT_EQ(offer.server_name, "server.test");
  EXPECT_TRUE(offer.key_shares.IsExactly(NamedGroup::kX25519));
}

//= rfc6066#section-3
//= type=test
//# Literal IPv4 and IPv6 addresses are not permitted in "HostName".
TEST(ClientStartTest, AddressesAreNotSentAsNames) {
  const auto client = NewClientHandshake(std::make_shared<HandshakeConfig>(TestConfig()),
                                         {.server_name = "192.0.2.7"});
  auto action = client->NextAction();
  const Bytes body = std::get<SendMessage>(*action).body;
  EXPECT_FALSE(ParseClientHello(body)->extensions.Has(ExtensionType::kServerName));
}

//= rfc8446#section-4.2.8
//= type=test
//# Each KeyShareEntry value MUST correspond to a group offered in the
//# "supported_groups" extension and MUST appear in the same order.
//= rfc8446#section-4.2.8
//= type=test
//# The key_exchange values for each KeyShareEntry MUST be generated
//# independently.
//= rfc8446#section-4.2.8
//= type=test
//# However, the values MAY be a non-contiguous subset of the
//# "supported_groups" extension and MAY omit the most preferred groups.
TEST(ClientStartTest, SeveralKeySharesInTheOrderOfTheGroups) {
  HandshakeConfig config = TestConfig();
  config.groups = {NamedGroup::kX25519, NamedGroup::kSecp256r1, NamedGroup::kSecp384r1};
  config.client.initial_key_shares = {NamedGroup::kSecp384r1, NamedGroup::kX25519,
                                      NamedGroup::kSecp521r1};
  const auto client = NewClientHandshake(std::make_shared<HandshakeConfig>(config), {});
  auto action = client->NextAction();
  const Bytes body = std::get<SendMessage>(*action).body;
  ClientHello offer;
  ASSERT_TRUE(ReadClientHello(body, &offer).ok());
  ByteReader reader = offer.key_shares.Begin();
  std::vector<NamedGroup> groups;
  for (KeyShare share; KeyShareList::Next(&reader, &share);) groups.push_back(share.group);
  EXPECT_EQ(groups, (std::vector<NamedGroup>{NamedGroup::kX25519, NamedGroup::kSecp384r1}));

  // No other hello has any of these keys.
  const auto another = NewClientHandshake(std::make_shared<HandshakeConfig>(config), {});
  action = another->NextAction();
  const Bytes other_body = std::get<SendMessage>(*action).body;
  ClientHello other;
  ASSERT_TRUE(ReadClientHello(other_body, &other).ok());
  for (const NamedGroup group : groups) {
    EXPECT_FALSE(std::ranges::equal(offer.key_shares.Find(group)->key_exchange,
                                    other.key_shares.Find(group)->key_exchange));
  }
}

// F37: whatever an older ServerHello says, it is the end; a marked one is known for what it is.
//= rfc8446#section-4.1.3
//= type=test
//# TLS 1.3 clients receiving a ServerHello indicating TLS 1.2 or below
//# MUST check that the last 8 bytes are not equal to either of these
//# values.
TEST(ClientDowngradeTest, F37OlderServerHellosAreRefused) {
  const std::vector<std::pair<Bytes, AlertDescription>> kEnds = {
      {{0x44, 0x4f, 0x57, 0x4e, 0x47, 0x52, 0x44, 0x01}, AlertDescription::kIllegalParameter},
      {{0x44, 0x4f, 0x57, 0x4e, 0x47, 0x52, 0x44, 0x00}, AlertDescription::kIllegalParameter},
      {{0x44, 0x4f, 0x57, 0x4e, 0x47, 0x52, 0x44, 0x02}, AlertDescription::kProtocolVersion},
      {{0, 0, 0, 0, 0, 0, 0, 1}, AlertDescription::kProtocolVersion}};
  for (const auto& [end, alert] : kEnds) {
    Bytes hello = {0xfe, 0xfd};
    hello.resize(2 + kRandomLen, 7);
    std::copy(end.begin(), end.end(), hello.end() - static_cast<ptrdiff_t>(end.size()));
    for (const uint8_t byte : {0x00, 0xc0, 0x2b, 0x00}) hello.push_back(byte);
    const auto client = NewClientHandshake(std::make_shared<HandshakeConfig>(TestConfig()), {});
    const Status status = client->HandleMessage(kSH, hello, kPlaintextEpoch);
    EXPECT_FALSE(status.ok());
    EXPECT_EQ(status.alert(), alert);
  }
}

// A hybrid share would make two datagrams of every first ClientHello (F23), so it is sent only
// where the config says so.
TEST(ClientStartTest, PredictsASmallShareUnlessTold) {
  constexpr size_t kMessageHeaderAndRecordHeader = 12 + 13;
  const auto client = NewClientHandshake(std::make_shared<HandshakeConfig>(TestConfig()),
                                         {.server_name = std::string(60, 'a')});
  auto action = client->NextAction();
  const Bytes body = std::get<SendMessage>(*action).body;
  ClientHello offer;
  ASSERT_TRUE(ReadClientHello(body, &offer).ok());
  EXPECT_TRUE(offer.key_shares.IsExactly(NamedGroup::kX25519));
  EXPECT_LT(body.size() + kMessageHeaderAndRecordHeader, 1200u);
}

//= rfc8446#section-9.3
//= type=test
//# A client sending a ClientHello MUST support all parameters advertised
//# in it.
TEST(ClientStartTest, OffersOnlyWhatItCanDo) {
  HandshakeConfig config = TestConfig();
  config.cipher_suites = {static_cast<CipherSuiteId>(0x1304), CipherSuiteId::kAes128GcmSha256};
  config.groups = {static_cast<NamedGroup>(0x0100), NamedGroup::kX25519};  // ffdhe2048
  config.signature_schemes = {static_cast<SignatureScheme>(0x0203), SignatureScheme::kEd25519};
  const auto client = NewClientHandshake(std::make_shared<HandshakeConfig>(config), {});
  auto action = client->NextAction();
  const Bytes body = std::get<SendMessage>(*action).body;
  ClientHello offer;
  ASSERT_TRUE(ReadClientHello(body, &offer).ok());
  EXPECT_TRUE(std::ranges::equal(offer.cipher_suites.content(), Bytes{0x13, 0x01}));
  EXPECT_TRUE(std::ranges::equal(offer.supported_groups.content(), Bytes{0, 29}));
  EXPECT_TRUE(std::ranges::equal(offer.signature_schemes.content(), Bytes{0x08, 0x07}));
}

//= rfc8446#section-4.2.3
//= type=test
//# Clients which desire the server to authenticate itself via a
//# certificate MUST send the "signature_algorithms" extension.
//= rfc8446#section-9.2
//= type=test
//# "signature_algorithms" is REQUIRED for certificate authentication.
TEST(ClientStartTest, NothingToOfferOrNoRandomnessIsNull) {
  HandshakeConfig no_suites = TestConfig();
  no_suites.cipher_suites = {static_cast<CipherSuiteId>(0x1304)};
  EXPECT_EQ(NewClientHandshake(std::make_shared<HandshakeConfig>(no_suites), {}), nullptr);
  HandshakeConfig no_groups = TestConfig();
  no_groups.groups.clear();
  EXPECT_EQ(NewClientHandshake(std::make_shared<HandshakeConfig>(no_groups), {}), nullptr);
  HandshakeConfig no_schemes = TestConfig();
  no_schemes.signature_schemes.clear();
  EXPECT_EQ(NewClientHandshake(std::make_shared<HandshakeConfig>(no_schemes), {}), nullptr);
  HandshakeConfig no_random = TestConfig();
  const auto random = std::make_shared<SeededRandom>(1);
  random->Fail();
  no_random.random = random;
  EXPECT_EQ(NewClientHandshake(std::make_shared<HandshakeConfig>(no_random), {}), nullptr);
  EXPECT_EQ(
      NewClientHandshake(std::make_shared<HandshakeConfig>(TestConfig()), {.legacy_hello = {1}}),
      nullptr);
}

TEST(ClientAnswerTest, AnswersNobodyWaitsForAreInternalErrors) {
  const auto fresh = [] {
    return NewClientHandshake(std::make_shared<HandshakeConfig>(TestConfig()), {});
  };
  ExpectFatal(fresh()->ProvideVerification(true, AlertDescription::kCloseNotify),
              AlertDescription::kInternalError, Reason::kInternal);
  ExpectFatal(fresh()->ProvideSignature(Bytes{1}), AlertDescription::kInternalError,
              Reason::kInternal);
  ExpectFatal(fresh()->ProvideCredential(nullptr), AlertDescription::kInternalError,
              Reason::kInternal);
}

}  // namespace
}  // namespace dtls13
