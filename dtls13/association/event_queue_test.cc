// SPDX-License-Identifier: Apache-2.0
#include "dtls13/association/event_queue.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace dtls13
