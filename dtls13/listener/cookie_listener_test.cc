// SPDX-License-Identifier: Apache-2.0
#include "dtls13/listener/cookie_listener.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dtls13/association.h"
#include "dtls13/message/client_hello.h"
#include "dtls13/message/received_hello.h"
#include "dtls13/wire/bytes_test_util.h"
#include "dtls13/wire/handshake_header.h"
#include "dtls13/wire/plaintext_handshake.h"
#include "dtls13/wire/record_header.h"
#include "tests/sim/association_pair.h"

namespace dtls13 {
namespace {

constexpr WallTime kNow{std::chrono::seconds(1'700'000'000)};

class CookieListenerTest : public testing::Test {
 protected:
  CookieListenerTest() {
    sim::PairOptions options = sim::DefaultPairOptions();
    options.server.handshake.server.require_cookie = true;
    options.server.handshake.credential =
        sim::TestIdentity::Get(sim::KeyType::kEcdsaP256).credential();
    client_config_ = std::make_shared<AssociationConfig>(options.client);
    server_config_ = std::make_shared<AssociationConfig>(options.server);
    listener_ = std::make_unique<CookieListener>(HandshakeConfigOf(server_config_));
    client_ = Association::NewClient(client_config_, ClientParameters());
  }

  std::vector<uint8_t> FromClient() {
    std::vector<uint8_t> datagram(2048);
    datagram.resize(client_->PollTransmit(datagram, Instant()));
    return datagram;
  }

  // Null for what is no ClientHello in one record.
  static std::unique_ptr<ReceivedHello> Read(std::span<const uint8_t> datagram) {
    const auto hello = FindWholeClientHello(datagram);
    if (!hello) return nullptr;
    const std::span<const uint8_t> body = hello->fragment.body;
    return std::make_unique<ReceivedHello>(std::vector<uint8_t>(body.begin(), body.end()),
                                           hello->fragment.header.message_seq,
                                           hello->record_number);
  }

  ListenInspection Inspect(std::span<const uint8_t> datagram, const std::vector<uint8_t>& address,
                           WallTime now) {
    const auto hello = Read(datagram);
    return hello != nullptr ? listener_->Inspect(*hello, address, now) : ListenInspection();
  }

  std::vector<uint8_t> Retry(std::span<const uint8_t> datagram, std::string_view cookie) {
    const auto hello = Read(datagram);
    if (hello == nullptr) return {};
    std::vector<uint8_t> retry;
    const std::vector<uint8_t> address = ToBytes("address");
    const std::vector<uint8_t> own = ToBytes(cookie);
    const RetryAddressee to = {.peer_address = address, .application_cookie = own};
    return listener_->WriteRetry(*hello, to, kNow, &retry).ok() ? retry : std::vector<uint8_t>();
  }

  std::shared_ptr<const AssociationConfig> client_config_;
  std::shared_ptr<const AssociationConfig> server_config_;
  std::unique_ptr<CookieListener> listener_;
  std::unique_ptr<Association> client_;
};

//= rfc9147#section-11
//= type=test
//# *  The cookie MUST depend on the client's address.
TEST_F(CookieListenerTest, AcceptsTheSecondHelloFromTheSameAddressOnly) {
  const std::vector<uint8_t> first = FromClient();
  EXPECT_EQ(Inspect(first, ToBytes("address"), kNow).verdict, ListenVerdict::kNeedsRetry);
  std::vector<uint8_t> retry = Retry(first, "the application's");
  ASSERT_FALSE(retry.empty());
  // What an unproved address gets is no multiple of what it sent.
  EXPECT_LT(retry.size(), 3 * first.size());
  client_->HandleDatagram(retry, Instant());
  const std::vector<uint8_t> second = FromClient();
  ASSERT_FALSE(second.empty());

  const ListenInspection accepted = Inspect(second, ToBytes("address"), kNow);
  EXPECT_EQ(accepted.verdict, ListenVerdict::kAccept);
  EXPECT_EQ(accepted.application_cookie, ToBytes("the application's"));
  //= rfc9147#section-5.1
  //= type=test
  //# If a server receives a ClientHello with an invalid cookie, it MUST
  //# terminate the handshake with an "illegal_parameter" alert.
  EXPECT_EQ(Inspect(second, ToBytes("elsewhere"), kNow).verdict, ListenVerdict::kBadCookie);
  EXPECT_EQ(Inspect(second, ToBytes("address"), kNow + std::chrono::hours(25)).verdict,
            ListenVerdict::kBadCookie);
}

TEST_F(CookieListenerTest, AnAssociationGoesOnFromTheSecondHello) {
  std::vector<uint8_t> retry = Retry(FromClient(), "");
  client_->HandleDatagram(retry, Instant());
  std::vector<uint8_t> second = FromClient();
  ServerParameters parameters;
  parameters.peer_address = ToBytes("address");
  parameters.now = kNow;
  auto server = Association::NewServer(server_config_, std::move(parameters));
  server->HandleDatagram(second, Instant());
  std::optional<Event> event = server->PollEvent();
  ASSERT_TRUE(event);
  EXPECT_EQ(event->type, EventType::kSignatureWanted);
}

//= rfc9147#section-5.1
//= type=test
//# A server SHOULD limit the amount of data it sends toward a client
//# address to three times the amount of data sent by the client before it
//# verifies that the client is able to receive data at that address.
TEST_F(CookieListenerTest, NeverAnswersWithMoreThanThreeTimesTheHello) {
  // The smallest hello there is: one suite, one group, no share.
  ClientHelloFields fields;
  fields.random.assign(kRandomLen, 1);
  fields.cipher_suites = {CipherSuiteId::kAes128GcmSha256};
  fields.groups = {NamedGroup::kX25519};
  fields.signature_schemes = {SignatureScheme::kEd25519};
  std::vector<ExtensionType> offered;
  const std::vector<uint8_t> message =
      WholeMessage(HandshakeType::kClientHello, 0, SerializeClientHello(fields, &offered));
  std::vector<uint8_t> hello(kPlaintextHeaderLen + message.size());
  ASSERT_EQ(WritePlaintextRecord(ContentType::kHandshake, {}, message, hello), hello.size());
  ASSERT_EQ(Inspect(hello, ToBytes("address"), kNow).verdict, ListenVerdict::kNeedsRetry);
  size_t longest = 0;
  for (size_t cookie_len = 0; cookie_len <= 255; ++cookie_len) {
    const auto retry = Retry(hello, std::string(cookie_len, 'x'));
    EXPECT_LE(retry.size(), 3 * hello.size());
    longest = std::max(longest, retry.size());
  }
  EXPECT_GT(longest, 2 * hello.size());
  EXPECT_TRUE(Retry(hello, std::string(255, 'x')).empty());
}

TEST_F(CookieListenerTest, EveryRepeatedHelloGetsAnAnswerOfItsOwnNumber) {
  std::vector<uint8_t> hello = FromClient();
  const std::vector<uint8_t> first = Retry(hello, "");
  hello[10] = 7;  // the low byte of the record number, as a retransmission would have it
  std::vector<uint8_t> second = Retry(hello, "");
  ASSERT_EQ(first.size(), second.size());
  const auto record = ParsePlaintextRecord(second);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->header.sequence_number.value, 7u);
}

TEST_F(CookieListenerTest, WhatIsNoWholeClientHelloIsIgnored) {
  const std::vector<uint8_t> hello = FromClient();
  for (size_t len = 0; len < hello.size(); ++len) {
    EXPECT_EQ(Inspect(std::span(hello).first(len), ToBytes("address"), kNow).verdict,
              ListenVerdict::kIgnore)
        << len;
  }
  EXPECT_EQ(Retry(std::vector<uint8_t>(100, 22), ""), ToBytes(""));
}

//= rfc8446#section-4.2.1
//= type=test
//# If this extension is not present, servers which are compliant with
//# this specification and which also support TLS 1.2 MUST negotiate TLS
//# 1.2 or prior as specified in [RFC5246], even if
//# ClientHello.legacy_version is 0x0304 or later.
//= rfc8446#appendix-D.2
//= type=test
//# If the "supported_versions" extension is not present, the server MUST
//# negotiate the minimum of ClientHello.legacy_version and TLS 1.2.
TEST_F(CookieListenerTest, AHelloWithoutDtls13IsToldApart) {
  std::vector<uint8_t> hello = FromClient();
  // supported_versions is the list 02 fe fc; without it the hello speaks for DTLS 1.2 alone.
  const std::array<uint8_t, 3> versions = {2, 0xfe, 0xfc};
  const auto at = std::search(hello.begin(), hello.end(), versions.begin(), versions.end());
  ASSERT_NE(at, hello.end());
  at[2] = 0xfd;
  EXPECT_EQ(Inspect(hello, ToBytes("address"), kNow).verdict, ListenVerdict::kNotDtls13);
}

}  // namespace
}  // namespace dtls13
