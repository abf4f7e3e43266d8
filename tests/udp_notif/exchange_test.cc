// SPDX-License-Identifier: Apache-2.0
// Publishers and a receiver over endpoints, in virtual time.

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "dtls13/association.h"
#include "tests/udp_notif/notif_world.h"
#include "udp_notif/dtls_settings.h"

namespace dtls13::udp_notif {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

using Node = NotifWorld::Node;

class ExchangeTest : public ::testing::Test {
 protected:
  void Publish(Node* node, std::string_view text) {
    EXPECT_EQ(node->publisher->Publish(ToBytes(text)), PublishOutcome::kTaken);
    node->publisher->Flush();
    world_.Flush();
  }
  // The payloads that were received, with a bar behind each.
  std::string Received() const {
    std::string text;
    for (const NotifWorld::Notification& notification : world_.received()) {
      text.append(notification.payload.begin(), notification.payload.end()).append("|");
    }
    return text;
  }
  const HandshakeResult& ReceiverResult() {
    return world_.receiver_endpoint().Use(world_.connected().at(0))->facts().result;
  }
  bool HasEvent(const Node& node, EventType type) const {
    return std::find(node.events.begin(), node.events.end(), type) != node.events.end();
  }

  NotifWorld world_;
};

//= draft-unyte-udp-notif-dtls#section-4.1
//= type=test
//# Implementations MAY support the denial of service countermeasures defined
//# by DTLS 1.3.
//= draft-unyte-udp-notif-dtls#section-4.1
//= type=test
//# The Publisher MUST send a new DTLS ClientHello message containing the
//# received cookie, which initiates the DTLS handshake.
//= draft-ietf-netconf-udp-notif#section-6
//= type=test
//# When this security layer is used, the publisher MUST always be a DTLS
//# client, and the receiver MUST always be a DTLS server.
TEST_F(ExchangeTest, APublisherReturnsTheReceiversCookie) {
  world_.Begin();
  Node& publisher = world_.AddPublisher();
  ASSERT_TRUE(world_.RunUntilConnected());
  const EndpointCounters& counters = world_.receiver_endpoint().counters();
  EXPECT_EQ(counters[InputCount::kRetried], 1u);
  EXPECT_EQ(counters[InputCount::kAccepted], 1u);
  EXPECT_TRUE(ReceiverResult().used_hello_retry_request);
  EXPECT_EQ(publisher.endpoint->counters()[InputCount::kAccepted], 0u);
}

//= draft-unyte-udp-notif-dtls#section-4.1
//= type=test
//# The Publisher MUST NOT send any UDP-notif messages before the DTLS
//# handshake has successfully completed.
//= draft-unyte-udp-notif-dtls#section-4.2
//= type=test
//# All UDP-notif messages MUST be published as DTLS "application_data".
TEST_F(ExchangeTest, MessagesAreApplicationDataOfACompletedHandshake) {
  world_.Begin();
  Node& publisher = world_.AddPublisher();
  world_.Flush();
  const size_t num_sent = publisher.sent.size();
  EXPECT_EQ(publisher.publisher->Publish(ToBytes("early")), PublishOutcome::kNotConnected);
  world_.Flush();
  EXPECT_EQ(publisher.sent.size(), num_sent);
  ASSERT_TRUE(world_.RunUntilConnected());
  Publish(&publisher, "one");
  Publish(&publisher, "two");
  world_.RunFor(seconds(1));
  // The receiver takes nothing but application data for messages.
  EXPECT_EQ(Received(), "one|two|");
  EXPECT_EQ(world_.received()[1].message_id, 2u);
}

//= draft-unyte-udp-notif-dtls#section-4.1
//= type=test
//# Implementations MUST support DTLS 1.3 [I-D.ietf-tls-dtls13] and MUST
//# support the mandatory to implement cipher suite TLS_AES_128_GCM_SHA256 and
//# SHOULD implement TLS_AES_256_GCM_SHA384 and TLS_CHACHA20_POLY1305_SHA256
//# cipher suites, as specified in TLS 1.3 [RFC8446].
TEST_F(ExchangeTest, EachCipherSuiteCarriesMessages) {
  for (const CipherSuiteId suite :
       {CipherSuiteId::kAes128GcmSha256, CipherSuiteId::kAes256GcmSha384,
        CipherSuiteId::kChaCha20Poly1305Sha256}) {
    NotifWorld world;
    world.publisher_config().handshake.cipher_suites = {suite};
    world.Begin();
    Node& publisher = world.AddPublisher();
    ASSERT_TRUE(world.RunUntilConnected());
    const auto& facts = world.receiver_endpoint().Use(world.connected().at(0))->facts();
    EXPECT_EQ(facts.result.suite->id, suite);
    EXPECT_EQ(publisher.publisher->Publish(ToBytes("x")), PublishOutcome::kTaken);
    publisher.publisher->Flush();
    world.RunFor(seconds(1));
    EXPECT_EQ(world.received().size(), 1u);
  }
}

// TLS_SHA256_SHA256 and TLS_SHA384_SHA384 of RFC 9150 authenticate and do not encrypt.
//= draft-unyte-udp-notif-dtls#section-4.1
//= type=test
//# If additional cipher suites are supported, then implementations MUST NOT
//# negotiate a cipher suite that employs NULL integrity or authentication
//# algorithms.
//= draft-unyte-udp-notif-dtls#section-4.1
//= type=test
//# Where privacy is REQUIRED, then implementations must either negotiate a
//# cipher suite that employs a non-NULL encryption algorithm or otherwise
//# achieve privacy by other means, such as a physically secured network.
TEST_F(ExchangeTest, NoCipherSuiteLeavesDataReadableOrUnprotected) {
  const std::vector<CipherSuiteId> null_suites = {CipherSuiteId{0xc0b4}, CipherSuiteId{0xc0b5}};
  for (const bool offers_another : {true, false}) {
    NotifWorld world;
    auto suites = null_suites;
    if (offers_another) suites.push_back(CipherSuiteId::kAes128GcmSha256);
    world.publisher_config().handshake.cipher_suites = suites;
    world.receiver_config().handshake.cipher_suites = suites;
    world.Begin();
    world.AddPublisher();
    EXPECT_EQ(world.RunUntilConnected(), offers_another);
  }
}

TEST_F(ExchangeTest, ALargeMessageArrivesWholeWithItsSegmentsShuffled) {
  world_.Begin();
  Node& publisher = world_.AddPublisher();
  ASSERT_TRUE(world_.RunUntilConnected());
  const size_t num_sent = publisher.sent.size();
  world_.set_jitter(milliseconds(200));
  std::string text;
  for (int i = 0; text.size() < 60'000; ++i) text += std::to_string(i) + ",";
  Publish(&publisher, text);
  world_.RunFor(seconds(1));
  EXPECT_EQ(Received(), text + "|");
  for (size_t i = num_sent; i < publisher.sent.size(); ++i) {
    EXPECT_LE(publisher.sent[i], kDefaultMtu);
  }
  EXPECT_EQ(world_.receiver().collector().counters().drops.total(), 0u);
}

// A close_notify that overtakes what was sent before it ends nothing.
TEST_F(ExchangeTest, ALargeMessageArrivesWholeBehindTheCloseNotify) {
  world_.Begin();
  Node& publisher = world_.AddPublisher();
  ASSERT_TRUE(world_.RunUntilConnected());
  world_.set_jitter(milliseconds(200));
  const std::string text(60'000, 'x');
  EXPECT_EQ(publisher.publisher->Publish(ToBytes(text)), PublishOutcome::kTaken);
  publisher.publisher->Close();
  world_.RunFor(seconds(1));
  EXPECT_EQ(world_.receiver().counters().num_clean_closes, 1u);
  EXPECT_EQ(Received(), text + "|");
}

TEST_F(ExchangeTest, WhatIsLostIsCounted) {
  world_.Begin();
  Node& publisher = world_.AddPublisher();
  ASSERT_TRUE(world_.RunUntilConnected());
  int num_datagrams = 0;
  world_.set_lose([&num_datagrams](bool) { return ++num_datagrams % 4 == 0; });
  for (int i = 0; i < 2000; ++i) {
    Publish(&publisher, "x");
    if (i % 100 == 99) world_.RunFor(milliseconds(100));
  }
  world_.set_lose(nullptr);
  Publish(&publisher, "last");
  world_.RunFor(seconds(1));
  publisher.publisher->Close();
  world_.RunFor(minutes(1));
  const Counters& counters = world_.receiver().collector().counters();
  EXPECT_EQ(counters.num_messages + counters.num_lost, 2001u);
  EXPECT_GT(counters.num_lost, 400u);
}

TEST_F(ExchangeTest, APublisherWhoseAddressChangesGoesOn) {
  world_.Begin();
  Node& publisher = world_.AddPublisher();
  ASSERT_TRUE(world_.RunUntilConnected());
  Publish(&publisher, "before");
  world_.RunFor(seconds(1));
  world_.Move(&publisher);
  for (const char* text : {"one", "two", "three"}) {
    Publish(&publisher, text);
    world_.RunFor(seconds(1));
  }
  EXPECT_EQ(Received(), "before|one|two|three|");
  EXPECT_NE(world_.received().front().source, world_.received().back().source);
  EXPECT_EQ(world_.receiver().num_connections(), 1u);
  EXPECT_EQ(world_.receiver().collector().counters().num_gaps, 0u);
  // What the receiver sends finds it too.
  world_.receiver().CloseAll();
  world_.RunFor(seconds(1));
  EXPECT_TRUE(HasEvent(publisher, EventType::kPeerClosed));
}

// Either side's close_notify is its last datagram; neither waits for the other's.
//= draft-unyte-udp-notif-dtls#section-4.3
//= type=test
//# A Publisher MUST close the associated DTLS connection if the connection is
//# not expected to deliver any UDP-notif Messages later.
//= draft-unyte-udp-notif-dtls#section-4.3
//= type=test
//# It MUST send a DTLS close_notify alert before closing the connection.
//= draft-unyte-udp-notif-dtls#section-4.3
//= type=test
//# A Publisher (DTLS client) MAY choose to not wait for the Receiver's
//# close_notify alert and simply close the DTLS connection.
//= draft-unyte-udp-notif-dtls#section-4.3
//= type=test
//# Once the Receiver gets a close_notify from the Publisher, it MUST reply
//# with a close_notify.
TEST_F(ExchangeTest, APublisherClosesAndGoesAndIsAnswered) {
  world_.Begin();
  Node& publisher = world_.AddPublisher();
  ASSERT_TRUE(world_.RunUntilConnected());
  Publish(&publisher, "last");
  publisher.publisher->Close();
  EXPECT_EQ(publisher.endpoint->size(), 0u) << "nothing is waited for";
  world_.Flush();
  const uint64_t num_answers = world_.receiver_endpoint().counters().datagrams_out;
  world_.RunFor(milliseconds(11));
  EXPECT_EQ(Received(), "last|");
  EXPECT_EQ(world_.receiver().counters().num_clean_closes, 1u);
  EXPECT_EQ(world_.receiver_endpoint().counters().datagrams_out, num_answers + 1);
  world_.RunFor(minutes(2));
  EXPECT_EQ(world_.receiver().num_connections(), 0u);
  EXPECT_EQ(world_.receiver().counters().num_failures, 0u);
  ASSERT_EQ(world_.gone().size(), 1u);
  EXPECT_EQ(world_.gone()[0].gone, GoneReason::kClosed);
}

//= draft-unyte-udp-notif-dtls#section-4.3
//= type=test
//# The Receiver (DTLS server) MUST attempt to initiate an exchange of
//# close_notify alerts with the Publisher before closing the connection.
//= draft-ietf-netconf-udp-notif#section-6.1.3
//= type=test
//# The Receiver MUST attempt to initiate an exchange of close_notify alerts
//# with the publisher before closing the connection.
TEST_F(ExchangeTest, AReceiverClosesWhoIsSilentWithACloseNotify) {
  world_.Begin();
  Node& publisher = world_.AddPublisher();
  ASSERT_TRUE(world_.RunUntilConnected());
  world_.RunFor(minutes(9));
  Publish(&publisher, "not silent");
  world_.RunFor(minutes(9));
  EXPECT_FALSE(HasEvent(publisher, EventType::kPeerClosed));
  world_.RunFor(minutes(2));
  EXPECT_TRUE(HasEvent(publisher, EventType::kPeerClosed));
  EXPECT_TRUE(publisher.publisher->is_over());
  EXPECT_FALSE(publisher.publisher->failure());
  EXPECT_EQ(world_.receiver().num_connections(), 0u);
}

TEST_F(ExchangeTest, TheLossOfAnAlertIsNoError) {
  world_.Begin();
  Node& publisher = world_.AddPublisher();
  ASSERT_TRUE(world_.RunUntilConnected());
  Publish(&publisher, "last");
  world_.RunFor(seconds(1));
  world_.set_lose([](bool) { return true; });
  publisher.publisher->Close();
  world_.RunFor(minutes(9));
  EXPECT_EQ(world_.receiver().num_connections(), 1u);
  world_.RunFor(minutes(5));
  EXPECT_EQ(world_.receiver().num_connections(), 0u);
  EXPECT_EQ(world_.receiver().counters().num_failures, 0u);
}

TEST_F(ExchangeTest, ManyPublishersAreOnOnePort) {
  constexpr uint32_t kNumPublishers = 300;
  constexpr int kNumMessages = 5;
  world_.Begin();
  for (uint32_t i = 0; i < kNumPublishers; ++i) world_.AddPublisher({.publisher_id = 1 + i % 50});
  ASSERT_TRUE(world_.RunUntilConnected());
  for (int round = 0; round < kNumMessages; ++round) {
    for (Node& node : world_.publishers()) {
      node.publisher->Publish(ToBytes("x"));
      node.publisher->Flush();
    }
    world_.RunFor(milliseconds(100));
  }
  const Counters& counters = world_.receiver().collector().counters();
  EXPECT_EQ(counters.num_messages, kNumPublishers * kNumMessages);
  EXPECT_EQ(counters.drops.total(), 0u);
  EXPECT_EQ(counters.num_gaps, 0u);
  EXPECT_EQ(world_.receiver().collector().num_streams(), kNumPublishers);
}

}  // namespace
}  // namespace dtls13::udp_notif
