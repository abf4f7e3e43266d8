// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TRANSMIT_EACH_H_
#define DTLS13_TRANSMIT_EACH_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "dtls13/endpoint.h"
#include "dtls13/wire/time.h"

namespace dtls13 {

// TransmitEach polls all that `endpoint` owes at `now` and calls `send` with the peer's address and
// the bytes of each datagram: for whoever sends one at a time. They are views until `send` returns,
// which does not call the endpoint.
template <typename Send>
void TransmitEach(Endpoint* endpoint, Instant now, Send send) {
  for (;;) {
    const std::span<const OutputBatch> batches = endpoint->PollTransmit(now);
    if (batches.empty()) return;
    for (const OutputBatch& batch : batches) {
      for (size_t at = 0; at < batch.bytes.size(); at += batch.segment_len) {
        send(batch.peer_address,
             batch.bytes.subspan(at, std::min(batch.segment_len, batch.bytes.size() - at)));
      }
    }
    endpoint->OnTransmitted(batches.size());
  }
}

}  // namespace dtls13

#endif  // DTLS13_TRANSMIT_EACH_H_
