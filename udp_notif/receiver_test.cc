// SPDX-License-Identifier: Apache-2.0
#include "udp_notif/receiver.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "udp_notif/fake_endpoint_test_util.h"

namespace dtls13::udp_notif {
namespace {

using Log = std::vector<std::string>;

constexpr Instant kStart{};

Bytes MessageOctets(uint32_t message_id, std::string_view payload) {
  const Bytes octets = ToBytes(payload);
  Bytes message;
  EXPECT_TRUE(AppendMessage({.header = {.message_id = message_id}, .payload = octets}, &message));
  return message;
}

Bytes Framed(uint32_t message_id, std::string_view payload) {
  const Bytes octets = ToBytes(payload);
  Bytes frame;
  EXPECT_TRUE(AppendFrame({.header = {.message_id = message_id}, .payload = octets}, &frame));
  return frame;
}

class ReceiverTest : public ::testing::Test {
 protected:
  void Connect(AssociationId id) {
    endpoint_.addresses[id] = {192, 0, 2, static_cast<uint8_t>(id), 0, 99};
    receiver_.HandleEvent(Happened(id, EventType::kConnected));
  }

  // What a record of `id` completes: each source and payload.
  std::string Record(AssociationId id, uint64_t number, const Bytes& content) {
    EndpointEvent event = Happened(id, EventType::kApplicationData);
    event.event.number = {kFirstApplicationEpoch, {number}};
    event.event.data = content;
    receiver_.HandleEvent(event);
    return Poll();
  }

  // What a plain datagram completes.
  std::string Plain(uint16_t port, const Bytes& datagram) {
    receiver_.HandlePlain("192.0.2.9", port, datagram);
    return Poll();
  }

  std::string Poll() {
    std::string text;
    while (const auto received = receiver_.PollReceived(kStart)) {
      const auto& octets = received->delivery.notification;
      text.append(received->source).append(" ").append(octets.begin(), octets.end()).append("\n");
    }
    return text;
  }

  uint64_t Drops(DropReason reason) { return receiver_.collector().counters().drops.of(reason); }

  FakeEndpoint endpoint_;
  Receiver receiver_{&endpoint_, {}};
};

//= draft-unyte-udp-notif-dtls#section-4.2
//= type=test
//# All UDP-notif messages MUST be published as DTLS "application_data".
TEST_F(ReceiverTest, TakesTheMessagesOfEachConnection) {
  Connect(1);
  Connect(2);
  Bytes two = Framed(1, "a");
  const Bytes second = Framed(2, "b");
  two.insert(two.end(), second.begin(), second.end());
  EXPECT_EQ(Record(1, 0, two), "192.0.2.1:99 a\n192.0.2.1:99 b\n");
  EXPECT_EQ(Record(2, 0, Framed(1, "c")), "192.0.2.2:99 c\n");
  EXPECT_EQ(receiver_.num_connections(), 2u);
  EXPECT_EQ(receiver_.counters().num_records, 2u);
  EXPECT_EQ(receiver_.collector().num_streams(), 2u);
}

TEST_F(ReceiverTest, AMalformedRecordLeavesTheConnection) {
  Connect(1);
  EXPECT_EQ(Record(1, 0, ToBytes("no frame")), "");
  EXPECT_EQ(Drops(DropReason::kFrameLength), 1u);
  EXPECT_EQ(Record(1, 1, Framed(1, "a")), "192.0.2.1:99 a\n");
  const Bytes cut = Framed(2, "b");
  EXPECT_EQ(Record(1, 2, Bytes(cut.begin(), cut.begin() + 5)), "");
  EXPECT_EQ(Record(1, 4, Framed(3, "c")), "192.0.2.1:99 c\n");
  EXPECT_EQ(Drops(DropReason::kFrameInterrupted), 1u);
  EXPECT_TRUE(endpoint_.log.empty()) << "nothing is answered";
}

TEST_F(ReceiverTest, APublisherThatMovedIsTheSame) {
  Connect(1);
  EXPECT_EQ(Record(1, 0, Framed(1, "a")), "192.0.2.1:99 a\n");
  endpoint_.addresses[1] = {192, 0, 2, 77, 0, 5};
  EXPECT_EQ(Record(1, 1, Framed(2, "b")), "192.0.2.77:5 b\n");
  EXPECT_EQ(receiver_.collector().num_streams(), 1u);
  EXPECT_EQ(receiver_.collector().counters().num_gaps, 0u);
}

//= draft-unyte-udp-notif-dtls#section-4.3
//= type=test
//# Once the Receiver gets a close_notify from the Publisher, it MUST reply
//# with a close_notify.
//= draft-ietf-netconf-udp-notif#section-6.1.3
//= type=test
//# Upon receiving a close_notify from the publisher, a Receiver MUST
//# respond with a close_notify if the DTLS connection is still open.
TEST_F(ReceiverTest, AnswersACloseNotifyOnce) {
  Connect(1);
  Record(1, 0, Framed(1, "a"));
  receiver_.HandleEvent(Happened(1, EventType::kPeerClosed));
  receiver_.HandleEvent(Happened(1, EventType::kPeerClosed));
  EXPECT_EQ(endpoint_.log, Log{"close"});
  EXPECT_EQ(receiver_.counters().num_clean_closes, 1u);
  // What was sent before the close_notify and overtaken by it.
  EXPECT_EQ(Record(1, 1, Framed(2, "b")), "192.0.2.1:99 b\n");
  receiver_.HandleEvent(Gone(1, GoneReason::kClosed));
  EXPECT_EQ(receiver_.num_connections(), 0u);
  EXPECT_EQ(receiver_.collector().num_streams(), 0u);
}

//= draft-unyte-udp-notif-dtls#section-4.3
//= type=test
//# When no data is received from a DTLS connection for a long time, the
//# Receiver MAY close the connection.
//= draft-ietf-netconf-udp-notif#section-6.1.3
//= type=test
//# When no data is received from a DTLS connection for an extended period
//# of time, the Receiver (DTLS server) MAY close the connection.
// An alert that is lost leaves a connection that is silent; the endpoint closes that.
TEST_F(ReceiverTest, ASilentConnectionIsForgottenAndNoError) {
  Connect(1);
  Record(1, 0, Framed(1, "a"));
  receiver_.HandleEvent(Gone(1, GoneReason::kIdle));
  EXPECT_EQ(receiver_.counters().num_idle, 1u);
  EXPECT_EQ(receiver_.counters().num_failures, 0u);
  EXPECT_EQ(receiver_.num_connections(), 0u);
  EXPECT_EQ(Record(1, 1, Framed(2, "b")), "");
}

//= draft-unyte-udp-notif-dtls#section-4.3
//= type=test
//# Receivers that are unprepared to receive any more data MAY close the
//# connection after sending the close_notify alert.
//= draft-ietf-netconf-udp-notif#section-6.1.3
//= type=test
//# Receivers that are unprepared to receive any more data MAY close the
//# connection after sending the close_notify alert.
TEST_F(ReceiverTest, ClosesAllAndGoes) {
  Connect(1);
  Connect(2);
  Record(1, 0, Framed(1, "a"));
  Record(1, 1, Framed(3, "c"));
  EXPECT_EQ(receiver_.collector().counters().num_lost, 0u) << "it may still come";
  receiver_.CloseAll();
  EXPECT_EQ(receiver_.collector().counters().num_lost, 1u);
  EXPECT_EQ(receiver_.collector().num_streams(), 0u);
  EXPECT_EQ(endpoint_.log, (Log{"close", "remove", "close", "remove"}));
  EXPECT_EQ(receiver_.num_connections(), 0u);
}

TEST_F(ReceiverTest, APlainDatagramIsOneMessage) {
  EXPECT_EQ(Plain(7, MessageOctets(1, "a")), "192.0.2.9:7 a\n");
  EXPECT_EQ(Plain(8, MessageOctets(2, "b")), "192.0.2.9:8 b\n");
  EXPECT_EQ(receiver_.collector().num_streams(), 1u) << "the address says who it is";
  EXPECT_EQ(Plain(7, Framed(3, "c")), "");
  EXPECT_EQ(receiver_.counters().num_plain, 3u);
  EXPECT_EQ(receiver_.collector().counters().drops.total(), 1u);
}

// Anybody can send plain datagrams: who fills their room with streams, or with messages that never
// become whole, takes none from those who have connected.
TEST(ReceiverBoundsTest, PlainSourcesTakeNoRoomFromConnections) {
  FakeEndpoint endpoint;
  Receiver receiver(&endpoint, {.max_streams = 2,
                                .max_unfinished_bytes = 1000,
                                .max_plain_streams = 3,
                                .max_plain_unfinished_bytes = 200});
  const auto poll = [&receiver] {
    size_t num = 0;
    while (receiver.PollReceived(kStart)) ++num;
    return num;
  };
  const auto drops = [&receiver](DropReason reason) {
    return receiver.collector().counters().drops.of(reason);
  };
  const Bytes half(100, 'x');
  for (uint32_t publisher = 0; publisher < 10; ++publisher) {
    Bytes datagram;
    ASSERT_TRUE(AppendMessage(
        {.header = {.publisher_id = publisher, .message_id = 1, .segment = Segment{.number = 0}},
         .payload = half},
        &datagram));
    receiver.HandlePlain("192.0.2.9", 7, datagram);
    EXPECT_EQ(poll(), 0u);
  }
  EXPECT_EQ(receiver.collector().num_streams(), 3u);
  EXPECT_EQ(drops(DropReason::kTooManyPublishers), 7u);
  EXPECT_GT(drops(DropReason::kMemoryFull), 0u);

  endpoint.addresses[1] = {192, 0, 2, 1, 0, 99};
  receiver.HandleEvent(Happened(1, EventType::kConnected));
  uint64_t number = 0;
  for (const bool is_last : {false, true}) {
    Bytes frame;
    ASSERT_TRUE(AppendFrame(
        {.header = {.message_id = 1,
                    .segment =
                        Segment{.number = is_last ? uint16_t{1} : uint16_t{0}, .is_last = is_last}},
         .payload = half},
        &frame));
    EndpointEvent event = Happened(1, EventType::kApplicationData);
    event.event.number = {kFirstApplicationEpoch, {number++}};
    event.event.data = frame;
    receiver.HandleEvent(event);
    EXPECT_EQ(poll(), is_last ? 1u : 0u);
  }
}

TEST_F(ReceiverTest, SilentPlainSourcesAreForgotten) {
  receiver_.HandleTimeout(kStart);
  EXPECT_EQ(Plain(7, MessageOctets(1, "a")), "192.0.2.9:7 a\n");
  receiver_.HandleTimeout(kStart + kDefaultIdleTimeout - std::chrono::seconds(1));
  EXPECT_EQ(receiver_.collector().num_streams(), 1u);
  receiver_.HandleTimeout(kStart + kDefaultIdleTimeout + std::chrono::seconds(20));
  EXPECT_EQ(receiver_.collector().num_streams(), 0u);
}

}  // namespace
}  // namespace dtls13::udp_notif
