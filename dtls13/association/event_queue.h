// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_ASSOCIATION_EVENT_QUEUE_H_
#define DTLS13_ASSOCIATION_EVENT_QUEUE_H_

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "dtls13/event.h"

namespace dtls13 {

// EventQueue keeps events until they are polled, and the bytes of those that cannot view a
// datagram. Its length is bounded by the datagram that caused the events: each application record
// takes at least 19 bytes of one. It keeps a small capacity when drained, so a steady flow of data
// allocates nothing. The bytes of key log lines are cleansed when they are dropped.
class EventQueue {
 public:
  EventQueue() = default;
  ~EventQueue() { CleanseKeyLog(); }
  EventQueue(const EventQueue&) = delete;
  EventQueue& operator=(const EventQueue&) = delete;

  void Push(Event event) { slots_.push_back(Slot{std::move(event), {}}); }
  // PushOwned makes the event's data a view of `bytes`, which live until the next Pop or Push.
  void PushOwned(Event event, std::vector<uint8_t> bytes) {
    slots_.push_back(Slot{std::move(event), std::move(bytes)});
  }

  std::optional<Event> Pop();
  bool empty() const { return next_ == slots_.size(); }
  size_t size() const { return slots_.size() - next_; }

 private:
  // kKeptCapacity: a usual datagram carries one record, a coalesced flight a few.
  static constexpr size_t kKeptCapacity = 4;

  struct Slot {
    Event event;
    std::vector<uint8_t> owned;
  };

  void CleanseKeyLog();

  std::vector<Slot> slots_;
  size_t next_ = 0;
};

}  // namespace dtls13

#endif  // DTLS13_ASSOCIATION_EVENT_QUEUE_H_
