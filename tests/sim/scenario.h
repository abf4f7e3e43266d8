// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TESTS_SIM_SCENARIO_H_
#define DTLS13_TESTS_SIM_SCENARIO_H_

#include <span>
#include <string>
#include <vector>

#include "dtls13/wire/wire_profile.h"
#include "tests/sim/association_pair.h"

namespace dtls13::sim {

// Scenario is one kind of exchange, as the tests over bad links, the soak and the measurements all
// run it. It does not know what the link does.
struct Scenario {
  const char* name;
  // configure makes of DefaultPairOptions what this kind needs; where that is a ticket, by a
  // connection of its own over a good link.
  void (*configure)(PairOptions* options);
  // start begins what the scenario is about, on a connected pair that is quiet. Null where that is
  // the handshake itself.
  void (*start)(AssociationPair* pair) = nullptr;
  // settle does what must happen for the pair to come to rest. Null where nothing must.
  void (*settle)(AssociationPair* pair) = nullptr;
  // fault says what is wrong once everything is quiet again, beyond FaultAtEnd's own; empty if
  // nothing is.
  std::string (*fault)(AssociationPair* pair) = nullptr;
  // What `fault` expects does not hold with other KeyUpdates than the scenario's own.
  bool counts_key_updates = false;
  // What not every wire profile has.
  bool needs_connection_ids = false;
  bool needs_post_handshake_auth = false;
};

std::span<const Scenario> Scenarios();
// ScenariosOf is those of Scenarios that `profile` can run.
std::vector<Scenario> ScenariosOf(const WireProfile& profile);

// FaultAtEnd lets a pair whose scenario was started come to rest, and says what is wrong with it;
// empty if nothing is: both sides are connected, everything is acknowledged, no timer is left, and
// data flows both ways.
std::string FaultAtEnd(const Scenario& scenario, AssociationPair* pair);

}  // namespace dtls13::sim

#endif  // DTLS13_TESTS_SIM_SCENARIO_H_
