// SPDX-License-Identifier: Apache-2.0
#include "dtls13/handshake/post_handshake_auth.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "dtls13/handshake/handshake_test_util.h"
#include "dtls13/handshake/negotiation.h"
#include "dtls13/handshake/post_handshake.h"
#include "dtls13/message/certificate.h"
#include "dtls13/message/certificate_request.h"
#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

void ExpectFatal(const Status& status, AlertDescription alert) {
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.alert(), alert) << "alert " << static_cast<int>(status.alert());
}

// PostHandshakeAuthTest has the two ends of a connection whose handshake is over.
class PostHandshakeAuthTest : public testing::Test {
 protected:
  void Connect(bool offers = true, bool allows = true) {
    client_config_.post_handshake_auth = offers;
    server_config_.post_handshake_auth = allows;
    HandshakePair pair(client_config_, server_config_);
    pair.Run();
    ASSERT_TRUE(pair.completed());
    HandshakeSecrets& clients = pair.client_handshake->secrets();
    HandshakeSecrets& servers = pair.server_handshake->secrets();
    EXPECT_EQ(clients.transcript != nullptr, offers);
    EXPECT_EQ(servers.transcript != nullptr, offers && allows);
    client_.emplace(std::make_shared<HandshakeConfig>(client_config_), true,
                    pair.client_handshake->result(), &clients);
    server_.emplace(std::make_shared<HandshakeConfig>(server_config_), false,
                    pair.server_handshake->result(), &servers);
  }

  // Sent takes the messages that a side owes, and what became of requests.
  std::vector<SendMessage> Sent(PostHandshake* side) {
    std::vector<SendMessage> sent;
    while (auto action = side->NextAction()) {
      if (auto* message = std::get_if<SendMessage>(&*action)) sent.push_back(std::move(*message));
      if (const auto* outcome = std::get_if<ClientAuthenticated>(&*action)) {
        outcomes_.push_back(outcome->declined);
        EXPECT_EQ(outcome->identity == nullptr, outcome->declined);
        EXPECT_TRUE(outcome->identity == nullptr || !outcome->identity->chain.empty());
      }
    }
    return sent;
  }
  Status Deliver(std::vector<SendMessage> messages, PostHandshake* to) {
    for (const SendMessage& message : messages) {
      const Status status = to->HandleMessage(message.type, message.body, message.epoch);
      if (!status.ok()) return status;
    }
    return Status::Ok();
  }
  // Ask brings a request to the client.
  void Ask() {
    ASSERT_TRUE(server_->RequestClientCertificate());
    ASSERT_TRUE(Deliver(Sent(&*server_), &*client_).ok());
  }
  // Sign has the client sign with its own key.
  void Sign() {
    ASSERT_EQ(client_->wait(), HandshakeWait::kSignature);
    const SignatureRequest& request = client_->auth()->signature_request();
    ASSERT_TRUE(client_->ProvideSignature(identity_.Sign(request.scheme, request.input)).ok());
  }
  // Answer is the client's whole answer to one request.
  std::vector<SendMessage> Answer() {
    Ask();
    Sign();
    return Sent(&*client_);
  }

  const TestIdentity& identity_ = TestIdentity::Get(TestKeyKind::kEcdsaP256);
  HandshakeConfig client_config_ = TestConfig();
  HandshakeConfig server_config_ = TestConfig();
  std::optional<PostHandshake> client_;
  std::optional<PostHandshake> server_;
  std::vector<bool> outcomes_;  // declined
};

//= rfc8446#section-4.6.2
//= type=test
//# The client MUST respond with the appropriate Authentication messages
//# (see Section 4.4).
//= rfc8446#section-4.6.2
//= type=test
//# If the client chooses to authenticate, it MUST send Certificate,
//# CertificateVerify, and Finished.
//= rfc8446#section-4.6.2
//= type=test
//# a server MAY request client authentication at any time after the
//# handshake has completed by sending a CertificateRequest message.
TEST_F(PostHandshakeAuthTest, AClientProvesItself) {
  Connect();
  const std::vector<SendMessage> answer = Answer();
  ASSERT_EQ(answer.size(), 3u);
  EXPECT_EQ(answer[0].type, HandshakeType::kCertificate);
  EXPECT_EQ(answer[1].type, HandshakeType::kCertificateVerify);
  EXPECT_EQ(answer[2].type, HandshakeType::kFinished);
  ASSERT_TRUE(Deliver(answer, &*server_).ok());
  ASSERT_EQ(server_->wait(), HandshakeWait::kVerification);
  EXPECT_EQ(server_->auth()->peer_identity().chain, identity_.credential()->chain);
  EXPECT_TRUE(Sent(&*server_).empty() && outcomes_.empty());
  ASSERT_TRUE(server_->ProvideVerification(true, AlertDescription::kCloseNotify).ok());
  EXPECT_TRUE(Sent(&*server_).empty());
  EXPECT_EQ(outcomes_, std::vector{false});
  EXPECT_EQ(server_->wait(), HandshakeWait::kMessage);
  EXPECT_EQ(server_->auth()->peer_identity().chain, identity_.credential()->chain);
}

//= rfc8446#section-4.6.2
//= type=test
//# If it declines, it MUST send a Certificate message
//# containing no certificates followed by Finished.
TEST_F(PostHandshakeAuthTest, AClientDeclines) {
  client_config_.ask_credential = true;
  Connect();
  Ask();
  ASSERT_EQ(client_->wait(), HandshakeWait::kCredential);
  EXPECT_EQ(client_->auth()->certificate_request().signature_schemes,
            UsableSchemes(server_config_));
  ASSERT_TRUE(client_->ProvideCredential(nullptr).ok());
  const std::vector<SendMessage> answer = Sent(&*client_);
  ASSERT_EQ(answer.size(), 2u);
  EXPECT_TRUE(ParseCertificate(answer[0].body)->entries.empty());
  ASSERT_TRUE(Deliver(answer, &*server_).ok());
  EXPECT_TRUE(Sent(&*server_).empty());
  EXPECT_EQ(outcomes_, std::vector{true});
}

//= rfc8446#section-4.6.2
//= type=test
//# A client that receives a CertificateRequest message without having
//# sent the "post_handshake_auth" extension MUST send an
//# "unexpected_message" fatal alert.
//= rfc8446#section-4.2.6
//= type=test
//# Servers MUST NOT send a post-handshake CertificateRequest to clients
//# which do not offer this extension.
TEST_F(PostHandshakeAuthTest, OnlyWhereItWasOffered) {
  Connect(/*offers=*/false);
  EXPECT_FALSE(server_->RequestClientCertificate());
  ExpectFatal(
      client_->HandleMessage(HandshakeType::kCertificateRequest,
                             Bytes{1, 9, 0, 8, 0, 13, 0, 4, 0, 2, 4, 3}, kFirstApplicationEpoch),
      AlertDescription::kUnexpectedMessage);
  Connect(/*offers=*/true, /*allows=*/false);
  EXPECT_FALSE(server_->RequestClientCertificate());
  EXPECT_FALSE(client_->RequestClientCertificate());
}

//= rfc9147#section-5.8.4
//= type=test
//# Likewise, a server MAY send multiple CertificateRequest messages at once
//# without having completed earlier client authentication requests before.
//= rfc8446#section-4.3.2
//= type=test
//# When requesting post-handshake authentication, the server SHOULD make
//# the context unpredictable to the client (e.g., by randomly generating
//# it) in order to prevent an attacker who has temporary access to the
//# client's private key from pre-computing valid CertificateVerify
//# messages.
//= rfc8446#section-4.6.2
//= type=test
//# In addition, clients which receive multiple CertificateRequests in
//# close succession MAY respond to them in a different order than they
//# were received (the certificate_request_context value allows the server
//# to disambiguate the responses).
TEST_F(PostHandshakeAuthTest, SeveralRequestsAreBoundedAndDistinct) {
  Connect();
  std::vector<SendMessage> requests;
  for (size_t i = 0; i < PostHandshakeAuth::kMaxRequests; ++i) {
    ASSERT_TRUE(server_->RequestClientCertificate());
    for (SendMessage& message : Sent(&*server_)) requests.push_back(std::move(message));
  }
  EXPECT_FALSE(server_->RequestClientCertificate());
  EXPECT_NE(requests[0].body, requests[1].body);
  ASSERT_TRUE(Deliver(requests, &*client_).ok());
  for (size_t i = 0; i < requests.size(); ++i) Sign();
  const std::vector<SendMessage> answers = Sent(&*client_);
  ASSERT_EQ(answers.size(), 3 * requests.size());
  // They may come in another order than they were asked in.
  for (size_t i = requests.size(); i-- > 0;) {
    ASSERT_TRUE(Deliver({answers[3 * i], answers[3 * i + 1], answers[3 * i + 2]}, &*server_).ok());
  }
  for (size_t i = 0; i < requests.size(); ++i) {
    EXPECT_FALSE(server_->RequestClientCertificate());
    ASSERT_TRUE(server_->ProvideVerification(true, AlertDescription::kCloseNotify).ok());
    EXPECT_TRUE(server_->RequestClientCertificate());  // one place is free again
  }
  (void)Sent(&*server_);
  EXPECT_EQ(outcomes_.size(), requests.size());
  EXPECT_EQ(server_->wait(), HandshakeWait::kMessage);

  // One more than the bound, at a client that has answered none.
  Connect();
  for (size_t i = 0; i < PostHandshakeAuth::kMaxRequests; ++i) Ask();
  Bytes another = requests[0].body;
  another[1] ^= 1;
  ExpectFatal(
      client_->HandleMessage(HandshakeType::kCertificateRequest, another, kFirstApplicationEpoch),
      AlertDescription::kUnexpectedMessage);
}

TEST_F(PostHandshakeAuthTest, AServerThatCanTakeNoSignatureDoesNotAsk) {
  server_config_.signature_schemes = {SignatureScheme::kRsaPkcs1Sha256};
  Connect();
  EXPECT_FALSE(server_->RequestClientCertificate());
  EXPECT_TRUE(Sent(&*server_).empty());
}

// The Finished is made with the keys that the answer leaves under.
//= rfc8446#section-4.6.2
//= type=test
//# Note: Because client authentication could involve prompting the user,
//# servers MUST be prepared for some delay, including receiving an
//# arbitrary number of other messages between sending the
//# CertificateRequest and receiving a response.
TEST_F(PostHandshakeAuthTest, AnAnswerWaitsForTheAckOfAKeyUpdate) {
  Connect();
  Ask();
  client_->RequestKeyUpdate(/*request_peer=*/false);
  std::vector<SendMessage> sent = Sent(&*client_);
  ASSERT_EQ(sent.size(), 1u);
  ASSERT_TRUE(Deliver(sent, &*server_).ok());
  Sign();
  EXPECT_TRUE(Sent(&*client_).empty());
  ASSERT_TRUE(client_->OnAcked(HandshakeType::kKeyUpdate).ok());
  sent = Sent(&*client_);
  ASSERT_EQ(sent.size(), 3u);
  EXPECT_EQ(sent[0].epoch, Epoch{4});
  ASSERT_TRUE(Deliver(sent, &*server_).ok());
  EXPECT_EQ(server_->wait(), HandshakeWait::kVerification);
}

TEST_F(PostHandshakeAuthTest, TheVerifiersAlertIsSent) {
  Connect();
  ASSERT_TRUE(Deliver(Answer(), &*server_).ok());
  ExpectFatal(server_->ProvideVerification(false, AlertDescription::kUnknownCa),
              AlertDescription::kUnknownCa);
  EXPECT_TRUE(Sent(&*server_).empty() && outcomes_.empty());
}

// --- what is refused

//= rfc8446#section-4.6.2
//= type=test
//# All of the client's
//# messages for a given response MUST appear consecutively on the wire
//# with no intervening messages of other types.
TEST_F(PostHandshakeAuthTest, NothingComesBetween) {
  for (const size_t num_before : {size_t{1}, size_t{2}}) {
    Connect();
    std::vector<SendMessage> answer = Answer();
    answer.resize(num_before);
    ASSERT_TRUE(Deliver(answer, &*server_).ok());
    ExpectFatal(server_->HandleMessage(HandshakeType::kKeyUpdate, Bytes{0}, kFirstApplicationEpoch),
                AlertDescription::kUnexpectedMessage);
  }
}

TEST_F(PostHandshakeAuthTest, WhatNobodyAskedForIsUnexpected) {
  for (const HandshakeType type :
       {HandshakeType::kCertificate, HandshakeType::kCompressedCertificate,
        HandshakeType::kCertificateVerify, HandshakeType::kFinished,
        HandshakeType::kCertificateRequest}) {
    Connect();
    ExpectFatal(server_->HandleMessage(type, Bytes{0, 0, 0, 0}, kFirstApplicationEpoch),
                AlertDescription::kUnexpectedMessage);
    if (type == HandshakeType::kCertificateRequest) continue;
    ExpectFatal(client_->HandleMessage(type, Bytes{0, 0, 0, 0}, kFirstApplicationEpoch),
                AlertDescription::kUnexpectedMessage);
  }
  // The answer of before, once more.
  Connect();
  const std::vector<SendMessage> answer = Answer();
  ASSERT_TRUE(Deliver(answer, &*server_).ok());
  ASSERT_TRUE(server_->ProvideVerification(true, AlertDescription::kCloseNotify).ok());
  ExpectFatal(Deliver(answer, &*server_), AlertDescription::kUnexpectedMessage);
  // And to another request.
  Connect();
  const std::vector<SendMessage> first = Answer();
  ASSERT_TRUE(Deliver(first, &*server_).ok());
  Ask();
  ExpectFatal(Deliver(first, &*server_), AlertDescription::kIllegalParameter);
}

TEST_F(PostHandshakeAuthTest, BadAnswers) {
  const auto run = [&](size_t index, const std::function<void(Bytes*)>& change) {
    Connect();
    std::vector<SendMessage> answer = Answer();
    change(&answer[index].body);
    return Deliver(answer, &*server_);
  };
  ExpectFatal(run(0, [](Bytes* body) { body->pop_back(); }), AlertDescription::kDecodeError);
  ExpectFatal(run(0, [](Bytes* body) { (*body)[1] ^= 1; }), AlertDescription::kIllegalParameter);
  ExpectFatal(run(1, [](Bytes* body) { body->back() ^= 1; }), AlertDescription::kDecryptError);
  ExpectFatal(run(1, [](Bytes* body) { (*body)[1] ^= 1; }), AlertDescription::kIllegalParameter);
  ExpectFatal(run(2, [](Bytes* body) { body->back() ^= 1; }), AlertDescription::kDecryptError);
  ExpectFatal(run(2, [](Bytes* body) { body->push_back(0); }), AlertDescription::kDecodeError);
}

TEST_F(PostHandshakeAuthTest, BadRequests) {
  const auto run = [&](const Bytes& body) {
    Connect();
    return client_->HandleMessage(HandshakeType::kCertificateRequest, body, kFirstApplicationEpoch);
  };
  EXPECT_TRUE(run({1, 9, 0, 8, 0, 13, 0, 4, 0, 2, 4, 3}).ok());
  ExpectFatal(run({1, 9, 0, 8, 0, 13, 0, 4, 0, 2, 4, 3, 0}), AlertDescription::kDecodeError);
  ExpectFatal(run({}), AlertDescription::kDecodeError);
  ExpectFatal(run({1, 9, 0, 0}), AlertDescription::kMissingExtension);
  //= rfc8446#section-4.3.2
  //= type=test
  //# The certificate_request_context MUST be
  //# unique within the scope of this connection (thus preventing replay
  //# of client CertificateVerify messages).
  const Bytes request = {1, 9, 0, 8, 0, 13, 0, 4, 0, 2, 4, 3};
  ASSERT_TRUE(run(request).ok());
  ExpectFatal(
      client_->HandleMessage(HandshakeType::kCertificateRequest, request, kFirstApplicationEpoch),
      AlertDescription::kIllegalParameter);
}

}  // namespace
}  // namespace dtls13
