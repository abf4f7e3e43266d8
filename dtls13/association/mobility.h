// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_ASSOCIATION_MOBILITY_H_
#define DTLS13_ASSOCIATION_MOBILITY_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "dtls13/association/path_validator.h"
#include "dtls13/crypto/random_source.h"
#include "dtls13/flight/sending_bound.h"
#include "dtls13/message/connection_id.h"
#include "dtls13/path_id.h"
#include "dtls13/path_validation.h"
#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/byte_writer.h"
#include "dtls13/wire/record_number.h"
#include "dtls13/wire/return_routability_check.h"
#include "dtls13/wire/time.h"

namespace dtls13 {

// Mobility is where one association's datagrams go and by which Connection IDs: the path in use,
// which changes only to one that is proved, the return routability check in both roles (RFC 9146
// section 6, RFC 9853), how much may go to an address that is not proved, the peer's Connection IDs
// on other paths than that one, and those of our own that the peer has left behind (RFC 9147
// sections 9 and 11). Nothing is on the heap where neither paths nor Connection IDs are in use. It
// does not know keys, records' contents, the messages that exchange Connection IDs, or
// retransmission; it is told which records were authentic, and given the peer's spare identifiers.
class Mobility {
 public:
  // kMaxAnswers bounds the answers owed at a time. A challenge answered elsewhere than at once is
  // worth nothing, and a peer asks a few times at most.
  static constexpr size_t kMaxAnswers = 8;
  // kMaxRetiring: as many as can retire at a time (ConnectionIds::kMaxOurs). Earlier ones are then
  // forgotten before their time.
  static constexpr size_t kMaxRetiring = 8;

  // `retired_lifetime` is how long a Connection ID of ours is still heard by once it is retired.
  Mobility(const PathValidatorConfig& config, Duration retired_lifetime)
      : config_(config), retired_lifetime_(retired_lifetime) {}

  // EnableCheck: both sides sent the rrc extension.
  void EnableCheck() { has_check_ = true; }

  // --- the path in use

  // active is empty as long as no path was named.
  const PathId& active() const { return has_paths() ? paths_->active : kNoPath; }
  // Use makes `path` the one in use, by what the caller knows.
  void Use(const PathId& path);
  // OnDatagram: `len` bytes came by `from`. A server that has not answered yet `follows`: it
  // answers whoever speaks.
  void OnDatagram(const PathId& from, size_t len, bool follows);
  // OnHandshakeRecord: an authentic record came by `from` during the handshake, which stays on the
  // path where it began.
  void OnHandshakeRecord(const PathId& from) {
    if (!from.empty() && active().empty()) Use(from);
  }
  // Confirm is Use for a path where the application has proved the peer to be. `fresh_id` is a
  // Connection ID of the peer's that no path has seen, if there is one.
  void Confirm(const PathId& path, std::optional<ConnectionId> fresh_id);
  // Migrate is Use for a move of our own: the path before is no longer preferred. `used_id` is the
  // Connection ID that was sent on it.
  void Migrate(const PathId& path, std::span<const uint8_t> used_id,
               std::optional<ConnectionId> fresh_id);
  // TakeFreshId yields, after a change of path, the peer's Connection ID that all records are to
  // carry from here on. Nothing when they keep theirs.
  std::optional<ConnectionId> TakeFreshId();
  // OnPeerReplacedIds: the peer took back all the Connection IDs that it gave before.
  void OnPeerReplacedIds();

  // --- what the peer sends

  // News is what the caller has to do something about.
  enum class News : uint8_t {
    kNone,
    kCandidate,  // the peer was heard from candidate(), and no check is there to prove it
    kProbing,    // candidate() is asked: ProbeWith gives it a Connection ID of its own
    kProbeOver,  // and no longer, without success
    kMoved,      // active() is what candidate() was
  };
  // OnNumber is told the number of each authentic record. True if it is above every one before.
  bool OnNumber(RecordNumber number);
  // OnRecord: an authentic record of `len` bytes came by `from` after the handshake; `is_newest` is
  // what OnNumber said.
  News OnRecord(const PathId& from, size_t len, bool is_newest, Instant now);
  // OnMessage takes the content of a return_routability_check record. Ignored without the check.
  News OnMessage(const ReturnRoutabilityCheck& message, const PathId& from, Instant now);
  News HandleTimeout(Instant now);
  // deadline is when HandleTimeout is due.
  std::optional<Instant> deadline() const;
  // candidate is the path that News speak of.
  const PathId& candidate() const { return has_paths() ? paths_->candidate : kNoPath; }
  // ProbeWith: datagrams to candidate() carry `id`; without one, what they always carry.
  void ProbeWith(std::optional<ConnectionId> id) { journey().probe_id = std::move(id); }
  const PathStats& stats() const {
    return has_journey() ? paths_->journey->validator.stats() : kNoStats;
  }
  // bound is how much may go by the path in use.
  SendingBound& bound() { return bound_; }

  // --- what is sent for the check

  struct Outgoing {
    PathId to;
    ReturnRoutabilityCheck message;
  };
  // Carrier is the datagram that one message would leave in.
  struct Carrier {
    size_t len_without_id = 0;               // bytes, all but the Connection ID
    size_t max_len = 0;                      // bytes
    std::span<const uint8_t> usual_id = {};  // what records carry on the path in use
  };
  // may_send: NextMessage may yield something.
  bool may_send() const { return has_journey(); }
  // NextMessage yields what is to be sent now, each in a datagram of its own.
  std::optional<Outgoing> NextMessage(const Carrier& carrier, RandomSource* random);
  // IdFor is the Connection ID for a datagram to `path`: `usual_id` itself, or a view of another.
  std::span<const uint8_t> IdFor(const PathId& path, std::span<const uint8_t> usual_id) const;
  // has_paths: a path was named or a challenge came; without, there is nothing to be sent.
  bool has_paths() const { return paths_ != nullptr; }

  // --- Connection IDs of ours

  // Retire: the peer uses `id` no longer; its last records may still arrive.
  void Retire(ConnectionId id, Instant now);
  // KeepId: `id` is handed out (again), and stays.
  void KeepId(const ConnectionId& id);
  // TakeForgottenId yields the retired Connection IDs that are over, one after the other.
  std::optional<ConnectionId> TakeForgottenId(Instant now);
  // forget_at is when TakeForgottenId has the next.
  std::optional<Instant> forget_at() const;
  struct Retiring {
    ConnectionId id;
    Instant forget_at;
  };
  const std::vector<Retiring>& retiring() const { return retiring_; }

  // --- going to another process

  // IsAtRest: no check is under way, and no answer to one is owed.
  bool IsAtRest() const;
  void WriteState(ByteWriter* writer, Instant now) const;
  // ReadState restores that into a new Mobility. False when it is no such state.
  [[nodiscard]] bool ReadState(ByteReader* reader, Instant now);
  // WriteMemory and ReadMemory have a new Mobility of the same process go on with all that this one
  // knows at rest, with the same `now`.
  void WriteMemory(ByteWriter* writer, Instant now) const;
  [[nodiscard]] bool ReadMemory(ByteReader* reader, Instant now);

 private:
  // What facts show where no path is named.
  static constexpr PathId kNoPath{};
  static constexpr PathStats kNoStats{};

  // Journey is what only an association whose path changes or is checked has.
  struct Journey {
    explicit Journey(const PathValidatorConfig& config) : validator(config) {}

    std::optional<PathId> left;  // by us, of our own will
    PathValidator validator;
    std::vector<Outgoing> answers;
    // The peer's Connection IDs: of the path being probed, of the one we left, and of the one in
    // use where records carry another still.
    std::optional<ConnectionId> probe_id;
    std::optional<ConnectionId> left_id;
    std::optional<ConnectionId> fresh_id;
  };
  struct Paths {
    PathId active;
    PathId candidate;
    std::unique_ptr<Journey> journey;
  };

  Paths& paths();
  Journey& journey();
  bool has_journey() const { return has_paths() && paths_->journey != nullptr; }
  // IsLeft: we migrated away from `path`.
  bool IsLeft(const PathId& path) const;
  void Leave(const PathId& path);
  News Conclude(PathValidator::Verdict verdict);

  PathValidatorConfig config_;
  Duration retired_lifetime_;
  SendingBound bound_;
  bool has_check_ = false;
  RecordNumber newest_record_;      // of the protected ones taken from the peer
  std::vector<Retiring> retiring_;  // earliest first
  std::unique_ptr<Paths> paths_;
};

}  // namespace dtls13

#endif  // DTLS13_ASSOCIATION_MOBILITY_H_
