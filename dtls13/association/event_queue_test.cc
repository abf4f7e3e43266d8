// SPDX-License-Identifier: Apache-2.0
#include "dtls13/association/event_queue.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

Bytes DataOf(const std::optional<Event>& event) { return event ? ToBytes(event->data) : Bytes(); }

TEST(EventQueue, GivesEventsInOrderAndOnce) {
  EventQueue events;
  EXPECT_TRUE(events.empty());
  EXPECT_FALSE(events.Pop());
  events.Push({.type = EventType::kConnected});
  events.Push({.type = EventType::kPeerClosed});
  EXPECT_EQ(events.size(), 2u);
  EXPECT_EQ(events.Pop()->type, EventType::kConnected);
  EXPECT_EQ(events.size(), 1u);
  EXPECT_EQ(events.Pop()->type, EventType::kPeerClosed);
  EXPECT_TRUE(events.empty());
  EXPECT_FALSE(events.Pop());
}

TEST(EventQueue, LetsOwnedBytesLiveWithTheirEvent) {
  EventQueue events;
  events.PushOwned({.type = EventType::kKeyLog}, Bytes{1, 2, 3});
  events.PushOwned({.type = EventType::kTrace}, Bytes{4});
  EXPECT_EQ(DataOf(events.Pop()), (Bytes{1, 2, 3}));
  EXPECT_EQ(DataOf(events.Pop()), Bytes{4});
  EXPECT_FALSE(events.Pop());
}

TEST(EventQueue, ViewsWhatItDoesNotOwn) {
  const Bytes datagram = {5, 6};
  EventQueue events;
  events.Push({.type = EventType::kApplicationData, .data = datagram});
  EXPECT_EQ(events.Pop()->data.data(), datagram.data());
}

TEST(EventQueue, TakesMoreOnceDrained) {
  EventQueue events;
  for (uint8_t i = 0; i < 10; ++i) events.PushOwned({.type = EventType::kKeyLog}, Bytes{i});
  while (events.Pop()) {
  }
  events.PushOwned({.type = EventType::kTrace}, Bytes{7});
  EXPECT_EQ(events.size(), 1u);
  EXPECT_EQ(DataOf(events.Pop()), Bytes{7});
}

TEST(EventQueue, DropsTicketsThatNobodyPolls) {
  EventQueue events;
  const auto session = std::make_shared<const Session>();
  for (int i = 0; i < 100; ++i) events.PushTicket(session);
  EXPECT_EQ(events.size(), 16u);
  const auto event = events.Pop();
  ASSERT_TRUE(event);
  EXPECT_EQ(event->type, EventType::kTicket);
  EXPECT_EQ(event->session, session);
}

TEST(EventQueue, WritesKeyLogLines) {
  EventQueue events;
  events.PushKeyLog("EXPORTER_SECRET", Bytes{0x00, 0xa1}, Secret::CopyOf(Bytes{0xff, 0x02}));
  const auto event = events.Pop();
  ASSERT_TRUE(event);
  EXPECT_EQ(event->type, EventType::kKeyLog);
  EXPECT_EQ(std::string(event->data.begin(), event->data.end()), "EXPORTER_SECRET 00a1 ff02");
}

TEST(EventQueue, TracesWhereThatIsWanted) {
  EventQueue silent;
  silent.Trace(/*outgoing=*/true, ContentType::kAlert, kHandshakeEpoch, Bytes{2, 40});
  silent.TraceMessage(/*outgoing=*/true, HandshakeType::kFinished, 3, kHandshakeEpoch, Bytes{9});
  EXPECT_TRUE(silent.empty());

  EventQueue events(/*traces=*/true);
  events.Trace(/*outgoing=*/true, ContentType::kAlert, kHandshakeEpoch, Bytes{2, 40});
  events.TraceMessage(/*outgoing=*/false, HandshakeType::kFinished, 3, kHandshakeEpoch, Bytes{9});
  const auto alert = events.Pop();
  ASSERT_TRUE(alert);
  EXPECT_EQ(alert->type, EventType::kTrace);
  EXPECT_TRUE(alert->trace.outgoing);
  EXPECT_EQ(alert->trace.content_type, ContentType::kAlert);
  EXPECT_EQ(alert->trace.epoch, kHandshakeEpoch);
  EXPECT_EQ(DataOf(alert), (Bytes{2, 40}));
  const auto message = events.Pop();
  ASSERT_TRUE(message);
  EXPECT_FALSE(message->trace.outgoing);
  EXPECT_EQ(message->trace.content_type, ContentType::kHandshake);
  EXPECT_EQ(DataOf(message)[0], static_cast<uint8_t>(HandshakeType::kFinished));
  EXPECT_EQ(DataOf(message).back(), 9);
}

}  // namespace
}  // namespace dtls13
