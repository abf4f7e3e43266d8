// SPDX-License-Identifier: Apache-2.0
#include "udp_notif/receiver.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dtls13/udp_address.h"

namespace dtls13::udp_notif {
namespace {

// Silence is looked for so often; sources are forgotten that much late.
constexpr Duration kIdleCheckInterval = std::chrono::seconds(10);

}  // namespace

Receiver::Receiver(Endpoint* endpoint, const ReceiverOptions& options)
    : endpoint_(endpoint),
      options_(options),
      pool_(options.max_streams, options.max_unfinished_bytes),
      plain_pool_(options.max_plain_streams, options.max_plain_unfinished_bytes),
      collector_(options.limits) {}

void Receiver::HandleEvent(const EndpointEvent& event) {
  switch (event.type) {
    case EndpointEventType::kAccepted:
      break;
    case EndpointEventType::kEvent:
      HandleAssociationEvent(event.id, event.event);
      break;
    case EndpointEventType::kGone:
      HandleGone(event);
      break;
  }
}

void Receiver::HandleAssociationEvent(AssociationId id, const Event& event) {
  switch (event.type) {
    case EventType::kConnected:
      HandleConnected(id);
      break;
    case EventType::kApplicationData:
      HandleData(id, event);
      break;
    case EventType::kPeerClosed:
      HandlePeerClosed(id);
      break;
    case EventType::kFailed:
      ++counters_.num_failures;
      break;
    default:
      break;
  }
}

void Receiver::HandleConnected(AssociationId id) {
  ++counters_.num_connections;
  const auto address = UdpAddress::Of(endpoint_->peer_address(id));
  SourceKey key = absl::StrCat(address ? address->ToString() : "", "#", id);
  connections_.insert_or_assign(id, std::make_unique<Connection>(std::move(key), pool_.budget()));
}

//= draft-unyte-udp-notif-dtls#section-4.3
//# Once the Receiver gets a close_notify from the Publisher, it MUST reply
//# with a close_notify.
//= draft-ietf-netconf-udp-notif#section-6.1.3
//# Upon receiving a close_notify from the publisher, a Receiver MUST
//# respond with a close_notify if the DTLS connection is still open.
void Receiver::HandlePeerClosed(AssociationId id) {
  const auto found = connections_.find(id);
  if (found == connections_.end() || std::exchange(found->second->has_closed, true)) return;
  ++counters_.num_clean_closes;
  endpoint_->Close(id);
}

// The source is where a publisher is now, which may not be where it began.
void Receiver::Locate(AssociationId id, Connection* connection) const {
  const std::span<const uint8_t> address = endpoint_->peer_address(id);
  if (std::equal(address.begin(), address.end(), connection->address.begin(),
                 connection->address.end())) {
    return;
  }
  connection->address.assign(address.begin(), address.end());
  const auto known = UdpAddress::Of(address);
  connection->source = known ? known->ToString() : std::string();
}

void Receiver::HandleData(AssociationId id, const Event& event) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  Connection& connection = *found->second;
  ++counters_.num_records;
  const RecordReader::Result result = connection.reader.Read(event.number, event.data, &messages_);
  if (result.interrupted) collector_.Count(DropReason::kFrameInterrupted);
  if (result.dropped) collector_.Count(*result.dropped);
  Locate(id, &connection);
  next_message_ = 0;
  messages_key_ = &connection.key;
  messages_pool_ = &pool_;
  messages_source_ = connection.source;
}

void Receiver::HandleGone(const EndpointEvent& event) {
  if (event.gone == GoneReason::kIdle) ++counters_.num_idle;
  const auto found = connections_.find(event.id);
  if (found == connections_.end()) return;
  collector_.Forget(found->second->key);
  messages_.clear();
  connections_.erase(found);
}

void Receiver::HandlePlain(std::string_view host, uint16_t port,
                           std::span<const uint8_t> datagram) {
  ++counters_.num_plain;
  messages_.clear();
  next_message_ = 0;
  Message message;
  if (const auto reason = ParseMessage(datagram, &message)) {
    collector_.Count(*reason);
    return;
  }
  messages_.push_back(message);
  plain_key_ = host;
  plain_source_ = absl::StrCat(plain_key_, ":", port);
  messages_key_ = &plain_key_;
  messages_pool_ = &plain_pool_;
  messages_source_ = plain_source_;
}

std::optional<Received> Receiver::PollReceived(Instant now) {
  while (next_message_ < messages_.size()) {
    auto delivery =
        collector_.Take(*messages_key_, messages_pool_, messages_[next_message_++], now);
    if (delivery) return Received{.source = messages_source_, .delivery = std::move(*delivery)};
  }
  messages_.clear();
  return std::nullopt;
}

void Receiver::HandleTimeout(Instant now) {
  collector_.HandleTimeout(now);
  if (now < next_idle_check_) return;
  next_idle_check_ = now + kIdleCheckInterval;
  collector_.ForgetIdle(plain_pool_, now - options_.plain_idle_timeout);
}

// Attempts the exchange and waits for nobody: what is lost of it is no error.
//= draft-unyte-udp-notif-dtls#section-4.3
//# Receivers that are unprepared to receive any more data MAY close the
//# connection after sending the close_notify alert.
//= draft-ietf-netconf-udp-notif#section-6.1.3
//# Receivers that are unprepared to receive any more data MAY close the
//# connection after sending the close_notify alert.
void Receiver::CloseAll() {
  for (const auto& [id, connection] : connections_) {
    endpoint_->Close(id);
    endpoint_->Remove(id);
  }
  connections_.clear();
  messages_.clear();
  collector_.ForgetAll();
}

}  // namespace dtls13::udp_notif
