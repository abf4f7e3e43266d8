// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_MESSAGE_CONNECTION_ID_H_
#define DTLS13_MESSAGE_CONNECTION_ID_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/byte_writer.h"

namespace dtls13 {

// ConnectionId is what one side wants to find in the records it receives, 0 to 255 bytes.
using ConnectionId = std::vector<uint8_t>;

// ReadConnectionId reads one with a length of one byte, as WriteConnectionId writes it.
[[nodiscard]] bool ReadConnectionId(ByteReader* reader, ConnectionId* id);

// ConnectionIdAgreement is what the connection_id and rrc extensions of a handshake came to. An
// empty ConnectionId is a direction whose records carry none.
struct ConnectionIdAgreement {
  bool negotiated = false;                // both sent connection_id
  ConnectionId receive;                   // ours, in the peer's records
  ConnectionId send;                      // the peer's, in ours
  bool return_routability_check = false;  // both sent rrc

  // WriteState and ReadState carry it to another process. False when it is no such state.
  void WriteState(ByteWriter* writer) const;
  [[nodiscard]] bool ReadState(ByteReader* reader);
};

// ParseConnectionId reads the data of a connection_id extension: a view, possibly empty. Nothing
// (decode_error) when it is malformed.
std::optional<std::span<const uint8_t>> ParseConnectionId(std::span<const uint8_t> data);

// WriteConnectionId writes that data.
void WriteConnectionId(ByteWriter* writer, std::span<const uint8_t> id);

// ConnectionIdUsage, RFC 9147 section 9.
enum class ConnectionIdUsage : uint8_t {
  kImmediate = 0,  // the peer uses one of them from now on, and none of the earlier ones
  kSpare = 1,
};

// NewConnectionId, RFC 9147 section 9. Views the message.
struct NewConnectionId {
  ConnectionIdUsage usage = ConnectionIdUsage::kSpare;

  // Next walks the identifiers: start with a reader of `cids`, false at the end.
  static bool Next(ByteReader* at, std::span<const uint8_t>* id) { return at->ReadVector8(id); }
  std::span<const uint8_t> cids;  // well formed
};

// ParseNewConnectionId: nothing when it does not parse; `*illegal` is set when it is well formed
// but its usage is unknown: illegal_parameter instead of decode_error.
std::optional<NewConnectionId> ParseNewConnectionId(std::span<const uint8_t> body, bool* illegal);
// SerializeNewConnectionId returns the body; empty when `ids` exceed what the format can hold.
std::vector<uint8_t> SerializeNewConnectionId(std::span<const ConnectionId> ids,
                                              ConnectionIdUsage usage);

// ParseRequestConnectionId returns num_cids. Nothing (decode_error) when it does not parse.
std::optional<uint8_t> ParseRequestConnectionId(std::span<const uint8_t> body);
std::vector<uint8_t> SerializeRequestConnectionId(uint8_t num_cids);

// Actions about Connection IDs that a handshake wants done, beside those of handshake_action.h.

// ExpectConnectionId: the peer's records may carry this one of ours from here on, and the first one
// of an association makes them carry one.
struct ExpectConnectionId {
  ConnectionId id;
};
// RetireConnectionId: the peer is done with this one of ours. What is under way may still carry it.
struct RetireConnectionId {
  ConnectionId id;
};
// SendWithConnectionId: all of our protected records carry this one of the peer's from here on.
struct SendWithConnectionId {
  ConnectionId id;
};

}  // namespace dtls13

#endif  // DTLS13_MESSAGE_CONNECTION_ID_H_
