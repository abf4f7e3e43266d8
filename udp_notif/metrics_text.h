// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_UDP_NOTIF_METRICS_TEXT_H_
#define DTLS13_UDP_NOTIF_METRICS_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "udp_notif/collector.h"

namespace dtls13::udp_notif {

// MetricsText writes Prometheus' text format, version 0.0.4. Names begin with "udp_notif_".
class MetricsText {
 public:
  // AddCounter and AddGauge write one metric without labels; `name` is without the prefix.
  void AddCounter(std::string_view name, std::string_view help, uint64_t value);
  void AddGauge(std::string_view name, std::string_view help, uint64_t value);
  // BeginCounter is followed by an AddSample for each value of its one label.
  void BeginCounter(std::string_view name, std::string_view help);
  void AddSample(std::string_view name, std::string_view label, std::string_view label_value,
                 uint64_t value);

  // AddCollector writes all that `collector` counts, and each publisher's numbers for as many
  // publishers as kMaxPublishers: one series each is what a scrape can carry.
  void AddCollector(const Collector& collector);
  static constexpr size_t kMaxPublishers = 2000;

  std::string Take() { return std::move(text_); }

 private:
  void Begin(std::string_view name, std::string_view help, std::string_view type);
  void AddDrops(const DropCounters& drops);
  void AddStreams(const Collector& collector);

  std::string text_;
};

}  // namespace dtls13::udp_notif

#endif  // DTLS13_UDP_NOTIF_METRICS_TEXT_H_
