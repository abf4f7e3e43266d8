// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TESTS_SIM_ASSOCIATION_PAIR_H_
#define DTLS13_TESTS_SIM_ASSOCIATION_PAIR_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dtls13/association.h"
#include "dtls13/wire/time.h"
#include "dtls13/wire/wire_profile.h"
#include "tests/sim/pair_paths.h"
#include "tests/sim/test_identity.h"
#include "tests/sim/virtual_link.h"

namespace dtls13::sim {

// Durations as tests write them.
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// The virtual network's wall clock: any fixed day will do.
inline constexpr WallTime kStartOfTime{seconds(1'700'000'000)};

// SeededRandom is a RandomSource that repeats itself for the same seed.
class SeededRandom : public RandomSource {
 public:
  explicit SeededRandom(uint64_t seed) : random_(seed) {}
  bool Fill(std::span<uint8_t> out) override;

 private:
  std::mt19937_64 random_;
};

// PairOptions is what the tests vary. Both configs are ready to use as they are.
struct PairOptions {
  AssociationConfig client;
  AssociationConfig server;
  KeyType key = KeyType::kEcdsaP256;
  const TestIdentity* identity = nullptr;         // overrides `key`
  const TestIdentity* client_identity = nullptr;  // shown to a server that asks
  Impairment impairment;
  // A datagram for which `drop` returns true is lost, the very first one included.
  std::function<bool(const SentDatagram&)> drop;
  // Only datagrams for which `corruptible` returns true are damaged; null is any.
  std::function<bool(std::span<const uint8_t>)> corruptible;
  uint64_t seed = 1;
  bool verify_ok = true;         // the client's verdict on the server
  bool verify_client_ok = true;  // and the server's on the client
  // Events that want an answer get it up to this much later.
  Duration max_answer_delay{};
  // Timeouts are handled up to this much before or after they are due.
  Duration max_timer_error{};
  std::string server_name = "server.example";
  std::vector<Psk> client_psks;  // offered in this order
  bool client_early_data = false;
  std::vector<std::string> early_texts;  // sent behind the first ClientHello, if they may be
  std::chrono::seconds age{};            // how long after kStartOfTime the pair begins
  std::vector<Psk> server_psks;          // what the server knows when it is asked (ask_psk)
  bool server_has_certificate = true;
  // With them, datagrams have addresses. Open at least one before the pair is made.
  std::optional<PairPaths> paths;
};

// DefaultPairOptions fills both configs with algorithms, seeded randomness and cookie keys, and has
// them speak `profile`: RFC 9147's or draft-26's.
PairOptions DefaultPairOptions(uint64_t seed = 1, const WireProfile& profile = kRfc9147Profile);

// ProfileName names a test by its parameter.
std::string ProfileName(const WireProfile& profile);

// TracedMessage is a handshake message that a side with `trace` has made.
struct TracedMessage {
  HandshakeType type{};
  uint16_t message_seq = 0;
};

// Side is what one end was seen to do.
struct Side {
  std::unique_ptr<Association> association;
  std::vector<std::vector<uint8_t>> received;
  std::vector<RecordNumber> received_numbers;
  std::vector<std::string> key_log;
  std::vector<std::shared_ptr<const Session>> sessions;
  std::vector<TracedMessage> sent_messages;
  std::vector<std::vector<uint8_t>> received_early;
  std::vector<EventType> early_data_answers;
  std::vector<std::vector<uint8_t>> connection_ids;  // of this side, good at present
  std::vector<PathId> moves;                         // of kPeerMoved
  std::vector<PathId> candidates;                    // of kPeerAddressCandidate
  bool connected = false;
  bool handshake_acked = false;
  size_t num_authenticated = 0;  // clients that answered after the handshake
  size_t num_declined = 0;
  bool peer_closed = false;
  bool was_asked_to_verify = false;
  bool got_data_too_early = false;  // before kConnected, which must never be
  std::optional<Status> failure;
  bool failure_from_peer = false;
};

// AssociationPair runs a client and a server over a VirtualLink in virtual time, answering their
// events as a caller would.
class AssociationPair {
 public:
  explicit AssociationPair(PairOptions options);

  Side& client() { return sides_[0]; }
  Side& server() { return sides_[1]; }
  const Side& client() const { return sides_[0]; }
  const Side& server() const { return sides_[1]; }
  VirtualLink& link() { return link_; }
  const VirtualLink& link() const { return link_; }
  Instant now() const { return now_; }

  // RunFor lets `duration` of virtual time pass.
  void RunFor(Duration duration);
  // RunUntilConnected stops when both sides are connected (or one failed) or after `limit`; true
  // when both are.
  bool RunUntilConnected(Duration limit = minutes(5));
  // RunUntilQuiet stops when nothing is on the link and no timer is set, or after `limit`.
  void RunUntilQuiet(Duration limit = minutes(5));
  // IsQuiet: nothing is on the link, no timer is set and no answer is owed.
  bool IsQuiet() const { return !NextStep().has_value(); }
  // spins: time stood still although the sides kept asking to be called.
  bool spins() const { return num_steps_at_once_ >= kMaxStepsAtOnce; }

  // Send seals `text` on a side and puts it on the link. False when Seal refuses.
  bool Send(Side& side, std::string_view text);
  // HasReceived: the side got `text` as one record.
  static bool HasReceived(const Side& side, std::string_view text);
  // SendEarly does so with SealEarly, as the client.
  SendResult SendEarly(std::string_view text);
  // Flush sends what a side owes and handles its events.
  void Flush(Side& side);
  // UpdateKeys has a side send a KeyUpdate, which asks for the peer's too when `request_peer`.
  void UpdateKeys(Side& side, bool request_peer);
  // Inject hands bytes to a side as if they came by the path in use, InjectFrom by another, which
  // is named as the server sees it.
  void Inject(Side& side, std::span<const uint8_t> bytes);
  void InjectFrom(Side& side, std::span<const uint8_t> bytes, const PathId& path);
  // paths are options.paths, to be changed at will.
  PairPaths& paths() { return *options_.paths; }
  // Echoes checks that data flows both ways now, resending over loss.
  bool DataFlowsBothWays();

 private:
  // No exchange of ours takes as many steps at one instant.
  static constexpr size_t kMaxStepsAtOnce = 100000;

  // LateAnswer is an event of a side's that waits for its answer.
  struct LateAnswer {
    Instant at;
    size_t side;
    EventType event;
  };
  // Wake is when a side's deadline will be handled.
  struct Wake {
    Instant deadline;
    Instant at;
  };

  Direction DirectionFrom(const Side& side) const;
  void AnswerPskWanted(Association& association);
  void Carry(Side& side, std::span<const uint8_t> bytes, const PathId& to);
  void HandleEvent(Side& side, const Event& event);
  // Answer answers an event that wants an answer, AnswerInTime sees to it that it happens.
  void Answer(Side& side, EventType event);
  void AnswerInTime(Side& side, EventType event);
  void AnswerDue();
  void SetWakes();
  void HandleTimeoutsDue();
  Duration RandomDuration(Duration min, Duration max);
  std::optional<Instant> NextStep() const;
  // Step advances to the next thing that happens, at most to `until`. False when nothing is left by
  // then, or when it spins.
  bool Step(Instant until);

  PairOptions options_;
  VirtualLink link_;
  std::mt19937_64 random_;
  Instant now_{};
  Side sides_[2];
  std::optional<Wake> wakes_[2];
  std::vector<LateAnswer> late_answers_;
  size_t num_steps_at_once_ = 0;
};

}  // namespace dtls13::sim

#endif  // DTLS13_TESTS_SIM_ASSOCIATION_PAIR_H_
