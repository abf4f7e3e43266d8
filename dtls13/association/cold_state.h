// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_ASSOCIATION_COLD_STATE_H_
#define DTLS13_ASSOCIATION_COLD_STATE_H_

#include <cstdint>
#include <optional>

#include "dtls13/association/key_lifetime.h"
#include "dtls13/association/sealed_state.h"
#include "dtls13/association/wall_clock.h"
#include "dtls13/association_facts.h"
#include "dtls13/flight/retransmission.h"
#include "dtls13/handshake/post_handshake.h"
#include "dtls13/path_id.h"
#include "dtls13/wire/time.h"

namespace dtls13 {

// ColdState is what an association keeps while it is cold: small parts as they are, and in `memory`
// what its other parts have written, keys and secrets too. It never leaves the process, and does
// not know what it means.
struct ColdState {
  StateBuffer memory;
  KeyLifetime keys;
  WallClock wall_clock;
  Retransmission::Memory retransmission;
  PostHandshake::Carried carried;
  PathId active_path;
  Instant latest_now{};
  std::optional<Instant> deadline;  // of what is to be forgotten
  uint32_t early_data_left = 0;     // bytes
  uint32_t next_receive_seq = 0;
  uint32_t mtu = 0;
  uint16_t next_message_seq = 0;
  uint16_t first_post_handshake_seq = 0;
  Role role = Role::kClient;
  bool close_sent = false;
  bool peer_closed = false;
};

}  // namespace dtls13

#endif  // DTLS13_ASSOCIATION_COLD_STATE_H_
