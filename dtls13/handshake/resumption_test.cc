// SPDX-License-Identifier: Apache-2.0
#include "dtls13/handshake/resumption.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "dtls13/handshake/handshake_test_util.h"
#include "dtls13/message/new_session_ticket.h"
#include "dtls13/session/ticket_keyring.h"
#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

constexpr WallTime kNow{std::chrono::seconds(1'700'000'000)};

WallTime After(int64_t seconds) { return kNow + std::chrono::seconds(seconds); }

class ResumptionTest : public testing::Test {
 protected:
  ResumptionTest() {
    config_ = std::make_shared<HandshakeConfig>(TestConfig());
    config_->server.ticket_keys =
        TicketKeyring::Create(TestAlgorithms(), random_, {.lifetime = std::chrono::seconds(7200)});
    config_->random = random_;
    config_->server.max_early_data_len = 1000;
  }

  Resumption Side(std::optional<WallTime> authenticated_at = std::nullopt) {
    return Resumption(config_, {.suite = FindCipherSuite(CipherSuiteId::kAes256GcmSha384),
                                .resumption_secret = Secret::CopyOf(Bytes(48, 0x77)),
                                .server_name = "server.example",
                                .alpn = {'a'},
                                .peer_certificates = {Bytes(10, 1)},
                                .authenticated_at = authenticated_at});
  }
  std::unique_ptr<Session> Received(const Bytes& body) {
    std::unique_ptr<Session> session;
    EXPECT_TRUE(Side().Receive(body, &session).ok());
    return session;
  }

  const std::shared_ptr<SeededRandom> random_ = std::make_shared<SeededRandom>(1);
  std::shared_ptr<HandshakeConfig> config_;
};

TEST_F(ResumptionTest, WhatWasIssuedLastIsKnown) {
  Resumption server = Side();
  EXPECT_EQ(server.LastIssued(), nullptr);
  for (const int64_t second : {0, 5}) {
    std::unique_ptr<Session> issued;
    const auto received = Received(server.Issue(After(second), &issued));
    ASSERT_NE(received, nullptr);
    ASSERT_NE(issued, nullptr);
    EXPECT_EQ(issued->ticket, received->ticket);
    const auto last = server.LastIssued();
    ASSERT_NE(last, nullptr);
    EXPECT_TRUE(last->ticket.empty());
    for (const Session* session : {issued.get(), last.get()}) {
      EXPECT_TRUE(session->psk.EqualsConstantTime(received->psk.bytes()));
      EXPECT_EQ(session->age_add, received->age_add);
      EXPECT_EQ(session->lifetime_s, received->lifetime_s);
      EXPECT_EQ(session->max_early_data_len, 1000u);
      EXPECT_EQ(session->issued_at, After(second));
    }
  }
  config_->server.max_ticket_lifetime_s = 7;
  EXPECT_EQ(Received(server.Issue(kNow))->lifetime_s, 7u);
  EXPECT_EQ(server.LastIssued()->lifetime_s, 7u);
  // One that cannot be had changes nothing.
  const auto before = server.LastIssued();
  config_->server.ticket_keys = nullptr;
  EXPECT_TRUE(server.Issue(After(10)).empty());
  EXPECT_TRUE(server.LastIssued()->psk.EqualsConstantTime(before->psk.bytes()));
}

//= rfc8446#section-4.2.11
//= type=test
//# Clients, however, SHOULD store the SNI with the PSK to fulfill the
//# requirements of Section 4.6.1.
TEST_F(ResumptionTest, BothSidesHaveOneSession) {
  Resumption server = Side();
  const Bytes body = server.Issue(kNow);
  ASSERT_FALSE(body.empty());
  const auto ours = Received(body);
  ASSERT_NE(ours, nullptr);
  const auto theirs = config_->server.ticket_keys->Open(ours->ticket, kNow);
  ASSERT_TRUE(theirs.has_value());
  EXPECT_EQ(ours->suite, theirs->suite);
  EXPECT_EQ(ours->psk.size(), 48u);
  EXPECT_TRUE(ours->psk.EqualsConstantTime(theirs->psk.bytes()));
  EXPECT_EQ(ours->age_add, theirs->age_add);
  EXPECT_EQ(ours->lifetime_s, 7200u);
  EXPECT_EQ(theirs->lifetime_s, 7200u);
  EXPECT_EQ(ours->max_early_data_len, 1000u);
  EXPECT_EQ(theirs->max_early_data_len, 1000u);
  EXPECT_EQ(theirs->issued_at, kNow);
  EXPECT_EQ(theirs->authenticated_at, kNow);
  EXPECT_EQ(ours->server_name, "server.example");
  EXPECT_EQ(theirs->server_name, "server.example");
  EXPECT_EQ(theirs->alpn, Bytes{'a'});
  EXPECT_EQ(theirs->peer_certificates, std::vector<Bytes>{Bytes(10, 1)});
}

//= rfc8446#section-4.6.1
//= type=test
//# The server MUST generate a fresh value
//# for each ticket it sends.
TEST_F(ResumptionTest, EachTicketIsItsOwn) {
  Resumption server = Side();
  const auto one = Received(server.Issue(kNow));
  const auto two = Received(server.Issue(kNow));
  EXPECT_NE(one->age_add, two->age_add);
  EXPECT_NE(one->ticket, two->ticket);
  EXPECT_FALSE(one->psk.EqualsConstantTime(two->psk.bytes())) << "nonces differ";
}

//= rfc8446#section-4.6.1
//= type=test
//# It is RECOMMENDED that
//# implementations place limits on the total lifetime of such keying
//# material; these limits should take into account the lifetime of the
//# peer's certificate, the likelihood of intervening revocation, and the
//# time since the peer's online CertificateVerify signature.
TEST_F(ResumptionTest, SessionsDoNotRenewOneAnotherForEver) {
  Resumption young = Side(After(-(604800 - 7200)));
  EXPECT_EQ(Received(young.Issue(kNow))->lifetime_s, 7200u);
  EXPECT_EQ(Received(young.Issue(After(200)))->lifetime_s, 7000u);
  EXPECT_FALSE(young.Issue(After(7199)).empty());
  EXPECT_TRUE(young.Issue(After(7200)).empty());
}

TEST(LimitLifetime, LeavesWhatIsLeftSinceTheAuthentication) {
  Session session;
  session.authenticated_at = WallTime(std::chrono::seconds(1000));
  session.lifetime_s = kMaxKeyAge_s;
  EXPECT_TRUE(LimitLifetime(session.authenticated_at + std::chrono::seconds(10), &session));
  EXPECT_EQ(session.lifetime_s, kMaxKeyAge_s - 10);
  session.lifetime_s = 5;
  EXPECT_TRUE(LimitLifetime(session.authenticated_at + std::chrono::seconds(10), &session));
  EXPECT_EQ(session.lifetime_s, 5u);
  EXPECT_FALSE(
      LimitLifetime(session.authenticated_at + std::chrono::seconds(kMaxKeyAge_s), &session));
}

TEST_F(ResumptionTest, NoTicketWithoutWhatItTakes) {
  Resumption server = Side();
  random_->Fail();
  EXPECT_TRUE(server.Issue(kNow).empty());
  config_->server.ticket_keys = nullptr;
  EXPECT_TRUE(Side().Issue(kNow).empty());
}

//= rfc8446#section-4.6.1
//= type=test
//# Clients MUST NOT cache
//# tickets for longer than 7 days, regardless of the ticket_lifetime,
TEST_F(ResumptionTest, LifetimesOfTheServer) {
  const Bytes nonce = {1};
  const Bytes ticket = {2};
  const auto session = [&](uint32_t lifetime_s) {
    return Received(SerializeNewSessionTicket(
        {.lifetime_s = lifetime_s, .age_add = 3, .nonce = nonce, .ticket = ticket}));
  };
  EXPECT_EQ(session(604801)->lifetime_s, 604800u);
  EXPECT_EQ(session(1)->lifetime_s, 1u);
  EXPECT_EQ(session(0), nullptr) << "to be discarded at once";
}

TEST_F(ResumptionTest, AMalformedTicketIsFatal) {
  std::unique_ptr<Session> session;
  const Status status = Side().Receive(Bytes{1, 2, 3}, &session);
  EXPECT_EQ(status.alert(), AlertDescription::kDecodeError);
  EXPECT_EQ(session, nullptr);
}

}  // namespace
}  // namespace dtls13
