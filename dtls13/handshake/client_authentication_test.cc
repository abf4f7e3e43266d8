// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "dtls13/handshake/handshake_test_util.h"
#include "dtls13/handshake/negotiation.h"
#include "dtls13/message/certificate.h"
#include "dtls13/message/certificate_request.h"
#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

using Flying = HandshakePair::Flying;
using Pair = HandshakePair;

void ExpectFatal(const Status& status, AlertDescription alert, Reason reason) {
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.alert(), alert) << "alert " << static_cast<int>(status.alert());
  EXPECT_EQ(status.reason(), reason) << "reason " << static_cast<int>(status.reason());
}

HandshakeConfig ServerConfig(ClientAuthentication wanted = ClientAuthentication::kRequired) {
  HandshakeConfig config = TestConfig();
  config.server.client_authentication = wanted;
  return config;
}

HandshakeConfig ClientConfig(TestKeyKind kind = TestKeyKind::kEcdsaP256) {
  HandshakeConfig config = TestConfig();
  config.credential = TestIdentity::Get(kind).credential();
  return config;
}

std::vector<HandshakeType> TypesSent(const Pair::Side& side) {
  std::vector<HandshakeType> types;
  for (const Flying& flying : side.sent) types.push_back(flying.type);
  return types;
}

// RunTampered changes the client's messages of `type`, and returns how the server took it.
Status RunTampered(HandshakeType type, const std::function<void(Flying*)>& change,
                   const HandshakeConfig& client_config = ClientConfig()) {
  Pair pair(client_config, ServerConfig(ClientAuthentication::kOptional));
  bool changed = false;
  pair.tamper = [&](Flying* flying) {
    if (!flying->from_client || flying->type != type) return;
    change(flying);
    changed = true;
  };
  pair.Run();
  EXPECT_TRUE(changed);
  EXPECT_EQ(pair.server.num_completed, 0);
  return pair.server.status;
}

Status RunWithCertificate(Bytes body) {
  return RunTampered(HandshakeType::kCertificate, [&](Flying* flying) { flying->body = body; });
}

// --- the ways it may go

//= rfc8446#section-4.4.3
//= type=test
//# If sent by a client, the signature algorithm used in the signature
//# MUST be one of those present in the supported_signature_algorithms
//# field of the "signature_algorithms" extension in the
//# CertificateRequest message.
//= rfc8446#section-4.2
//= type=test
//# The server sends extension requests in the CertificateRequest message
//# which a client MAY respond to with a Certificate message.
//= rfc8446#section-4.3.2
//= type=test
//# A server which is authenticating with a certificate MAY optionally
//# request a certificate from the client.
TEST(ClientAuthenticationTest, EveryKindOfKey) {
  for (const TestKeyKind kind : {TestKeyKind::kEcdsaP256, TestKeyKind::kEcdsaP384,
                                 TestKeyKind::kRsa, TestKeyKind::kRsaPss, TestKeyKind::kEd25519}) {
    const TestIdentity& identity = TestIdentity::Get(kind);
    Pair pair(ClientConfig(kind), ServerConfig());
    pair.client_identity = &identity;
    pair.Run();
    ASSERT_TRUE(pair.completed()) << static_cast<int>(kind);
    EXPECT_EQ(pair.server_handshake->peer_certificates(), identity.credential()->chain);
    const SignatureScheme scheme = identity.credential()->schemes.front();
    EXPECT_EQ(pair.client_handshake->result().local_signature_scheme, scheme);
    EXPECT_EQ(pair.server_handshake->result().peer_signature_scheme, scheme);
    EXPECT_EQ(pair.server_handshake->result().local_signature_scheme,
              SignatureScheme::kEcdsaSecp256r1Sha256);
    EXPECT_EQ(TypesSent(pair.client),
              (std::vector{HandshakeType::kClientHello, HandshakeType::kCertificate,
                           HandshakeType::kCertificateVerify, HandshakeType::kFinished}));
    EXPECT_EQ(TypesSent(pair.server),
              (std::vector{HandshakeType::kServerHello, HandshakeType::kEncryptedExtensions,
                           HandshakeType::kCertificateRequest, HandshakeType::kCertificate,
                           HandshakeType::kCertificateVerify, HandshakeType::kFinished}));
    EXPECT_TRUE(std::ranges::equal(pair.client_handshake->secrets().resumption_secret.bytes(),
                                   pair.server_handshake->secrets().resumption_secret.bytes()));
  }
}

//= rfc8446#section-4.4.2
//= type=test
//# A Finished message MUST be sent regardless
//# of whether the Certificate message is empty.
//= rfc8446#section-4.4.2.4
//= type=test
//# If the client does not send any certificates (i.e., it sends an empty
//# Certificate message), the server MAY at its discretion either
//# continue the handshake without client authentication or abort the
//# handshake with a "certificate_required" alert.
//= rfc8446#section-4.4.2
//= type=test
//# The client MUST send a Certificate message if and only if the server
//# has requested client authentication via a CertificateRequest message
//# (Section 4.3.2).
TEST(ClientAuthenticationTest, AClientWithoutCertificate) {
  HandshakeConfig client = TestConfig();
  client.credential = nullptr;
  Pair optional(client, ServerConfig(ClientAuthentication::kOptional));
  optional.Run();
  EXPECT_TRUE(optional.completed());
  EXPECT_TRUE(optional.server_handshake->peer_certificates().empty());
  EXPECT_EQ(TypesSent(optional.client),
            (std::vector{HandshakeType::kClientHello, HandshakeType::kCertificate,
                         HandshakeType::kFinished}));
  EXPECT_EQ(optional.server_handshake->result().peer_signature_scheme, SignatureScheme{});

  Pair required(client, ServerConfig());
  required.Run();
  ExpectFatal(required.server.status, AlertDescription::kCertificateRequired,
              Reason::kNoPeerCertificate);
}

TEST(ClientAuthenticationTest, ACredentialTheServerCannotTakeIsNotShown) {
  HandshakeConfig server = ServerConfig(ClientAuthentication::kOptional);
  server.signature_schemes = {SignatureScheme::kEd25519};
  Pair pair(ClientConfig(), server);
  pair.Run();
  EXPECT_TRUE(pair.completed());
  EXPECT_TRUE(pair.server_handshake->peer_certificates().empty());
}

//= rfc8446#section-4.2.3
//= type=test
//# SignatureScheme supported_signature_algorithms<2..2^16-2>;
TEST(ClientAuthenticationTest, AServerThatCanTakeNoSignatureAsksForNone) {
  // The schemes of PKCS #1 are for certificates alone.
  for (const std::vector<SignatureScheme>& schemes :
       {std::vector<SignatureScheme>(), std::vector{SignatureScheme::kRsaPkcs1Sha256}}) {
    HandshakeConfig server = ServerConfig(ClientAuthentication::kOptional);
    server.signature_schemes = schemes;
    Pair pair(ClientConfig(), server);
    pair.Run();
    ExpectFatal(pair.server.status, AlertDescription::kInternalError,
                Reason::kNoSuitableSignatureAlgorithm);
    EXPECT_EQ(TypesSent(pair.server),
              (std::vector{HandshakeType::kServerHello, HandshakeType::kEncryptedExtensions}));
    // Who asks nobody needs none.
    server.server.client_authentication = ClientAuthentication::kNone;
    Pair one_sided(ClientConfig(), server);
    one_sided.Run();
    EXPECT_TRUE(one_sided.completed());
  }
}

//= rfc8446#section-4.4.2
//= type=test
//# The client MUST send a Certificate message if and only if the server
//# has requested client authentication via a CertificateRequest message
//# (Section 4.3.2).
TEST(ClientAuthenticationTest, AServerThatDoesNotAskGetsNothing) {
  Pair pair(ClientConfig(), ServerConfig(ClientAuthentication::kNone));
  pair.Run();
  EXPECT_TRUE(pair.completed());
  EXPECT_EQ(TypesSent(pair.client),
            (std::vector{HandshakeType::kClientHello, HandshakeType::kFinished}));
}

// The caller chooses, by what the server says, once the server has proved itself.
//= rfc8446#section-4.2.4
//= type=test
//# SHOULD be used by the receiving endpoint to guide certificate
//# selection.
TEST(ClientAuthenticationTest, TheCallerIsAskedForTheCredential) {
  HandshakeConfig client = TestConfig();
  client.credential = nullptr;
  client.ask_credential = true;
  HandshakeConfig server = ServerConfig();
  server.certificate_authorities = {{0x30, 0}};
  server.certificate_signature_schemes = {SignatureScheme::kRsaPkcs1Sha256};
  server.request_ocsp = true;
  Pair pair(client, server);
  pair.client_identity = &TestIdentity::Get(TestKeyKind::kEd25519);
  pair.Run();
  ASSERT_TRUE(pair.completed());
  const CertificateRequestInfo& request = pair.client_handshake->certificate_request();
  EXPECT_EQ(request.signature_schemes, UsableSchemes(server));
  EXPECT_EQ(request.wishes.authorities, server.certificate_authorities);
  EXPECT_EQ(request.wishes.certificate_schemes, server.certificate_signature_schemes);
  EXPECT_TRUE(request.wishes.ocsp);
  EXPECT_FALSE(request.wishes.sct);
  EXPECT_TRUE(request.context.empty());
  EXPECT_EQ(pair.server_handshake->peer_certificates(),
            TestIdentity::Get(TestKeyKind::kEd25519).credential()->chain);
}

// A server that learns only from the hello whom it serves asks accordingly.
TEST(ClientAuthenticationTest, TheCallerMayDemandOtherwiseThanTheConfig) {
  HandshakeConfig server = ServerConfig(ClientAuthentication::kNone);
  server.ask_credential = true;
  Pair pair(ClientConfig(), server);
  pair.deliver = [&](Handshake* handshake, const Flying& flying) {
    const Status status = handshake->HandleMessage(flying.type, flying.body, flying.epoch);
    if (handshake->wait() == HandshakeWait::kCredential) {
      EXPECT_TRUE(pair.server_handshake
                      ->DemandCertificate({.client_authentication = ClientAuthentication::kRequired,
                                           .certificate_authorities = {{0x30, 0}}})
                      .ok());
    }
    return status;
  };
  pair.Run();
  ASSERT_TRUE(pair.completed());
  EXPECT_EQ(pair.server_handshake->peer_certificates(), ClientConfig().credential->chain);
  EXPECT_EQ(pair.client_handshake->certificate_request().wishes.authorities,
            (std::vector<Bytes>{{0x30, 0}}));
  ExpectFatal(pair.server_handshake->DemandCertificate({}), AlertDescription::kInternalError,
              Reason::kInternal);
}

TEST(ClientAuthenticationTest, AFailedSignerIsAnInternalError) {
  const auto client = NewClientHandshake(std::make_shared<HandshakeConfig>(ClientConfig()), {});
  ExpectFatal(client->ProvideSignature(Bytes{1}), AlertDescription::kInternalError,
              Reason::kInternal);
  const auto other = NewClientHandshake(std::make_shared<HandshakeConfig>(ClientConfig()), {});
  ExpectFatal(other->ProvideCredential(nullptr), AlertDescription::kInternalError,
              Reason::kInternal);
}

// --- what the server refuses

TEST(ClientAuthenticationTest, TheVerifiersAlertIsSent) {
  for (const AlertDescription alert :
       {AlertDescription::kUnknownCa, AlertDescription::kBadCertificate,
        AlertDescription::kCertificateExpired}) {
    Pair pair(ClientConfig(), ServerConfig());
    pair.verify = [&](Handshake* handshake) {
      const bool is_server = handshake == pair.server_handshake.get();
      return handshake->ProvideVerification(!is_server, alert);
    };
    pair.Run();
    ExpectFatal(pair.server.status, alert, Reason::kCertificateVerifyFailed);
  }
}

//= rfc8446#section-4.4.2
//= type=test
//# Extensions in
//# the Certificate message from the client MUST correspond to
//# extensions in the CertificateRequest message from the server.
TEST(ClientAuthenticationTest, BadCertificates) {
  const struct {
    Bytes body;
    AlertDescription alert;
    Reason reason;
  } kCases[] = {
      {{}, AlertDescription::kDecodeError, Reason::kDecodeError},
      {{0, 0, 0}, AlertDescription::kDecodeError, Reason::kDecodeError},
      {{0, 0, 0, 0, 0}, AlertDescription::kDecodeError, Reason::kDecodeError},
      {{0, 0, 0, 5, 0, 0, 0, 0, 0}, AlertDescription::kDecodeError, Reason::kDecodeError},
      {{0, 0, 0, 6, 0, 0, 1, 9, 0, 1}, AlertDescription::kDecodeError, Reason::kDecodeError},
      {{1, 7, 0, 0, 0}, AlertDescription::kIllegalParameter, Reason::kBadCertificate},
      {{0, 0, 0, 6, 0, 0, 1, 9, 0, 0}, AlertDescription::kBadCertificate, Reason::kBadCertificate},
      // status_request was not asked for; key_share has no place; twice the same.
      {{0, 0, 0, 10, 0, 0, 1, 9, 0, 4, 0, 5, 0, 0},
       AlertDescription::kUnsupportedExtension,
       Reason::kUnsolicitedExtension},
      {{0, 0, 0, 10, 0, 0, 1, 9, 0, 4, 0, 51, 0, 0},
       AlertDescription::kIllegalParameter,
       Reason::kBadExtension},
  };
  for (const auto& test : kCases) {
    ExpectFatal(RunWithCertificate(test.body), test.alert, test.reason);
  }
}

//= rfc8446#section-4.4.3
//= type=test
//# In addition, the signature algorithm MUST be compatible with the key
//# in the sender's end-entity certificate.
TEST(ClientAuthenticationTest, BadCertificateVerifies) {
  const auto run = [](const std::function<void(Bytes*)>& change) {
    return RunTampered(HandshakeType::kCertificateVerify,
                       [&](Flying* flying) { change(&flying->body); });
  };
  ExpectFatal(run([](Bytes* body) { body->back() ^= 1; }), AlertDescription::kDecryptError,
              Reason::kBadSignature);
  ExpectFatal(run([](Bytes* body) {
                *body = {4, 3, 0, 0};
              }),
              AlertDescription::kDecryptError, Reason::kBadSignature);
  ExpectFatal(run([](Bytes* body) { body->push_back(0); }), AlertDescription::kDecodeError,
              Reason::kDecodeError);
  ExpectFatal(run([](Bytes* body) { body->clear(); }), AlertDescription::kDecodeError,
              Reason::kDecodeError);
  // Not asked for; for certificates only; of another curve; of another kind of key; unknown.
  for (const uint16_t scheme : {0x0808, 0x0401, 0x0503, 0x0804, 0x7a7a}) {
    ExpectFatal(run([&](Bytes* body) {
                  (*body)[0] = static_cast<uint8_t>(scheme >> 8);
                  (*body)[1] = static_cast<uint8_t>(scheme);
                }),
                AlertDescription::kIllegalParameter, Reason::kWrongSignatureType);
  }
}

// A signature of the server's kind, over the same transcript, is no client's.
TEST(ClientAuthenticationTest, ASignatureUnderTheServersLabelIsRefused) {
  Pair pair(ClientConfig(), ServerConfig());
  pair.tamper = [&](Flying* flying) {
    if (!flying->from_client || flying->type != HandshakeType::kCertificateVerify) return;
    Bytes input = pair.client_handshake->signature_request().input;
    const std::string_view ours = "client";
    const auto at = std::search(input.begin(), input.end(), ours.begin(), ours.end());
    ASSERT_NE(at, input.end());
    const std::string_view theirs = "server";
    std::copy(theirs.begin(), theirs.end(), at);
    const auto scheme = SignatureScheme::kEcdsaSecp256r1Sha256;
    const Bytes signature = TestIdentity::Get(TestKeyKind::kEcdsaP256).Sign(scheme, input);
    flying->body = {4, 3, 0, static_cast<uint8_t>(signature.size())};
    for (const uint8_t byte : signature) flying->body.push_back(byte);
  };
  pair.Run();
  ExpectFatal(pair.server.status, AlertDescription::kDecryptError, Reason::kBadSignature);
}

//= rfc8446#section-4.4.3
//= type=test
//# Clients MUST send this message whenever
//# authenticating via a certificate (i.e., when the Certificate message
//# is non-empty).
TEST(ClientAuthenticationTest, MessagesLeftOutOrOutOfPlaceAreUnexpected) {
  for (const HandshakeType lost :
       {HandshakeType::kCertificate, HandshakeType::kCertificateVerify}) {
    ExpectFatal(RunTampered(lost, [](Flying* flying) { flying->deliver = false; }),
                AlertDescription::kUnexpectedMessage, Reason::kUnexpectedMessage);
  }
  // A CertificateVerify behind a Certificate that shows nothing.
  ExpectFatal(RunWithCertificate({0, 0, 0, 0}), AlertDescription::kUnexpectedMessage,
              Reason::kUnexpectedMessage);
  // Compression was not offered.
  ExpectFatal(
      RunTampered(HandshakeType::kCertificate,
                  [](Flying* flying) { flying->type = HandshakeType::kCompressedCertificate; }),
      AlertDescription::kUnexpectedMessage, Reason::kUnexpectedMessage);
  // A certificate that nobody asked for.
  Pair pair(ClientConfig(), ServerConfig(ClientAuthentication::kNone));
  pair.tamper = [](Flying* flying) {
    if (!flying->from_client || flying->type != HandshakeType::kFinished) return;
    flying->type = HandshakeType::kCertificate;
    flying->body = {0, 0, 0, 0};
  };
  pair.Run();
  ExpectFatal(pair.server.status, AlertDescription::kUnexpectedMessage, Reason::kUnexpectedMessage);
}

// --- what comes with certificates

std::shared_ptr<const Credential> Stapled() {
  auto credential =
      std::make_shared<Credential>(*TestIdentity::Get(TestKeyKind::kEcdsaP256).credential());
  credential->staples = {{.ocsp_response = {1, 2, 3}, .sct_list = {0, 3, 0, 1, 9}}};
  return credential;
}

//= rfc8446#section-4.4.2.1
//= type=test
//# If the client opts to send an OCSP response, the body of its
//# "status_request" extension MUST be a CertificateStatus structure as
//# defined in [RFC6066].
TEST(StapleTest, GoesToWhoAsks) {
  for (const bool asks : {false, true}) {
    HandshakeConfig client = TestConfig();
    HandshakeConfig server = ServerConfig();
    for (HandshakeConfig* config : {&client, &server}) {
      config->credential = Stapled();
      config->request_ocsp = config->request_sct = asks;
    }
    Pair pair(client, server);
    pair.Run();
    ASSERT_TRUE(pair.completed());
    for (const Handshake* handshake :
         {pair.client_handshake.get(), static_cast<Handshake*>(pair.server_handshake.get())}) {
      const PeerIdentity& peer = handshake->peer_identity();
      ASSERT_EQ(peer.staples.size(), peer.chain.size());
      EXPECT_EQ(peer.staples[0].ocsp_response, asks ? (Bytes{1, 2, 3}) : Bytes());
      EXPECT_EQ(peer.staples[0].sct_list, asks ? (Bytes{0, 3, 0, 1, 9}) : Bytes());
    }
    EXPECT_EQ(pair.server_handshake->client_hello().certificate_wishes.ocsp, asks);
  }
}

TEST(StapleTest, MalformedIsDecodeError) {
  HandshakeConfig client = TestConfig();
  client.request_ocsp = true;
  Pair pair(client, TestConfig());
  pair.tamper = [](Flying* flying) {
    if (flying->type != HandshakeType::kCertificate) return;
    const auto& chain = TestIdentity::Get(TestKeyKind::kEcdsaP256).credential()->chain;
    const CertificateStaple staple{.ocsp_response = {1}};
    flying->body = SerializeCertificate({}, chain, {&staple, 1});
    flying->body[flying->body.size() - 5] = 7;  // the status type
  };
  pair.Run();
  ExpectFatal(pair.client.status, AlertDescription::kDecodeError, Reason::kDecodeError);
}

}  // namespace
}  // namespace dtls13
