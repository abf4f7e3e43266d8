#include "dtls13/association/paths.h"

#include <utility>

namespace dtls13 {

void Paths::Use(const PathId& path) {
  active_ = path;
  candidate_ = path;
  validator_.Stop();
}

void Paths::Migrate(const PathId& path) {
  if (path == active_) return;
  abandoned_ = active_;
  Use(path);
}

Paths::News Paths::OnRecord(const PathId& from, size_t len, bool is_newest, Instant now) {
  //= rfc9146#section-6
  //# When a record with a CID is received that has a source address
  //# different from the one currently associated with the DTLS connection,
  //# the receiver MUST NOT replace the address it uses for sending records
  //# to its peer with the source address specified in the received
  //# datagram, unless the following three conditions are met:
  // It was authenticated below us, it is the newest, and the check or the application proves that
  // the peer is there.

  //= rfc9147#section-11
  //# DTLS implementations MUST NOT update the address they send to in
  //# response to packets from a different address unless they first
  //# perform some reachability test; no such test is defined in this
  //# specification and a future specification would need to specify a
  //# complete procedure for how and when to update addresses.
  News news = News::kNone;
  // By the path that we left ourselves it was sent before the peer could know.
  if (is_newest && !(from == active_) && !IsLeft(from)) {
    if (!has_check_) {
      if (from == candidate_) return News::kNone;  // it has been said
      candidate_ = from;
      return News::kCandidate;
    }
    //= draft-ietf-tls-dtls-rrc#section-3.1
    //# if a record with CID is received that has
    //# the source address of the enclosing UDP datagram different from what
    //# is currently associated with that CID value, the receiver SHOULD
    //# perform a return routability check as described in Section 5, unless
    //# an application-specific address validation mechanism can be triggered
    //# instead (e.g., CoAP Echo [RFC9175]).
    if (validator_.Start(active_, from, now)) {
      candidate_ = from;
      if (validator_.probes_candidate()) news = News::kProbing;
    }
  }
  validator_.OnReceived(from, len);
  return news;
}

Paths::News Paths::OnMessage(const ReturnRoutabilityCheck& message, const PathId& from,
                             Instant now) {
  using Type = ReturnRoutabilityCheck::Type;
  //= draft-ietf-tls-dtls-rrc#section-3
  //# The client and server MUST NOT use RRC unless both sides
  //# have successfully exchanged rrc extensions.
  if (!has_check_) return News::kNone;
  if (message.type != Type::kPathChallenge) {
    return Conclude(validator_.OnAnswer(message, from, now));
  }
  if (answers_.size() >= kMaxAnswers) return News::kNone;
  //= draft-ietf-tls-dtls-rrc#section-5.2
  //# *  If the path through which the message was received is
  //#    preferred, a return_routability_check message of type
  //#    path_response MUST be returned.

  //= draft-ietf-tls-dtls-rrc#section-5.2
  //# *  If the path through which the message was received is no
  //#    longer preferred, a return_routability_check message of type
  //#    path_drop MUST be returned.
  //= draft-ietf-tls-dtls-rrc#section-5.4
  //# The responder MUST send the path_response or the path_drop to the
  //# address from which the corresponding path_challenge was received.
  answers_.push_back(
      {from, {IsLeft(from) ? Type::kPathDrop : Type::kPathResponse, message.cookie}});
  return News::kNone;
}

Paths::News Paths::HandleTimeout(Instant now) { return Conclude(validator_.HandleTimeout(now)); }

Paths::News Paths::Conclude(PathValidator::Verdict verdict) {
  switch (verdict) {
    case PathValidator::Verdict::kNone:
      return News::kNone;
    case PathValidator::Verdict::kProbesCandidate:
      return News::kProbing;
    case PathValidator::Verdict::kValidated:
      active_ = candidate_;
      return News::kMoved;
    case PathValidator::Verdict::kRefused:
    case PathValidator::Verdict::kTimedOut:
      return News::kProbeOver;
  }
  return News::kNone;
}

std::optional<Paths::Outgoing> Paths::NextMessage(size_t len, RandomSource* random) {
  //= draft-ietf-tls-dtls-rrc#section-5.4
  //# The responder MUST NOT delay sending an elicited path_response or
  //# path_drop messages.

  //= draft-ietf-tls-dtls-rrc#section-5.4
  //# The responder MUST send exactly one path_response or path_drop
  //# message for each valid path_challenge it received.
  if (!answers_.empty()) {
    Outgoing answer = std::move(answers_.front());
    answers_.erase(answers_.begin());
    return answer;
  }
  //= draft-ietf-tls-dtls-rrc#section-5.3
  //# -  Each path_challenge SHOULD go into different transport packets.
  const auto challenge = validator_.TakeChallenge(len, random);
  if (!challenge) return std::nullopt;
  return Outgoing{challenge->to, {ReturnRoutabilityCheck::Type::kPathChallenge, challenge->cookie}};
}

}  // namespace dtls13
