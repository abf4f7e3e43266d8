// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_ENDPOINT_TIMER_WHEEL_H_
#define DTLS13_ENDPOINT_TIMER_WHEEL_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "dtls13/wire/time.h"

namespace dtls13 {

// TimerWheel is the deadlines of very many things, each set, moved and stopped in constant time and
// without an allocation: a hierarchy of wheels of 64 slots, where a slot of each is a turn of the
// one below. A deadline is rounded up to kTick. What lies far ahead is looked at a few times on its
// way, at moments when NextTimeout says so.
//
// It owns no timers and does not know what they are for. Not thread-safe.
class TimerWheel {
 public:
  static constexpr Duration kTick = std::chrono::milliseconds(1);

  // Timer is a thing's place in the wheel; the thing derives from it. It must be stopped before it
  // is destroyed.
  class Timer {
   public:
    Timer() = default;
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

    bool is_set() const { return next_ != nullptr; }
    Instant deadline() const { return deadline_; }  // only if is_set

   private:
    friend class TimerWheel;
    Timer* previous_ = nullptr;
    Timer* next_ = nullptr;
    Instant deadline_{};
    uint8_t level_ = kNowhere;
    uint8_t slot_ = 0;
  };

  TimerWheel();
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  // Set moves `timer` if it is set already. A deadline that has passed is due at once.
  void Set(Timer* timer, Instant deadline);
  void Stop(Timer* timer);

  // PopDue stops and returns one of the timers whose time has come by `now`; null: none. Those of
  // one tick come in the order they were set in.
  Timer* PopDue(Instant now);
  // NextTimeout is when PopDue may have one, or has to look at some again; never after the earliest
  // deadline's tick. Nothing when no timer is set.
  std::optional<Instant> NextTimeout() const;

 private:
  using Tick = uint64_t;
  static constexpr int kSlotBits = 6;
  static constexpr size_t kSlots = size_t{1} << kSlotBits;
  // kLevels reach as far as an Instant does: 2^63 microseconds are fewer than 2^54 ticks.
  static constexpr size_t kLevels = 9;
  // kNowhere is the level of what is due, or not set.
  static constexpr uint8_t kNowhere = 0xff;

  struct Level {
    uint64_t occupied = 0;            // a bit for each slot that has timers
    std::array<Timer, kSlots> slots;  // the heads of rings
  };
  struct Pending {
    Tick tick = 0;
    size_t level = 0;
    size_t slot = 0;
  };

  static Tick TickOf(Instant deadline);
  static Instant InstantOf(Tick tick);
  static void Append(Timer* head, Timer* timer);
  std::optional<Pending> NextPending() const;
  void Place(Timer* timer);
  void Advance(Tick target);

  Tick current_ = 0;
  Timer due_;  // the head of a ring
  std::array<Level, kLevels> levels_;
};

}  // namespace dtls13

#endif  // DTLS13_ENDPOINT_TIMER_WHEEL_H_
