// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_HANDSHAKE_CONNECTION_IDS_H_
#define DTLS13_HANDSHAKE_CONNECTION_IDS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "dtls13/handshake/handshake_action.h"
#include "dtls13/handshake/handshake_config.h"
#include "dtls13/message/connection_id.h"
#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/byte_writer.h"
#include "dtls13/wire/code_points.h"
#include "dtls13/wire/status.h"

namespace dtls13 {

// ConnectionIds is one association's Connection IDs after the handshake, RFC 9147 section 9: those
// of ours that the peer may use, those of the peer that we have not used yet, and the two messages
// that ask for more and give more. What it wants done comes back as actions and messages.
// It does not know records, time, paths, KeyUpdates or retransmission, nor which of the peer's
// identifiers is in use.
class ConnectionIds {
 public:
  // kMaxOurs: at most so many of ours are good at a time, and as many again while they replace the
  // others: what a receiver has to tell apart in each record.
  static constexpr size_t kMaxOurs = 8;
  // kMaxSpares: further ones of the peer's are discarded. 255 bytes each: 2 KB at the very most.
  static constexpr size_t kMaxSpares = 8;
  // kMaxFruitlessRequests: a peer that asks so often without taking what it gets only wastes our
  // time.
  static constexpr uint32_t kMaxFruitlessRequests = 8;

  ConnectionIds(std::shared_ptr<const HandshakeConfig> config,
                const ConnectionIdAgreement& agreement);

  // --- the peer's messages

  // Both: unexpected_message where they were not agreed on; decode_error; illegal_parameter for an
  // unknown usage, an empty identifier, or an immediate change to none.
  Status HandleNewConnectionId(std::span<const uint8_t> body,
                               std::vector<HandshakeAction>* actions);
  // Also too_many_cids_requested.
  Status HandleRequestConnectionId(std::span<const uint8_t> body);

  // --- our messages

  // Request asks for `num_cids` of the peer's. False while an earlier request is unacknowledged or
  // unfulfilled, and where none of the peer's are used.
  bool Request(uint8_t num_cids);
  // Issue gives the peer up to `num` new ones of ours: with kImmediate the earlier ones retire once
  // the peer has the message. False while an earlier NewConnectionId is unacknowledged, where the
  // peer uses none of ours, and when there is no room for a spare.
  bool Issue(size_t num, ConnectionIdUsage usage);

  struct OwedMessage {
    HandshakeType type;
    std::vector<uint8_t> body;
  };
  // HasMessage: NextMessage may yield one.
  bool HasMessage() const { return issue_ || peer_wants_ || request_ != 0; }
  // NextMessage yields what is to be sent now. Its actions are to be done before.
  std::optional<OwedMessage> NextMessage(std::vector<HandshakeAction>* actions);
  // OnAcked: the peer has our message of `type`.
  void OnAcked(HandshakeType type, std::vector<HandshakeAction>* actions);

  // --- use

  // OnUsed: the newest record of the peer carried `id`, which is one of ours.
  void OnUsed(std::span<const uint8_t> id);
  // TakeSpare returns the peer's first unused identifier, for a path that has seen none yet.
  // Nothing when there is none. It is not handed out again.
  std::optional<ConnectionId> TakeSpare();
  size_t num_spares() const { return spares_.size(); }
  size_t num_ours() const { return ours_.size(); }
  const std::vector<ConnectionId>& ours() const { return ours_; }

  // --- going to another process

  // IsAtRest: no message is owed or unacknowledged. A request of ours that the peer has and does
  // not fulfil is no unrest.
  bool IsAtRest() const {
    return !new_unacked_ && !issue_ && !peer_wants_ && request_ == 0 && !request_unacked_;
  }
  // WriteState and ReadState carry it there, at rest. ReadState comes first of all and takes the
  // place of what a new one begins with; false unless it read a state for the agreement.
  void WriteState(ByteWriter* writer) const;
  [[nodiscard]] bool ReadState(ByteReader* reader);

 private:
  // AddNew makes up to `num` new identifiers of ours, fewer when there is no room or no randomness.
  std::vector<ConnectionId> AddNew(size_t num, size_t room, std::vector<HandshakeAction>* actions);
  // MakeRoom retires of ours what the peer has left behind, oldest first, until `num` more fit.
  void MakeRoom(size_t num, std::vector<HandshakeAction>* actions);
  void RetireFirst(size_t num, std::vector<HandshakeAction>* actions);
  void KeepSpare(std::span<const uint8_t> id);
  std::optional<OwedMessage> NextNewConnectionId(std::vector<HandshakeAction>* actions);

  std::shared_ptr<const HandshakeConfig> config_;
  size_t receive_len_;  // of each of ours; 0: the peer uses none
  bool sends_;          // ours carry one of the peer's

  // Connection IDs of ours, in the order they were provided.
  std::vector<ConnectionId> ours_;
  size_t newest_used_ = 0;  // index in ours_
  bool new_unacked_ = false;
  size_t num_replaced_ = 0;  // how many of ours_ retire when the unacknowledged one arrives
  size_t num_given_ = 0;     // by the unacknowledged NewConnectionId
  struct Wanted {
    size_t num = 0;
    ConnectionIdUsage usage = ConnectionIdUsage::kSpare;
  };
  std::optional<Wanted> issue_;        // by our own side
  std::optional<uint8_t> peer_wants_;  // its request that is not answered yet
  uint32_t num_fruitless_requests_ = 0;

  // The peer's, unused, in the order they were provided.
  std::vector<ConnectionId> spares_;
  uint8_t request_ = 0;  // what our next request is to ask for; 0 is no request
  bool request_unacked_ = false;
  bool request_unfulfilled_ = false;
};

}  // namespace dtls13

#endif  // DTLS13_HANDSHAKE_CONNECTION_IDS_H_
