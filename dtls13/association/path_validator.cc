// SPDX-License-Identifier: Apache-2.0
#include "dtls13/association/path_validator.h"

#include <algorithm>

#include "dtls13/association/deadline_codec.h"

namespace dtls13 {

bool PathValidator::Start(const PathId& active, const PathId& candidate, Instant now) {
  if (running() || (quiet_until_ && now < *quiet_until_)) return false;
  old_path_ = active;
  candidate_ = candidate;
  candidate_received_ = candidate_sent_ = 0;
  ++stats_.num_started;
  const bool asks_old_path = config_.check == PathCheck::kEnhanced || asked_in_vain_;
  Begin(asks_old_path ? Step::kOldPath : Step::kCandidate, now);
  return true;
}

void PathValidator::Begin(Step step, Instant now) {
  step_ = step;
  step_began_ = now;
  num_cookies_ = 0;
  challenge_due_ = true;
}

PathValidator::Verdict PathValidator::End(Verdict verdict, uint64_t* counter, Instant now) {
  step_ = Step::kIdle;
  ++*counter;
  if (verdict == Verdict::kTimedOut) asked_in_vain_ = true;
  if (verdict == Verdict::kValidated) asked_in_vain_ = false;
  quiet_until_.reset();
  if (verdict != Verdict::kValidated) quiet_until_ = now + config_.timeout;
  return verdict;
}

void PathValidator::OnReceived(const PathId& path, size_t len) {
  if (running() && path == candidate_) candidate_received_ += len;
}

std::optional<PathValidator::Challenge> PathValidator::TakeChallenge(size_t len,
                                                                     RandomSource* random) {
  if (!running() || !challenge_due_) return std::nullopt;
  //= draft-ietf-tls-dtls-rrc#section-5
  //# A receiver that observes the peer's address change MUST stop sending
  //# any buffered application data, or limit the data sent to the
  //# unvalidated address to the anti-amplification limit.
  // Data keeps to the old path. Of what goes to the new one, there is nothing but this.
  if (step_ == Step::kCandidate) {
    if (candidate_sent_ + len > kAmplificationLimit * candidate_received_) return std::nullopt;
    candidate_sent_ += len;
  }
  challenge_due_ = false;
  //= draft-ietf-tls-dtls-rrc#section-5.3
  //# Each path_challenge message MUST contain random data.
  PathCookie cookie{};
  if (!random->Fill(cookie)) return std::nullopt;
  cookies_[num_cookies_++] = cookie;
  return Challenge{step_ == Step::kCandidate ? candidate_ : old_path_, cookie};
}

bool PathValidator::IsOpen(const PathCookie& cookie) const {
  const auto end = cookies_.begin() + static_cast<ptrdiff_t>(num_cookies_);
  return std::find(cookies_.begin(), end, cookie) != end;
}

PathValidator::Verdict PathValidator::OnAnswer(const ReturnRoutabilityCheck& answer,
                                               const PathId& from, Instant now) {
  const bool is_drop = answer.type == ReturnRoutabilityCheck::Type::kPathDrop;
  const PathId& asked = step_ == Step::kCandidate ? candidate_ : old_path_;
  //= draft-ietf-tls-dtls-rrc#section-5.4
  //# The initiator MUST silently discard any invalid path_response or
  //# path_drop it receives.
  // An answer comes by the path that was asked, or does not show that it works both ways.
  if (!running() || !IsOpen(answer.cookie) || !(from == asked) ||
      (is_drop && step_ == Step::kCandidate)) {
    ++stats_.num_unexpected_answers;
    return Verdict::kNone;
  }
  if (step_ == Step::kCandidate) return End(Verdict::kValidated, &stats_.num_validated, now);
  //= draft-ietf-tls-dtls-rrc#section-5.2
  //# *  When a return_routability_check message of type path_response
  //#    was received, the initiator MUST continue using the previously
  //#    valid address, i.e., no switch to the new path takes place and
  //#    the peer address binding is not updated.
  if (!is_drop) return End(Verdict::kRefused, &stats_.num_refused, now);
  //= draft-ietf-tls-dtls-rrc#section-5.2
  //# *  When a return_routability_check message of type path_drop was
  //#    received, the initiator MUST perform a return routability
  //#    check on the observed new address, as described in
  //#    Section 5.1.
  Begin(Step::kCandidate, now);
  return Verdict::kProbesCandidate;
}

PathValidator::Verdict PathValidator::HandleTimeout(Instant now) {
  if (!running()) return Verdict::kNone;
  if (now >= step_began_ + config_.timeout) {
    if (step_ == Step::kCandidate) return End(Verdict::kTimedOut, &stats_.num_timed_out, now);
    //= draft-ietf-tls-dtls-rrc#section-5.2
    //# In this
    //# case, the initiator MUST perform a return routability check on
    //# the observed new address, as described in Section 5.1.
    Begin(Step::kCandidate, now);
    return Verdict::kProbesCandidate;
  }
  //= draft-ietf-tls-dtls-rrc#section-5.3
  //# The initiator MAY send multiple return_routability_check messages
  //# of type path_challenge to cater for packet loss on the probed
  //# path.

  //= draft-ietf-tls-dtls-rrc#section-5.3
  //# -  The transmission of subsequent path_challenge messages SHOULD
  //#    be paced to decrease the chance of loss.
  // T is three round trips, so this is one a round trip.
  if (num_cookies_ > 0 && num_cookies_ < kMaxChallenges &&
      now >= step_began_ + config_.timeout * static_cast<int>(num_cookies_) / kMaxChallenges) {
    challenge_due_ = true;
  }
  return Verdict::kNone;
}

std::optional<Instant> PathValidator::deadline() const {
  if (!running()) return std::nullopt;
  if (!challenge_due_ && num_cookies_ > 0 && num_cookies_ < kMaxChallenges) {
    return step_began_ + config_.timeout * static_cast<int>(num_cookies_) / kMaxChallenges;
  }
  return step_began_ + config_.timeout;
}

void PathValidator::WriteMemory(ByteWriter* writer, Instant now) const {
  for (const uint64_t count : {stats_.num_started, stats_.num_validated, stats_.num_refused,
                               stats_.num_timed_out, stats_.num_unexpected_answers}) {
    writer->WriteU64(count);
  }
  writer->WriteU8(asked_in_vain_);
  WriteDeadline(writer, quiet_until_, now);
}

bool PathValidator::ReadMemory(ByteReader* reader, Instant now) {
  for (uint64_t* count : {&stats_.num_started, &stats_.num_validated, &stats_.num_refused,
                          &stats_.num_timed_out, &stats_.num_unexpected_answers}) {
    if (!reader->ReadU64(count)) return false;
  }
  return reader->ReadFlag(&asked_in_vain_) &&
         ReadDeadline(reader, config_.timeout, now, &quiet_until_);
}

}  // namespace dtls13
