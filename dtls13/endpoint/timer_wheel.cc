// SPDX-License-Identifier: Apache-2.0
#include "dtls13/endpoint/timer_wheel.h"

#include <algorithm>
#include <bit>

namespace dtls13 {
namespace {

// The digit of `tick` that says which slot of a level it has.
constexpr size_t DigitAt(uint64_t tick, size_t level, int bits) {
  return static_cast<size_t>(tick >> (level * static_cast<size_t>(bits))) &
         ((size_t{1} << bits) - 1);
}

}  // namespace

TimerWheel::TimerWheel() {
  const auto empty = [](Timer* head) { head->previous_ = head->next_ = head; };
  empty(&due_);
  for (Level& level : levels_) {
    for (Timer& slot : level.slots) empty(&slot);
  }
}

TimerWheel::Tick TimerWheel::TickOf(Instant deadline) {
  const Duration since = std::max(deadline.time_since_epoch(), Duration::zero());
  // No rounding up by addition: the last Instant is a deadline too.
  const Duration rest = since % kTick;
  return static_cast<Tick>(since / kTick) + (rest > Duration::zero() ? 1 : 0);
}

Instant TimerWheel::InstantOf(Tick tick) {
  constexpr Tick kLast = static_cast<Tick>(Duration::max() / kTick);
  return tick > kLast ? Instant::max() : Instant(kTick * static_cast<Duration::rep>(tick));
}

void TimerWheel::Append(Timer* head, Timer* timer) {
  timer->previous_ = head->previous_;
  timer->next_ = head;
  timer->previous_->next_ = timer;
  head->previous_ = timer;
}

void TimerWheel::Set(Timer* timer, Instant deadline) {
  // Most that are set again are so by records that change nothing about their deadline.
  if (timer->is_set() && timer->deadline_ == deadline) return;
  Stop(timer);
  timer->deadline_ = deadline;
  Place(timer);
}

// Place puts a timer at the level of the highest digit in which its tick differs from the current
// one: all digits above are the same, so the slots of a level never stand for another turn.
void TimerWheel::Place(Timer* timer) {
  const Tick tick = TickOf(timer->deadline_);
  if (tick <= current_) {
    Append(&due_, timer);
    return;
  }
  const size_t level = static_cast<size_t>(std::bit_width(tick ^ current_) - 1) / kSlotBits;
  const size_t slot = DigitAt(tick, level, kSlotBits);
  timer->level_ = static_cast<uint8_t>(level);
  timer->slot_ = static_cast<uint8_t>(slot);
  levels_[level].occupied |= uint64_t{1} << slot;
  Append(&levels_[level].slots[slot], timer);
}

void TimerWheel::Stop(Timer* timer) {
  if (!timer->is_set()) return;
  const bool is_alone = timer->previous_ == timer->next_;
  timer->previous_->next_ = timer->next_;
  timer->next_->previous_ = timer->previous_;
  timer->previous_ = timer->next_ = nullptr;
  if (timer->level_ == kNowhere) return;
  if (is_alone) levels_[timer->level_].occupied &= ~(uint64_t{1} << timer->slot_);
  timer->level_ = kNowhere;
}

// The lowest level that has any has the earliest: a higher one's slots begin after its turn.
std::optional<TimerWheel::Pending> TimerWheel::NextPending() const {
  for (size_t level = 0; level < kLevels; ++level) {
    const uint64_t occupied = levels_[level].occupied;
    if (occupied == 0) continue;
    const auto slot = static_cast<size_t>(std::countr_zero(occupied));
    const size_t shift = level * kSlotBits;
    const Tick turn = current_ >> shift >> kSlotBits << kSlotBits;
    return Pending{.tick = (turn | slot) << shift, .level = level, .slot = slot};
  }
  return std::nullopt;
}

void TimerWheel::Advance(Tick target) {
  while (const std::optional<Pending> next = NextPending()) {
    if (next->tick > target) break;
    current_ = next->tick;
    Timer* const head = &levels_[next->level].slots[next->slot];
    while (head->next_ != head) {
      Timer* const timer = head->next_;
      Stop(timer);
      Place(timer);
    }
  }
  current_ = std::max(current_, target);
}

TimerWheel::Timer* TimerWheel::PopDue(Instant now) {
  // Rounded down: a tick has come when all of it has.
  const Duration since = std::max(now.time_since_epoch(), Duration::zero());
  Advance(static_cast<Tick>(since / kTick));
  Timer* const timer = due_.next_;
  if (timer == &due_) return nullptr;
  Stop(timer);
  return timer;
}

std::optional<Instant> TimerWheel::NextTimeout() const {
  if (due_.next_ != &due_) return InstantOf(current_);
  const std::optional<Pending> next = NextPending();
  if (!next) return std::nullopt;
  return InstantOf(next->tick);
}

}  // namespace dtls13
