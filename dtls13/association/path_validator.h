// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_ASSOCIATION_PATH_VALIDATOR_H_
#define DTLS13_ASSOCIATION_PATH_VALIDATOR_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "dtls13/crypto/random_source.h"
#include "dtls13/path_id.h"
#include "dtls13/path_validation.h"
#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/byte_writer.h"
#include "dtls13/wire/return_routability_check.h"
#include "dtls13/wire/time.h"

namespace dtls13 {

// PathValidator checks that the peer can be reached at an address it seems to have moved to: the
// initiator's side of RFC 9853 section 5. One check at a time: what moves meanwhile is found again
// when it is over.
// It does not know records, keys or Connection IDs, nor when a check is called for.
class PathValidator {
 public:
  // kMaxChallenges of one step, spread over its time, so that a lost datagram does not decide.
  static constexpr size_t kMaxChallenges = 3;
  // kAmplificationLimit: so many times what came from an unvalidated address may go there.
  static constexpr uint64_t kAmplificationLimit = 3;

  explicit PathValidator(const PathValidatorConfig& config) : config_(config) {}

  // Start begins a check of `candidate`, while `active` is the path in use. False while one is
  // under way, and for a timeout after one that failed, so that whoever provokes checks in vain
  // gets few. Once a candidate did not answer the old path is asked first, whatever the config
  // says, until a check succeeds: a peer that is still there says so, and no Connection ID is spent
  // on an address where nobody is.
  bool Start(const PathId& active, const PathId& candidate, Instant now);
  // Stop ends a check without a verdict.
  void Stop() { step_ = Step::kIdle; }
  bool running() const { return step_ != Step::kIdle; }
  // probes_candidate: challenges go to candidate() now, not to the old path.
  bool probes_candidate() const { return step_ == Step::kCandidate; }
  const PathId& candidate() const { return candidate_; }

  // OnReceived: an authentic record of `len` bytes came from `path`.
  void OnReceived(const PathId& path, size_t len);

  struct Challenge {
    PathId to;
    PathCookie cookie;
  };
  // TakeChallenge yields the challenge that is due, to be sent in a datagram of `len` bytes of its
  // own. Nothing when none is due, or when that is more than its path may get yet.
  std::optional<Challenge> TakeChallenge(size_t len, RandomSource* random);

  enum class Verdict : uint8_t {
    kNone,
    kProbesCandidate,  // the old path is left: from here on candidate() is asked
    kValidated,        // the peer is at candidate()
    kRefused,          // the peer is where it was
    kTimedOut,         // nobody answered at candidate()
  };
  // OnAnswer takes a path_response or path_drop that came by `from`.
  Verdict OnAnswer(const ReturnRoutabilityCheck& answer, const PathId& from, Instant now);
  Verdict HandleTimeout(Instant now);
  std::optional<Instant> deadline() const;

  const PathStats& stats() const { return stats_; }

  // WriteMemory and ReadMemory have a new PathValidator go on with what this one knows, with the
  // same `now`. Requires !running().
  void WriteMemory(ByteWriter* writer, Instant now) const;
  [[nodiscard]] bool ReadMemory(ByteReader* reader, Instant now);

 private:
  enum class Step : uint8_t { kIdle, kOldPath, kCandidate };

  void Begin(Step step, Instant now);
  Verdict End(Verdict verdict, uint64_t* counter, Instant now);
  bool IsOpen(const PathCookie& cookie) const;

  PathValidatorConfig config_;
  Step step_ = Step::kIdle;
  PathId old_path_;
  PathId candidate_;
  uint64_t candidate_received_ = 0;  // bytes since Start
  uint64_t candidate_sent_ = 0;
  std::array<PathCookie, kMaxChallenges> cookies_{};  // of this step
  size_t num_cookies_ = 0;
  bool challenge_due_ = false;
  bool asked_in_vain_ = false;  // a candidate since the last that answered
  Instant step_began_{};
  std::optional<Instant> quiet_until_;
  PathStats stats_;
};

}  // namespace dtls13

#endif  // DTLS13_ASSOCIATION_PATH_VALIDATOR_H_
