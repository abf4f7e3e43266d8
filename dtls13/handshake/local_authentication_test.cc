// SPDX-License-Identifier: Apache-2.0
#include "dtls13/handshake/local_authentication.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "dtls13/crypto/crypto_test_util.h"
#include "dtls13/handshake/handshake_test_util.h"
#include "dtls13/handshake/peer_authentication.h"
#include "dtls13/message/certificate_request.h"
#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

Transcript StartedTranscript() {
  Transcript transcript(TestAlgorithms());
  EXPECT_TRUE(transcript.SelectHash(HashId::kSha256));
  EXPECT_TRUE(transcript.Add(HandshakeType::kClientHello, Bytes(40)));
  return transcript;
}

const TestIdentity& Identity() { return TestIdentity::Get(TestKeyKind::kEcdsaP256); }

// LocalAuthenticationTest has a client that answers a server's request, each with its transcript.
class LocalAuthenticationTest : public testing::Test {
 protected:
  void SetUp() override {
    const Bytes body = server_.Request(config_, CertificateType::kX509, {1, 2, 3}, {});
    const auto view = ParseCertificateRequest(body);
    ASSERT_TRUE(view.has_value());
    ASSERT_TRUE(ReadCertificateRequest(*view, /*in_main_handshake=*/false, &request_).ok());
  }

  Status Answer(const Credential* credential) {
    return client_.AnswerRequest(config_, request_, credential, &client_transcript_, &certificate_);
  }
  Status ReadCertificate() {
    return server_.ReadCertificate(config_, certificate_.type, certificate_.body,
                                   &server_transcript_, &identity_);
  }
  bool TranscriptsAgree() const {
    const auto client = client_transcript_.Hash();
    const auto server = server_transcript_.Hash();
    return client.has_value() && server.has_value() &&
           ConstantTimeEquals(client->view(), server->view());
  }

  HandshakeConfig config_ = TestConfig();
  LocalAuthentication client_;
  PeerAuthentication server_;
  CertificateRequestInfo request_;
  Transcript client_transcript_ = StartedTranscript();
  Transcript server_transcript_ = StartedTranscript();
  AuthenticationMessage certificate_;
  PeerIdentity identity_;
};

TEST_F(LocalAuthenticationTest, WhatAClientShowsIsWhatTheServerReads) {
  ASSERT_TRUE(Answer(Identity().credential().get()).ok());
  EXPECT_EQ(certificate_.type, HandshakeType::kCertificate);
  ASSERT_TRUE(ReadCertificate().ok());
  EXPECT_EQ(identity_.chain, Identity().credential()->chain);
  EXPECT_TRUE(TranscriptsAgree());

  ASSERT_TRUE(client_.wants_signature());
  const SignatureRequest& wanted = client_.signature_request();
  AuthenticationMessage verify;
  const Bytes signature = Identity().Sign(wanted.scheme, wanted.input);
  ASSERT_TRUE(client_.ProvideSignature(signature, &client_transcript_, &verify).ok());
  EXPECT_EQ(verify.type, HandshakeType::kCertificateVerify);
  EXPECT_FALSE(client_.wants_signature());
  SignatureScheme scheme{};
  ASSERT_TRUE(
      server_.ReadCertificateVerify(*config_.algorithms, verify.body, &server_transcript_, &scheme)
          .ok());
  EXPECT_EQ(scheme, wanted.scheme);
  EXPECT_TRUE(TranscriptsAgree());
}

TEST_F(LocalAuthenticationTest, ASignatureIsOfItsTranscript) {
  ASSERT_TRUE(Answer(Identity().credential().get()).ok());
  ASSERT_TRUE(ReadCertificate().ok());
  const SignatureRequest& wanted = client_.signature_request();
  AuthenticationMessage verify;
  const Bytes signature = Identity().Sign(wanted.scheme, wanted.input);
  ASSERT_TRUE(client_.ProvideSignature(signature, &client_transcript_, &verify).ok());
  ASSERT_TRUE(server_transcript_.Add(HandshakeType::kKeyUpdate, Bytes{0}));
  SignatureScheme scheme{};
  const Status status =
      server_.ReadCertificateVerify(*config_.algorithms, verify.body, &server_transcript_, &scheme);
  EXPECT_EQ(status.alert(), AlertDescription::kDecryptError);
  EXPECT_EQ(scheme, SignatureScheme{});
}

TEST_F(LocalAuthenticationTest, WithoutACredentialThatFitsAnEmptyListIsShown) {
  Credential raw_key = *Identity().credential();
  raw_key.type = CertificateType::kRawPublicKey;
  Credential no_scheme = *Identity().credential();
  no_scheme.schemes.clear();
  const OpenSslPtr<EVP_PKEY> issuer = NewTestKey("RSA");
  Credential sha1 = *Identity().credential();
  sha1.chain.push_back(MakeCertificate({.common_name = "authority",
                                        .issuer_name = "root",
                                        .key = issuer.get(),
                                        .issuer_key = issuer.get(),
                                        .digest = "SHA1"}));
  for (const Credential* credential :
       {static_cast<const Credential*>(nullptr), &std::as_const(raw_key), &std::as_const(no_scheme),
        &std::as_const(sha1)}) {
    client_transcript_ = StartedTranscript();
    server_transcript_ = StartedTranscript();
    ASSERT_TRUE(Answer(credential).ok());
    EXPECT_FALSE(client_.wants_signature());
    ASSERT_TRUE(ReadCertificate().ok());
    EXPECT_TRUE(identity_.chain.empty());
    EXPECT_TRUE(TranscriptsAgree());
  }
}

TEST_F(LocalAuthenticationTest, TheContextIsTheRequests) {
  request_.context = {3, 2, 1};
  ASSERT_TRUE(Answer(Identity().credential().get()).ok());
  EXPECT_EQ(ReadCertificate().alert(), AlertDescription::kIllegalParameter);
  Bytes context;
  ASSERT_TRUE(ReadCertificateContext(config_, certificate_.type, certificate_.body, &context).ok());
  EXPECT_EQ(context, request_.context);
}

TEST_F(LocalAuthenticationTest, AnEmptySignatureIsTheSignersFailure) {
  ASSERT_TRUE(Answer(Identity().credential().get()).ok());
  AuthenticationMessage verify;
  const Status status = client_.ProvideSignature({}, &client_transcript_, &verify);
  EXPECT_EQ(status.reason(), Reason::kSignerFailed);
  EXPECT_EQ(status.alert(), AlertDescription::kInternalError);
}

//= rfc8446#section-4.4.2
//= type=test
//# Otherwise (in the case of server authentication), this field SHALL be
//# zero length.
TEST_F(LocalAuthenticationTest, AServerShowsItsCredentialWithoutAContext) {
  PeerAuthentication reader(
      {.peer_is_server = true, .schemes = {SignatureScheme::kEcdsaSecp256r1Sha256}});
  LocalAuthentication shower;
  ASSERT_TRUE(shower
                  .ShowCredential(config_, *Identity().credential(),
                                  SignatureScheme::kEcdsaSecp256r1Sha256, /*wishes=*/{},
                                  &server_transcript_, &certificate_)
                  .ok());
  ASSERT_TRUE(shower.wants_signature());
  ASSERT_TRUE(reader
                  .ReadCertificate(config_, certificate_.type, certificate_.body,
                                   &client_transcript_, &identity_)
                  .ok());
  EXPECT_EQ(identity_.chain, Identity().credential()->chain);
  AuthenticationMessage verify;
  const SignatureRequest& wanted = shower.signature_request();
  const Bytes signature = Identity().Sign(wanted.scheme, wanted.input);
  ASSERT_TRUE(shower.ProvideSignature(signature, &server_transcript_, &verify).ok());
  SignatureScheme scheme{};
  EXPECT_TRUE(
      reader.ReadCertificateVerify(*config_.algorithms, verify.body, &client_transcript_, &scheme)
          .ok());
  EXPECT_TRUE(TranscriptsAgree());
}

TEST_F(LocalAuthenticationTest, AFinishedIsOfItsKeyAndTranscript) {
  KeySchedule keys(config_.algorithms, HashId::kSha256, config_.wire_profile.label_prefix);
  const Secret secret = Secret::CopyOf(Bytes(32, 7));
  const Secret other = Secret::CopyOf(Bytes(32, 8));
  const Bytes body = MakeFinished(secret, client_transcript_, &keys);
  ASSERT_EQ(body.size(), 32u);
  EXPECT_TRUE(CheckFinished(secret, server_transcript_, body, &keys).ok());
  EXPECT_EQ(CheckFinished(other, server_transcript_, body, &keys).alert(),
            AlertDescription::kDecryptError);
  EXPECT_EQ(CheckFinished(secret, server_transcript_, Bytes(31), &keys).alert(),
            AlertDescription::kDecodeError);
  ASSERT_TRUE(server_transcript_.Add(HandshakeType::kKeyUpdate, Bytes{0}));
  EXPECT_EQ(CheckFinished(secret, server_transcript_, body, &keys).alert(),
            AlertDescription::kDecryptError);
}

}  // namespace
}  // namespace dtls13
