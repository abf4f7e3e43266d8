// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_ASSOCIATION_EVENT_QUEUE_H_
#define DTLS13_ASSOCIATION_EVENT_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "dtls13/crypto/secret.h"
#include "dtls13/event.h"
#include "dtls13/session/session.h"
#include "dtls13/wire/code_points.h"
#include "dtls13/wire/record_number.h"

namespace dtls13 {

// EventQueue keeps events until they are polled, and the bytes of those that cannot view a
// datagram. Its length is bounded by the datagram that caused the events: each application record
// takes at least 19 bytes of one. It keeps a small capacity when drained, so a steady flow of data
// allocates nothing. The bytes of key log lines are cleansed when they are dropped.
class EventQueue {
 public:
  // `traces`: whoever polls wants kTrace events.
  explicit EventQueue(bool traces = false) : traces_(traces) {}
  ~EventQueue() { CleanseKeyLog(); }
  EventQueue(const EventQueue&) = delete;
  EventQueue& operator=(const EventQueue&) = delete;

  void Push(Event event) { slots_.push_back(Slot(std::move(event), {})); }
  // PushData is kApplicationData. Made where it lies: a processor waits for an event that it is to
  // copy right after it was put together, 10 ns of every record.
  void PushData(std::span<const uint8_t> data, RecordNumber number) {
    Event& event = slots_.emplace_back().event;
    event.type = EventType::kApplicationData;
    event.data = data;
    event.number = number;
  }
  // PushOwned makes the event's data a view of `bytes`, which live until the next Pop or Push.
  void PushOwned(Event event, std::vector<uint8_t> bytes) {
    slots_.push_back(Slot(std::move(event), std::move(bytes)));
  }

  // PushTicket is kTicket, unless the queue is long: a flood of tickets need not be kept until the
  // caller polls, any one will do.
  void PushTicket(std::shared_ptr<const Session> session);
  // PushKeyLog is kKeyLog, with the line as every program writes it.
  void PushKeyLog(std::string_view label, std::span<const uint8_t> client_random,
                  const Secret& secret);
  // Trace and TraceMessage are kTrace of a record's content and of a whole message, if wanted.
  void Trace(bool outgoing, ContentType type, Epoch epoch, std::span<const uint8_t> bytes);
  void TraceMessage(bool outgoing, HandshakeType type, uint16_t message_seq, Epoch epoch,
                    std::span<const uint8_t> body);

  std::optional<Event> Pop();
  // Rest gives back what a drained queue keeps: for an association that nothing happens to.
  void Rest() {
    if (slots_.empty()) std::vector<Slot>().swap(slots_);
  }
  bool empty() const { return next_ == slots_.size(); }
  size_t size() const { return slots_.size() - next_; }

 private:
  // kKeptCapacity: a usual datagram carries one record, and a hundred bytes more for each of very
  // many associations that rest are more than a coalesced flight is worth.
  static constexpr size_t kKeptCapacity = 1;

  // kMaxBeforeTickets: beyond so many events, tickets are not kept. A session weighs some tens of
  // KB with the peer's chain, and a datagram has room for thousands of tickets.
  static constexpr size_t kMaxBeforeTickets = 16;

  struct Slot {
    // Not `= default`: what that makes is cleared first, by rep stos.
    Slot() {}  // NOLINT(modernize-use-equals-default)
    Slot(Event event, std::vector<uint8_t> owned)
        : event(std::move(event)), owned(std::move(owned)) {}

    Event event;
    std::vector<uint8_t> owned;
  };

  void CleanseKeyLog();

  std::vector<Slot> slots_;
  uint32_t next_ = 0;
  bool traces_;
};

}  // namespace dtls13

#endif  // DTLS13_ASSOCIATION_EVENT_QUEUE_H_
