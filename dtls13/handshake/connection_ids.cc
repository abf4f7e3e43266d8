// SPDX-License-Identifier: Apache-2.0
#include "dtls13/handshake/connection_ids.h"

#include <algorithm>
#include <utility>

#include "dtls13/handshake/connection_id_negotiation.h"
#include "dtls13/message/failure.h"

namespace dtls13 {
namespace {

// kMaxTries: short identifiers of a random source may meet.
constexpr int kMaxTries = 16;

bool Contains(const std::vector<ConnectionId>& ids, std::span<const uint8_t> id) {
  return std::any_of(ids.begin(), ids.end(), [&](const ConnectionId& held) {
    return std::equal(held.begin(), held.end(), id.begin(), id.end());
  });
}

void WriteIds(ByteWriter* writer, const std::vector<ConnectionId>& ids) {
  writer->WriteU8(static_cast<uint8_t>(ids.size()));
  for (const ConnectionId& id : ids) WriteConnectionId(writer, id);
}

// ReadIds is false when there are more than `max` or one is empty.
bool ReadIds(ByteReader* reader, size_t max, std::vector<ConnectionId>* ids) {
  uint8_t num = 0;
  if (!reader->ReadU8(&num) || num > max) return false;
  ids->clear();
  for (; num > 0; --num) {
    std::span<const uint8_t> id;
    if (!reader->ReadVector8(&id) || id.empty()) return false;
    ids->emplace_back(id.begin(), id.end());
  }
  return true;
}

}  // namespace

ConnectionIds::ConnectionIds(std::shared_ptr<const HandshakeConfig> config,
                             const ConnectionIdAgreement& agreement)
    : config_(std::move(config)),
      receive_len_(agreement.receive.size()),
      sends_(!agreement.send.empty()) {
  if (receive_len_ > 0) ours_.push_back(agreement.receive);
  const uint8_t min_spares = config_->connection_ids.min_spares;
  if (min_spares > 0) Request(min_spares);
}

// --- The peer's identifiers

Status ConnectionIds::HandleNewConnectionId(std::span<const uint8_t> body,
                                            std::vector<HandshakeAction>* actions) {
  //= rfc9147#section-9
  //# Implementations which either did not negotiate the "connection_id"
  //# extension or which have negotiated receiving an empty CID MUST NOT
  //# send NewConnectionId.

  //= rfc9147#section-9
  //# Implementations which detect a violation of these rules MUST
  //# terminate the connection with an "unexpected_message" alert.

  //= rfc9147#section-9
  //# If an implementation receives these messages when
  //# CIDs were not negotiated, it MUST abort the connection with an
  //# "unexpected_message" alert.
  if (!sends_) return UnexpectedMessage();
  bool illegal = false;
  const auto message = ParseNewConnectionId(body, &illegal);
  if (!message) return illegal ? IllegalParameter(Reason::kBadConnectionId) : DecodeError();
  ByteReader reader(message->cids);
  std::span<const uint8_t> id;
  while (NewConnectionId::Next(&reader, &id)) {
    // A peer that agreed to be sent identifiers could not find our records without one.
    if (id.empty()) return IllegalParameter(Reason::kBadConnectionId);
  }
  request_unfulfilled_ = false;
  reader = ByteReader(message->cids);
  if (message->usage == ConnectionIdUsage::kImmediate) {
    //= rfc9147#section-9
    //# If usage is set to "cid_immediate", then one of the
    //# new CIDs MUST be used immediately for all future records.
    if (!NewConnectionId::Next(&reader, &id)) return IllegalParameter(Reason::kBadConnectionId);
    spares_.clear();
    actions->push_back(SendWithConnectionId{.id = {id.begin(), id.end()}});
  }
  //= rfc9147#section-9
  //# If it
  //# is set to "cid_spare", then either an existing or new CID MAY be
  //# used.
  while (NewConnectionId::Next(&reader, &id)) KeepSpare(id);
  return Status::Ok();
}

void ConnectionIds::KeepSpare(std::span<const uint8_t> id) {
  //= rfc9147#section-9
  //# Implementations which receive more spare CIDs than they
  //# wish to maintain MAY simply discard any extra CIDs.
  if (spares_.size() >= kMaxSpares || Contains(spares_, id)) return;
  spares_.emplace_back(id.begin(), id.end());
}

std::optional<ConnectionId> ConnectionIds::TakeSpare() {
  if (spares_.empty()) return std::nullopt;
  //= rfc9147#section-9
  //# Endpoints SHOULD use receiver-provided CIDs in the order they were
  //# provided.
  ConnectionId id = std::move(spares_.front());
  spares_.erase(spares_.begin());
  //= rfc9147#section-9
  //# Implementations SHOULD use a new CID whenever sending on a new path
  //# and SHOULD request new CIDs for this purpose if path changes are
  //# anticipated.
  const size_t wanted = config_->connection_ids.min_spares;
  if (spares_.size() < wanted) Request(static_cast<uint8_t>(wanted - spares_.size()));
  return id;
}

bool ConnectionIds::Request(uint8_t num_cids) {
  //= rfc9147#section-9
  //# Implementations MUST NOT send
  //# RequestConnectionId when sending an empty Connection ID.
  if (!sends_ || num_cids == 0) return false;
  //= rfc9147#section-9
  //# Endpoints MUST NOT send a RequestConnectionId
  //# message when an existing request is still unfulfilled; this implies
  //# that endpoints need to request new CIDs well in advance.

  //= rfc9147#section-5.8.4
  //# In contrast,
  //# implementations MUST NOT send KeyUpdate, NewConnectionId, or
  //# RequestConnectionId messages if an earlier message of the same type
  //# has not yet been acknowledged.
  if (request_ != 0 || request_unfulfilled_ || request_unacked_) return false;
  request_ = num_cids;
  return true;
}

// --- Ours

Status ConnectionIds::HandleRequestConnectionId(std::span<const uint8_t> body) {
  //= rfc9147#section-9
  //# Implementations which detect a violation of these rules MUST
  //# terminate the connection with an "unexpected_message" alert.
  if (receive_len_ == 0) return UnexpectedMessage();
  const auto num_cids = ParseRequestConnectionId(body);
  if (!num_cids) return DecodeError();
  //= rfc9147#section-9
  //# Endpoints MAY handle an excessive number
  //# of RequestConnectionId messages by terminating the connection using a
  //# "too_many_cids_requested" (alert number 52) alert.
  if (++num_fruitless_requests_ > kMaxFruitlessRequests) {
    return Status::Fatal(Reason::kTooManyConnectionIds, AlertDescription::kTooManyCidsRequested);
  }
  peer_wants_ = std::max(*num_cids, peer_wants_.value_or(0));
  return Status::Ok();
}

bool ConnectionIds::Issue(size_t num, ConnectionIdUsage usage) {
  if (receive_len_ == 0 || num == 0 || new_unacked_ || issue_) return false;
  if (usage == ConnectionIdUsage::kSpare && ours_.size() >= kMaxOurs) return false;
  issue_ = {num, usage};
  return true;
}

std::vector<ConnectionId> ConnectionIds::AddNew(size_t num, size_t room,
                                                std::vector<HandshakeAction>* actions) {
  std::vector<ConnectionId> added;
  for (int tries = 0; added.size() < std::min(num, room) && tries < kMaxTries; ++tries) {
    std::optional<ConnectionId> id = MakeConnectionId(*config_, receive_len_);
    if (!id) break;
    if (Contains(ours_, *id)) continue;
    // The peer may use it before we hear that it has it.
    actions->push_back(ExpectConnectionId{.id = *id});
    ours_.push_back(*id);
    added.push_back(*std::move(id));
  }
  return added;
}

std::optional<ConnectionIds::OwedMessage> ConnectionIds::NextNewConnectionId(
    std::vector<HandshakeAction>* actions) {
  //= rfc9147#section-9
  //# Endpoints MUST
  //# NOT have more than one NewConnectionId message outstanding.
  if (new_unacked_) return std::nullopt;
  const size_t num_before = ours_.size();
  ConnectionIdUsage usage = ConnectionIdUsage::kSpare;
  std::vector<ConnectionId> ids;
  if (issue_) {
    usage = issue_->usage;
    const bool replaces = usage == ConnectionIdUsage::kImmediate;
    ids = AddNew(issue_->num, replaces ? kMaxOurs : kMaxOurs - std::min(num_before, kMaxOurs),
                 actions);
    issue_.reset();
    if (ids.empty()) return NextNewConnectionId(actions);
  } else if (peer_wants_) {
    //= rfc9147#section-9
    //# Endpoints SHOULD respond to RequestConnectionId by sending a
    //# NewConnectionId with usage "cid_spare" containing num_cids CIDs as
    //# soon as possible.

    //= rfc9147#section-9
    //# An endpoint
    //# MAY handle requests which it considers excessive by responding with a
    //# NewConnectionId message containing fewer than num_cids CIDs,
    //# including no CIDs at all.
    MakeRoom(*peer_wants_, actions);
    ids = AddNew(*peer_wants_, kMaxOurs - std::min(ours_.size(), kMaxOurs), actions);
    peer_wants_.reset();
  } else {
    return std::nullopt;
  }
  new_unacked_ = true;
  num_given_ = ids.size();
  num_replaced_ = usage == ConnectionIdUsage::kImmediate ? num_before : 0;
  return OwedMessage{HandshakeType::kNewConnectionId, SerializeNewConnectionId(ids, usage)};
}

std::optional<ConnectionIds::OwedMessage> ConnectionIds::NextMessage(
    std::vector<HandshakeAction>* actions) {
  if (auto message = NextNewConnectionId(actions)) return message;
  if (request_ == 0) return std::nullopt;
  request_unacked_ = true;
  request_unfulfilled_ = true;
  return OwedMessage{HandshakeType::kRequestConnectionId,
                     SerializeRequestConnectionId(std::exchange(request_, uint8_t{0}))};
}

void ConnectionIds::OnAcked(HandshakeType type, std::vector<HandshakeAction>* actions) {
  if (type == HandshakeType::kRequestConnectionId) request_unacked_ = false;
  if (type != HandshakeType::kNewConnectionId) return;
  new_unacked_ = false;
  if (num_given_ > 0) num_fruitless_requests_ = 0;
  // An immediate change: every record that the peer sends after its acknowledgement has a new one.
  RetireFirst(std::exchange(num_replaced_, size_t{0}), actions);
}

void ConnectionIds::OnUsed(std::span<const uint8_t> id) {
  if (ours_.empty()) return;
  const ConnectionId& last = ours_[newest_used_];
  if (std::equal(last.begin(), last.end(), id.begin(), id.end())) return;  // as nearly always
  const auto used = std::find_if(ours_.begin(), ours_.end(), [&](const ConnectionId& held) {
    return std::equal(held.begin(), held.end(), id.begin(), id.end());
  });
  if (used != ours_.end()) newest_used_ = static_cast<size_t>(used - ours_.begin());
}

void ConnectionIds::MakeRoom(size_t num, std::vector<HandshakeAction>* actions) {
  // The peer uses them in the order they were provided, so it is done with those before. They
  // retire only when their places are wanted: it may, after all, go back to one.
  const size_t excess = ours_.size() + std::min(num, kMaxOurs);
  if (excess > kMaxOurs) RetireFirst(std::min(excess - kMaxOurs, newest_used_), actions);
}

void ConnectionIds::RetireFirst(size_t num, std::vector<HandshakeAction>* actions) {
  for (size_t i = 0; i < num; ++i) {
    actions->push_back(RetireConnectionId{.id = std::move(ours_[i])});
  }
  ours_.erase(ours_.begin(), ours_.begin() + static_cast<ptrdiff_t>(num));
  newest_used_ -= std::min(newest_used_, num);
}

// --- Going to another process

void ConnectionIds::WriteState(ByteWriter* writer) const {
  WriteIds(writer, ours_);
  writer->WriteU8(static_cast<uint8_t>(newest_used_));
  writer->WriteU8(static_cast<uint8_t>(num_fruitless_requests_));
  WriteIds(writer, spares_);
  writer->WriteU8(request_unfulfilled_);
}

bool ConnectionIds::ReadState(ByteReader* reader) {
  uint8_t newest_used = 0, num_fruitless_requests = 0, request_unfulfilled = 0;
  if (!ReadIds(reader, kMaxOurs, &ours_) || !reader->ReadU8(&newest_used) ||
      !reader->ReadU8(&num_fruitless_requests) || !ReadIds(reader, kMaxSpares, &spares_) ||
      !reader->ReadU8(&request_unfulfilled) || request_unfulfilled > 1) {
    return false;
  }
  newest_used_ = newest_used;
  num_fruitless_requests_ = num_fruitless_requests;
  request_unfulfilled_ = request_unfulfilled == 1;
  request_ = 0;
  const auto is_as_agreed = [this](const ConnectionId& id) { return id.size() == receive_len_; };
  return std::all_of(ours_.begin(), ours_.end(), is_as_agreed) &&
         ours_.empty() == (receive_len_ == 0) && newest_used_ < std::max<size_t>(ours_.size(), 1) &&
         (sends_ || spares_.empty());
}

}  // namespace dtls13
