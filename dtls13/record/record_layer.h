// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_RECORD_RECORD_LAYER_H_
#define DTLS13_RECORD_RECORD_LAYER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/cipher_suite.h"
#include "dtls13/crypto/secret.h"
#include "dtls13/record/connection_id_set.h"
#include "dtls13/record/epoch_set.h"
#include "dtls13/record/record_protection.h"
#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/byte_writer.h"
#include "dtls13/wire/code_points.h"
#include "dtls13/wire/record_header.h"
#include "dtls13/wire/record_number.h"
#include "dtls13/wire/wire_profile.h"

namespace dtls13 {

// DropReason says why a received record was discarded without an answer, RFC 9147 section 4.5.2.
enum class DropReason : uint8_t {
  kMalformedHeader,      // does not parse, or its length runs past the datagram
  kUnknownFirstByte,     // neither a type DTLS 1.3 sends in the clear nor the bits 001
  kUnexpectedPlaintext,  // plaintext of another epoch than 0, or once epoch 0 is closed
  kConnectionId,         // a CID that is not ours, none where one is due, or one where none is
  kUnknownEpoch,         // no keys (yet, or any more) for the epoch bits
  kAuthentication,       // deprotection failed
  kReplay,               // a number seen before, or left of the window
  kBadInnerPlaintext,    // all zero, too long, or with a content type that may not be encrypted
  kCount,
};

// HeaderForm is how a protected record is sent, within RFC 9147 figure 3.
//= rfc9147#section-4
//# Implementations MAY mix sequence numbers of different lengths on the
//# same connection.
//= rfc9147#section-4
//# Implementations MAY mix records with and without length fields on the
//# same connection.
struct HeaderForm {
  bool has_length = true;     // false only for a datagram's last record
  bool short_number = false;  // 8-bit number instead of 16
};

// OpenedRecord is one accepted record; `content` views the datagram it came in, decrypted.
struct OpenedRecord {
  RecordNumber number;
  ContentType type = ContentType::kInvalid;
  // is_sealed: there are no keys for it yet. `content` is the whole record as it came, of which
  // nothing but the Connection ID is known to be good.
  bool is_sealed = false;
  std::span<uint8_t> content;
  // The Connection ID it carried, empty if none; a view of the datagram as well.
  std::span<const uint8_t> connection_id;
  // Of 32 bits, as in CiphertextRecord.
  uint32_t inner_len = 0;   // content with type and padding; 0 for a plaintext record
  uint32_t record_len = 0;  // of all of it, header and protection too
};

// RecordLayer turns datagrams into accepted records and content into records: all epochs' keys,
// numbers, replay windows and limits, for both directions. A record is accepted or dropped with a
// count by reason; a drop is not an error, and what it changes besides is its key's count of
// failures. It allocates nothing once keys are installed; with KeepKeys, once they have carried a
// record. It does not know messages, flights, ACKs, timers or datagram sizes.
class RecordLayer {
 public:
  // `profile` outlives it.
  RecordLayer(std::shared_ptr<const Algorithms> algorithms, const WireProfile& profile);

  const WireProfile& profile() const { return epochs_.profile(); }

  // LimitKeys lowers the AEAD's limits for keys installed from here on: `max_records` sealed and
  // `max_failures` to open. What the AEAD allows is never exceeded.
  void LimitKeys(uint64_t max_records, uint64_t max_failures) {
    max_records_ = max_records;
    max_failures_ = max_failures;
  }

  // KeepSecrets: the traffic secrets of keys installed from here on are kept beside the keys, which
  // WriteState needs.
  void KeepSecrets() { keeps_secrets_ = true; }

  // KeepKeys: of keys installed from here on, what their cipher contexts are made of is kept, which
  // WriteMemory needs, and a context is made with the first record that needs it: a server that
  // waits for the client's Finished has three epochs that may never see one.
  void KeepKeys() { keeps_keys_ = true; }

  // WriteMemory writes all that goes on being true where nothing is under way, but for limits and
  // profile: the read epochs, the highest write epoch, the Connection IDs and what was dropped.
  // What older write epochs were still needed for is over, and plaintext is. Requires KeepKeys from
  // the start.
  void WriteMemory(ByteWriter* writer) const;
  // ReadMemory restores that into a new RecordLayer, which goes on as if it had been the other. A
  // cipher context is made with the first record that needs it, and none before. False when it is
  // no such memory.
  [[nodiscard]] bool ReadMemory(ByteReader* reader);

  // WriteState writes what another process needs to go on: the read epochs with their windows and
  // failures, the highest write epoch with its next number, and the Connection IDs. What older
  // write epochs were still needed for is over. Requires KeepSecrets from the start.
  void WriteState(ByteWriter* writer) const;
  // ReadState restores that into a new RecordLayer, which afterwards has no plaintext epoch. The
  // next number is `num_skipped` further on. False when it is not such a state or libcrypto fails.
  [[nodiscard]] bool ReadState(ByteReader* reader, const CipherSuite& suite, uint64_t num_skipped);
  // The secrets of the newest read and write epochs, empty unless they are kept.
  Secret CopyReadSecret() const;
  Secret CopyWriteSecret() const;

  // --- reading

  // InstallReadKeys makes `epoch` readable. The epoch becomes current when a record first opens
  // under it; until then the one before stays current, RFC 9147 section 8. The epoch that was
  // current before is kept, older ones are then forgotten. False when libcrypto fails, or unless
  // `epoch` is above every earlier one.
  [[nodiscard]] bool InstallReadKeys(Epoch epoch, const CipherSuite& suite,
                                     const Secret& traffic_secret);
  // ForgetReadEpoch drops an epoch's keys; plaintext (epoch 0) can be closed by it too. Unknown
  // epochs are ignored.
  void ForgetReadEpoch(Epoch epoch);
  bool CanRead(Epoch epoch) const;
  // newest_read_epoch is the newest that has read keys, 0 without.
  Epoch newest_read_epoch() const {
    const ReadEpoch* newest = epochs_.newest_read();
    return newest == nullptr ? kPlaintextEpoch : newest->epoch;
  }
  // current_read_epoch is the newest protected epoch in which a record was accepted, 0 before.
  Epoch current_read_epoch() const { return epochs_.current_read(); }
  // CanReadBefore: there are keys of a protected epoch below `epoch`.
  bool CanReadBefore(Epoch epoch) const {
    return epochs_.AnyRead([=](const ReadEpoch& keys) { return keys.epoch < epoch; });
  }
  // ForgetReadEpochsBefore drops the keys of all protected epochs below `epoch`.
  void ForgetReadEpochsBefore(Epoch epoch) { epochs_.ForgetReadBefore(epoch); }
  // ForgetAllReadKeys ends reading, plaintext's too.
  void ForgetAllReadKeys();

  // OpenNext takes records off the front of `*datagram` until one is accepted, deprotecting in
  // place; nothing when the datagram is used up. Discarded records are counted. A record of
  // `awaited` that has no keys is not discarded, but comes as it is: is_sealed.
  std::optional<OpenedRecord> OpenNext(std::span<uint8_t>* datagram,
                                       Epoch awaited = kPlaintextEpoch);

  // OpenBatch does for each of `datagrams` in their order what OpenNext does for one, with the
  // masks of their first records' numbers made at once, as far as the first kMaxBatchRecords go.
  // `opened` has as many elements. What is left of a datagram is OpenNext's.
  void OpenBatch(std::span<std::span<uint8_t>> datagrams,
                 std::span<std::optional<OpenedRecord>> opened, Epoch awaited = kPlaintextEpoch);

  // AddReceiveConnectionId: from here on protected records must carry this Connection ID, or
  // another added before; all have one length. False as for ConnectionIdSet::Add.
  //
  // Early data (epoch 1) may go without: its sender has not seen the ServerHello that names one.
  [[nodiscard]] bool AddReceiveConnectionId(std::span<const uint8_t> id) {
    return receive_connection_ids_.Add(id);
  }
  // RemoveReceiveConnectionId: records that carry it are dropped from here on. Removing the last
  // one leaves an association that can hear nothing.
  void RemoveReceiveConnectionId(std::span<const uint8_t> id) {
    receive_connection_ids_.Remove(id);
  }

  // AcceptPlaintext moves epoch 0's replay window: the record `number` completed a message that was
  // accepted. Nothing vouches for a plaintext record before that, so it must not close the window
  // to the true ones; and until then its repetition does no harm, for its fragment is held already.
  void AcceptPlaintext(SequenceNumber number);

  // num_dropped is the number of records discarded for `reason` so far; where the end of a record
  // cannot be found, the rest of its datagram counts as one.
  uint64_t num_dropped(DropReason reason) const {
    return num_dropped_[static_cast<size_t>(reason)];
  }
  // IntegrityLimitReached is true once a read key has failed authentication as often as its AEAD
  // allows, RFC 9147 section 4.5.3. That key opens no more records. An earlier epoch's key is
  // forgotten instead, which the section allows once a key update has replaced it.
  bool IntegrityLimitReached() const;
  // NearIntegrityLimit is true when the newest read key has had 7/8 of those failures: time to ask
  // the peer for a KeyUpdate.
  bool NearIntegrityLimit() const;

  // --- writing

  // InstallWriteKeys makes `epoch` writable beside the earlier ones, which retransmissions still
  // need. It displaces only the epoch four before it. False as for InstallReadKeys.
  [[nodiscard]] bool InstallWriteKeys(Epoch epoch, const CipherSuite& suite,
                                      const Secret& traffic_secret);
  void ForgetWriteEpoch(Epoch epoch);
  bool CanWrite(Epoch epoch) const;
  // ForgetAllWriteKeys ends writing, plaintext's too.
  void ForgetAllWriteKeys();
  // write_epoch is the highest epoch with write keys.
  Epoch write_epoch() const;

  // MirrorPlaintextNumber makes the next epoch 0 record carry `number`, that of the client's hello
  // which it answers: a client numbers its hellos upwards, so the answers of a server that keeps
  // nothing between them never repeat a number to it. It goes back, too, for a hello that anyone
  // may have forged must not choose the numbers of the true one's answer.
  void MirrorPlaintextNumber(SequenceNumber number);

  // SetSendConnectionId makes each protected record carry `id` from here on, of at most
  // kMaxConnectionIdLen bytes; empty is none. Early data never carries one.
  void SetSendConnectionId(std::span<const uint8_t> id);
  std::span<const uint8_t> send_connection_id() const { return send_connection_id_; }

  // Overhead is the number of bytes a record in `epoch` adds to its content.
  size_t Overhead(Epoch epoch, HeaderForm form) const;

  // Seal writes one whole record of at most kMaxPlaintextLen bytes of content and padding to `out`
  // and gives the number it got. Returns the record's length; 0 when `out` is too small, the epoch
  // has no write keys or may not carry `type` (epoch 0 carries alert, handshake and ack alone, and
  // no padding), or its record numbers or AEAD limit are used up. `content` may not overlap `out`
  // except that it may lie exactly where the record's content will.
  size_t Seal(Epoch epoch, ContentType type, std::span<const uint8_t> content, HeaderForm form,
              std::span<uint8_t> out, RecordNumber* number, size_t padding_len = 0);

  // SealBatch is Seal of `contents` in their order under a protected epoch, with the masks of their
  // numbers made at once. Each record begins in `out` where the one before it ends, a datagram by
  // itself unless it has a length; `records`, of as many elements, get them, and the numbers go up
  // by one from `*first`. No content may lie in `out`. Returns how many were sealed: at most
  // kMaxBatchRecords, fewer where `out` or the epoch's numbers end, and none when libcrypto fails.
  size_t SealBatch(Epoch epoch, ContentType type,
                   std::span<const std::span<const uint8_t>> contents, HeaderForm form,
                   std::span<uint8_t> out, std::span<std::span<uint8_t>> records,
                   RecordNumber* first);

  // NearConfidentialityLimit is true when `epoch` has used 7/8 of what its AEAD allows, or somewhat
  // less by `jitter` (WriteNumbers::NearLimit): time for a KeyUpdate.
  bool NearConfidentialityLimit(Epoch epoch, uint8_t jitter) const;
  // NumLeft is how many records `epoch` may still send; 0 without write keys.
  uint64_t NumLeft(Epoch epoch) const;

 private:
  // KnownMask is a record number's mask under the keys of `epoch`.
  struct KnownMask {
    Epoch epoch;
    NumberMask mask;
  };

  // OpenPlaintext and those after it take one record, or all that is left, off the front of
  // `*datagram`. True, with `*opened` set, when it is accepted. Returning it would copy it at each
  // step of the way.
  bool OpenPlaintext(std::span<uint8_t>* datagram, OpenedRecord* opened);
  // `mask` is null unless it is known for the record at the front.
  bool OpenCiphertext(std::span<uint8_t>* datagram, Epoch awaited, const KnownMask* mask,
                      OpenedRecord* opened);
  bool DropMalformed(DropReason reason, std::span<uint8_t>* datagram);

  bool DropRest(DropReason reason, std::span<uint8_t>* datagram);
  CiphertextHeader MakeHeader(Epoch epoch, SequenceNumber number, HeaderForm form) const;
  // OpenFrom is OpenNext.
  bool OpenFrom(std::span<uint8_t>* datagram, Epoch awaited, const KnownMask* mask,
                OpenedRecord* opened);
  // MakeMasks makes those of the first records of `datagrams`, as far as they are of the epoch of
  // the first that has keys, and returns the epoch. `masks` has them one behind the other; bit i of
  // `*made` says whether there is one for the i-th datagram.
  Epoch MakeMasks(std::span<const std::span<uint8_t>> datagrams, std::span<NumberMask> masks,
                  uint64_t* made);
  bool Deprotect(ReadEpoch* epoch, CiphertextRecord* record, const KnownMask* mask,
                 OpenedRecord* opened);
  void CountFailure(ReadEpoch* epoch);
  size_t SealPlaintext(ContentType type, std::span<const uint8_t> content, std::span<uint8_t> out,
                       RecordNumber* number);

  // kMaxReadEpochs: the epoch bits tell no more apart.
  static constexpr uint8_t kMaxReadEpochs = 4;

  CipherSuite Limited(CipherSuite suite) const;
  // WarmUp makes the protection of a cold epoch. False when libcrypto fails.
  [[nodiscard]] bool WarmUp(ReadEpoch* epoch);
  [[nodiscard]] bool WarmUp(WriteEpoch* epoch);
  // NewColdEpoch reads what WriteKeys has written of one: suite, keys and secret.
  template <typename KeyedEpoch>
  std::unique_ptr<KeyedEpoch> NewColdEpoch(Epoch epoch, ByteReader* reader) const;
  bool ReadReadEpochs(ByteReader* reader, const CipherSuite& suite);
  void WriteConnectionIds(ByteWriter* writer) const;
  bool ReadConnectionIds(ByteReader* reader);

  bool Drop(DropReason reason) {
    ++num_dropped_[static_cast<size_t>(reason)];
    return false;
  }

  std::shared_ptr<const Algorithms> algorithms_;
  bool keeps_secrets_ = false;
  bool keeps_keys_ = false;
  uint64_t max_records_ = UINT64_MAX;
  uint64_t max_failures_ = UINT64_MAX;
  EpochSet epochs_;
  ConnectionIdSet receive_connection_ids_;
  std::vector<uint8_t> send_connection_id_;
  std::array<uint64_t, static_cast<size_t>(DropReason::kCount)> num_dropped_{};
};

}  // namespace dtls13

#endif  // DTLS13_RECORD_RECORD_LAYER_H_
