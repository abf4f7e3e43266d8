// SPDX-License-Identifier: Apache-2.0
// The part of AssociationImpl that knows whose datagrams these are and where they go: Connection
// IDs and paths.

#include <optional>
#include <utility>

#include "dtls13/association/association_impl.h"
#include "dtls13/wire/return_routability_check.h"

namespace dtls13 {
// --- Connection IDs

void AssociationImpl::ForgetRetiredConnectionIds(Instant now) {
  while (std::optional<ConnectionId> id = mobility_.TakeForgottenId(now)) {
    records_.RemoveReceiveConnectionId(*id);
    events_.PushOwned({.type = EventType::kConnectionIdRetired}, std::move(*id));
  }
}

std::optional<ConnectionId> AssociationImpl::TakeSpareConnectionId() {
  if (!MaySendMessages() || phases_.post_handshake()->connection_ids() == nullptr)
    return std::nullopt;
  return phases_.post_handshake()->connection_ids()->TakeSpare();
}

//= rfc9147#section-9
//# Endpoints MUST NOT send either of these messages if they did not
//# negotiate a CID.
bool AssociationImpl::RequestConnectionIds(uint8_t num, Instant now) {
  if (!MaySendMessages() || phases_.post_handshake()->connection_ids() == nullptr) return false;
  const bool done = phases_.post_handshake()->connection_ids()->Request(num);
  RunActions(now);
  return done;
}

bool AssociationImpl::IssueConnectionIds(size_t num, ConnectionIdUsage usage, Instant now) {
  if (!MaySendMessages() || phases_.post_handshake()->connection_ids() == nullptr) return false;
  const bool done = phases_.post_handshake()->connection_ids()->Issue(num, usage);
  RunActions(now);
  return done;
}

// --- Paths

void AssociationImpl::OnRecordFrom(const PathId& from, const OpenedRecord& record, Instant now) {
  const RecordNumber number = record.number;
  if (number.epoch == kPlaintextEpoch || ending_.IsAfterPeerClose(number)) return;
  const bool is_newest = mobility_.OnNumber(number);
  if (!phases_.connected()) {
    mobility_.OnHandshakeRecord(from);
    return;
  }
  if (is_newest && phases_.post_handshake()->connection_ids() != nullptr) {
    phases_.post_handshake()->connection_ids()->OnUsed(record.connection_id);
  }
  HandlePathNews(mobility_.OnRecord(from, record.record_len, is_newest, now), now);
  if (record.type != ContentType::kReturnRoutabilityCheck ||
      number.epoch < kFirstApplicationEpoch) {
    return;
  }
  if (const auto message = ParseReturnRoutabilityCheck(record.content)) {
    HandlePathNews(mobility_.OnMessage(*message, from, now), now);
  }
}

void AssociationImpl::HandlePathNews(Mobility::News news, Instant now) {
  const auto push = [this](EventType type, const PathId& path) {
    events_.PushOwned({.type = type}, {path.bytes().begin(), path.bytes().end()});
  };
  switch (news) {
    case Mobility::News::kNone:
    case Mobility::News::kProbeOver:
      return;
    case Mobility::News::kCandidate:
      push(EventType::kPeerAddressCandidate, mobility_.candidate());
      return;
    case Mobility::News::kProbing:
      //= draft-ietf-tls-dtls-rrc#section-9
      //# When using DTLS 1.3, peers SHOULD avoid using the same CID on
      //# multiple network paths, in particular when initiating connection
      //# migration or when probing a new network path, as described in
      //# Section 5, as an adversary can otherwise correlate the communication
      //# interaction across those different paths.
      mobility_.ProbeWith(TakeSpareConnectionId());
      RunActions(now);
      return;
    case Mobility::News::kMoved:
      push(EventType::kPeerMoved, mobility_.active());
      OnPathChanged(now);
      return;
  }
}

void AssociationImpl::MigrateTo(const PathId& path, Instant now) {
  if (failed() || path == mobility_.active()) return;
  mobility_.Migrate(path, records_.send_connection_id(), TakeSpareConnectionId());
  OnPathChanged(now);
}

void AssociationImpl::ConfirmPath(const PathId& path, Instant now) {
  if (failed() || path == mobility_.active()) return;
  mobility_.Confirm(path, TakeSpareConnectionId());
  OnPathChanged(now);
}

void AssociationImpl::OnPathChanged(Instant now) {
  if (const auto id = mobility_.TakeFreshId()) records_.SetSendConnectionId(*id);
  // What was under way by the old path is likely lost.
  retransmission_.Provoke(now);
  RunActions(now);
}

size_t AssociationImpl::PackPathMessage(std::span<uint8_t> out, PathId* to) {
  if (!mobility_.may_send() || !phases_.connected() || failed()) return 0;
  //= draft-ietf-tls-dtls-rrc#section-4
  //# The return_routability_check message MUST be authenticated and
  //# encrypted using the currently active security context.
  const Epoch epoch = records_.write_epoch();
  const std::span<const uint8_t> usual = records_.send_connection_id();
  const auto message =
      mobility_.NextMessage({.len_without_id = records_.Overhead(epoch, kFullForm) - usual.size() +
                                               kReturnRoutabilityCheckLen,
                             .max_len = out.size(),
                             .usual_id = usual},
                            config_->handshake.random.get());
  if (!message) return 0;
  *to = message->to;
  const auto content = SerializeReturnRoutabilityCheck(message->message);
  const std::span<const uint8_t> wanted = mobility_.IdFor(message->to, usual);
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
