// SPDX-License-Identifier: Apache-2.0
#include "dtls13/association/mobility.h"

#include <algorithm>
#include <utility>

#include "dtls13/association/deadline_codec.h"

namespace dtls13 {

namespace {

void WritePath(ByteWriter* writer, const std::optional<PathId>& path) {
  writer->WriteU8(path.has_value());
  if (path) writer->WriteVector8(path->bytes());
}

bool ReadPath(ByteReader* reader, std::optional<PathId>* path) {
  bool has_path = false;
  std::span<const uint8_t> bytes;
  if (!reader->ReadFlag(&has_path)) return false;
  if (!has_path) return true;
  if (!reader->ReadVector8(&bytes)) return false;
  *path = PathId::Of(bytes);
  return path->has_value();
}

}  // namespace

Mobility::Paths& Mobility::paths() {
  if (paths_ == nullptr) paths_ = std::make_unique<Paths>();
  return *paths_;
}

// Few associations ever have one, and it is the greater part of what paths take.
Mobility::Journey& Mobility::journey() {
  std::unique_ptr<Journey>& journey = paths().journey;
  if (journey == nullptr) journey = std::make_unique<Journey>(config_);
  return *journey;
}

// --- The path in use

bool Mobility::IsLeft(const PathId& path) const {
  return has_journey() && paths_->journey->left.has_value() && path == *paths_->journey->left &&
         !(path == paths_->active);
}

void Mobility::Use(const PathId& path) {
  paths().active = path;
  paths_->candidate = path;
  if (has_journey()) paths_->journey->validator.Stop();
}

void Mobility::OnDatagram(const PathId& from, size_t len, bool follows) {
  if (follows && from != active()) {
    Use(from);
    bound_.Reset();
  }
  if (from == active()) bound_.OnReceived(len);
}

void Mobility::Leave(const PathId& path) {
  if (path == active()) return;
  journey().left = active();
  Use(path);
}

void Mobility::Confirm(const PathId& path, std::optional<ConnectionId> fresh_id) {
  Use(path);
  journey().probe_id.reset();
  journey().fresh_id = std::move(fresh_id);
}

//= rfc9147#section-11
//# In order to prevent this, implementations SHOULD attempt to use fresh
//# CIDs whenever they change local addresses or ports (though this is
//# not always possible to detect).
void Mobility::Migrate(const PathId& path, std::span<const uint8_t> used_id,
                       std::optional<ConnectionId> fresh_id) {
  Leave(path);
  Journey& journey = this->journey();
  journey.probe_id.reset();
  journey.left_id.reset();
  if (fresh_id) journey.left_id.emplace(used_id.begin(), used_id.end());
  journey.fresh_id = std::move(fresh_id);
}

std::optional<ConnectionId> Mobility::TakeFreshId() {
  return has_journey() ? std::exchange(paths_->journey->fresh_id, {}) : std::nullopt;
}

void Mobility::OnPeerReplacedIds() {
  if (!has_journey()) return;
  paths_->journey->probe_id.reset();
  paths_->journey->left_id.reset();
}

// --- What the peer sends

bool Mobility::OnNumber(RecordNumber number) {
  if (number <= newest_record_) return false;
  newest_record_ = number;
  return true;
}

Mobility::News Mobility::OnRecord(const PathId& from, size_t len, bool is_newest, Instant now) {
  //= rfc9146#section-6
  //# When a record with a CID is received that has a source address
  //# different from the one currently associated with the DTLS connection,
  //# the receiver MUST NOT replace the address it uses for sending records
  //# to its peer with the source address specified in the received
  //# datagram, unless the following three conditions are met:
  // The record was authenticated below us, it is the newest, and the check or the application
  // proves that the peer is there.

  //= rfc9147#section-11
  //# DTLS implementations MUST NOT update the address they send to in
  //# response to packets from a different address unless they first
  //# perform some reachability test; no such test is defined in this
  //# specification and a future specification would need to specify a
  //# complete procedure for how and when to update addresses.
  if (!has_paths() && from.empty()) return News::kNone;
  News news = News::kNone;
  Paths& paths = this->paths();
  // By the path that we left ourselves it was sent before the peer could know.
  if (is_newest && !(from == paths.active) && !IsLeft(from)) {
    if (!has_check_) {
      if (from == paths.candidate) return News::kNone;  // it has been said
      paths.candidate = from;
      return News::kCandidate;
    }
    //= draft-ietf-tls-dtls-rrc#section-3.1
    //# if a record with CID is received that has
    //# the source address of the enclosing UDP datagram different from what
    //# is currently associated with that CID value, the receiver SHOULD
    //# perform a return routability check as described in Section 5, unless
    //# an application-specific address validation mechanism can be triggered
    //# instead (e.g., CoAP Echo [RFC9175]).
    if (journey().validator.Start(paths.active, from, now)) {
      paths.candidate = from;
      if (paths.journey->validator.probes_candidate()) news = News::kProbing;
    }
  }
  if (has_journey()) paths.journey->validator.OnReceived(from, len);
  return news;
}

Mobility::News Mobility::OnMessage(const ReturnRoutabilityCheck& message, const PathId& from,
                                   Instant now) {
  using Type = ReturnRoutabilityCheck::Type;
  //= draft-ietf-tls-dtls-rrc#section-3
  //# The client and server MUST NOT use RRC unless both sides
  //# have successfully exchanged rrc extensions.
  if (!has_check_) return News::kNone;
  if (message.type != Type::kPathChallenge) {
    return has_journey() ? Conclude(paths_->journey->validator.OnAnswer(message, from, now))
                         : News::kNone;
  }
  std::vector<Outgoing>& answers = journey().answers;
  if (answers.size() >= kMaxAnswers) return News::kNone;
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
  answers.push_back({from, {IsLeft(from) ? Type::kPathDrop : Type::kPathResponse, message.cookie}});
  return News::kNone;
}

Mobility::News Mobility::HandleTimeout(Instant now) {
  return has_journey() ? Conclude(paths_->journey->validator.HandleTimeout(now)) : News::kNone;
}

std::optional<Instant> Mobility::deadline() const {
  return has_journey() ? paths_->journey->validator.deadline() : std::nullopt;
}

Mobility::News Mobility::Conclude(PathValidator::Verdict verdict) {
  switch (verdict) {
    case PathValidator::Verdict::kNone:
      return News::kNone;
    case PathValidator::Verdict::kProbesCandidate:
      return News::kProbing;
    case PathValidator::Verdict::kValidated:
      paths_->active = paths_->candidate;
      paths_->journey->fresh_id = std::exchange(paths_->journey->probe_id, {});
      return News::kMoved;
    case PathValidator::Verdict::kRefused:
    case PathValidator::Verdict::kTimedOut:
      // The Connection ID was seen on a path that is none, and is not used again.
      paths_->journey->probe_id.reset();
      return News::kProbeOver;
  }
  return News::kNone;
}

// --- What is sent for the check

std::span<const uint8_t> Mobility::IdFor(const PathId& path,
                                         std::span<const uint8_t> usual_id) const {
  if (!has_journey() || path == paths_->active) return usual_id;
  const Journey& journey = *paths_->journey;
  if (journey.probe_id && path == paths_->candidate) return *journey.probe_id;
  if (journey.left_id && IsLeft(path)) return *journey.left_id;
  return usual_id;
}

std::optional<Mobility::Outgoing> Mobility::NextMessage(const Carrier& carrier,
                                                        RandomSource* random) {
  if (!has_journey()) return std::nullopt;
  const size_t challenge_len = carrier.len_without_id + IdFor(candidate(), carrier.usual_id).size();
  if (carrier.max_len < std::max(challenge_len, carrier.len_without_id + carrier.usual_id.size())) {
    return std::nullopt;
  }
  //= draft-ietf-tls-dtls-rrc#section-5.4
  //# The responder MUST NOT delay sending an elicited path_response or
  //# path_drop messages.

  //= draft-ietf-tls-dtls-rrc#section-5.4
  //# The responder MUST send exactly one path_response or path_drop
  //# message for each valid path_challenge it received.
  std::vector<Outgoing>& answers = paths_->journey->answers;
  if (!answers.empty()) {
    const Outgoing answer = answers.front();
    answers.erase(answers.begin());
    return answer;
  }
  //= draft-ietf-tls-dtls-rrc#section-5.3
  //# -  Each path_challenge SHOULD go into different transport packets.
  const auto challenge = paths_->journey->validator.TakeChallenge(challenge_len, random);
  if (!challenge) return std::nullopt;
  return Outgoing{challenge->to, {ReturnRoutabilityCheck::Type::kPathChallenge, challenge->cookie}};
}

// --- Connection IDs of ours

void Mobility::Retire(ConnectionId id, Instant now) {
  retiring_.push_back({std::move(id), now + retired_lifetime_});
}

void Mobility::KeepId(const ConnectionId& id) {
  std::erase_if(retiring_, [&](const Retiring& one) { return one.id == id; });
}

std::optional<ConnectionId> Mobility::TakeForgottenId(Instant now) {
  if (retiring_.empty()) return std::nullopt;
  if (now < retiring_.front().forget_at && retiring_.size() <= kMaxRetiring) return std::nullopt;
  ConnectionId id = std::move(retiring_.front().id);
  retiring_.erase(retiring_.begin());
  return id;
}

// --- Going to another process

std::optional<Instant> Mobility::forget_at() const {
  if (retiring_.empty()) return std::nullopt;
  return retiring_.front().forget_at;
}

bool Mobility::IsAtRest() const {
  return !has_journey() || (!paths_->journey->probe_id && !paths_->journey->validator.running() &&
                            paths_->journey->answers.empty());
}

void Mobility::WriteState(ByteWriter* writer, Instant now) const {
  writer->WriteU64(newest_record_.epoch.value);
  writer->WriteU64(newest_record_.sequence_number.value);
  writer->WriteU8(static_cast<uint8_t>(retiring_.size()));
  for (const Retiring& one : retiring_) {
    WriteConnectionId(writer, one.id);
    WriteDeadline(writer, one.forget_at, now);
  }
  WritePath(writer, has_paths() ? std::optional<PathId>(paths_->active) : std::nullopt);
  WritePath(writer, has_journey() ? paths_->journey->left : std::nullopt);
  const std::optional<ConnectionId> left_id =
      has_journey() ? paths_->journey->left_id : std::nullopt;
  writer->WriteU8(left_id.has_value());
  WriteConnectionId(writer, left_id.value_or(ConnectionId()));
}

bool Mobility::ReadState(ByteReader* reader, Instant now) {
  uint8_t num_retiring = 0;
  if (!reader->ReadU64(&newest_record_.epoch.value) ||
      !reader->ReadU64(&newest_record_.sequence_number.value) || !reader->ReadU8(&num_retiring) ||
      num_retiring > kMaxRetiring) {
    return false;
  }
  for (; num_retiring > 0; --num_retiring) {
    ConnectionId id;
    std::optional<Instant> forget_at;
    if (!ReadConnectionId(reader, &id) ||
        !ReadDeadline(reader, retired_lifetime_, now, &forget_at)) {
      return false;
    }
    retiring_.push_back({std::move(id), forget_at.value_or(now + retired_lifetime_)});
  }
  std::optional<PathId> active, left;
  bool has_left_id = false;
  ConnectionId left_id;
  if (!ReadPath(reader, &active) || !ReadPath(reader, &left) || !reader->ReadFlag(&has_left_id) ||
      !ReadConnectionId(reader, &left_id)) {
    return false;
  }
  if (!active) return !left;
  Use(left.value_or(*active));
  Leave(*active);
  if (has_left_id) journey().left_id = std::move(left_id);
  return true;
}

// --- While cold

void Mobility::WriteMemory(ByteWriter* writer, Instant now) const {
  WriteState(writer, now);
  writer->WriteU8(has_journey());
  if (!has_journey()) return;
  paths_->journey->validator.WriteMemory(writer, now);
  // What is left of a change of path, and no record has told yet.
  const std::optional<ConnectionId>& fresh_id = paths_->journey->fresh_id;
  writer->WriteU8(fresh_id.has_value());
  WriteConnectionId(writer, fresh_id.value_or(ConnectionId()));
}

bool Mobility::ReadMemory(ByteReader* reader, Instant now) {
  bool had_journey = false, has_fresh_id = false;
  ConnectionId fresh_id;
  if (!ReadState(reader, now) || !reader->ReadFlag(&had_journey)) return false;
  if (!had_journey) return true;
  if (!journey().validator.ReadMemory(reader, now) || !reader->ReadFlag(&has_fresh_id) ||
      !ReadConnectionId(reader, &fresh_id)) {
    return false;
  }
  if (has_fresh_id) journey().fresh_id = std::move(fresh_id);
  return true;
}

}  // namespace dtls13
