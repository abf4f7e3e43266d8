// SPDX-License-Identifier: Apache-2.0
#include "dtls13/message/certificate_type.h"

#include <gtest/gtest.h>

#include "dtls13/handshake/handshake_test_util.h"
#include "dtls13/message/certificate.h"
#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

using Types = std::vector<CertificateType>;

constexpr auto kX509 = CertificateType::kX509;
constexpr auto kRaw = CertificateType::kRawPublicKey;
constexpr auto kOpenPgp = static_cast<CertificateType>(1);

// --- the extensions

//= rfc7250#section-4.1
//= type=test
//# If the client has no remaining certificate types to send in
//# the client hello, other than the default X.509 type, it MUST omit the
//# client_certificate_type extension in the client hello.
//= rfc7250#section-4.1
//= type=test
//# If the client has no remaining certificate types to send in
//# the client hello, other than the default X.509 certificate type, it
//# MUST omit the entire server_certificate_type extension from the
//# client hello.
TEST(CertificateTypeTest, OnlyWhatIsNotX509AloneIsSent) {
  for (const Types& plain : {Types{}, Types{kX509}}) {
    Bytes written;
    ByteWriter writer(&written);
    std::vector<ExtensionType> types;
    ExtensionWriter extensions(&writer, &types);
    WriteCertificateTypes({.client = plain, .server = plain}, &extensions);
    EXPECT_TRUE(written.empty());
    EXPECT_TRUE(types.empty());
  }
  Bytes written;
  ByteWriter writer(&written);
  std::vector<ExtensionType> types;
  ExtensionWriter extensions(&writer, &types);
  WriteCertificateTypes({.client = {kRaw}, .server = {kRaw, kX509}}, &extensions);
  EXPECT_EQ(written, (Bytes{0, 19, 0, 2, 1, 2, 0, 20, 0, 3, 2, 2, 0}));
  CertificateTypes read;
  ASSERT_TRUE(ReadCertificateTypes(*ExtensionBlock::Parse(written), &read).ok());
  EXPECT_EQ(read.client, Types{kRaw});
  EXPECT_EQ(read.server, (Types{kRaw, kX509}));
}

TEST(CertificateTypeTest, MalformedOnesAreDecodeErrors) {
  for (const uint8_t type : {19, 20}) {
    const Bytes bad[] = {
        {0, type, 0, 0}, {0, type, 0, 1, 0}, {0, type, 0, 2, 2, 0}, {0, type, 0, 3, 1, 2, 0}};
    for (const Bytes& block : bad) {
      CertificateTypes read;
      EXPECT_EQ(ReadCertificateTypes(*ExtensionBlock::Parse(block), &read).alert(),
                AlertDescription::kDecodeError);
      EXPECT_FALSE(ReadCertificateTypes(*ExtensionBlock::Parse(block), nullptr).ok());
    }
  }
}

//= rfc8446#section-4.4.2
//= type=test
//# The OpenPGP certificate type [RFC6091] MUST NOT be used with TLS 1.3.
//= rfc8446#section-4.4.2.2
//= type=test
//# The certificate type MUST be X.509v3 [RFC5280], unless explicitly
//# negotiated otherwise (e.g., [RFC7250]).
TEST(CertificateTypeTest, ChoosesTheOffersFirst) {
  EXPECT_EQ(ChooseCertificateType(Types{kRaw, kX509}, Types{kX509, kRaw}), kRaw);
  EXPECT_EQ(ChooseCertificateType(Types{kRaw, kX509}, Types{kX509}), kX509);
  EXPECT_EQ(ChooseCertificateType(Types{}, Types{kRaw, kX509}), kX509);
  EXPECT_EQ(ChooseCertificateType(Types{kX509}, Types{}), kX509);
  EXPECT_EQ(ChooseCertificateType(Types{}, Types{kRaw}), std::nullopt);
  EXPECT_EQ(ChooseCertificateType(Types{kRaw}, Types{kX509}), std::nullopt);
  EXPECT_EQ(ChooseCertificateType(Types{kOpenPgp}, Types{kX509, kRaw}), std::nullopt);
  EXPECT_EQ(ChooseCertificateType(Types{kOpenPgp, kRaw}, Types{kX509, kRaw}), kRaw);
}

//= rfc7250#section-4.2
//= type=test
//# The value conveyed in the
//# client_certificate_type extension MUST be selected from one of the
//# values provided in the client_certificate_type extension sent in the
//# client hello.
//= rfc8446#section-4.4.2.3
//= type=test
//# The certificate type MUST be X.509v3 [RFC5280], unless explicitly
//# negotiated otherwise (e.g., [RFC7250]).
TEST(CertificateTypeTest, Answers) {
  const auto read = [](const Bytes& block, const Types& offered, CertificateType* out) {
    return ReadSelectedCertificateType(*ExtensionBlock::Parse(block),
                                       ExtensionType::kServerCertificateType, offered, out);
  };
  CertificateType type{};
  ASSERT_TRUE(read({0, 20, 0, 1, 2}, {kRaw}, &type).ok());
  EXPECT_EQ(type, kRaw);
  ASSERT_TRUE(read({}, {kRaw, kX509}, &type).ok());
  EXPECT_EQ(type, kX509);
  EXPECT_EQ(read({0, 20, 0, 1, 0}, {kRaw}, &type).alert(), AlertDescription::kIllegalParameter);
  EXPECT_EQ(read({0, 20, 0, 1, 1}, {kRaw, kX509}, &type).alert(),
            AlertDescription::kIllegalParameter);
  EXPECT_EQ(read({}, {kRaw}, &type).alert(), AlertDescription::kUnsupportedCertificate);
  EXPECT_EQ(read({0, 20, 0, 0}, {kRaw}, &type).alert(), AlertDescription::kDecodeError);
  EXPECT_EQ(read({0, 20, 0, 2, 2, 2}, {kRaw}, &type).alert(), AlertDescription::kDecodeError);
}

// --- in handshakes

// Raw is a credential of `kind`'s key alone.
std::shared_ptr<const Credential> Raw(TestKeyKind kind = TestKeyKind::kEcdsaP256) {
  auto credential = std::make_shared<Credential>(*TestIdentity::Get(kind).credential());
  credential->type = kRaw;
  credential->chain = {TestIdentity::Get(kind).PublicKeyInfo()};
  return credential;
}

HandshakeConfig RawConfig() {
  HandshakeConfig config = TestConfig();
  config.credential = Raw();
  config.client.local_certificate_types = {kRaw};
  config.peer_certificate_types = {kRaw};
  return config;
}

TEST(RawPublicKeyTest, BothSidesShowKeys) {
  for (const TestKeyKind kind :
       {TestKeyKind::kEcdsaP256, TestKeyKind::kRsa, TestKeyKind::kEd25519}) {
    HandshakeConfig client = RawConfig();
    HandshakeConfig server = RawConfig();
    client.credential = server.credential = Raw(kind);
    server.server.client_authentication = ClientAuthentication::kRequired;
    HandshakePair pair(client, server);
    pair.identity = &TestIdentity::Get(kind);
    pair.Run();
    ASSERT_TRUE(pair.completed()) << static_cast<int>(kind);
    for (const Handshake* handshake :
         {pair.client_handshake.get(), static_cast<Handshake*>(pair.server_handshake.get())}) {
      EXPECT_EQ(handshake->peer_identity().type, kRaw);
      EXPECT_EQ(handshake->peer_certificates(), Raw(kind)->chain);
    }
  }
}

TEST(RawPublicKeyTest, OneSideMayDoWithout) {
  HandshakeConfig client = TestConfig();
  client.peer_certificate_types = {kRaw, kX509};
  HandshakeConfig server = TestConfig();
  server.server.client_authentication = ClientAuthentication::kRequired;
  HandshakePair with_certificates(client, server);
  with_certificates.Run();
  ASSERT_TRUE(with_certificates.completed());
  EXPECT_EQ(with_certificates.client_handshake->peer_identity().type, kX509);

  server.credential = Raw();
  HandshakePair with_server_key(client, server);
  with_server_key.Run();
  ASSERT_TRUE(with_server_key.completed());
  EXPECT_EQ(with_server_key.client_handshake->peer_identity().type, kRaw);
  EXPECT_EQ(with_server_key.server_handshake->peer_identity().type, kX509);
}

// A client that can show either shows what the server asks for, or nothing.
TEST(RawPublicKeyTest, ACredentialOfAnotherTypeIsNotShown) {
  HandshakeConfig client = TestConfig();
  client.client.local_certificate_types = {kRaw, kX509};  // but its credential is X.509
  HandshakeConfig server = TestConfig();
  server.peer_certificate_types = {kRaw};
  server.server.client_authentication = ClientAuthentication::kOptional;
  HandshakePair pair(client, server);
  pair.Run();
  ASSERT_TRUE(pair.completed());
  EXPECT_TRUE(pair.server_handshake->peer_certificates().empty());
}

TEST(RawPublicKeyTest, NothingInCommonIsUnsupportedCertificate) {
  const auto expect_unsupported = [](const HandshakeConfig& client, const HandshakeConfig& server) {
    HandshakePair pair(client, server);
    pair.Run();
    const Status status = pair.server.status.ok() ? pair.client.status : pair.server.status;
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.alert(), AlertDescription::kUnsupportedCertificate);
  };
  // The server's own: the client takes only a key, or only a certificate.
  HandshakeConfig takes_keys = TestConfig();
  takes_keys.peer_certificate_types = {kRaw};
  expect_unsupported(takes_keys, TestConfig());
  HandshakeConfig has_key = TestConfig();
  has_key.credential = Raw();
  expect_unsupported(TestConfig(), has_key);
  // The client's.
  HandshakeConfig asks = TestConfig();
  asks.server.client_authentication = ClientAuthentication::kRequired;
  HandshakeConfig shows_keys = TestConfig();
  shows_keys.client.local_certificate_types = {kRaw};
  expect_unsupported(shows_keys, asks);
  asks.peer_certificate_types = {kRaw};
  expect_unsupported(TestConfig(), asks);
  // One that need not be shown is not asked for.
  asks.server.client_authentication = ClientAuthentication::kOptional;
  HandshakePair pair(TestConfig(), asks);
  pair.Run();
  EXPECT_TRUE(pair.completed());
}

TEST(RawPublicKeyTest, BadMessages) {
  const auto run = [](const std::function<void(HandshakePair::Flying*)>& change) {
    HandshakeConfig client = RawConfig();
    client.peer_certificate_types = {kRaw, kX509};
    HandshakePair pair(client, RawConfig());
    pair.tamper = [&](HandshakePair::Flying* flying) {
      if (!flying->from_client) change(flying);
    };
    pair.Run();
    EXPECT_EQ(pair.client.num_completed, 0);
    return pair.client.status.ok() ? AlertDescription::kCloseNotify : pair.client.status.alert();
  };
  const auto with_body = [&](HandshakeType type, const Bytes& body) {
    return run([&](HandshakePair::Flying* flying) {
      if (flying->type == type) flying->body = body;
    });
  };
  constexpr auto kEE = HandshakeType::kEncryptedExtensions;
  EXPECT_EQ(with_body(kEE, {0, 4, 0, 20, 0, 0}), AlertDescription::kDecodeError);
  EXPECT_EQ(with_body(kEE, {0, 5, 0, 20, 0, 1, 1}), AlertDescription::kIllegalParameter);
  EXPECT_EQ(with_body(kEE, {0, 10, 0, 20, 0, 1, 2, 0, 20, 0, 1, 2}),
            AlertDescription::kIllegalParameter);
  // A key where a certificate was announced, and the other way round.
  EXPECT_EQ(with_body(kEE, {0, 0}), AlertDescription::kBadCertificate);
  EXPECT_EQ(run([](HandshakePair::Flying* flying) {
              const Bytes& der = TestIdentity::Get(TestKeyKind::kEcdsaP256).credential()->chain[0];
              if (flying->type != HandshakeType::kCertificate) return;
              flying->body = SerializeCertificate({}, {der});
            }),
            AlertDescription::kBadCertificate);
  //= rfc8446#section-4.4.2
  //= type=test
  //# If the RawPublicKey certificate type was negotiated, then the
  //# certificate_list MUST contain no more than one CertificateEntry,
  //# which contains an ASN1_subjectPublicKeyInfo value as defined in
  //# [RFC7250], Section 3.
  EXPECT_EQ(run([](HandshakePair::Flying* flying) {
              if (flying->type != HandshakeType::kCertificate) return;
              flying->body = SerializeCertificate({}, {Raw()->chain[0], Raw()->chain[0]});
            }),
            AlertDescription::kIllegalParameter);
}

// Without the request there is no answer.
TEST(RawPublicKeyTest, UnsolicitedAnswersAreUnsupportedExtension) {
  for (const uint8_t type : {19, 20}) {
    HandshakePair pair(TestConfig(), TestConfig());
    pair.tamper = [&](HandshakePair::Flying* flying) {
      if (flying->type != HandshakeType::kEncryptedExtensions) return;
      flying->body = {0, 5, 0, type, 0, 1, 0};
    };
    pair.Run();
    EXPECT_EQ(pair.client.status.alert(), AlertDescription::kUnsupportedExtension);
  }
}

}  // namespace
}  // namespace dtls13
