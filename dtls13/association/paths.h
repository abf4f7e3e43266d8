#ifndef DTLS13_ASSOCIATION_PATHS_H_
#define DTLS13_ASSOCIATION_PATHS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "dtls13/association/path_validator.h"
#include "dtls13/crypto/random_source.h"
#include "dtls13/path_id.h"
#include "dtls13/wire/return_routability_check.h"
#include "dtls13/wire/time.h"

namespace dtls13 {

// Paths is where one association's datagrams go: the path in use, which changes only to one that is
// proved, and the return routability check in both roles (RFC 9146 section 6, RFC 9853).
// It does not know records or Connection IDs; it is told which record was the newest.
class Paths {
 public:
  // kMaxAnswers bounds the answers owed at a time. A challenge answered elsewhere than at once is
  // worth nothing, and a peer asks a few times at most.
  static constexpr size_t kMaxAnswers = 8;

  explicit Paths(const PathValidatorConfig& config) : validator_(config) {}

  // EnableCheck: both sides sent the rrc extension.
  void EnableCheck() { has_check_ = true; }

  const PathId& active() const { return active_; }
  // Use makes `path` the one in use, by what the caller knows: where the handshake is, or that the
  // peer was proved to be there.
  void Use(const PathId& path);
  // Migrate is Use for a move of our own: the path before is no longer preferred.
  void Migrate(const PathId& path);

  // News is what the caller has to do something about.
  enum class News : uint8_t {
    kNone,
    kCandidate,  // the peer was heard from candidate(), and no check is there to prove it
    kProbing,    // candidate() is asked: its datagrams want a Connection ID of their own
    kProbeOver,  // and no longer, without success
    kMoved,      // active() is what candidate() was
  };
  // OnRecord: an authentic record of `len` bytes came by `from`; `is_newest` if its number is above
  // every one before.
  News OnRecord(const PathId& from, size_t len, bool is_newest, Instant now);
  // OnMessage takes the content of a return_routability_check record. Ignored without the check.
  News OnMessage(const ReturnRoutabilityCheck& message, const PathId& from, Instant now);
  News HandleTimeout(Instant now);
  std::optional<Instant> deadline() const { return validator_.deadline(); }

  const PathId& candidate() const { return candidate_; }
  // IsLeft: we migrated away from `path`.
  bool IsLeft(const PathId& path) const {
    return abandoned_.has_value() && path == *abandoned_ && !(path == active_);
  }

  // left is the path that we migrated away from last.
  const std::optional<PathId>& left() const { return abandoned_; }
  // IsAtRest: no check is under way, and no answer to one is owed.
  bool IsAtRest() const { return !validator_.running() && answers_.empty(); }

  struct Outgoing {
    PathId to;
    ReturnRoutabilityCheck message;
  };
  // NextMessage yields what is to be sent now, each in a datagram of its own of `len` bytes.
  std::optional<Outgoing> NextMessage(size_t len, RandomSource* random);

  const PathStats& stats() const { return validator_.stats(); }

 private:
  News Conclude(PathValidator::Verdict verdict);

  bool has_check_ = false;
  PathId active_;
  std::optional<PathId> abandoned_;  // by us, of our own will
  PathId candidate_;
  PathValidator validator_;
  std::vector<Outgoing> answers_;
};

}  // namespace dtls13

#endif  // DTLS13_ASSOCIATION_PATHS_H_
