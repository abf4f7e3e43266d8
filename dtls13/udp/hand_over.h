// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_UDP_HAND_OVER_H_
#define DTLS13_UDP_HAND_OVER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "dtls13/endpoint.h"

namespace dtls13 {

// HandOver carries datagrams between the drivers of one port that came to the wrong one: those of a
// peer whose address has changed, where the kernel does not look at Connection IDs. Thread-safe.
// It does not know whose a datagram is.
class HandOver {
 public:
  // kMaxBytes wait for one driver: what a few peers that move send while it sleeps. More is lost,
  // as any datagram may be.
  static constexpr size_t kMaxBytes = 1 << 20;

  // Parcel is ReceivedDatagrams with bytes of their own.
  struct Parcel {
    std::vector<uint8_t> peer_address;
    size_t host_len = 0;
    std::vector<uint8_t> bytes;
    size_t segment_len = 0;

    ReceivedDatagrams View() {
      return {.peer_address = peer_address,
              .host_len = host_len,
              .bytes = bytes,
              .segment_len = segment_len};
    }
  };

  // Create: null when the system has no descriptors left.
  static std::shared_ptr<HandOver> Create(size_t num_drivers);
  ~HandOver();
  HandOver(const HandOver&) = delete;
  HandOver& operator=(const HandOver&) = delete;

  size_t num_drivers() const { return places_.size(); }
  // fd is to be read while something waits for the driver.
  int fd(size_t driver) const { return places_[driver]->fd; }
  // Give copies `received` for another driver; false: it was dropped.
  bool Give(size_t driver, const ReceivedDatagrams& received);
  // Take returns all that waits for the driver.
  std::vector<Parcel> Take(size_t driver);

 private:
  struct Place {
    int fd = -1;
    std::mutex mutex;
    std::vector<Parcel> parcels;
    size_t num_bytes = 0;
  };

  HandOver() = default;

  std::vector<std::unique_ptr<Place>> places_;
};

}  // namespace dtls13

#endif  // DTLS13_UDP_HAND_OVER_H_
