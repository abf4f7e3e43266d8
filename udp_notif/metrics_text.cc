// SPDX-License-Identifier: Apache-2.0
#include "udp_notif/metrics_text.h"

#include <vector>

#include "absl/strings/str_cat.h"

namespace dtls13::udp_notif {
namespace {

constexpr char kPrefix[] = "udp_notif_";

// A label's value as the format quotes it.
std::string Quoted(std::string_view value) {
  std::string quoted = "\"";
  for (const char c : value) {
    if (c == '\n') {
      quoted += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace

void MetricsText::Begin(std::string_view name, std::string_view help, std::string_view type) {
  const std::string full = absl::StrCat(kPrefix, std::string(name));
  absl::StrAppend(&text_, "# HELP ", full, " ", std::string(help), "\n# TYPE ", full, " ",
                  std::string(type), "\n");
}

void MetricsText::AddCounter(std::string_view name, std::string_view help, uint64_t value) {
  Begin(name, help, "counter");
  absl::StrAppend(&text_, kPrefix, std::string(name), " ", value, "\n");
}

void MetricsText::AddGauge(std::string_view name, std::string_view help, uint64_t value) {
  Begin(name, help, "gauge");
  absl::StrAppend(&text_, kPrefix, std::string(name), " ", value, "\n");
}

void MetricsText::BeginCounter(std::string_view name, std::string_view help) {
  Begin(name, help, "counter");
}

void MetricsText::AddSample(std::string_view name, std::string_view label,
                            std::string_view label_value, uint64_t value) {
  absl::StrAppend(&text_, kPrefix, std::string(name), "{", std::string(label), "=",
                  Quoted(label_value), "} ", value, "\n");
}

void MetricsText::AddDrops(const DropCounters& drops) {
  BeginCounter("dropped_total", "What was received and dropped, by reason.");
  for (size_t i = 0; i < kNumDropReasons; ++i) {
    const auto reason = static_cast<DropReason>(i);
    AddSample("dropped_total", "reason", NameOf(reason), drops.of(reason));
  }
}

//= draft-ietf-netconf-udp-notif#section-10
//# the loss of segments and notifications SHOULD be monitored for each
//# Message Publisher ID
void MetricsText::AddStreams(const Collector& collector) {
  struct Sample {
    std::string labels;
    uint64_t num_messages;
    uint64_t num_lost;
  };
  std::vector<Sample> samples;
  collector.ForEachStream([&samples](const Collector::StreamFacts& stream) {
    if (samples.size() == kMaxPublishers) return;
    samples.push_back({.labels = absl::StrCat("{source=", Quoted(*stream.source),
                                              ",publisher_id=\"", stream.publisher_id, "\"} "),
                       .num_messages = stream.num_messages,
                       .num_lost = stream.num_lost});
  });
  BeginCounter("publisher_messages_total", "Messages received, by publisher.");
  for (const Sample& sample : samples) {
    absl::StrAppend(&text_, kPrefix, "publisher_messages_total", sample.labels, sample.num_messages,
                    "\n");
  }
  BeginCounter("publisher_lost_total", "Messages lost, by publisher.");
  for (const Sample& sample : samples) {
    absl::StrAppend(&text_, kPrefix, "publisher_lost_total", sample.labels, sample.num_lost, "\n");
  }
}

void MetricsText::AddCollector(const Collector& collector) {
  const Counters& counters = collector.counters();
  AddCounter("messages_total", "Messages received whole.", counters.num_messages);
  AddCounter("payload_octets_total", "Octets of their notifications.", counters.num_octets);
  AddCounter("segments_total", "Segments taken.", counters.num_segments);
  AddCounter("reassembled_total", "Messages put together of segments.", counters.num_reassembled);
  AddCounter("lost_total", "Messages that never came, or never whole.", counters.num_lost);
  AddCounter("gaps_total", "How often Message IDs were jumped over.", counters.num_gaps);
  AddCounter("restarts_total", "Publishers that began anew.", counters.num_restarts);
  AddDrops(counters.drops);
  AddGauge("publishers", "Publishers heard of.", collector.num_streams());
  AddStreams(collector);
}

}  // namespace dtls13::udp_notif
