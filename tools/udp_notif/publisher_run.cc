// SPDX-License-Identifier: Apache-2.0
#include "tools/udp_notif/publisher_run.h"

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/dtls13_cli/failure_text.h"
#include "tools/udp_notif/status_line.h"
#include "udp_notif/subscription_started.h"

namespace dtls13::udp_notif {
namespace {

using std::chrono::milliseconds;

// Messages before the network has its turn.
constexpr int kMessagesAtOnce = 256;
constexpr Duration kLongestWait = milliseconds(100);
// The endpoint's queue has room again when the socket has.
constexpr Duration kBlockedWait = milliseconds(1);

}  // namespace

PublisherRun::PublisherRun(Parts parts)
    : parts_(std::move(parts)),
      publisher_(parts_.endpoint.get(), parts_.options),
      input_(parts_.input),
      pace_(parts_.per_second, parts_.driver->Now()) {}

void PublisherRun::HandleEvents() {
  while (const auto event = parts_.endpoint->PollEvent()) publisher_.HandleEvent(*event);
  // What the events called for is not to wait until there is another.
  parts_.driver->Flush();
}

void PublisherRun::Wait(const cli::StopSignal& stop, bool for_input) {
  Duration wait = std::min(parts_.driver->WaitTime(), kLongestWait);
  std::vector<pollfd> sockets = {{.fd = parts_.driver->fd(), .events = POLLIN, .revents = 0}};
  if (for_input && waits_for_input_) {
    sockets.push_back({.fd = input_.fd(), .events = POLLIN, .revents = 0});
  } else if (for_input) {
    const Duration until_next = pace_.NextTime() - parts_.driver->Now();
    wait = std::min(wait, std::max(until_next, kBlockedWait));
  }
  stop.Poll(sockets, std::chrono::ceil<milliseconds>(wait));
  parts_.driver->Wait(Duration::zero());
  HandleEvents();
}

absl::StatusOr<bool> PublisherRun::ReadNext() {
  if (parts_.subscription) {
    next_ = SubscriptionStarted(parts_.options.media_type,
                                *std::exchange(parts_.subscription, std::nullopt),
                                parts_.driver->WallNow());
    return true;
  }
  next_.emplace();
  const auto step = input_.Next(&*next_);
  if (!step.ok()) return step.status();
  waits_for_input_ = *step == NotificationInput::Step::kWait;
  is_at_end_ = *step == NotificationInput::Step::kEnd;
  if (*step != NotificationInput::Step::kRead) next_.reset();
  return next_.has_value();
}

absl::StatusOr<bool> PublisherRun::PublishSome() {
  for (int i = 0; i < kMessagesAtOnce && publisher_.is_connected(); ++i) {
    if (!next_) {
      const auto is_read = ReadNext();
      if (!is_read.ok()) return is_read;
      if (!*is_read) break;
    }
    if (!pace_.Take(parts_.driver->Now())) break;
    const PublishOutcome outcome = publisher_.Publish(*next_);
    if (outcome == PublishOutcome::kBlocked) break;
    if (outcome == PublishOutcome::kTooLarge) {
      return absl::UnavailableError(
          absl::StrCat("a notification of ", next_->size(), " octets has too many segments."));
    }
    num_octets_ += next_->size();
    next_.reset();
  }
  return publisher_.Flush() && is_at_end_ ? false : true;
}

absl::Status PublisherRun::Connect() {
  if (publisher_.Connect(parts_.receiver.bytes(), parts_.parameters, parts_.driver->Now())) {
    return absl::OkStatus();
  }
  return absl::UnavailableError(
      absl::StrCat("cannot connect to ", parts_.receiver.ToString(), "."));
}

absl::Status PublisherRun::Ending() const {
  if (const auto failure = publisher_.failure()) {
    return absl::UnavailableError(
        absl::StrCat("the connection to ", parts_.receiver.ToString(),
                     " failed: ", cli::FailureText(*failure, parts_.parameters.server_name), "."));
  }
  return absl::UnavailableError("the receiver closed the connection.");
}

absl::Status PublisherRun::PublishAll(const cli::StopSignal& stop) {
  StatusLine status(parts_.wants_status_line, parts_.driver->Now());
  for (bool goes_on = true; goes_on && !stop.requested();) {
    if (publisher_.is_over()) return Ending();
    const auto some = PublishSome();
    if (!some.ok()) return some.status();
    goes_on = *some;
    parts_.driver->Flush();
    if (goes_on) Wait(stop, true);
    status.Update(parts_.driver->Now(), publisher_.num_messages(), [this](uint64_t per_second) {
      return absl::StrCat(WithThousands(publisher_.num_messages()), " messages published (",
                          WithThousands(per_second), "/s), ", WithThousands(num_octets_),
                          " octets");
    });
  }
  return absl::OkStatus();
}

absl::Status PublisherRun::Run() {
  const cli::StopSignal stop;
  const Instant deadline = parts_.driver->Now() + parts_.connect_timeout;
  absl::Status status = Connect();
  while (status.ok() && !publisher_.is_connected() && !stop.requested()) {
    Wait(stop, false);
    if (publisher_.is_over()) status = Ending();
    if (status.ok() && !publisher_.is_connected() && parts_.driver->Now() >= deadline) {
      status = absl::UnavailableError(
          absl::StrCat("no receiver answers at ", parts_.receiver.ToString(), "."));
    }
  }
  const bool has_connected = publisher_.is_connected();
  if (status.ok()) status = PublishAll(stop);
  publisher_.Close();
  parts_.driver->Flush();
  if (!has_connected) return status;
  std::fprintf(stderr, "udp_notif publish: %s messages in %s segments and %s records published\n",
               WithThousands(publisher_.num_messages()).c_str(),
               WithThousands(publisher_.num_segments()).c_str(),
               WithThousands(publisher_.num_records()).c_str());
  return status;
}

}  // namespace dtls13::udp_notif
