// SPDX-License-Identifier: Apache-2.0
#include "dtls13/association/event_queue.h"

#include "dtls13/crypto/secret.h"

namespace dtls13 {

void EventQueue::CleanseKeyLog() {
  for (Slot& slot : slots_) {
    if (slot.event.type == EventType::kKeyLog) Cleanse(slot.owned);
  }
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
  return slot.event;
}

}  // namespace dtls13
