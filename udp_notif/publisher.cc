// SPDX-License-Identifier: Apache-2.0
#include "udp_notif/publisher.h"

#include <algorithm>
#include <utility>

#include "udp_notif/framing.h"
#include "udp_notif/segmenter.h"

namespace dtls13::udp_notif {

Publisher::Publisher(Endpoint* endpoint, const PublisherOptions& options)
    : endpoint_(endpoint), options_(options), next_message_id_(options.first_message_id) {}

//= draft-ietf-netconf-udp-notif#section-6
//# When this security layer is used, the publisher MUST always be a DTLS
//# client, and the receiver MUST always be a DTLS server.
bool Publisher::Connect(std::span<const uint8_t> address, ClientParameters parameters,
                        Instant now) {
  parameters.early_data = false;
  // Where the receiver answers with a cookie, the endpoint's association returns it.
  //= draft-unyte-udp-notif-dtls#section-4.1
  //# The Publisher MUST send a new DTLS ClientHello message containing the
  //# received cookie, which initiates the DTLS handshake.
  id_ = endpoint_->Connect(address, std::move(parameters), now);
  if (id_ == 0) return false;
  state_ = State::kConnecting;
  return true;
}

// A client is connected once it has sent its last flight, but the receiver may not have had it yet,
// and may refuse the certificate in it: messages behind it would be lost. It is complete once the
// receiver has acknowledged it.
bool Publisher::HandleEvent(const EndpointEvent& event) {
  if (id_ == 0 || event.id != id_) return false;
  if (event.type == EndpointEventType::kGone) {
    state_ = State::kOver;
    return true;
  }
  if (event.type != EndpointEventType::kEvent) return true;
  switch (event.event.type) {
    case EventType::kHandshakeAcked:
      state_ = State::kConnected;
      break;
    case EventType::kFailed:
      failure_ = event.event.status;
      state_ = State::kOver;
      break;
    case EventType::kPeerClosed:
      // The receiver expects no more: it is done with what was sent, and ours ends the exchange.
      Close();
      break;
    default:
      break;
  }
  return true;
}

//= draft-ietf-netconf-udp-notif#section-6.1.2
//# If a UDP-Notif message would result in an IP datagram exceeding the path
//# MTU, after accounting for IP, UDP, and DTLS overhead, the message SHOULD
//# be segmented using the Segmentation Option defined in Section 4.1 before
//# being carried over DTLS.
//= draft-ietf-netconf-udp-notif#section-6.1.4
//# A DTLS message carrying a UDP-Notif message SHOULD fit within a single
//# datagram to avoid DTLS fragmentation.
//= draft-ietf-netconf-udp-notif#section-6.1.4
//# Implementations SHOULD account for DTLS overhead when determining the
//# maximum UDP-Notif notification message size.
//= draft-unyte-udp-notif-dtls#section-4.2
//# The Publisher SHOULD attempt to avoid IP fragmentation by using the
//# Segmentation Option in the UDP-notif message.
size_t Publisher::MaxSegmentSize() const {
  const size_t room = endpoint_->MaxPlaintext(id_);
  const size_t prefix = options_.framing == Framing::kBare ? 0 : FramePrefixLen(room);
  return std::min(options_.max_segment_size, room > prefix ? room - prefix : 0);
}

void Publisher::EndRecord() {
  if (record_.empty()) return;
  waiting_.push_back(std::exchange(record_, {}));
}

void Publisher::Append(const Message& message) {
  const size_t len = HeaderLen(message.header) + message.payload.size();
  ++num_segments_;
  // The segmenter's messages are no longer than a message may be.
  if (options_.framing == Framing::kBare) {
    (void)AppendMessage(message, &record_);
    EndRecord();
    return;
  }
  if (record_.size() + FramePrefixLen(len) + len > endpoint_->MaxPlaintext(id_)) EndRecord();
  (void)AppendFrame(message, &record_);
}

//= draft-unyte-udp-notif-dtls#section-4.1
//# The Publisher MUST NOT send any UDP-notif messages before the DTLS
//# handshake has successfully completed.
//= draft-ietf-netconf-udp-notif#section-6.1.1
//# When DTLS is implemented, the publisher MUST NOT send any UDP-Notif
//# messages before the DTLS handshake has successfully completed.
PublishOutcome Publisher::Publish(std::span<const uint8_t> notification) {
  if (!is_connected()) return PublishOutcome::kNotConnected;
  if (!SendWaiting()) return PublishOutcome::kBlocked;
  // A notification is never put together with another: each is a message of its own.
  //= draft-ietf-netconf-udp-notif#section-3.1
  //# Subscription state notifications, defined in Section 2.7 of [RFC8639],
  //# MUST be encapsulated in separate notification messages.
  auto segmenter = Segmenter::Create({.media_type = options_.media_type,
                                      .publisher_id = options_.publisher_id,
                                      .message_id = next_message_id_},
                                     notification, MaxSegmentSize());
  if (!segmenter) return PublishOutcome::kTooLarge;
  //= draft-ietf-netconf-udp-notif#section-3.2
  //# The Message ID values MUST be incremented by one for successive
  //# messages originated with the same Message Publisher ID
  ++next_message_id_;
  ++num_messages_;
  while (const auto message = segmenter->Next()) Append(*message);
  SendWaiting();
  return is_connected() ? PublishOutcome::kTaken : PublishOutcome::kNotConnected;
}

bool Publisher::SendWaiting() {
  while (!waiting_.empty()) {
    //= draft-unyte-udp-notif-dtls#section-4.2
    //# All UDP-notif messages MUST be published as DTLS "application_data".
    //= draft-ietf-netconf-udp-notif#section-6.1.2
    //# When DTLS is used, all UDP-Notif messages MUST be published as DTLS
    //# "application_data".
    const SendOutcome outcome = endpoint_->Send(id_, waiting_.front());
    if (outcome == SendOutcome::kBlocked) return false;
    if (outcome == SendOutcome::kQueued) {
      ++num_records_;
    } else if (outcome != SendOutcome::kTooLarge) {
      // No record leaves any more. One that is too large was made before the path had less room:
      // it is lost as on the way, and the next is made for the path.
      state_ = State::kOver;
      waiting_.clear();
      break;
    }
    waiting_.pop_front();
  }
  return true;
}

bool Publisher::Flush() {
  if (!is_connected()) return true;
  if (!SendWaiting()) return false;
  EndRecord();
  return SendWaiting();
}

//= draft-unyte-udp-notif-dtls#section-4.3
//# A Publisher MUST close the associated DTLS connection if the connection
//# is not expected to deliver any UDP-notif Messages later.
//= draft-unyte-udp-notif-dtls#section-4.3
//# It MUST send a DTLS close_notify alert before closing the connection.
//= draft-unyte-udp-notif-dtls#section-4.3
//# A Publisher (DTLS client) MAY choose to not wait for the Receiver's
//# close_notify alert and simply close the DTLS connection.
//= draft-ietf-netconf-udp-notif#section-6.1.3
//# A Publisher (DTLS client) MUST close the associated DTLS connection when
//# it does not expect to deliver further UDP-Notif messages.
//= draft-ietf-netconf-udp-notif#section-6.1.3
//# Before closing the connection, the publisher MUST send a DTLS
//# close_notify alert.
//= draft-ietf-netconf-udp-notif#section-6.1.3
//# After sending close_notify, the publisher MAY close the DTLS connection
//# without waiting for a close_notify from the Receiver.
void Publisher::Close() {
  if (id_ == 0 || state_ == State::kOver) return;
  Flush();
  endpoint_->Close(id_);
  endpoint_->Remove(id_);
  state_ = State::kOver;
}

}  // namespace dtls13::udp_notif
