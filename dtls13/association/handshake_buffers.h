// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_ASSOCIATION_HANDSHAKE_BUFFERS_H_
#define DTLS13_ASSOCIATION_HANDSHAKE_BUFFERS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dtls13/flight/held_datagrams.h"
#include "dtls13/wire/record_number.h"

namespace dtls13 {

// HandshakeBuffers are the datagrams and the message that an association keeps for its handshake
// alone: what came before its keys, what of it events still view, and a server's answer that
// commits it to nothing. Nothing is on the heap while all are empty, as they are behind it.
// It does not know what they hold.
class HandshakeBuffers {
 public:
  // Hold keeps a copy of what came before the keys of `awaited`, if HeldDatagrams has room.
  void Hold(Epoch awaited, std::span<const uint8_t> datagram);
  // TakeUpTo returns what awaits `newest` or an earlier epoch, in the order it came. It stays, for
  // events to view, until OnEventsPolled.
  std::vector<std::span<uint8_t>> TakeUpTo(Epoch newest);
  void OnEventsPolled();

  // Owe keeps a whole message that is sent once, in plaintext.
  void Owe(std::vector<uint8_t> message);
  bool owes() const { return kept_ != nullptr && !kept_->owed.empty(); }
  std::vector<uint8_t> TakeOwed();

  // Clear forgets all but what events view.
  void Clear();

 private:
  struct Kept {
    HeldDatagrams held;
    std::vector<std::vector<uint8_t>> taken;
    std::vector<uint8_t> owed;
  };

  Kept& kept();
  void FreeIfEmpty();

  std::unique_ptr<Kept> kept_;
};

}  // namespace dtls13

#endif  // DTLS13_ASSOCIATION_HANDSHAKE_BUFFERS_H_
