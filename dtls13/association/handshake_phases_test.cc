// SPDX-License-Identifier: Apache-2.0
#include "dtls13/association/handshake_phases.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "dtls13/handshake/handshake_test_util.h"

namespace dtls13 {
namespace {

constexpr WallTime kNow{std::chrono::seconds(1'700'000'000)};

// FakeHandshake waits for what the test says, and notes what it is given.
class FakeHandshake final : public ServerHandshake {
 public:
  Status HandleMessage(HandshakeType, std::span<const uint8_t>, Epoch) override {
    ++num_messages;
    return Status::Ok();
  }
  std::optional<HandshakeAction> NextAction() override { return std::nullopt; }
  HandshakeWait wait() const override { return waits_for; }
  const PeerIdentity& peer_identity() const override { return peer; }
  const CertificateRequestInfo& certificate_request() const override { return request; }
  const SignatureRequest& signature_request() const override { return to_sign; }
  Status ProvideVerification(bool, AlertDescription) override { return Count(); }
  Status ProvideSignature(std::span<const uint8_t>) override { return Count(); }
  Status ProvidePsk(size_t, Psk) override { return Count(); }
  Status ProvideCredential(std::shared_ptr<const Credential>) override { return Count(); }
  const HandshakeResult& result() const override { return own_result; }
  HandshakeResult TakeResult() override { return std::move(own_result); }
  HandshakeSecrets& secrets() override { return own_secrets; }
  size_t max_message_len() const override { return 0; }
  void SetTime(WallTime now) override { time = now; }
  Status HandleClientHello(std::shared_ptr<const ReceivedHello>) override {
    ++num_messages;
    return Status::Ok();
  }
  const ClientHelloInfo& client_hello() const override { return hello; }
  Status ChooseProtocol(std::string_view) override { return Count(); }
  void AddExtensions(CustomExtensions) override {}
  void IgnoreServerName() override {}
  Status DemandCertificate(CertificateDemand) override { return Count(); }

  HandshakeWait waits_for = HandshakeWait::kMessage;
  int num_messages = 0;
  int num_answers = 0;
  WallTime time{};
  PeerIdentity peer;
  CertificateRequestInfo request;
  SignatureRequest to_sign{};
  ClientHelloInfo hello;
  HandshakeResult own_result;
  HandshakeSecrets own_secrets;

 private:
  Status Count() {
    ++num_answers;
    return Status::Ok();
  }
};

class HandshakePhasesTest : public ::testing::Test {
 protected:
  HandshakePhasesTest() {
    auto fake = std::make_unique<FakeHandshake>();
    handshake_ = fake.get();
    handshake_->own_result.suite = FindCipherSuite(CipherSuiteId::kAes128GcmSha256);
    handshake_->own_result.server_name = "server";
    handshake_->own_secrets.exporter_secret = Secret(32);
    handshake_->own_secrets.resumption_secret = Secret(32);
    handshake_->peer.chain = {{1, 2, 3}};
    phases_.BeginServer(std::move(fake));
  }
  void Complete() {
    phases_.Complete(std::make_shared<const HandshakeConfig>(TestConfig()), /*is_client=*/false);
  }

  HandshakePhases phases_;
  FakeHandshake* handshake_;
};

TEST(HandshakePhases, BeforeItBeginsThereIsNothing) {
  const HandshakePhases phases;
  EXPECT_FALSE(phases.connected());
  EXPECT_EQ(phases.wait(), HandshakeWait::kNothing);
  EXPECT_TRUE(phases.shown().peer_identity.chain.empty());
  EXPECT_EQ(phases.result().suite, nullptr);
}

TEST_F(HandshakePhasesTest, AClientsHandshakeIsNoServers) {
  HandshakePhases phases;
  phases.BeginClient(std::make_unique<FakeHandshake>());
  EXPECT_NE(phases.handshake(), nullptr);
  EXPECT_EQ(phases.server_handshake(), nullptr);
  EXPECT_EQ(phases_.server_handshake(), phases_.handshake());
}

TEST_F(HandshakePhasesTest, TheCallerIsAskedOnceForEachWait) {
  EXPECT_FALSE(phases_.TakeQuestion());
  const std::pair<HandshakeWait, EventType> kQuestions[] = {
      {HandshakeWait::kPsk, EventType::kPskWanted},
      {HandshakeWait::kCredential, EventType::kCredentialWanted},
      {HandshakeWait::kSignature, EventType::kSignatureWanted},
      {HandshakeWait::kVerification, EventType::kVerifyPeer},
  };
  for (const auto& [wait, question] : kQuestions) {
    handshake_->waits_for = wait;
    EXPECT_EQ(phases_.TakeQuestion(), question);
    EXPECT_FALSE(phases_.TakeQuestion());
  }
  // A second one of a kind is another question.
  phases_.OnAnswered();
  EXPECT_EQ(phases_.TakeQuestion(), EventType::kVerifyPeer);
  handshake_->waits_for = HandshakeWait::kNothing;
  EXPECT_FALSE(phases_.TakeQuestion());
}

TEST_F(HandshakePhasesTest, MessagesAndAnswersAreTheHandshakesUntilItIsComplete) {
  EXPECT_TRUE(phases_.AwaitsMessage());
  EXPECT_TRUE(phases_.HandleMessage(HandshakeType::kFinished, {}, kHandshakeEpoch, kNow).ok());
  EXPECT_EQ(handshake_->num_messages, 1);
  EXPECT_EQ(handshake_->time, kNow);
  handshake_->waits_for = HandshakeWait::kCredential;
  EXPECT_FALSE(phases_.AwaitsMessage());
  EXPECT_TRUE(phases_.ProvideCredential(nullptr).ok());
  EXPECT_TRUE(phases_.ProvideSignature({}).ok());
  EXPECT_TRUE(phases_.ProvideVerification(true, AlertDescription::kBadCertificate).ok());
  EXPECT_EQ(handshake_->num_answers, 3);

  Complete();
  EXPECT_TRUE(phases_.connected());
  EXPECT_TRUE(phases_.AwaitsMessage());
  EXPECT_EQ(phases_.wait(), HandshakeWait::kMessage);
  // A second Finished is nothing that may come now.
  EXPECT_FALSE(
      phases_.HandleMessage(HandshakeType::kFinished, {}, kFirstApplicationEpoch, kNow).ok());
  EXPECT_EQ(handshake_->num_messages, 1);
}

TEST_F(HandshakePhasesTest, WhatTheHandshakeShowedStaysUntilItIsForgotten) {
  EXPECT_EQ(phases_.result().server_name, "server");
  Complete();
  EXPECT_EQ(phases_.result().server_name, "server");
  EXPECT_EQ(phases_.shown().peer_identity.chain.size(), 1u);
  EXPECT_EQ(&phases_.shown().client_hello, &handshake_->hello);
  phases_.ForgetHandshake();
  EXPECT_EQ(phases_.handshake(), nullptr);
  EXPECT_EQ(phases_.server_handshake(), nullptr);
  EXPECT_TRUE(phases_.shown().peer_identity.chain.empty());
  EXPECT_EQ(phases_.result().server_name, "server");
}

//= rfc8446#appendix-E.1.4
//= type=test
//# However, because these secrets can be used to compute any exporter
//# value, they SHOULD be erased as soon as possible.
TEST_F(HandshakePhasesTest, SecretsAreForgotten) {
  Complete();
  EXPECT_FALSE(phases_.exporter_secret().empty());
  phases_.ForgetSecrets();
  EXPECT_TRUE(phases_.exporter_secret().empty());
  EXPECT_TRUE(handshake_->own_secrets.resumption_secret.empty());
  phases_.ForgetHandshake();
  EXPECT_EQ(phases_.post_handshake(), nullptr);
  EXPECT_TRUE(phases_.connected());
  EXPECT_EQ(phases_.wait(), HandshakeWait::kNothing);
}

}  // namespace
}  // namespace dtls13
