// SPDX-License-Identifier: Apache-2.0
#include "tools/query/asker.h"

#include <algorithm>
#include <utility>

#include "dtls13/event.h"
#include "tools/dtls13_cli/failure_text.h"

namespace dtls13::query {

Asker::Asker(Endpoint* endpoint, std::vector<uint8_t> query, ClosingOrder order)
    : endpoint_(endpoint), query_(std::move(query)), order_(order) {}

bool Asker::Start(std::span<const uint8_t> server, ClientParameters parameters, Instant now) {
  started_at_ = now;
  server_name_ = parameters.server_name;
  id_ = endpoint_->Connect(server, std::move(parameters), now);
  return id_ != 0;
}

void Asker::Ask(Instant now) {
  if (endpoint_->Send(id_, query_) != SendOutcome::kQueued) {
    Finish("the query is longer than a record may be", now);
    return;
  }
  if (order_ == ClosingOrder::kOrdinary) repeat_at_ = now + kRepeatAfter;
}

void Asker::HandleEvent(const EndpointEvent& event, Instant now) {
  if (done_ || event.id != id_) return;
  if (event.type == EndpointEventType::kGone) {
    Finish("the association ended without an answer", now);
    return;
  }
  switch (event.event.type) {
    case EventType::kConnected:
      asked_at_ = now;
      Ask(now);
      // In the flight of datagrams that the query is in; the reading goes on.
      if (!done_ && order_ == ClosingOrder::kEarly) endpoint_->Close(id_);
      break;
    case EventType::kApplicationData:
      answer_.assign(event.event.data.begin(), event.event.data.end());
      Finish("", now);
      break;
    case EventType::kPeerClosed:
      may_try_again_ = true;
      Finish("the server closed without an answer", now);
      break;
    case EventType::kFailed:
      Finish("there is no association with the server, as " +
                 cli::FailureText(event.event.status, server_name_),
             now);
      break;
    default:
      break;
  }
}

// Nobody lingers: what the server still says is of no use here.
void Asker::Finish(std::string failure, Instant now) {
  done_ = true;
  failure_ = std::move(failure);
  ended_at_ = now;
  repeat_at_.reset();
  endpoint_->Close(id_);
  endpoint_->Remove(id_);
}

void Asker::HandleTimeout(Instant now) {
  if (done_) return;
  if (now - started_at_ >= kPatience) {
    Finish("no answer came within " +
               std::to_string(std::chrono::duration_cast<std::chrono::seconds>(kPatience).count()) +
               " seconds",
           now);
  } else if (repeat_at_ && *repeat_at_ <= now) {
    Ask(now);
  }
}

std::optional<Instant> Asker::NextTimeout() const {
  if (done_) return std::nullopt;
  const Instant end = started_at_ + kPatience;
  return repeat_at_ ? std::min(*repeat_at_, end) : end;
}

}  // namespace dtls13::query
