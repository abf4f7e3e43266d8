// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_PATH_VALIDATION_H_
#define DTLS13_PATH_VALIDATION_H_

#include <chrono>
#include <cstdint>

#include "dtls13/wire/time.h"

namespace dtls13 {

// PathCheck is how a new address of the peer is checked, RFC 9853 section 5.
enum class PathCheck : uint8_t {
  kBasic,     // the new path is asked, at once; after one that did not answer, as kEnhanced
  kEnhanced,  // the old path is asked first, so that who only races copies of the peer's datagrams
              // does not get onto the path; the change takes `timeout` longer when the old is dead
};

// PathValidatorConfig says how, and for how long.
struct PathValidatorConfig {
  PathCheck check = PathCheck::kBasic;
  //= draft-ietf-tls-dtls-rrc#section-5.5
  //# If an implementation has no way to obtain information regarding the
  //# RTT of the active path, T SHOULD be set to 1s.
  //= draft-ietf-tls-dtls-rrc#section-5.5
  //# In settings where there is external information about the RTT of the
  //# active path (i.e., the old path), implementations SHOULD use T =
  //# 3xRTT.
  //= draft-ietf-tls-dtls-rrc#section-5.5
  //# Profiles for specific deployment environments -- for example,
  //# constrained networks [I-D.ietf-uta-tls13-iot-profile] -- MAY specify
  //# a different, more suitable value for T.
  // T, how long a path may take to answer. A caller who knows the round trip sets three of them, or
  // what the profile of its network says.
  Duration timeout = std::chrono::seconds(1);
};

// PathStats counts what came of checks, for the operator: the failed ones may be attacks, RFC 9853
// section 7.1.
struct PathStats {
  uint64_t num_started = 0;
  uint64_t num_validated = 0;
  uint64_t num_refused = 0;             // the peer is still where it was, and says so
  uint64_t num_timed_out = 0;           // the new path did not answer
  uint64_t num_unexpected_answers = 0;  // that no open challenge asked for, or by another path
};

}  // namespace dtls13

#endif  // DTLS13_PATH_VALIDATION_H_
