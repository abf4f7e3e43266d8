// SPDX-License-Identifier: Apache-2.0
#include "dtls13/handshake/post_handshake.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "dtls13/crypto/traffic_keys.h"
#include "dtls13/message/key_update.h"
#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

class PostHandshakeTest : public testing::Test {
 protected:
  PostHandshakeTest() { Begin(kFirstApplicationEpoch); }

  // Begin makes client_ one that is in `epoch`.
  void Begin(Epoch epoch) {
    auto config = std::make_shared<HandshakeConfig>();
    config->algorithms = Algorithms::Fetch(nullptr, nullptr);
    HandshakeResult result;
    result.suite = suite_;
    HandshakeSecrets secrets;
    secrets.client_application_secret = Secret::CopyOf(Bytes(32, 1));
    secrets.server_application_secret = Secret::CopyOf(Bytes(32, 2));
    config->wire_profile = profile_;
    config_ = config;
    client_.emplace(config, /*is_client=*/true, result, &secrets, epoch, epoch);
    EXPECT_TRUE(secrets.client_application_secret.empty());
  }

  template <typename Action>
  std::optional<Action> Next() {
    std::optional<HandshakeAction> action = client_->NextAction();
    if (!action.has_value() || !std::holds_alternative<Action>(*action)) return std::nullopt;
    return std::move(std::get<Action>(*action));
  }
  Status Handle(HandshakeType type, const Bytes& body, Epoch epoch = kFirstApplicationEpoch) {
    return client_->HandleMessage(type, body, epoch);
  }
  Bytes NextSecret(uint8_t fill) {
    const Secret next = NextTrafficSecret(*config_->algorithms, *suite_,
                                          config_->wire_profile.label_prefix, Bytes(32, fill));
    return {next.bytes().begin(), next.bytes().end()};
  }

  const CipherSuite* suite_ = FindCipherSuite(CipherSuiteId::kAes128GcmSha256);
  WireProfile profile_;
  std::shared_ptr<const HandshakeConfig> config_;
  std::optional<PostHandshake> client_;
};

//= rfc9147#section-8
//= type=test
//# implementations MUST NOT send records with the new
//# keys or send a new KeyUpdate until the previous KeyUpdate has been
//# acknowledged (this avoids having too many epochs in active use).
//= rfc9147#section-5.8.4
//= type=test
//# In contrast, implementations MUST NOT send KeyUpdate, NewConnectionId,
//# or RequestConnectionId messages if an earlier message of the same type
//# has not yet been acknowledged.
//= rfc8446#section-4.6.3
//= type=test
//# Both sender and receiver MUST encrypt their KeyUpdate messages with
//# the old keys.
TEST_F(PostHandshakeTest, NewWriteKeysWaitForTheAck) {
  client_->RequestKeyUpdate(/*request_peer=*/true);
  const auto sent = Next<SendMessage>();
  ASSERT_TRUE(sent.has_value());
  EXPECT_EQ(sent->type, HandshakeType::kKeyUpdate);
  EXPECT_EQ(sent->epoch, kFirstApplicationEpoch);
  EXPECT_EQ(sent->body, Bytes{1});
  EXPECT_TRUE(client_->IsOutstanding(HandshakeType::kKeyUpdate));
  client_->RequestKeyUpdate(false);
  EXPECT_FALSE(client_->NextAction().has_value());

  ASSERT_TRUE(client_->OnAcked(HandshakeType::kKeyUpdate).ok());
  const auto keys = Next<InstallWriteKeys>();
  ASSERT_TRUE(keys.has_value());
  EXPECT_EQ(keys->epoch, Epoch{4});
  const Bytes expected = NextSecret(1);
  EXPECT_TRUE(ConstantTimeEquals(keys->traffic_secret.bytes(), expected));
  client_->RequestKeyUpdate(false);
  EXPECT_EQ(Next<SendMessage>()->epoch, Epoch{4});
}

//= rfc8446#section-4.6.3
//= type=test
//# Upon receiving a KeyUpdate, the receiver MUST update its receiving
//# keys.
//= rfc8446#section-4.6.3
//= type=test
//# the receiver MUST send a KeyUpdate of its own with request_update set
//# to "update_not_requested"
TEST_F(PostHandshakeTest, APeersKeyUpdateInstallsReadKeysAndIsAnsweredWhenAsked) {
  ASSERT_TRUE(Handle(HandshakeType::kKeyUpdate, {0}).ok());
  const auto keys = Next<InstallReadKeys>();
  ASSERT_TRUE(keys.has_value());
  EXPECT_EQ(keys->epoch, Epoch{4});
  const Bytes expected = NextSecret(2);
  EXPECT_TRUE(ConstantTimeEquals(keys->traffic_secret.bytes(), expected));
  EXPECT_FALSE(client_->NextAction().has_value());
  EXPECT_FALSE(client_->answers_update());

  ASSERT_TRUE(Handle(HandshakeType::kKeyUpdate, {1}, Epoch{4}).ok());
  EXPECT_EQ(Next<InstallReadKeys>()->epoch, Epoch{5});
  EXPECT_EQ(Next<SendMessage>()->body, Bytes{0});
  EXPECT_TRUE(client_->answers_update());
  ASSERT_TRUE(client_->OnAcked(HandshakeType::kKeyUpdate).ok());
  EXPECT_FALSE(client_->answers_update());
}

//= rfc9147#section-8
//= type=test
//# If a sending implementation receives a KeyUpdate with request_update set
//# to "update_requested", it MUST NOT send its own KeyUpdate if that would
//# cause it to exceed these limits and SHOULD instead ignore the
//# "update_requested" flag.
//= rfc9147#section-8
//= type=test
//# In order to allow this value to be changed later, receiving
//# implementations MUST NOT enforce this rule.
TEST_F(PostHandshakeTest, ARequestForKeysBeyondTheLastEpochIsIgnored) {
  constexpr Epoch kLastButOne{kMaxWriteEpoch.value - 1};
  for (const Epoch epoch : {kLastButOne, kMaxWriteEpoch}) {
    Begin(epoch);
    ASSERT_TRUE(Handle(HandshakeType::kKeyUpdate, {1}, epoch).ok());
    EXPECT_EQ(Next<InstallReadKeys>()->epoch, epoch.Next()) << "the peer's epochs are its own";
    EXPECT_EQ(Next<SendMessage>().has_value(), epoch == kLastButOne);
    client_->RequestKeyUpdate(/*request_peer=*/false);
    EXPECT_FALSE(client_->NextAction().has_value());
  }
}

//= draft-ietf-tls-dtls13-26#section-6.1
//= type=test
//# If a DTLS implementation would
//# need to wrap the epoch value, it MUST terminate the connection.
TEST_F(PostHandshakeTest, Draft26EpochsHave16Bits) {
  profile_ = kDraft26Profile;
  constexpr Epoch kLast{UINT16_MAX};
  Begin(Epoch{kLast.value - 1});
  ASSERT_TRUE(Handle(HandshakeType::kKeyUpdate, {0}, Epoch{kLast.value - 1}).ok());
  Begin(kLast);
  client_->RequestKeyUpdate(/*request_peer=*/false);
  EXPECT_FALSE(client_->NextAction().has_value());
  const Status status = Handle(HandshakeType::kKeyUpdate, {0}, kLast);
  EXPECT_EQ(status.alert(), AlertDescription::kUnexpectedMessage);
  EXPECT_EQ(status.reason(), Reason::kTooManyKeyUpdates);
}

// F42.
TEST_F(PostHandshakeTest, F42AMessageOfAnEndedEpochIsUnexpected) {
  ASSERT_TRUE(Handle(HandshakeType::kKeyUpdate, {0}).ok());
  const Status status = Handle(HandshakeType::kKeyUpdate, {0});
  EXPECT_EQ(status.alert(), AlertDescription::kUnexpectedMessage);
}

TEST_F(PostHandshakeTest, MalformedKeyUpdates) {
  EXPECT_EQ(Handle(HandshakeType::kKeyUpdate, {2}).alert(), AlertDescription::kIllegalParameter);
  EXPECT_EQ(Handle(HandshakeType::kKeyUpdate, {}).alert(), AlertDescription::kDecodeError);
  EXPECT_EQ(Handle(HandshakeType::kKeyUpdate, {0, 0}).alert(), AlertDescription::kDecodeError);
}

TEST_F(PostHandshakeTest, WhatBelongsToAHandshakeIsUnexpected) {
  for (const HandshakeType type :
       {HandshakeType::kClientHello, HandshakeType::kServerHello, HandshakeType::kCertificate,
        HandshakeType::kFinished, HandshakeType::kEncryptedExtensions}) {
    EXPECT_EQ(Handle(type, {}).alert(), AlertDescription::kUnexpectedMessage);
  }
}

TEST_F(PostHandshakeTest, NothingIsSentOnceSendingHasStopped) {
  client_->StopSending();
  client_->RequestKeyUpdate(true);
  EXPECT_FALSE(client_->NextAction().has_value());
  ASSERT_TRUE(Handle(HandshakeType::kKeyUpdate, {1}).ok());
  EXPECT_TRUE(Next<InstallReadKeys>().has_value());
  EXPECT_FALSE(client_->NextAction().has_value());
}

TEST_F(PostHandshakeTest, AnAckOutOfTurnIsOurMistake) {
  EXPECT_EQ(client_->OnAcked(HandshakeType::kKeyUpdate).alert(), AlertDescription::kInternalError);
}

}  // namespace
}  // namespace dtls13
