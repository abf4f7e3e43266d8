// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_UDP_NOTIF_PUBLISHER_H_
#define DTLS13_UDP_NOTIF_PUBLISHER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "dtls13/endpoint.h"
#include "dtls13/wire/time.h"
#include "udp_notif/message.h"

namespace dtls13::udp_notif {

// Framing is how messages stand in records.
enum class Framing : uint8_t {
  kLengthPrefixed,  // MSG-LEN SP message, several in a record: draft-unyte-udp-notif-dtls
  kBare,            // one message a record: draft-ietf-netconf-udp-notif from -26 on
};

// PublisherOptions are one stream's.
struct PublisherOptions {
  uint32_t publisher_id = 1;
  uint32_t first_message_id = 1;
  MediaType media_type = {};
  // The most that a message may be, with its header and options; less where a datagram has less
  // room. At least kMinSegmentSize.
  size_t max_segment_size = kMaxMessageLen;
  Framing framing = Framing::kLengthPrefixed;
};

// PublishOutcome is what became of one notification offered to Publish.
enum class PublishOutcome : uint8_t {
  kTaken,         // it leaves with what the endpoint sends
  kNotConnected,  // the handshake has not completed, or the connection has ended
  kBlocked,       // what was taken before has not left: try again after the next Wait or Flush
  kTooLarge,      // it needs more segments than there are numbers
};

// Publisher sends one stream of notifications to one receiver, as a DTLS client of an endpoint that
// others may use too. Notifications go in, each a message of its own; records go to the endpoint.
// It does not know sockets, nor what a notification says. The endpoint outlives it.
class Publisher {
 public:
  Publisher(Endpoint* endpoint, const PublisherOptions& options);

  // Connect begins the handshake with the receiver at `address`. False where the endpoint has no
  // room, or an association there. Never with early data.
  bool Connect(std::span<const uint8_t> address, ClientParameters parameters, Instant now);

  // HandleEvent takes those of the endpoint's events that are this association's, and is false for
  // others'. What the receiver sends as data is of no use and dropped.
  bool HandleEvent(const EndpointEvent& event);

  // Publish takes `notification` as one message, in as many segments as it needs.
  PublishOutcome Publish(std::span<const uint8_t> notification);
  // Flush sends the record that still has room for more messages. True when nothing waits.
  bool Flush();
  // Close sends what waits, as far as it can, and close_notify, and waits for nobody.
  void Close();

  // is_connected: the receiver has acknowledged the handshake, and the connection has not ended.
  bool is_connected() const { return state_ == State::kConnected; }
  // is_over: the connection has ended, by us, by the receiver, or by failure().
  bool is_over() const { return state_ == State::kOver; }
  std::optional<Status> failure() const { return failure_; }
  AssociationId association() const { return id_; }

  uint64_t num_messages() const { return num_messages_; }
  uint64_t num_segments() const { return num_segments_; }
  uint64_t num_records() const { return num_records_; }
  // next_message_id is what the next message will have.
  uint32_t next_message_id() const { return next_message_id_; }

 private:
  enum class State : uint8_t { kIdle, kConnecting, kConnected, kOver };

  // How much a message may be with its header, as things are.
  size_t MaxSegmentSize() const;
  void Append(const Message& message);
  void EndRecord();
  bool SendWaiting();

  Endpoint* endpoint_;
  PublisherOptions options_;
  State state_ = State::kIdle;
  AssociationId id_ = 0;
  std::optional<Status> failure_;
  uint32_t next_message_id_;
  std::vector<uint8_t> record_;  // frames that share the next record
  // Records of what was taken, at most one notification's and a few before it.
  std::deque<std::vector<uint8_t>> waiting_;
  uint64_t num_messages_ = 0;
  uint64_t num_segments_ = 0;
  uint64_t num_records_ = 0;
};

}  // namespace dtls13::udp_notif

#endif  // DTLS13_UDP_NOTIF_PUBLISHER_H_
