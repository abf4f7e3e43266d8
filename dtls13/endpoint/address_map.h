// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_ENDPOINT_ADDRESS_MAP_H_
#define DTLS13_ENDPOINT_ADDRESS_MAP_H_

#include <cstddef>
#include <cstdint>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "dtls13/endpoint.h"
#include "dtls13/endpoint/seeded_hash.h"
#include "dtls13/path_id.h"

namespace dtls13 {

// AddressMap is which associations peers' addresses have. Hashed with a secret: an address is its
// peer's choice, and no choice makes this slow. It keeps no address of its own: among very many
// associations that rest, a second copy of each would weigh a sixth of all.
//
// It owns no residents and does not know associations, but by their ids.
class AddressMap {
 public:
  // Resident is an association with its address; whoever keeps one derives from it. It must have
  // left before its address changes or it is destroyed.
  struct Resident {
    AssociationId id = 0;
    PathId address;
  };
  // Place is what an address has; 0 for what it has not.
  struct Place {
    AssociationId living = 0;
    AssociationId challenger = 0;  // a handshake that replaces `living` once it is complete
  };

  explicit AddressMap(uint64_t seed) : living_(0, Hash{seed}), challengers_(0, Hash{seed}) {}

  // Find is empty for an address that has nothing.
  Place Find(const PathId& address) const {
    if (knows_latest_ && address == latest_) return latest_place_;
    latest_ = address;
    latest_place_ = {};
    knows_latest_ = true;
    if (const auto found = living_.find(address); found != living_.end()) {
      latest_place_.living = (*found)->id;
    }
    if (const auto found = challengers_.find(address); found != challengers_.end()) {
      latest_place_.challenger = found->second->id;
    }
    return latest_place_;
  }

  // Enter makes `resident` the address's association, or the challenger of the one that lives
  // there.
  void Enter(Resident* resident) {
    knows_latest_ = false;
    if (!living_.insert(resident).second) challengers_[resident->address] = resident;
  }
  // EnterIfFree leaves an address that has an association alone.
  void EnterIfFree(Resident* resident) {
    knows_latest_ = false;
    living_.insert(resident);
  }
  // Promote makes the challenger `resident` the association that lives there, and returns the one
  // that did, which is the challenger until it leaves. 0 where it is not the challenger.
  AssociationId Promote(Resident* resident) {
    const auto challenger = challengers_.find(resident->address);
    if (challenger == challengers_.end() || challenger->second != resident) return 0;
    knows_latest_ = false;
    const auto living = living_.find(resident->address);
    challenger->second = *living;
    living_.erase(living);
    living_.insert(resident);
    return challenger->second->id;
  }
  // Leave takes `resident` away from its address, if it is there.
  void Leave(const Resident* resident) {
    knows_latest_ = false;
    const auto challenger = challengers_.find(resident->address);
    const auto living = living_.find(resident->address);
    if (living != living_.end() && *living == resident) {
      living_.erase(living);
      if (challenger == challengers_.end()) return;
      living_.insert(challenger->second);
      challengers_.erase(challenger);
    } else if (challenger != challengers_.end() && challenger->second == resident) {
      challengers_.erase(challenger);
    }
  }

  // size is how many addresses have an association.
  size_t size() const { return living_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    uint64_t seed = 0;
    size_t operator()(const PathId& address) const { return SeededHash(seed, address.bytes()); }
    size_t operator()(const Resident* resident) const { return (*this)(resident->address); }
  };
  struct SameAddress {
    using is_transparent = void;
    static const PathId& Of(const PathId& address) { return address; }
    static const PathId& Of(const Resident* resident) { return resident->address; }
    template <typename One, typename Other>
    bool operator()(const One& one, const Other& other) const {
      return Of(one) == Of(other);
    }
  };

  absl::flat_hash_set<Resident*, Hash, SameAddress> living_;
  absl::flat_hash_map<PathId, Resident*, Hash> challengers_;  // few, and each not for long
  // What was asked for last: datagrams come in runs.
  mutable PathId latest_;
  mutable Place latest_place_;
  mutable bool knows_latest_ = false;
};

}  // namespace dtls13

#endif  // DTLS13_ENDPOINT_ADDRESS_MAP_H_
