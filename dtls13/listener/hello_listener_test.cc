// SPDX-License-Identifier: Apache-2.0
#include "dtls13/listener/hello_listener.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dtls13/association.h"
#include "dtls13/wire/alert.h"
#include "dtls13/wire/bytes_test_util.h"
#include "dtls13/wire/plaintext_handshake.h"
#include "dtls13/wire/record_header.h"
#include "tests/sim/association_pair.h"

namespace dtls13 {
namespace {

constexpr WallTime kNow{std::chrono::seconds(1'700'000'000)};
const Bytes kAddress = {1, 2, 3};
const Bytes kOtherAddress = {4, 5, 6};

// AlertOf is the alert that a refusal is, and the number of its record; nothing for other answers.
std::optional<std::pair<AlertDescription, uint64_t>> AlertOf(const HelloReport& report) {
  Bytes answer = report.answer;
  const auto record = ParsePlaintextRecord(answer);
  if (report.verdict != HelloVerdict::kRefuse || !record ||
      record->header.type != ContentType::kAlert || record->record_len != answer.size()) {
    return std::nullopt;
  }
  const auto alert = ParseAlert(record->fragment);
  if (!alert || alert->level != AlertLevel::kFatal) return std::nullopt;
  return std::pair(alert->description, record->header.sequence_number.value);
}

class HelloListenerTest : public testing::Test {
 protected:
  HelloListenerTest() : HelloListenerTest(sim::DefaultPairOptions().client.mtu) {}
  explicit HelloListenerTest(size_t client_mtu) {
    sim::PairOptions options = sim::DefaultPairOptions();
    options.server.handshake.server.require_cookie = true;
    options.server.handshake.credential =
        sim::TestIdentity::Get(sim::KeyType::kEcdsaP256).credential();
    options.client.mtu = client_mtu;
    server_config_ = std::make_shared<AssociationConfig>(options.server);
    client_ = Association::NewClient(std::make_shared<AssociationConfig>(options.client),
                                     {.server_name = std::string(200, 'a')});
    Listen({});
  }

  void Listen(HelloListenerOptions options) {
    listener_ = std::make_unique<HelloListener>(HandshakeConfigOf(server_config_), options);
  }

  std::vector<Bytes> FromClient() {
    std::vector<Bytes> datagrams;
    for (;;) {
      Bytes datagram(2048);
      datagram.resize(client_->PollTransmit(datagram, Instant()));
      if (datagram.empty()) return datagrams;
      datagrams.push_back(std::move(datagram));
    }
  }

  HelloReport Handle(Bytes& datagram, const Bytes& address = kAddress, WallTime now = kNow) {
    return listener_->Handle(datagram, address, now);
  }

  // SecondFlight brings the client to its second ClientHello.
  std::vector<Bytes> SecondFlight() {
    HelloReport report;
    for (Bytes& datagram : FromClient()) report = Handle(datagram);
    EXPECT_EQ(report.verdict, HelloVerdict::kRetry);
    client_->HandleDatagram(report.answer, Instant());
    return FromClient();
  }

  // FirstEventOf is what an association makes of a ClientHello that was accepted.
  std::optional<Event> FirstEventOf(const HelloReport& report) {
    server_ = Association::NewServer(server_config_, {.peer_address = kAddress, .now = kNow});
    server_->HandleClientHello(report.hello, report.rest, Instant());
    return server_->PollEvent();
  }

  std::shared_ptr<AssociationConfig> server_config_;
  std::unique_ptr<HelloListener> listener_;
  std::unique_ptr<Association> client_;
  std::unique_ptr<Association> server_;
};

TEST_F(HelloListenerTest, AcceptsASecondHelloThatAnAssociationGoesOnFrom) {
  std::vector<Bytes> second = SecondFlight();
  ASSERT_EQ(second.size(), 1u);
  const HelloReport report = Handle(second[0]);
  ASSERT_EQ(report.verdict, HelloVerdict::kAccept);
  EXPECT_TRUE(report.hello->status().ok());
  EXPECT_EQ(report.hello->message_seq(), 1);
  EXPECT_EQ(report.hello->record_number().value, 1u);
  EXPECT_EQ((*report.hello)->server_name, std::string(200, 'a'));
  EXPECT_TRUE(report.application_cookie.empty());
  EXPECT_TRUE(report.rest.empty());
  const std::optional<Event> event = FirstEventOf(report);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->type, EventType::kSignatureWanted);
  // The association has answered; another hello is not its first.
  Bytes repeated = second[0];
  const HelloReport again = Handle(repeated);
  server_->HandleClientHello(again.hello, again.rest, Instant());
  EXPECT_FALSE(server_->PollEvent());
}

TEST_F(HelloListenerTest, AnAcceptedHelloMayBeOverTheAssociationsBound) {
  std::vector<Bytes> second = SecondFlight();
  server_config_->handshake.max_message_len = 100;
  const std::optional<Event> event = FirstEventOf(Handle(second[0]));
  ASSERT_TRUE(event);
  EXPECT_EQ(event->status.reason(), Reason::kExcessiveMessageSize);
}

class HelloInPiecesTest : public HelloListenerTest {
 protected:
  HelloInPiecesTest() : HelloListenerTest(kMinMtu) {}
};

// F23
TEST_F(HelloInPiecesTest, BothHellosAreAnsweredOnceTheyAreWhole) {
  std::vector<Bytes> first = FromClient();
  ASSERT_GE(first.size(), 2u);
  for (size_t i = 0; i + 1 < first.size(); ++i) {
    EXPECT_EQ(Handle(first[i]).verdict, HelloVerdict::kIgnore);
  }
  HelloReport retry = Handle(first.back());
  ASSERT_EQ(retry.verdict, HelloVerdict::kRetry);
  client_->HandleDatagram(retry.answer, Instant());
  std::vector<Bytes> second = FromClient();
  ASSERT_GE(second.size(), 2u);
  std::reverse(second.begin(), second.end());
  for (size_t i = 0; i + 1 < second.size(); ++i) {
    EXPECT_EQ(Handle(second[i]).verdict, HelloVerdict::kIgnore);
  }
  const HelloReport report = Handle(second.back());
  ASSERT_EQ(report.verdict, HelloVerdict::kAccept);
  EXPECT_EQ(report.hello->message_seq(), 1);
  EXPECT_TRUE(report.rest.empty());
  const std::optional<Event> event = FirstEventOf(report);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->type, EventType::kSignatureWanted);
}

TEST_F(HelloInPiecesTest, ABadCookieInTheFirstPieceIsRefusedAtOnce) {
  std::vector<Bytes> second = SecondFlight();
  const auto first_record = ParsePlaintextRecord(second[0]);
  ASSERT_TRUE(first_record);
  const auto alert = AlertOf(Handle(second[0], kOtherAddress));
  ASSERT_TRUE(alert);
  EXPECT_EQ(alert->first, AlertDescription::kIllegalParameter);
  EXPECT_EQ(alert->second, first_record->header.sequence_number.value);
}

TEST_F(HelloInPiecesTest, PiecesOutliveAChangeOfOptions) {
  std::vector<Bytes> first = FromClient();
  for (size_t i = 0; i + 1 < first.size(); ++i) {
    EXPECT_EQ(Handle(first[i]).verdict, HelloVerdict::kIgnore);
  }
  listener_->Reconfigure(HandshakeConfigOf(server_config_),
                         {.cookie = HelloCookie::kNone, .max_hellos = 1});
  EXPECT_EQ(Handle(first.back()).verdict, HelloVerdict::kAccept);
}

TEST_F(HelloInPiecesTest, FewerHellosMakeRoom) {
  std::vector<Bytes> first = FromClient();
  for (size_t i = 0; i + 1 < first.size(); ++i) {
    Handle(first[i], kAddress);
    Handle(first[i], kOtherAddress);
  }
  listener_->Reconfigure(HandshakeConfigOf(server_config_), {.max_hellos = 1});
  EXPECT_EQ(Handle(first.back(), kOtherAddress).verdict, HelloVerdict::kRetry);
  EXPECT_EQ(Handle(first.back(), kAddress).verdict, HelloVerdict::kIgnore);
}

TEST_F(HelloListenerTest, RefusesABadCookie) {
  std::vector<Bytes> second = SecondFlight();
  const auto other_address = AlertOf(Handle(second[0], kOtherAddress));
  ASSERT_TRUE(other_address);
  EXPECT_EQ(other_address->first, AlertDescription::kIllegalParameter);
  EXPECT_EQ(other_address->second, 1u);
  const auto late = AlertOf(Handle(second[0], kAddress, kNow + std::chrono::hours(25)));
  ASSERT_TRUE(late);
  EXPECT_EQ(late->first, AlertDescription::kIllegalParameter);
  // Nor is a bad one better than none where none is needed.
  Listen({.cookie = HelloCookie::kNone});
  EXPECT_TRUE(AlertOf(Handle(second[0], kOtherAddress)));
}

TEST_F(HelloListenerTest, RefusesAHelloThatNoHandshakeComesOf) {
  server_config_->handshake.groups = {static_cast<NamedGroup>(0x0100)};  // ffdhe2048
  std::vector<Bytes> first = FromClient();
  const auto alert = AlertOf(Handle(first[0]));
  ASSERT_TRUE(alert);
  EXPECT_EQ(alert->first, AlertDescription::kHandshakeFailure);
}

TEST_F(HelloListenerTest, WithoutCookiesTheFirstHelloIsAccepted) {
  Listen({.cookie = HelloCookie::kNone});
  std::vector<Bytes> first = FromClient();
  const HelloReport report = Handle(first[0]);
  ASSERT_EQ(report.verdict, HelloVerdict::kAccept);
  EXPECT_EQ(report.hello->message_seq(), 0);
}

// An association has the alert for it.
TEST_F(HelloListenerTest, AMalformedHelloIsAcceptedOnlyWhereNoCookieIsNeeded) {
  Bytes hello = FromClient()[0];
  hello.back() ^= 0xff;  // the last length of the last extension
  hello[kPlaintextHeaderLen + kHandshakeHeaderLen + 2 + kRandomLen] = 33;  // session id
  EXPECT_EQ(Handle(hello).verdict, HelloVerdict::kIgnore);
  Listen({.cookie = HelloCookie::kNone});
  const HelloReport report = Handle(hello);
  ASSERT_EQ(report.verdict, HelloVerdict::kAccept);
  EXPECT_FALSE(report.hello->is_well_formed());
  const std::optional<Event> event = FirstEventOf(report);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->type, EventType::kFailed);
  EXPECT_EQ(event->status.alert(), AlertDescription::kDecodeError);
}

TEST_F(HelloListenerTest, AsksForTheApplicationsCookieAndGivesItBack) {
  Listen({.cookie = HelloCookie::kApplications});
  std::vector<Bytes> first = FromClient();
  const HelloReport wanted = Handle(first[0]);
  ASSERT_EQ(wanted.verdict, HelloVerdict::kCookieWanted);
  HelloReport retry = listener_->Retry(*wanted.hello, kAddress, ToBytes("theirs"), kNow);
  ASSERT_EQ(retry.verdict, HelloVerdict::kRetry);
  client_->HandleDatagram(retry.answer, Instant());
  std::vector<Bytes> second = FromClient();
  const HelloReport report = Handle(second[0]);
  ASSERT_EQ(report.verdict, HelloVerdict::kAccept);
  EXPECT_EQ(report.application_cookie, ToBytes("theirs"));
  const auto alert =
      AlertOf(HelloListener::Refuse(*report.hello, AlertDescription::kIllegalParameter));
  ASSERT_TRUE(alert);
  EXPECT_EQ(alert->second, 1u);
}

// Makes the client's hello speak for DTLS 1.2 alone: supported_versions is the list 02 fe fc.
void OfferDtls12(Bytes* hello) {
  const Bytes versions = {2, 0xfe, 0xfc};
  const auto at = std::search(hello->begin(), hello->end(), versions.begin(), versions.end());
  ASSERT_NE(at, hello->end());
  at[2] = 0xfd;
}

TEST_F(HelloListenerTest, AHelloWithoutDtls13IsRefusedOrToldApart) {
  Bytes hello = FromClient()[0];
  OfferDtls12(&hello);
  const auto alert = AlertOf(Handle(hello));
  ASSERT_TRUE(alert);
  EXPECT_EQ(alert->first, AlertDescription::kProtocolVersion);
  Listen({.serves_older = true});
  const HelloReport report = Handle(hello);
  ASSERT_EQ(report.verdict, HelloVerdict::kNotDtls13);
  EXPECT_TRUE(report.hello->is_well_formed());
  EXPECT_FALSE(report.hello->status().ok());
  // RFC 7507: the first of its suites becomes TLS_FALLBACK_SCSV.
  const size_t suites = kPlaintextHeaderLen + kHandshakeHeaderLen + 2 + kRandomLen + 1 + 1 + 2;
  hello[suites] = kFallbackScsv >> 8;
  hello[suites + 1] = kFallbackScsv & 0xff;
  const auto fallback = AlertOf(Handle(hello));
  ASSERT_TRUE(fallback);
  EXPECT_EQ(fallback->first, AlertDescription::kInappropriateFallback);
}

TEST_F(HelloListenerTest, KnowsTheHelloOfAnAssociation) {
  std::vector<Bytes> second = SecondFlight();
  const HelloReport report = Handle(second[0]);
  ASSERT_EQ(report.verdict, HelloVerdict::kAccept);
  std::array<ClientRandom, 2> known = {};
  std::ranges::copy((*report.hello)->random, known[1].begin());
  const HelloReport repeated = listener_->Handle(second[0], kAddress, kNow, known);
  EXPECT_EQ(repeated.verdict, HelloVerdict::kRepeated);
  EXPECT_EQ(repeated.repeated_index, 1u);
  known[1][0] ^= 1;
  EXPECT_EQ(listener_->Handle(second[0], kAddress, kNow, known).verdict, HelloVerdict::kAccept);
}

TEST_F(HelloListenerTest, GivesBackWhatLiesBehindTheHello) {
  Listen({.cookie = HelloCookie::kNone});
  Bytes datagram = FromClient()[0];
  const Bytes rest = {0x2f, 1, 2, 3};
  std::ranges::copy(rest, std::back_inserter(datagram));
  const HelloReport report = Handle(datagram);
  ASSERT_EQ(report.verdict, HelloVerdict::kAccept);
  EXPECT_EQ(Bytes(report.rest.begin(), report.rest.end()), rest);
  EXPECT_EQ(report.rest.data(), datagram.data() + datagram.size() - rest.size());
}

// A record of another epoch is nobody's, also where it is as long as the ClientHello's.
TEST_F(HelloListenerTest, TheHelloItselfIsNotBehindTheHello) {
  Listen({.cookie = HelloCookie::kNone});
  const Bytes hello = FromClient()[0];
  Bytes datagram = hello;
  datagram[4] = 1;  // epoch
  std::ranges::copy(hello, std::back_inserter(datagram));
  const HelloReport report = Handle(datagram);
  ASSERT_EQ(report.verdict, HelloVerdict::kAccept);
  EXPECT_TRUE(report.rest.empty());
}

TEST_F(HelloListenerTest, WhatIsNoFirstOrSecondHelloIsIgnored) {
  Listen({.cookie = HelloCookie::kNone});
  Bytes hello = FromClient()[0];
  for (size_t len = 0; len < hello.size(); ++len) {
    Bytes cut(hello.begin(), hello.begin() + static_cast<std::ptrdiff_t>(len));
    EXPECT_EQ(Handle(cut).verdict, HelloVerdict::kIgnore) << len;
  }
  Bytes third = hello;
  third[kPlaintextHeaderLen + 5] = 2;  // message_seq
  EXPECT_EQ(Handle(third).verdict, HelloVerdict::kIgnore);
  Bytes alert = {21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 40};
  EXPECT_EQ(Handle(alert).verdict, HelloVerdict::kIgnore);
  //= rfc8446#section-4.2.2
  //= type=test
  //# Servers operating statelessly MUST ignore these records.
  // Between the two hellos: early data, and a change_cipher_spec.
  Bytes early_data(60, 0x2d);
  EXPECT_EQ(Handle(early_data).verdict, HelloVerdict::kIgnore);
  Bytes change_cipher_spec = {20, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1};
  EXPECT_EQ(Handle(change_cipher_spec).verdict, HelloVerdict::kIgnore);
}

}  // namespace
}  // namespace dtls13
