// SPDX-License-Identifier: Apache-2.0
#include "dtls13/udp/hand_over.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <utility>

namespace dtls13 {

std::shared_ptr<HandOver> HandOver::Create(size_t num_drivers) {
  std::shared_ptr<HandOver> hand_over(new HandOver());
  for (size_t i = 0; i < num_drivers; ++i) {
    auto place = std::make_unique<Place>();
    place->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (place->fd < 0) return nullptr;
    hand_over->places_.push_back(std::move(place));
  }
  return hand_over;
}

HandOver::~HandOver() {
  for (const auto& place : places_) close(place->fd);
}

bool HandOver::Give(size_t driver, const ReceivedDatagrams& received) {
  Place& place = *places_[driver];
  const std::lock_guard lock(place.mutex);
  const size_t len = sizeof(Parcel) + received.peer_address.size() + received.bytes.size();
  if (place.num_bytes + len > kMaxBytes) return false;
  place.num_bytes += len;
  const bool was_empty = place.parcels.empty();
  place.parcels.push_back(
      {.peer_address = {received.peer_address.begin(), received.peer_address.end()},
       .host_len = received.host_len,
       .bytes = {received.bytes.begin(), received.bytes.end()},
       .segment_len = received.segment_len});
  if (was_empty) eventfd_write(place.fd, 1);
  return true;
}

std::vector<HandOver::Parcel> HandOver::Take(size_t driver) {
  Place& place = *places_[driver];
  const std::lock_guard lock(place.mutex);
  if (place.parcels.empty()) return {};
  eventfd_t count = 0;
  eventfd_read(place.fd, &count);
  place.num_bytes = 0;
  return std::exchange(place.parcels, {});
}

}  // namespace dtls13
