// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_ENDPOINT_DATAGRAM_CURSOR_H_
#define DTLS13_ENDPOINT_DATAGRAM_CURSOR_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "dtls13/endpoint.h"
#include "dtls13/path_id.h"

namespace dtls13 {

// DatagramCursor walks over the datagrams of what was received at once, oldest first. It views what
// it was given.
class DatagramCursor {
 public:
  struct Datagram {
    const PathId* from = nullptr;  // null where the address is too long; until the next Next
    std::span<const uint8_t> host;
    std::span<uint8_t> bytes;  // may be empty, as a datagram may
  };

  void Begin(std::span<const ReceivedDatagrams> received) {
    left_ = received;
    offset_ = 0;
  }

  // Next is nothing at the end.
  std::optional<Datagram> Next() {
    if (left_.empty()) return std::nullopt;
    const ReceivedDatagrams& one = left_.front();
    // Once for what came together.
    if (offset_ == 0) from_ = PathId::Of(one.peer_address);
    const size_t rest = one.bytes.size() - offset_;
    const size_t len = one.segment_len == 0 ? rest : std::min(one.segment_len, rest);
    const size_t host_len = one.host_len == 0 ? one.peer_address.size()
                                              : std::min(one.host_len, one.peer_address.size());
    const Datagram datagram{.from = from_ ? &*from_ : nullptr,
                            .host = one.peer_address.first(host_len),
                            .bytes = one.bytes.subspan(offset_, len)};
    offset_ += len;
    if (offset_ == one.bytes.size()) {
      left_ = left_.subspan(1);
      offset_ = 0;
    }
    return datagram;
  }

 private:
  std::span<const ReceivedDatagrams> left_;
  size_t offset_ = 0;  // of the first of them
  std::optional<PathId> from_;
};

}  // namespace dtls13

#endif  // DTLS13_ENDPOINT_DATAGRAM_CURSOR_H_
