// SPDX-License-Identifier: Apache-2.0
#include "tools/udp_notif/collector_run.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/udp_notif/status_line.h"
#include "udp_notif/json_line.h"
#include "udp_notif/metrics_text.h"

namespace dtls13::udp_notif {
namespace {

using std::chrono::milliseconds;

// How often the status line and what an output says by itself are looked at.
constexpr Duration kLongestWait = milliseconds(100);
// Of plain datagrams, before the others have their turn.
constexpr int kPlainAtOnce = 64;
// What an output has at the end to be rid of what waits.
constexpr milliseconds kFinishLimit = std::chrono::seconds(10);

}  // namespace

CollectorRun::CollectorRun(Parts parts)
    : parts_(std::move(parts)), receiver_(parts_.endpoint.get(), parts_.options) {}

void CollectorRun::WaitForSomething(const cli::StopSignal& stop) const {
  std::vector<pollfd> sockets = {{.fd = parts_.driver->fd(), .events = POLLIN, .revents = 0}};
  if (parts_.plain) {
    sockets.push_back({.fd = parts_.plain->fd(), .events = POLLIN, .revents = 0});
  }
  if (parts_.metrics) parts_.metrics->AddSockets(parts_.driver->Now(), &sockets);
  if (const int fd = parts_.output->fd(); fd >= 0) {
    sockets.push_back({.fd = fd, .events = POLLOUT, .revents = 0});
  }
  const Duration wait = std::min(parts_.driver->WaitTime(), kLongestWait);
  stop.Poll(sockets, std::chrono::ceil<milliseconds>(wait));
}

void CollectorRun::HandOn() {
  while (const auto received = receiver_.PollReceived(parts_.driver->Now())) {
    line_.clear();
    AppendJsonLine(received->source, received->delivery, &line_);
    parts_.output->Write(received->delivery.header.publisher_id, line_);
  }
}

void CollectorRun::ReceiveProtected() {
  parts_.driver->Wait(Duration::zero());
  while (const auto event = parts_.endpoint->PollEvent()) {
    receiver_.HandleEvent(*event);
    HandOn();
  }
  // What the events called for is not to wait until there is another.
  parts_.driver->Flush();
}

void CollectorRun::ReceivePlain() {
  for (int i = 0; i < kPlainAtOnce; ++i) {
    const auto datagram = parts_.plain->Receive();
    if (!datagram) return;
    receiver_.HandlePlain(datagram->host, datagram->port, datagram->octets);
    HandOn();
  }
}

std::string CollectorRun::MetricsOf() const {
  const ReceiverCounters& counters = receiver_.counters();
  const EndpointCounters& input = parts_.endpoint->counters();
  MetricsText text;
  text.AddCollector(receiver_.collector());
  text.AddGauge("connections", "Connections that are open.", receiver_.num_connections());
  text.AddCounter("connections_total", "Handshakes completed.", counters.num_connections);
  text.AddCounter("connection_failures_total", "Connections that failed.", counters.num_failures);
  text.AddCounter("connections_idle_total", "Connections closed for silence.", counters.num_idle);
  text.AddCounter("records_total", "Records of application data.", counters.num_records);
  text.AddCounter("plain_datagrams_total", "Datagrams without DTLS.", counters.num_plain);
  text.BeginCounter("datagrams_total", "Datagrams with DTLS, by what became of them.");
  for (size_t i = 0; i < kNumInputCounts; ++i) {
    const auto count = static_cast<InputCount>(i);
    text.AddSample("datagrams_total", "outcome", InputCountName(count), input[count]);
  }
  text.AddCounter("output_lines_total", "Lines written, or taken by Kafka.",
                  parts_.output->num_delivered());
  text.AddCounter("output_lost_total", "Lines that could not be.", parts_.output->num_lost());
  return text.Take();
}

// `rate` stands behind the number of messages.
std::string CollectorRun::StatusText(const std::string& rate, size_t num_publishers) const {
  const Counters& counters = receiver_.collector().counters();
  std::string text =
      absl::StrCat(WithThousands(counters.num_messages), " messages", rate, "  ",
                   WithThousands(num_publishers), " publishers  ", WithThousands(counters.num_gaps),
                   " gaps  ", WithThousands(counters.num_lost), " lost");
  for (size_t i = 0; i < kNumDropReasons; ++i) {
    const auto reason = static_cast<DropReason>(i);
    if (counters.drops.of(reason) == 0) continue;
    absl::StrAppend(&text, "  ", std::string(NameOf(reason)), " ",
                    WithThousands(counters.drops.of(reason)));
  }
  return text;
}

bool CollectorRun::IsDone() const {
  return parts_.max_messages > 0 &&
         receiver_.collector().counters().num_messages >= parts_.max_messages;
}

void CollectorRun::Announce() const {
  std::fprintf(stderr, "udp_notif collect: listening on %s\n",
               parts_.driver->local_address().ToString().c_str());
  if (parts_.plain) {
    std::fprintf(stderr, "udp_notif collect: taking datagrams without DTLS on %s\n",
                 parts_.plain->address().ToString().c_str());
  }
  if (parts_.metrics) {
    std::fprintf(stderr, "udp_notif collect: metrics at port %u\n", parts_.metrics->port());
  }
}

absl::Status CollectorRun::Run() {
  // Whoever is told that it listens may end it at once.
  const cli::StopSignal stop;
  Announce();
  StatusLine status(parts_.wants_status_line, parts_.driver->Now());
  while (!stop.requested() && parts_.output->status().ok() && !IsDone()) {
    WaitForSomething(stop);
    ReceiveProtected();
    if (parts_.plain) ReceivePlain();
    const Instant now = parts_.driver->Now();
    receiver_.HandleTimeout(now);
    parts_.output->Pump();
    if (parts_.metrics) parts_.metrics->Handle(now, [this] { return MetricsOf(); });
    status.Update(now, receiver_.collector().counters().num_messages, [this](uint64_t per_second) {
      return StatusText(absl::StrCat(" (", WithThousands(per_second), "/s)"),
                        receiver_.collector().num_streams());
    });
  }
  status.Clear();
  return Finish();
}

absl::Status CollectorRun::Finish() {
  const size_t num_publishers = receiver_.collector().num_streams();
  // What is missing now will not come any more.
  receiver_.CloseAll();
  const std::string summary = StatusText("", num_publishers);
  parts_.driver->Flush();
  parts_.output->Finish(kFinishLimit);
  PrintSummary(summary);
  if (!parts_.output->status().ok()) return parts_.output->status();
  if (parts_.output->num_lost() > 0) {
    return absl::DataLossError(
        absl::StrCat(parts_.output->num_lost(), " lines could not be written."));
  }
  return absl::OkStatus();
}

void CollectorRun::PrintSummary(const std::string& summary) const {
  const ReceiverCounters& counters = receiver_.counters();
  std::fprintf(stderr,
               "udp_notif collect: %s\n"
               "udp_notif collect: %s connections, %s records, %s plain datagrams; %s lines "
               "written, %s lost\n",
               summary.c_str(), WithThousands(counters.num_connections).c_str(),
               WithThousands(counters.num_records).c_str(),
               WithThousands(counters.num_plain).c_str(),
               WithThousands(parts_.output->num_delivered()).c_str(),
               WithThousands(parts_.output->num_lost()).c_str());
}

}  // namespace dtls13::udp_notif
