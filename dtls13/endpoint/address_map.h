// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_ENDPOINT_ADDRESS_MAP_H_
#define DTLS13_ENDPOINT_ADDRESS_MAP_H_

#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "dtls13/endpoint.h"
#include "dtls13/endpoint/seeded_hash.h"
#include "dtls13/path_id.h"

namespace dtls13 {

// AddressMap is which associations peers' addresses have. Hashed with a secret: an address is its
// peer's choice, and no choice makes this slow.
//
// It does not know associations, but by their ids.
class AddressMap {
 public:
  // Place is what an address has; 0 for what it has not.
  struct Place {
    AssociationId living = 0;
    AssociationId challenger = 0;  // a handshake that replaces `living` once it is complete
  };

  explicit AddressMap(uint64_t seed) : places_(0, Hash{seed}) {}

  // Find is empty for an address that has nothing.
  Place Find(const PathId& address) const {
    if (knows_latest_ && address == latest_) return latest_place_;
    const auto found = places_.find(address);
    latest_ = address;
    latest_place_ = found == places_.end() ? Place() : found->second;
    knows_latest_ = true;
    return latest_place_;
  }

  // Enter makes `id` the address's association, or the challenger of the one that lives there.
  void Enter(const PathId& address, AssociationId id) {
    knows_latest_ = false;
    Place& place = places_[address];
    (place.living == 0 ? place.living : place.challenger) = id;
  }
  // EnterIfFree leaves an address that has an association alone.
  void EnterIfFree(const PathId& address, AssociationId id) {
    knows_latest_ = false;
    Place& place = places_[address];
    if (place.living == 0) place.living = id;
  }
  // Promote makes the challenger `id` the association that lives there, and returns the one that
  // did, which is the challenger until it leaves. 0 where `id` is not the challenger.
  AssociationId Promote(const PathId& address, AssociationId id) {
    const auto found = places_.find(address);
    if (found == places_.end() || found->second.challenger != id) return 0;
    knows_latest_ = false;
    std::swap(found->second.living, found->second.challenger);
    return found->second.challenger;
  }
  // Leave takes `id` away from the address, if it is there.
  void Leave(const PathId& address, AssociationId id) {
    const auto found = places_.find(address);
    if (found == places_.end()) return;
    knows_latest_ = false;
    Place& place = found->second;
    if (place.living == id) {
      place.living = std::exchange(place.challenger, 0);
    } else if (place.challenger == id) {
      place.challenger = 0;
    }
    if (place.living == 0) places_.erase(found);
  }

  size_t size() const { return places_.size(); }

 private:
  struct Hash {
    uint64_t seed = 0;
    size_t operator()(const PathId& address) const { return SeededHash(seed, address.bytes()); }
  };

  absl::flat_hash_map<PathId, Place, Hash> places_;
  // What was asked for last: datagrams come in runs.
  mutable PathId latest_;
  mutable Place latest_place_;
  mutable bool knows_latest_ = false;
};

}  // namespace dtls13

#endif  // DTLS13_ENDPOINT_ADDRESS_MAP_H_
