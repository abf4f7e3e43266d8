// SPDX-License-Identifier: Apache-2.0
#include "dtls13/association/event_queue.h"

#include "dtls13/wire/handshake_header.h"

namespace dtls13 {

void EventQueue::CleanseKeyLog() {
  for (Slot& slot : slots_) {
    if (slot.event.type == EventType::kKeyLog) Cleanse(slot.owned);
  }
}

void EventQueue::PushTicket(std::shared_ptr<const Session> session) {
  if (size() >= kMaxBeforeTickets) return;
  Push({.type = EventType::kTicket, .session = std::move(session)});
}

void EventQueue::PushKeyLog(std::string_view label, std::span<const uint8_t> client_random,
                            const Secret& secret) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::vector<uint8_t> line;
  const auto append_hex = [&line](std::span<const uint8_t> bytes) {
    for (uint8_t byte : bytes) {
      line.push_back(kHex[byte >> 4]);
      line.push_back(kHex[byte & 15]);
    }
  };
  line.reserve(label.size() + 2 * (client_random.size() + secret.size()) + 2);
  line.insert(line.end(), label.begin(), label.end());
  line.push_back(' ');
  append_hex(client_random);
  line.push_back(' ');
  append_hex(secret.bytes());
  PushOwned({.type = EventType::kKeyLog}, std::move(line));
}

void EventQueue::Trace(bool outgoing, ContentType type, Epoch epoch,
                       std::span<const uint8_t> bytes) {
  if (!traces_) return;
  PushOwned({.type = EventType::kTrace,
             .trace = {.outgoing = outgoing, .content_type = type, .epoch = epoch}},
            {bytes.begin(), bytes.end()});
}

void EventQueue::TraceMessage(bool outgoing, HandshakeType type, uint16_t message_seq, Epoch epoch,
                              std::span<const uint8_t> body) {
  if (traces_)
    Trace(outgoing, ContentType::kHandshake, epoch, WholeMessage(type, message_seq, body));
}

std::optional<Event> EventQueue::Pop() {
  if (next_ == slots_.size()) {
    // Emptied here and not at the last Pop, so that the last event's bytes stay valid until now.
    CleanseKeyLog();
    slots_.clear();
    next_ = 0;
    // shrink_to_fit does nothing without exceptions.
    if (slots_.capacity() > kKeptCapacity) std::vector<Slot>().swap(slots_);
    return std::nullopt;
  }
  Slot& slot = slots_[next_++];
  if (!slot.owned.empty()) slot.event.data = slot.owned;
  return std::optional<Event>(std::in_place, std::move(slot.event));
}

}  // namespace dtls13
