// SPDX-License-Identifier: Apache-2.0
#include "dtls13/association/key_lifetime.h"

#include <algorithm>

#include "dtls13/association/deadline_codec.h"

namespace dtls13 {

void KeyLifetime::OnServerCompleted(Instant now) {
  handshake_acked_ = true;
  forget_at_ = now + old_keys_lifetime_;
}

bool KeyLifetime::OnClientAcked(RecordLayer* records) {
  if (handshake_acked_ || oldest_write_epoch_ <= kHandshakeEpoch) return false;
  handshake_acked_ = true;
  records->ForgetReadEpoch(kHandshakeEpoch);
  return true;
}

void KeyLifetime::ForgetSpentReadKeys(RecordLayer* records, Instant now) {
  if (const auto before = TakeSpentReadEpochs(records->current_read_epoch(), now)) {
    records->ForgetReadEpochsBefore(*before);
  }
}

void KeyLifetime::ForgetSpentWriteKeys(RecordLayer* records, std::optional<Epoch> oldest_unacked) {
  while (const auto spent = TakeSpentWriteEpoch(records->write_epoch(), oldest_unacked)) {
    records->ForgetWriteEpoch(*spent);
  }
}

//= rfc9147#section-4.2.1
//# Implementations
//# SHOULD discard records from earlier epochs but MAY choose to retain
//# keying material from previous epochs for up to the default MSL
//# specified for TCP [RFC0793] to allow for packet reordering.
void KeyLifetime::OnHeard(const RecordLayer& records, Instant now) {
  const Epoch current = records.current_read_epoch();
  // A client that misses the ACK of its Finished still reads the server's flight again.
  if (current == seen_read_epoch_ || !handshake_acked_) return;
  seen_read_epoch_ = current;
  if (!records.CanReadBefore(current)) return;
  // The handshake's keys serve for twice that, RFC 9147 section 5.8.1.
  const bool after_handshake = current == kFirstApplicationEpoch;
  forget_at_ = now + old_keys_lifetime_ / (after_handshake ? 1 : 2);
}

void KeyLifetime::OnHandshakeRepeated(Instant now) {
  if (forget_at_) forget_at_ = now + old_keys_lifetime_;
}

std::optional<Epoch> KeyLifetime::TakeSpentWriteEpoch(Epoch newest,
                                                      std::optional<Epoch> oldest_unacked) {
  // What is not acknowledged is retransmitted under its own epoch, RFC 9147 section 4.2.1.
  if (oldest_write_epoch_ >= std::min(newest, oldest_unacked.value_or(newest))) {
    return std::nullopt;
  }
  const Epoch spent = oldest_write_epoch_;
  oldest_write_epoch_ = spent.Next();
  return spent;
}

KeyLifetime::Update KeyLifetime::DueUpdate(const RecordLayer& records) const {
  const Epoch epoch = records.write_epoch();
  if (epoch >= records.profile().max_write_epoch) return Update::kNone;
  //= rfc9147#section-4.5.3
  //# Implementations SHOULD initiate a key update with update_requested
  //# before reaching this limit.
  const bool near_integrity_limit = records.NearIntegrityLimit();
  //= rfc9147#section-4.5.3
  //# Implementations SHOULD initiate a key update before
  //# reaching this limit.
  //= rfc8446#section-5.5
  //# Implementations SHOULD do a key update as described in Section 4.6.3
  //# prior to reaching these limits.
  const bool is_due = records.NearConfidentialityLimit(epoch, jitter_) ||
                      (near_integrity_limit && asked_in_read_epoch_ != newest_read_epoch_);
  if (!is_due) return Update::kNone;
  return near_integrity_limit ? Update::kOursAndPeers : Update::kOurs;
}

bool KeyLifetime::OnPeerUpdate(Instant now) {
  const auto now_s = static_cast<uint32_t>(
      std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count());
  if (num_peer_updates_ == 0 || now_s - peer_updates_since_s_ >= kPeerUpdatesWindow.count()) {
    num_peer_updates_ = 0;
    peer_updates_since_s_ = now_s;
  }
  return ++num_peer_updates_ <= kMaxPeerUpdates;
}

// --- Going to another process

void KeyLifetime::WriteState(ByteWriter* writer, Instant now) const {
  writer->WriteU64(asked_in_read_epoch_.value);
  writer->WriteU64(seen_read_epoch_.value);
  WriteDeadline(writer, forget_at_, now);
}

bool KeyLifetime::ReadState(ByteReader* reader, bool handshake_acked, Instant now) {
  handshake_acked_ = handshake_acked;
  return reader->ReadU64(&asked_in_read_epoch_.value) && reader->ReadU64(&seen_read_epoch_.value) &&
         ReadDeadline(reader, old_keys_lifetime_, now, &forget_at_);
}

bool KeyLifetime::OnImported(const RecordLayer& records, uint8_t jitter) {
  newest_read_epoch_ = records.newest_read_epoch();
  oldest_write_epoch_ = records.write_epoch();
  short_numbers_from_ = records.write_epoch().Next();
  jitter_ = jitter;
  return newest_read_epoch_ >= kFirstApplicationEpoch;
}

}  // namespace dtls13
