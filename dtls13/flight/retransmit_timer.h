// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_FLIGHT_RETRANSMIT_TIMER_H_
#define DTLS13_FLIGHT_RETRANSMIT_TIMER_H_

#include <cstdint>
#include <optional>

#include "dtls13/wire/time.h"

namespace dtls13 {

// RetransmitTimerConfig, RFC 9147 section 5.8.2.
//= rfc9147#section-5.8.2
//# Application-specific profiles MAY recommend shorter or longer timer
//# values.
//= rfc9147#section-5.8.2
//# Profiles for specific deployment environments, such as in low-power,
//# multi-hop mesh scenarios as used in some Internet of Things (IoT)
//# networks, MAY specify longer timeouts.
//= rfc9147#section-5.8.2
//# Real-time protocols MAY specify shorter timeouts.
struct RetransmitTimerConfig {
  //= rfc9147#section-5.8.2
  //# In settings where there is external information (for instance, from an
  //# ICE [RFC8445] handshake, or from previous connections to the same
  //# server) about the RTT, implementations SHOULD use 1.5 times that RTT
  //# estimate as the retransmit timer.
  Duration initial = std::chrono::milliseconds(1000);
  Duration max = std::chrono::seconds(60);
  // Expiries without progress after which the peer is taken to be gone.
  uint32_t max_expiries = 12;
};

// RetransmitTimerReport is what a caller that chooses the values itself looks at: by the counts it
// sees that the timer was started for another flight, or expired.
struct RetransmitTimerReport {
  uint32_t num_starts = 0;
  uint32_t num_expiries = 0;  // without progress, as they count towards max_expiries
  Duration value{};
};

// RetransmitTimerMemory is what a timer knows that does not run.
struct RetransmitTimerMemory {
  Duration value{};
  Instant last_used{};
  uint32_t num_starts = 0;
  uint32_t num_expiries = 0;
};

// RetransmitTimer runs while a flight is outstanding: doubles at each expiry, keeps its value until
// a round trip is measured, by a flight that is acknowledged without retransmission or by a record
// that is known by its number, then takes 1.5 times that (never below kFloor), and returns to the
// initial value after long idleness. It does not know what is sent.
class RetransmitTimer {
 public:
  // kFloor bounds from below what a measured round trip may make of the value; a smaller configured
  // initial value is its own floor. On a local network 1.5 round trips are under a millisecond,
  // less than a public-key operation or a scheduler's hiccup takes at the other end, so each flight
  // would be sent twice. A quarter of 50 ms is also a sane ACK delay.
  static constexpr Duration kFloor = std::chrono::milliseconds(50);

  explicit RetransmitTimer(const RetransmitTimerConfig& config)
      : config_(config), value_(config.initial) {}

  // Start arms the timer for a flight sent at `now` for the first time.
  void Start(Instant now);
  // Restart arms it again with the present value after progress (a partial ACK answered by a
  // retransmission at `now`): the expiry count starts over, the round trip is no longer measured.
  void Restart(Instant now);
  // Postpone arms it again after a retransmission that the peer's repetition asked for. Nothing was
  // acknowledged, so the expiry count stays.
  void Postpone(Instant now);
  // OnRoundTrip: one of exactly this length was measured, of a record that is known apart from
  // those that carried the same. The value is 1.5 times that, from when it is next armed.
  void OnRoundTrip(Duration round_trip);
  // OnAcked stops it: the flight is acknowledged, implicitly or not.
  void OnAcked(Instant now);
  void Stop();
  // ExpectWork: the next flight calls for work of the peer's that none before it did. The value is
  // no less than the initial one then, whatever was measured.
  void ExpectWork();
  // Override gives it another value, from when it was last armed.
  void Override(Duration value);

  bool running() const { return deadline_.has_value(); }
  std::optional<Instant> deadline() const { return deadline_; }
  // HandleTimeout: if the deadline has passed, doubles the value, arms again from `now` and returns
  // true: retransmit.
  bool HandleTimeout(Instant now);
  // Exhausted: max_expiries were reached.
  bool Exhausted() const { return num_expiries_ >= config_.max_expiries; }
  uint32_t num_expiries() const { return num_expiries_; }
  // value is the present timer value, of which 1/4 is the ACK delay (RFC 9147 section 7.1).
  Duration value() const { return value_; }
  // initial is the value before anything was measured.
  Duration initial() const { return config_.initial; }
  RetransmitTimerReport report() const { return {num_starts_, num_expiries_, value_}; }

  // memory and Recall have a new timer of the same config go on with what this one knows. Requires
  // !running().
  RetransmitTimerMemory memory() const { return {value_, last_used_, num_starts_, num_expiries_}; }
  void Recall(const RetransmitTimerMemory& memory);

 private:
  void Arm(Instant now);

  RetransmitTimerConfig config_;
  Duration value_;
  std::optional<Instant> deadline_;
  Instant last_used_{};  // when it was last armed, or the flight acknowledged
  uint32_t num_starts_ = 0;
  uint32_t num_expiries_ = 0;
  bool sent_once_ = false;  // so that an acknowledgement measures a round trip from last_used_
};

}  // namespace dtls13

#endif  // DTLS13_FLIGHT_RETRANSMIT_TIMER_H_
