// SPDX-License-Identifier: Apache-2.0
#include "tools/query/responder.h"

#include <algorithm>
#include <utility>

#include "dtls13/udp_address.h"

namespace dtls13::query {

namespace {

// What is no UdpAddress is of a simulation, where each client has a host.
PendingQueries::Host HostOf(std::span<const uint8_t> address) {
  const std::optional<UdpAddress> udp = UdpAddress::Of(address);
  if (udp) address = address.first(udp->host_len());
  return {address.begin(), address.end()};
}

}  // namespace

Responder::Responder(Endpoint* endpoint, std::shared_ptr<RandomSource> random, OnEnded on_ended)
    : endpoint_(endpoint), on_ended_(std::move(on_ended)), pending_(std::move(random)) {}

void Responder::HandleEvent(const EndpointEvent& event, Instant now) {
  switch (event.type) {
    case EndpointEventType::kAccepted:
      clients_[event.id] = {.accepted_at = now};
      break;
    case EndpointEventType::kGone:
      HandleGone(event.id, now);
      break;
    case EndpointEventType::kEvent:
      if (event.event.type == EventType::kApplicationData) {
        HandleQuery(event.id, event.event.data, now);
      } else if (event.event.type == EventType::kPeerClosed) {
        HandleClose(event.id, now);
      }
      break;
  }
}

void Responder::HandleQuery(AssociationId id, std::span<const uint8_t> record, Instant now) {
  const auto client = clients_.find(id);
  if (client == clients_.end()) return;
  const std::optional<DnsMessage> query = ParseDnsMessage(record);
  if (!query || query->header.is_response()) {
    ++counters_.malformed;
    return;
  }
  client->second.has_asked = true;
  DnsResponseCode refusal = DnsResponseCode::kNoError;
  if (query->header.opcode() != 0) {
    refusal = DnsResponseCode::kNotImplemented;
  } else if (query->questions.size() != 1) {
    refusal = DnsResponseCode::kFormatError;
  } else if (auto message = pending_.Add(id, HostOf(endpoint_->peer_address(id)), *query, now)) {
    ++counters_.queries;
    to_resolver_.push_back(*std::move(message));
    return;
  } else {
    refusal = DnsResponseCode::kServerFailure;
  }
  ++counters_.refused;
  Answer(id, *query, BuildAnswer(*query, refusal, /*is_truncated=*/false));
  ReleaseIfDone(id, now);
}

void Responder::HandleClose(AssociationId id, Instant now) {
  const auto client = clients_.find(id);
  if (client == clients_.end()) return;
  client->second.has_closed = true;
  if (!client->second.has_asked) closed_unasked_.emplace_back(now + kReorderGrace, id);
  ReleaseIfDone(id, now);
}

void Responder::HandleGone(AssociationId id, Instant now) {
  const auto client = clients_.find(id);
  if (client == clients_.end()) return;
  if (on_ended_) on_ended_(now - client->second.accepted_at, /*is_by_both=*/false);
  clients_.erase(client);
  pending_.Forget(id);
  ++counters_.gone;
}

void Responder::HandleAnswer(std::span<const uint8_t> datagram, Instant now) {
  const std::optional<DnsMessage> answer = ParseDnsMessage(datagram);
  if (!answer) {
    ++counters_.malformed;
    return;
  }
  std::optional<PendingQueries::Query> asked = pending_.TakeAnswered(*answer);
  const std::optional<DnsMessage> query =
      asked ? ParseDnsMessage(asked->message) : std::optional<DnsMessage>();
  if (!query) {
    ++counters_.unasked;
    return;
  }
  std::vector<uint8_t> message(datagram.begin(), datagram.end());
  // A client, too, is to know what it was that failed.
  if (answer->questions.empty()) {
    message = BuildAnswer(*query, answer->header.response_code(), /*is_truncated=*/false);
  }
  SetId(message, query->header.id);
  ++counters_.answered;
  Answer(asked->client, *query, message);
  ReleaseIfDone(asked->client, now);
}

void Responder::Answer(AssociationId id, const DnsMessage& query,
                       std::span<const uint8_t> message) {
  if (message.size() <= std::min(MaxAnswerLen(query), endpoint_->MaxPlaintext(id))) {
    Send(id, message);
    return;
  }
  ++counters_.truncated;
  Send(id, BuildAnswer(query, DnsResponseCode::kNoError, /*is_truncated=*/true));
}

void Responder::Send(AssociationId id, std::span<const uint8_t> message) {
  if (endpoint_->Send(id, message) != SendOutcome::kQueued) ++counters_.unsent;
}

void Responder::HandleTimeout(Instant now) {
  while (const std::optional<PendingQueries::Query> expired = pending_.TakeExpired(now)) {
    const std::optional<DnsMessage> query = ParseDnsMessage(expired->message);
    ++counters_.failed;
    Answer(expired->client, *query,
           BuildAnswer(*query, DnsResponseCode::kServerFailure, /*is_truncated=*/false));
    ReleaseIfDone(expired->client, now);
  }
  while (!closed_unasked_.empty() && closed_unasked_.front().first <= now) {
    const AssociationId id = closed_unasked_.front().second;
    closed_unasked_.pop_front();
    const auto client = clients_.find(id);
    if (client != clients_.end() && !client->second.has_asked) Release(id, now);
  }
}

std::optional<Instant> Responder::NextTimeout() const {
  std::optional<Instant> next = pending_.next_expiry();
  if (!closed_unasked_.empty()) {
    const Instant due = closed_unasked_.front().first;
    if (!next || due < *next) next = due;
  }
  return next;
}

std::vector<uint8_t> Responder::PollQuery() {
  if (to_resolver_.empty()) return {};
  std::vector<uint8_t> message = std::move(to_resolver_.front());
  to_resolver_.pop_front();
  return message;
}

void Responder::ReleaseIfDone(AssociationId id, Instant now) {
  const auto client = clients_.find(id);
  if (client == clients_.end()) return;
  const bool is_done =
      client->second.has_closed && client->second.has_asked && pending_.NumOf(id) == 0;
  if (is_done) Release(id, now);
}

void Responder::Release(AssociationId id, Instant now) {
  const auto client = clients_.find(id);
  // The peer's alert may be lost, and so may ours: neither is worth the wait.
  endpoint_->Close(id);
  endpoint_->Remove(id);
  if (on_ended_) on_ended_(now - client->second.accepted_at, /*is_by_both=*/true);
  clients_.erase(client);
  ++counters_.released;
}

}  // namespace dtls13::query
