// The part of AssociationImpl that knows whose datagrams these are and where they go: Connection
// IDs and paths.

#include <algorithm>
#include <utility>

#include "dtls13/association/association_impl.h"
#include "dtls13/wire/return_routability_check.h"

namespace dtls13 {
// --- Connection IDs

void AssociationImpl::Apply(ExpectConnectionId action, Instant) {
  // One that was retired and is handed out again stays.
  use_.retiring.erase(
      std::remove_if(use_.retiring.begin(), use_.retiring.end(),
                     [&](const PathUse::Retiring& one) { return one.id == action.id; }),
      use_.retiring.end());
  if (!records_.AddReceiveConnectionId(action.id)) {
    FailLocally(Reason::kInternal, AlertDescription::kInternalError);
    return;
  }
  events_.PushOwned({.type = EventType::kConnectionIdAdded}, std::move(action.id));
}

void AssociationImpl::Apply(RetireConnectionId action, Instant now) {
  ForgetRetiredConnectionIds(now, PathUse::kMaxRetiring - 1);
  use_.retiring.push_back({std::move(action.id), now + config_->old_keys_lifetime});
}

void AssociationImpl::Apply(SendWithConnectionId action, Instant) {
  records_.SetSendConnectionId(action.id);
  // With an immediate change the peer took back all that it gave before.
  use_.probe_id.reset();
  use_.left_id.reset();
}

// MaySendMessages: the handshake is over, and the end is not near.
bool AssociationImpl::MaySendMessages() const {
  return ending_.may_send() && connected_ && next_message_seq_ != kMaxMessageSeq;
}

void AssociationImpl::ForgetRetiredConnectionIds(Instant now, size_t max_left) {
  std::vector<PathUse::Retiring>& retiring = use_.retiring;
  while (!retiring.empty() && (now >= retiring.front().forget_at || retiring.size() > max_left)) {
    ConnectionId id = std::move(retiring.front().id);
    retiring.erase(retiring.begin());
    records_.RemoveReceiveConnectionId(id);
    events_.PushOwned({.type = EventType::kConnectionIdRetired}, std::move(id));
  }
}

std::optional<ConnectionId> AssociationImpl::TakeSpareConnectionId() {
  if (!MaySendMessages() || post_handshake_->connection_ids() == nullptr) return std::nullopt;
  return post_handshake_->connection_ids()->TakeSpare();
}

//= rfc9147#section-9
//# Endpoints MUST NOT send either of these messages if they did not
//# negotiate a CID.
bool AssociationImpl::RequestConnectionIds(uint8_t num, Instant now) {
  if (!MaySendMessages() || post_handshake_->connection_ids() == nullptr) return false;
  const bool done = post_handshake_->connection_ids()->Request(num);
  RunActions(now);
  return done;
}

bool AssociationImpl::IssueConnectionIds(size_t num, ConnectionIdUsage usage, Instant now) {
  if (!MaySendMessages() || post_handshake_->connection_ids() == nullptr) return false;
  const bool done = post_handshake_->connection_ids()->Issue(num, usage);
  RunActions(now);
  return done;
}

// --- Paths

Paths& AssociationImpl::paths() {
  if (use_.paths == nullptr) use_.paths = std::make_unique<Paths>(config_->path_validation);
  if (connected_ && result_.connection_ids.return_routability_check) use_.paths->EnableCheck();
  return *use_.paths;
}

const PathId& AssociationImpl::active_path() const {
  static const PathId kNone;
  return use_.paths != nullptr ? use_.paths->active() : kNone;
}

PathStats AssociationImpl::path_stats() const {
  return use_.paths != nullptr ? use_.paths->stats() : PathStats();
}

void AssociationImpl::BeforeDatagram(const PathId& from) {
  if (from.empty() && use_.paths == nullptr) return;
  // A server that has not answered answers whoever speaks.
  if (role_ == Role::kServer && !peer_is_dtls13_ && handshake_->wait() == HandshakeWait::kMessage) {
    paths().Use(from);
  }
}

void AssociationImpl::OnRecordFrom(const PathId& from, const OpenedRecord& record, Instant now) {
  if (record.number.epoch == kPlaintextEpoch || ending_.IsAfterPeerClose(record.number)) return;
  const bool is_newest = record.number > use_.newest_record;
  if (is_newest) {
    use_.newest_record = record.number;
    if (post_handshake_ != nullptr && post_handshake_->connection_ids() != nullptr) {
      post_handshake_->connection_ids()->OnUsed(record.connection_id);
    }
  }
  const bool is_check = record.type == ContentType::kReturnRoutabilityCheck;
  if (use_.paths == nullptr && from.empty() && !is_check) return;
  if (!connected_) {
    if (paths().active().empty()) paths().Use(from);
    return;
  }
  HandlePathNews(paths().OnRecord(from, record.record_len, is_newest, now), now);
  if (!is_check || record.number.epoch < kFirstApplicationEpoch) return;
  if (const auto message = ParseReturnRoutabilityCheck(record.content)) {
    HandlePathNews(paths().OnMessage(*message, from, now), now);
  }
}

void AssociationImpl::HandlePathNews(Paths::News news, Instant now) {
  const auto push = [this](EventType type, const PathId& path) {
    events_.PushOwned({.type = type}, {path.bytes().begin(), path.bytes().end()});
  };
  switch (news) {
    case Paths::News::kNone:
      return;
    case Paths::News::kCandidate:
      push(EventType::kPeerAddressCandidate, use_.paths->candidate());
      return;
    case Paths::News::kProbing:
      //= draft-ietf-tls-dtls-rrc#section-9
      //# When using DTLS 1.3, peers SHOULD avoid using the same CID on
      //# multiple network paths, in particular when initiating connection
      //# migration or when probing a new network path, as described in
      //# Section 5, as an adversary can otherwise correlate the communication
      //# interaction across those different paths.
      use_.probe_id = TakeSpareConnectionId();
      RunActions(now);
      return;
    case Paths::News::kProbeOver:
      // It was seen on a path that is none, and is not used again.
      use_.probe_id.reset();
      return;
    case Paths::News::kMoved:
      if (use_.probe_id) records_.SetSendConnectionId(*use_.probe_id);
      use_.probe_id.reset();
      push(EventType::kPeerMoved, use_.paths->active());
      // What was under way by the old path is likely lost.
      retransmission_.Provoke(now);
      RunActions(now);
      return;
  }
}

void AssociationImpl::MigrateTo(const PathId& path, Instant now) {
  if (failed() || path == active_path()) return;
  paths().Migrate(path);
  use_.probe_id.reset();
  use_.left_id.reset();
  //= rfc9147#section-11
  //# In order to prevent this, implementations SHOULD attempt to use fresh
  //# CIDs whenever they change local addresses or ports (though this is
  //# not always possible to detect).
  if (auto id = TakeSpareConnectionId()) {
    const std::span<const uint8_t> left = records_.send_connection_id();
    use_.left_id.emplace(left.begin(), left.end());
    records_.SetSendConnectionId(*id);
  }
  // What was under way by the old path is likely lost.
  retransmission_.Provoke(now);
  RunActions(now);
}

void AssociationImpl::ConfirmPath(const PathId& path, Instant now) {
  if (failed() || path == active_path()) return;
  paths().Use(path);
  use_.probe_id.reset();
  if (auto id = TakeSpareConnectionId()) records_.SetSendConnectionId(*id);
  // What was under way by the old path is likely lost.
  retransmission_.Provoke(now);
  RunActions(now);
}

size_t AssociationImpl::PackPathMessage(std::span<uint8_t> out, PathId* to) {
  if (use_.paths == nullptr || !connected_ || failed()) return 0;
  //= draft-ietf-tls-dtls-rrc#section-4
  //# The return_routability_check message MUST be authenticated and
  //# encrypted using the currently active security context.
  const Epoch epoch = records_.write_epoch();
  const size_t without_id = records_.Overhead(epoch, kFullForm) -
                            records_.send_connection_id().size() + kReturnRoutabilityCheckLen;
  const auto id_for = [this](const PathId& path) -> std::span<const uint8_t> {
    if (!(path == use_.paths->active())) {
      if (use_.probe_id && path == use_.paths->candidate()) return *use_.probe_id;
      if (use_.left_id && use_.paths->IsLeft(path)) return *use_.left_id;
    }
    return records_.send_connection_id();
  };
  const size_t challenge_len = without_id + id_for(use_.paths->candidate()).size();
  if (out.size() < std::max(challenge_len, without_id + records_.send_connection_id().size())) {
    return 0;
  }
  const auto message = use_.paths->NextMessage(challenge_len, config_->handshake.random.get());
  if (!message) return 0;
  *to = message->to;
  const auto content = SerializeReturnRoutabilityCheck(message->message);
  const std::span<const uint8_t> usual = records_.send_connection_id();
  const std::span<const uint8_t> wanted = id_for(message->to);
  if (wanted.data() == usual.data()) {
    return PackOne(ContentType::kReturnRoutabilityCheck, content, epoch, out);
  }
  const ConnectionId usual_id(usual.begin(), usual.end());
  records_.SetSendConnectionId(wanted);
  const size_t len = PackOne(ContentType::kReturnRoutabilityCheck, content, epoch, out);
  records_.SetSendConnectionId(usual_id);
  return len;
}

}  // namespace dtls13
