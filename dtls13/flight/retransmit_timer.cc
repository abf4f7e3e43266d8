// SPDX-License-Identifier: Apache-2.0
#include "dtls13/flight/retransmit_timer.h"

#include <algorithm>

namespace dtls13 {
namespace {

// RFC 9147 section 5.8.2: "no less than 10 times the current timer value".
constexpr int kIdleFactor = 10;

}  // namespace

void RetransmitTimer::Arm(Instant now) {
  deadline_ = now + value_;
  last_used_ = now;
}

void RetransmitTimer::Start(Instant now) {
  //= rfc9147#section-5.8.2
  //# After a long period of idleness,
  //# no less than 10 times the current timer value, implementations MAY
  //# reset the timer to the initial value.
  if (now - last_used_ >= kIdleFactor * value_) value_ = config_.initial;
  ++num_starts_;
  num_expiries_ = 0;
  sent_once_ = true;
  Arm(now);
}

void RetransmitTimer::Restart(Instant now) {
  num_expiries_ = 0;
  sent_once_ = false;
  Arm(now);
}

void RetransmitTimer::Postpone(Instant now) {
  sent_once_ = false;
  Arm(now);
}

// Section 5.8.2 has a value retained for as long as a retransmission leaves open which of two
// transmissions was answered, as RFC 6298 section 3 does with its "Karn's algorithm", which excepts
// TCP's timestamps because they tell the two apart. So does a record's number.
void RetransmitTimer::OnRoundTrip(Duration round_trip) {
  const Duration floor = std::min(kFloor, config_.initial);
  value_ = std::clamp(round_trip * 3 / 2, floor, std::max(config_.max, floor));
}

void RetransmitTimer::OnAcked(Instant now) {
  if (!running()) return;
  //= rfc9147#section-5.8.2
  //# Implementations SHOULD retain the current timer value until a message
  //# is transmitted and acknowledged without having to be retransmitted,
  //# at which time the value SHOULD be adjusted to 1.5 times the measured
  //# round trip time for that message.
  if (sent_once_) OnRoundTrip(now - last_used_);
  Stop();
  last_used_ = now;
}

void RetransmitTimer::Stop() {
  deadline_.reset();
  sent_once_ = false;
}

// A HelloRetryRequest is made without state, without a private key and mostly without a thread of
// its own. Section 5.8.2's "1.5 times the measured round trip time" taken from it is a lower bound
// of what the answer to the second ClientHello takes, and is kept as one: a shorter timer sends a
// server that is still at work, or still handing the client to a socket, the same hello again.
void RetransmitTimer::ExpectWork() { value_ = std::max(value_, config_.initial); }

void RetransmitTimer::Override(Duration value) {
  value_ = value;
  if (deadline_) deadline_ = last_used_ + value;
}

void RetransmitTimer::Recall(const RetransmitTimerMemory& memory) {
  value_ = memory.value;
  last_used_ = memory.last_used;
  num_starts_ = memory.num_starts;
  num_expiries_ = memory.num_expiries;
}

bool RetransmitTimer::HandleTimeout(Instant now) {
  if (!deadline_ || now < *deadline_) return false;
  //= rfc9147#section-5.8.2
  //# Unless implementations have deployment-specific and/or external
  //# information about the round trip time, implementations SHOULD use an
  //# initial timer value of 1000 ms and double the value at each
  //# retransmission, up to no less than 60 seconds (the maximum as
  //# specified in RFC 6298 [RFC6298]).
  value_ = std::max(value_, std::min(2 * value_, config_.max));
  ++num_expiries_;
  sent_once_ = false;
  Arm(now);
  return true;
}

}  // namespace dtls13
