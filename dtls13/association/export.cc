// SPDX-License-Identifier: Apache-2.0
// The part of AssociationImpl that carries it to another process: in which order its parts write
// and read their states.

#include <algorithm>
#include <utility>

#include "dtls13/association/association_impl.h"
#include "dtls13/association/cooling_association.h"
#include "dtls13/association/sealed_state.h"

namespace dtls13 {
namespace {

// kNumbersSkipped at an import. A peer that has missed no more than some 28000 records besides
// still finds the full number of a 16-bit one, RFC 9147 section 4.2.2.
constexpr uint64_t kNumbersSkipped = 4096;

}  // namespace

// --- Export

// What is on its way to the peer or from it would be lost, so there may be nothing.
bool AssociationImpl::IsAtRest() const { return IsQuiet() && phases_.post_handshake()->IsAtRest(); }

bool AssociationImpl::IsQuiet() const {
  return phases_.connected() && !failed() && phases_.handshake() == nullptr && events_.empty() &&
         !ending_.alert_owed() && !acks_.owed() && acks_.num_unsent() == 0 &&
         retransmission_.empty() && !reassembler_.HasPartial() &&
         phases_.post_handshake()->IsQuiet() && mobility_.IsAtRest();
}

std::vector<uint8_t> AssociationImpl::Export(std::span<const uint8_t> key) {
  if (!config_->exportable || key.size() != kExportKeyLen || !IsAtRest()) return {};
  StateBuffer content(kMaxStateLen);
  ByteWriter writer(content.bytes());
  WriteState(&writer);
  if (!writer.ok()) return {};
  const HandshakeConfig& config = config_->handshake;
  std::vector<uint8_t> state = SealState(*config.algorithms, config.random.get(), key,
                                         content.bytes().first(writer.length()));
  if (state.empty()) return {};
  ending_.EndQuietly(Status::Fatal(Reason::kExported, AlertDescription::kCloseNotify));
  retransmission_.Stop();
  acks_.CancelPending();
  ForgetSecrets();
  return state;
}

void AssociationImpl::WriteState(ByteWriter* writer) const {
  writer->WriteU8(static_cast<uint8_t>(role_));
  phases_.WriteState(config_->handshake, writer);
  writer->WriteU16(next_message_seq_);
  writer->WriteU32(reassembler_.next_receive_seq());
  writer->WriteU8(keys_.handshake_acked());
  ending_.WriteState(writer);
  keys_.WriteState(writer, latest_now_);
  writer->WriteU32(static_cast<uint32_t>(std::min<size_t>(mtu_, UINT32_MAX)));
  records_.WriteState(writer);
  mobility_.WriteState(writer, latest_now_);
  if (const ConnectionIds* ids = phases_.post_handshake()->connection_ids())
    ids->WriteState(writer);
}

// --- Import

std::unique_ptr<Association> Association::Import(std::shared_ptr<const AssociationConfig> config,
                                                 std::span<const uint8_t> state,
                                                 std::span<const uint8_t> key, Instant now) {
  if (key.size() != kExportKeyLen || state.size() > 2 * kMaxStateLen) return nullptr;
  StateBuffer copy(state.size());
  std::copy(state.begin(), state.end(), copy.bytes().begin());
  const auto content = OpenState(*config->handshake.algorithms, key, copy.bytes());
  if (!content) return nullptr;
  ByteReader reader(*content);
  uint8_t role = 0;
  if (!reader.ReadU8(&role) || role > static_cast<uint8_t>(Role::kServer)) return nullptr;
  auto association = std::make_unique<AssociationImpl>(config, static_cast<Role>(role));
  if (!association->ReadState(&reader, now)) return nullptr;
  return CoolingAssociation::Around(std::move(config), std::move(association));
}

bool AssociationImpl::ReadState(ByteReader* reader, Instant now) {
  latest_now_ = now;
  if (!phases_.ReadState(config_->handshake, reader) || !ReadProgress(reader, now) ||
      !records_.ReadState(reader, *phases_.result().suite, kNumbersSkipped) ||
      !mobility_.ReadState(reader, now)) {
    return false;
  }
  const bool is_client = role_ == Role::kClient;
  if (!keys_.OnImported(records_, KeyLifetime::Jitter(config_->handshake.random.get())))
    return false;
  HandshakeSecrets secrets;
  (is_client ? secrets.server_application_secret : secrets.client_application_secret) =
      records_.CopyReadSecret();
  (is_client ? secrets.client_application_secret : secrets.server_application_secret) =
      records_.CopyWriteSecret();
  phases_.Restore(HandshakeConfigOf(config_), is_client, std::move(secrets),
                  keys_.newest_read_epoch(), records_.write_epoch());
  if (ConnectionIds* ids = phases_.post_handshake()->connection_ids()) {
    if (!ids->ReadState(reader)) return false;
    // Whoever tells associations apart by them has not heard of them.
    for (const Mobility::Retiring& one : mobility_.retiring()) {
      events_.PushOwned({.type = EventType::kConnectionIdAdded}, ConnectionId(one.id));
    }
    for (const ConnectionId& id : ids->ours()) {
      events_.PushOwned({.type = EventType::kConnectionIdAdded}, ConnectionId(id));
    }
  }
  if (!reader->empty()) return false;
  if (ending_.close_sent()) phases_.post_handshake()->StopSending();
  ResumeConnected();
  return true;
}

void AssociationImpl::ResumeConnected() {
  if (phases_.result().connection_ids.return_routability_check) mobility_.EnableCheck();
  peer_is_dtls13_ = peer_sent_protected_ = true;
  acks_.Allow();
  acks_.OnConnected();
}

bool AssociationImpl::ReadProgress(ByteReader* reader, Instant now) {
  uint32_t next_receive_seq = 0, mtu = 0;
  bool handshake_acked = false;
  if (!reader->ReadU16(&next_message_seq_) || !reader->ReadU32(&next_receive_seq) ||
      !reader->ReadFlag(&handshake_acked) || !ending_.ReadState(reader) ||
      !keys_.ReadState(reader, handshake_acked, now) || !reader->ReadU32(&mtu) ||
      next_receive_seq > kMaxMessageSeq) {
    return false;
  }
  first_post_handshake_seq_ = next_message_seq_;
  reassembler_.StartAt(static_cast<uint16_t>(next_receive_seq));
  SetMtu(mtu);
  return true;
}

}  // namespace dtls13
