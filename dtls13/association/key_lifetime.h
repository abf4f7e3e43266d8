// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_ASSOCIATION_KEY_LIFETIME_H_
#define DTLS13_ASSOCIATION_KEY_LIFETIME_H_

#include <algorithm>
#include <cstdint>
#include <optional>

#include "dtls13/crypto/random_source.h"
#include "dtls13/record/record_layer.h"
#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/byte_writer.h"
#include "dtls13/wire/record_number.h"
#include "dtls13/wire/time.h"

namespace dtls13 {

// KeyLifetime decides how long an association's keys live: which read and write epochs go and when,
// and when a KeyUpdate is due (RFC 9147 sections 4.2.1, 4.5.3, 5.8.1 and 8). It forgets them in the
// record layer that it is given; the caller installs keys, and sends.
// It does not know secrets, handshake messages, retransmission, paths or the peer's alerts.
class KeyLifetime {
 public:
  // kReservedRecords: the record numbers of an epoch that application data may not use up. They are
  // for the KeyUpdate that renews the keys, its retransmissions and an alert.
  static constexpr uint64_t kReservedRecords = 1000;

  // kMaxPeerUpdates: the KeyUpdates of the peer's that are taken between two records of its
  // application data. Each costs the derivation of keys, and no honest peer comes near: it renews
  // a key that has sealed millions of records.
  static constexpr uint8_t kMaxPeerUpdates = 32;
  // kPeerUpdatesWindow: a peer that only listens may renew its keys for ever, but not so fast.
  static constexpr std::chrono::seconds kPeerUpdatesWindow{60};

  // `old_keys_lifetime` is how long the handshake's read keys stay once they are superseded; those
  // that a KeyUpdate supersedes stay for half of it.
  explicit KeyLifetime(Duration old_keys_lifetime) : old_keys_lifetime_(old_keys_lifetime) {}

  // --- the handshake's keys

  // OnServerCompleted: a server has the client's Finished, and so its acknowledgement of all that
  // was sent under the handshake's keys.
  void OnServerCompleted(Instant now);
  // OnClientAcked is told that messages of the client's were acknowledged, after
  // ForgetSpentWriteKeys. True once: when none under the handshake's keys is left. Its read keys go
  // with it.
  [[nodiscard]] bool OnClientAcked(RecordLayer* records);
  // handshake_acked: the peer is known to have our final flight, and with it the keys of
  // application data.
  bool handshake_acked() const { return handshake_acked_; }

  // --- reading

  void OnReadKeysInstalled(Epoch epoch) { newest_read_epoch_ = epoch; }
  // newest_read_epoch is the newest whose keys were installed, 0 before the first.
  Epoch newest_read_epoch() const { return newest_read_epoch_; }
  // OnHeard: a record was opened; `records` says which read epoch is current. Earlier ones have
  // their last hour set if that one is new.
  void OnHeard(const RecordLayer& records, Instant now);
  // OnHandshakeRepeated: the peer's message of the handshake epoch came again. One that still asks
  // does so a minute apart at the longest, and is answered until it stops.
  void OnHandshakeRepeated(Instant now);
  // TakeSpentReadEpochs yields, when their hour has come, the epoch before which all protected read
  // keys are to be forgotten. `current` is the record layer's current read epoch.
  std::optional<Epoch> TakeSpentReadEpochs(Epoch current, Instant now) {
    if (!forget_at_ || now < *forget_at_) return std::nullopt;
    forget_at_.reset();
    return std::max(current, kFirstApplicationEpoch);
  }
  // ForgetSpentReadKeys forgets them.
  void ForgetSpentReadKeys(RecordLayer* records, Instant now);
  // forget_at is when ForgetSpentReadKeys has something to do.
  std::optional<Instant> forget_at() const { return forget_at_; }

  // --- writing

  // Jitter is random, 0 where there is no randomness.
  static uint8_t Jitter(RandomSource* random) {
    uint8_t jitter = 0;
    return random->Fill({&jitter, 1}) ? jitter : 0;
  }
  // OnWriteKeysInstalled: `jitter` is a Jitter. Two sides that send alike must not reach their
  // limits at the same time for ever; with 0 on both they may.
  void OnWriteKeysInstalled(uint8_t jitter) { jitter_ = jitter; }
  // TakeSpentWriteEpoch yields the write epochs that are to be forgotten, one after the other:
  // those below `newest` under which no message waits to be acknowledged. `oldest_unacked` is the
  // oldest epoch of such a message.
  std::optional<Epoch> TakeSpentWriteEpoch(Epoch newest, std::optional<Epoch> oldest_unacked);
  // ForgetSpentWriteKeys forgets those.
  void ForgetSpentWriteKeys(RecordLayer* records, std::optional<Epoch> oldest_unacked);
  // AllowsShortNumbers: the peer cannot have missed so many records under `write_epoch` that 8 bits
  // mislead it, as far as the past is concerned (RFC 9147 section 4.2.2).
  bool AllowsShortNumbers(Epoch write_epoch) const {
    return handshake_acked_ && write_epoch >= short_numbers_from_;
  }

  // --- updates

  enum class Update : uint8_t {
    kNone,
    kOurs,          // a KeyUpdate of our sending keys
    kOursAndPeers,  // one that requests the peer's as well
  };
  // DueUpdate is the KeyUpdate that the limits call for, while none is under way.
  Update DueUpdate(const RecordLayer& records) const;
  // OnUpdateStarted: what DueUpdate called for is done.
  void OnUpdateStarted(Update update) {
    if (update == Update::kOursAndPeers) asked_in_read_epoch_ = newest_read_epoch_;
  }

  // OnPeerUpdate: the peer has renewed its keys. False when it does so without end.
  [[nodiscard]] bool OnPeerUpdate(Instant now);
  // OnPeerData: application data came, of at least one byte.
  void OnPeerData() { num_peer_updates_ = 0; }

  // --- going to another process

  // WriteState writes the superseded read keys' hour; handshake_acked() is the caller's to carry.
  void WriteState(ByteWriter* writer, Instant now) const;
  // ReadState restores that into a new KeyLifetime. False when it is no such state.
  [[nodiscard]] bool ReadState(ByteReader* reader, bool handshake_acked, Instant now);
  // OnImported: `records` was restored as well; its keys are those in use. False without any for
  // application data.
  [[nodiscard]] bool OnImported(const RecordLayer& records, uint8_t jitter);

 private:
  Duration old_keys_lifetime_;
  bool handshake_acked_ = false;
  uint8_t jitter_ = 0;  // of the write keys in use
  uint8_t num_peer_updates_ = 0;
  uint32_t peer_updates_since_s_ = 0;  // the first of those counted, seconds; small, for it idles
  std::optional<Instant> forget_at_;
  Epoch seen_read_epoch_ = kPlaintextEpoch;      // the current one, when last looked at
  Epoch asked_in_read_epoch_ = kPlaintextEpoch;  // the peer was asked to update this epoch's keys
  Epoch newest_read_epoch_ = kPlaintextEpoch;
  Epoch short_numbers_from_ = kPlaintextEpoch;  // not below: a peer may miss too many numbers
  Epoch oldest_write_epoch_ = kEarlyDataEpoch;  // of those not forgotten
};

}  // namespace dtls13

#endif  // DTLS13_ASSOCIATION_KEY_LIFETIME_H_
