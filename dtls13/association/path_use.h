#ifndef DTLS13_ASSOCIATION_PATH_USE_H_
#define DTLS13_ASSOCIATION_PATH_USE_H_

#include <memory>
#include <optional>
#include <vector>

#include "dtls13/association/paths.h"
#include "dtls13/message/connection_id.h"
#include "dtls13/wire/record_number.h"
#include "dtls13/wire/time.h"

namespace dtls13 {

// PathUse is what an association keeps of paths, and of the Connection IDs on them. Nothing is on
// the heap where neither is in use. It is data; AssociationImpl decides.
struct PathUse {
  // Retiring is a Connection ID of ours that the peer no longer uses, until its last records must
  // have arrived.
  struct Retiring {
    ConnectionId id;
    Instant forget_at;
  };

  // kMaxRetiring: as many as can retire at a time (ConnectionIds::kMaxOurs). Earlier ones are then
  // forgotten before their time.
  static constexpr size_t kMaxRetiring = 8;

  RecordNumber newest_record;      // of the protected ones taken from the peer
  std::vector<Retiring> retiring;  // earliest first
  std::unique_ptr<Paths> paths;    // once a path is named, or a challenge came
  // The peer's Connection IDs for other paths than the one in use: one that is being probed, and
  // the one we left.
  std::optional<ConnectionId> probe_id;
  std::optional<ConnectionId> left_id;
};

}  // namespace dtls13

#endif  // DTLS13_ASSOCIATION_PATH_USE_H_
