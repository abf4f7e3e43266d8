// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_ENDPOINT_HALF_OPEN_H_
#define DTLS13_ENDPOINT_HALF_OPEN_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <span>

#include "absl/container/flat_hash_map.h"
#include "dtls13/endpoint.h"

namespace dtls13 {

// HalfOpen is the handshakes of a server that are not complete, and who gives way to one more: none
// while there is room, in all and for its host; then the oldest of those that take up that room. A
// host has proved that it is there, by a cookie, before it is anything here, and there are never
// more hosts than handshakes: nobody who forges addresses costs memory.
//
// It does not know associations, but by ids that grow, nor what a host is.
class HalfOpen {
 public:
  // kHostShare: a host has so much of all room where nothing else is said, so that it takes several
  // to keep others out.
  static constexpr size_t kHostShare = 8;

  // `max` in all, of them `max_per_host` of one host; 0: a kHostShare-th, one at least. `seed` is
  // random, so that nobody can choose hosts that are taken for one.
  HalfOpen(size_t max, size_t max_per_host, uint64_t seed);

  void Add(AssociationId id, std::span<const uint8_t> host);
  void Remove(AssociationId id);

  // InTheWay is the one that has to go before `host` may have one more; 0: there is room.
  AssociationId InTheWay(std::span<const uint8_t> host) const;
  // oldest is 0 where there is none.
  AssociationId oldest() const { return hosts_of_.empty() ? 0 : hosts_of_.begin()->first; }
  size_t size() const { return hosts_of_.size(); }

 private:
  using Host = uint64_t;  // a hash: two that meet share their room, which hardly ever happens

  size_t max_;
  size_t max_per_host_;
  uint64_t seed_;
  std::map<AssociationId, Host> hosts_of_;  // oldest first
  absl::flat_hash_map<Host, std::set<AssociationId>> of_host_;
};

}  // namespace dtls13

#endif  // DTLS13_ENDPOINT_HALF_OPEN_H_
