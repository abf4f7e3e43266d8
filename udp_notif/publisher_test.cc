// SPDX-License-Identifier: Apache-2.0
#include "udp_notif/publisher.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "udp_notif/fake_endpoint_test_util.h"
#include "udp_notif/framing.h"

namespace dtls13::udp_notif {
namespace {

using Log = std::vector<std::string>;

const Bytes kAddress = {127, 0, 0, 1, 0, 99};

class PublisherTest : public ::testing::Test {
 protected:
  void Connect() {
    ASSERT_TRUE(publisher_.Connect(kAddress, {}, {}));
    ASSERT_TRUE(publisher_.HandleEvent(Happened(1, EventType::kConnected)));
    ASSERT_TRUE(publisher_.HandleEvent(Happened(1, EventType::kHandshakeAcked)));
    ASSERT_TRUE(publisher_.is_connected());
  }

  // The messages in all that was sent, with their payloads in `payloads_`.
  std::vector<MessageHeader> Sent() {
    RecordReader reader(std::make_shared<ByteBudget>(1 << 20));
    std::vector<MessageHeader> headers;
    std::vector<Message> messages;
    uint64_t number = 0;
    for (const Bytes& record : endpoint_.sent) {
      EXPECT_LE(record.size(), endpoint_.max_plaintext);
      EXPECT_FALSE(reader.Read({{3}, {number++}}, record, &messages).dropped);
      EXPECT_FALSE(messages.empty()) << "no frame goes on in another record";
      for (const Message& message : messages) {
        headers.push_back(message.header);
        payloads_.insert(payloads_.end(), message.payload.begin(), message.payload.end());
      }
    }
    return headers;
  }

  FakeEndpoint endpoint_;
  Publisher publisher_{&endpoint_, {.publisher_id = 5, .first_message_id = 9}};
  Bytes payloads_;
  Bytes notification_ = ToBytes("{\"a\":1}");
};

//= draft-unyte-udp-notif-dtls#section-4.1
//= type=test
//# The Publisher MUST NOT send any UDP-notif messages before the DTLS
//# handshake has successfully completed.
//= draft-ietf-netconf-udp-notif#section-6.1.1
//= type=test
//# When DTLS is implemented, the publisher MUST NOT send any UDP-Notif
//# messages before the DTLS handshake has successfully completed.
//= draft-ietf-netconf-udp-notif#section-6.1.1
//= type=test
//# Implementations MUST NOT use the early data mechanism (also known as
//# 0-RTT data) defined in DTLS 1.3 [RFC9147].
TEST_F(PublisherTest, NothingIsSentBeforeTheHandshakeCompletes) {
  EXPECT_EQ(publisher_.Publish(notification_), PublishOutcome::kNotConnected);
  ClientParameters wants_early_data;
  wants_early_data.early_data = true;
  ASSERT_TRUE(publisher_.Connect(kAddress, wants_early_data, {}));
  EXPECT_EQ(publisher_.Publish(notification_), PublishOutcome::kNotConnected);
  EXPECT_TRUE(publisher_.Flush());
  EXPECT_EQ(endpoint_.log, Log{"connect"});
  publisher_.HandleEvent(Happened(1, EventType::kConnected));
  EXPECT_EQ(publisher_.Publish(notification_), PublishOutcome::kNotConnected);
  publisher_.HandleEvent(Happened(1, EventType::kHandshakeAcked));
  EXPECT_EQ(publisher_.Publish(notification_), PublishOutcome::kTaken);
  EXPECT_TRUE(publisher_.Flush());
  EXPECT_EQ(endpoint_.log, (Log{"connect", "send"}));
}

//= draft-ietf-netconf-udp-notif#section-3.1
//= type=test
//# Subscription state notifications, defined in Section 2.7 of [RFC8639],
//# MUST be encapsulated in separate notification messages.
//= draft-ietf-netconf-udp-notif#section-3.2
//= type=test
//# The Message ID values MUST be incremented by one for successive
//# messages originated with the same Message Publisher ID
TEST_F(PublisherTest, EachNotificationIsAMessageAndRecordsAreShared) {
  Connect();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(publisher_.Publish(notification_), PublishOutcome::kTaken);
  }
  EXPECT_TRUE(endpoint_.sent.empty()) << "there is room for more in the record";
  EXPECT_TRUE(publisher_.Flush());
  EXPECT_EQ(endpoint_.sent.size(), 1u);
  const auto headers = Sent();
  ASSERT_EQ(headers.size(), 3u);
  for (uint32_t i = 0; i < 3; ++i) {
    EXPECT_EQ(headers[i], (MessageHeader{.publisher_id = 5, .message_id = 9 + i}));
  }
  EXPECT_EQ(publisher_.num_messages(), 3u);
  EXPECT_EQ(publisher_.num_records(), 1u);
  EXPECT_EQ(publisher_.next_message_id(), 12u);
}

//= draft-ietf-netconf-udp-notif#section-6.1.2
//= type=test
//# If a UDP-Notif message would result in an IP datagram exceeding the path
//# MTU, after accounting for IP, UDP, and DTLS overhead, the message SHOULD
//# be segmented using the Segmentation Option defined in Section 4.1 before
//# being carried over DTLS.
//= draft-ietf-netconf-udp-notif#section-6.1.4
//= type=test
//# A DTLS message carrying a UDP-Notif message SHOULD fit within a single
//# datagram to avoid DTLS fragmentation.
//= draft-ietf-netconf-udp-notif#section-6.1.4
//= type=test
//# Implementations SHOULD account for DTLS overhead when determining the
//# maximum UDP-Notif notification message size.
//= draft-unyte-udp-notif-dtls#section-4.2
//= type=test
//# The Publisher SHOULD attempt to avoid IP fragmentation by using the
//# Segmentation Option in the UDP-notif message.
TEST_F(PublisherTest, WhatADatagramHasNoRoomForIsSegmented) {
  Connect();
  const Bytes notification(60'000, 'x');
  EXPECT_EQ(publisher_.Publish(notification), PublishOutcome::kTaken);
  EXPECT_TRUE(publisher_.Flush());
  const auto headers = Sent();
  ASSERT_GT(headers.size(), 60u);
  EXPECT_EQ(headers.size(), publisher_.num_segments());
  for (size_t i = 0; i < headers.size(); ++i) {
    ASSERT_TRUE(headers[i].segment);
    EXPECT_EQ(headers[i].segment->number, i);
    EXPECT_EQ(headers[i].segment->is_last, i + 1 == headers.size());
    EXPECT_EQ(headers[i].message_id, 9u);
  }
  EXPECT_EQ(payloads_, notification);
}

TEST_F(PublisherTest, ASmallerMaximumIsKept) {
  Publisher publisher(&endpoint_, {.max_segment_size = 100});
  ASSERT_TRUE(publisher.Connect(kAddress, {}, {}));
  publisher.HandleEvent(Happened(1, EventType::kHandshakeAcked));
  EXPECT_EQ(publisher.Publish(Bytes(200)), PublishOutcome::kTaken);
  EXPECT_EQ(publisher.num_segments(), 3u);
}

TEST_F(PublisherTest, ABareMessageIsARecordByItself) {
  Publisher publisher(&endpoint_, {.framing = Framing::kBare});
  ASSERT_TRUE(publisher.Connect(kAddress, {}, {}));
  publisher.HandleEvent(Happened(1, EventType::kHandshakeAcked));
  publisher.Publish(notification_);
  publisher.Publish(notification_);
  ASSERT_EQ(endpoint_.sent.size(), 2u);
  Message message;
  EXPECT_EQ(ParseMessage(endpoint_.sent[1], &message), std::nullopt);
  EXPECT_EQ(message.header.message_id, 2u);
  EXPECT_EQ(ToBytes(message.payload), notification_);
}

TEST_F(PublisherTest, WhatIsBlockedLeavesLaterInOrder) {
  Connect();
  endpoint_.outcome = SendOutcome::kBlocked;
  const Bytes large(3000, 'x');
  EXPECT_EQ(publisher_.Publish(large), PublishOutcome::kTaken);
  EXPECT_EQ(publisher_.Publish(notification_), PublishOutcome::kBlocked);
  EXPECT_FALSE(publisher_.Flush());
  EXPECT_EQ(publisher_.num_messages(), 1u);
  endpoint_.outcome = SendOutcome::kQueued;
  EXPECT_EQ(publisher_.Publish(notification_), PublishOutcome::kTaken);
  EXPECT_TRUE(publisher_.Flush());
  const auto headers = Sent();
  ASSERT_GT(headers.size(), 3u);
  EXPECT_EQ(headers.back().message_id, 10u);
  EXPECT_EQ(payloads_.size(), large.size() + notification_.size());
}

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
//= draft-ietf-netconf-udp-notif#section-6.1.3
//= type=test
//# A Publisher (DTLS client) MUST close the associated DTLS connection when
//# it does not expect to deliver further UDP-Notif messages.
//= draft-ietf-netconf-udp-notif#section-6.1.3
//= type=test
//# Before closing the connection, the publisher MUST send a DTLS
//# close_notify alert.
//= draft-ietf-netconf-udp-notif#section-6.1.3
//= type=test
//# After sending close_notify, the publisher MAY close the DTLS connection
//# without waiting for a close_notify from the Receiver.
TEST_F(PublisherTest, ClosesBehindWhatItSentAndWaitsForNobody) {
  Connect();
  publisher_.Publish(notification_);
  publisher_.Close();
  EXPECT_EQ(endpoint_.log, (Log{"connect", "send", "close", "remove"}));
  EXPECT_TRUE(publisher_.is_over());
  publisher_.Close();
  EXPECT_EQ(endpoint_.log.size(), 4u);
  EXPECT_EQ(publisher_.Publish(notification_), PublishOutcome::kNotConnected);
}

TEST_F(PublisherTest, AnswersTheReceiversCloseNotify) {
  Connect();
  publisher_.HandleEvent(Happened(1, EventType::kPeerClosed));
  EXPECT_EQ(endpoint_.log, (Log{"connect", "close", "remove"}));
  EXPECT_TRUE(publisher_.is_over());
  EXPECT_FALSE(publisher_.failure());
}

TEST_F(PublisherTest, AFailureEndsIt) {
  ASSERT_TRUE(publisher_.Connect(kAddress, {}, {}));
  publisher_.HandleEvent(Happened(1, EventType::kFailed));
  EXPECT_TRUE(publisher_.is_over());
  EXPECT_TRUE(publisher_.failure());
  EXPECT_EQ(publisher_.Publish(notification_), PublishOutcome::kNotConnected);
}

TEST_F(PublisherTest, OthersEventsAreNotIts) {
  ASSERT_TRUE(publisher_.Connect(kAddress, {}, {}));
  EXPECT_FALSE(publisher_.HandleEvent(Happened(2, EventType::kConnected)));
  EXPECT_FALSE(publisher_.is_connected());
  endpoint_.next_id = 0;
  Publisher no_room(&endpoint_, {});
  EXPECT_FALSE(no_room.Connect(kAddress, {}, {}));
}

}  // namespace
}  // namespace dtls13::udp_notif
