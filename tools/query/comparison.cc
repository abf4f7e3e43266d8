// SPDX-License-Identifier: Apache-2.0
#include "tools/query/comparison.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <numeric>

#include "tools/charts/line_chart.h"
#include "tools/query/exchange.h"

namespace dtls13::query {
namespace {

constexpr ClosingOrder kOrders[] = {ClosingOrder::kEarly, ClosingOrder::kOrdinary};

const char* NameOf(ClosingOrder order) {
  return order == ClosingOrder::kEarly ? "closed with the query" : "closed behind the answer";
}

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double Mean(const std::vector<double>& values) {
  return values.empty() ? 0
                        : std::accumulate(values.begin(), values.end(), 0.0) /
                              static_cast<double>(values.size());
}

OrderFigures Measure(ClosingOrder order, double loss, size_t num_exchanges) {
  const ExchangeOptions options{.loss = loss};
  ExchangeWorld world(options);
  const auto in_round_trips = [&options](Duration time) {
    return std::chrono::duration<double>(time) / std::chrono::duration<double>(options.round_trip);
  };
  std::vector<double> answer_times;
  for (size_t i = 0; i < num_exchanges; ++i) {
    Duration total = Duration::zero();
    bool may_try_again = true;
    for (int tries = 0; may_try_again && tries < Asker::kMaxAssociations; ++tries) {
      const Asker& asker = world.AddClient(order);
      while (!asker.done()) world.RunFor(options.round_trip);
      total += asker.total_time();
      may_try_again = asker.may_try_again();
      if (!asker.answer().empty()) answer_times.push_back(in_round_trips(total));
      world.RunUntilReleased();
    }
  }
  const auto all_in_round_trips = [&in_round_trips](const std::vector<Duration>& times) {
    std::vector<double> values;
    for (const Duration time : times) values.push_back(in_round_trips(time));
    return values;
  };
  const auto num_held = static_cast<double>(world.held().size());
  return {.order = order,
          .loss = loss,
          .answered = static_cast<double>(answer_times.size()) / static_cast<double>(num_exchanges),
          .answer_time = Median(answer_times),
          .held_median = Median(all_in_round_trips(world.held())),
          .held_by_both = Mean(all_in_round_trips(world.held_by_both())),
          .idle_ends = 1 - static_cast<double>(world.held_by_both().size()) / num_held};
}

}  // namespace

std::vector<OrderFigures> Compare(const std::vector<double>& losses, size_t num_exchanges) {
  std::vector<OrderFigures> figures;
  for (const double loss : losses) {
    for (const ClosingOrder order : kOrders) {
      figures.push_back(Measure(order, loss, num_exchanges));
    }
  }
  return figures;
}

std::string ComparisonTable(const std::vector<OrderFigures>& figures) {
  std::string table =
      "                                                          held, RTT\n"
      "  loss  order                     answered  answer, RTT  median  ended by both  idle ends\n";
  for (const OrderFigures& row : figures) {
    char line[120];
    std::snprintf(line, sizeof(line),
                  "%5.0f %%  %-24s  %6.1f %%  %11.2f  %6.2f  %13.2f  %7.1f %%\n", 100 * row.loss,
                  NameOf(row.order), 100 * row.answered, row.answer_time, row.held_median,
                  row.held_by_both, 100 * row.idle_ends);
    table += line;
  }
  return table;
}

bool WriteComparison(const std::vector<OrderFigures>& figures, const std::string& path) {
  charts::LineChart held = {.title = "How long the server holds an association that both sides end",
                            .x_label = "datagrams lost, %",
                            .y_label = "round trips, the mean",
                            .xs = {}};
  charts::LineChart idle = {
      .title = "Associations that the server gives up, because it heard no end",
      .x_label = held.x_label,
      .y_label = "of all associations, %",
      .xs = {}};
  for (size_t i = 0; i < std::size(kOrders); ++i) {
    charts::ChartLine times = {.name = NameOf(kOrders[i]), .color = i};
    charts::ChartLine parts = times;
    for (const OrderFigures& row : figures) {
      if (row.order != kOrders[i]) continue;
      if (i == 0) held.xs.push_back(100 * row.loss);
      times.values.push_back(row.held_by_both);
      parts.values.push_back(100 * row.idle_ends);
    }
    held.lines.push_back(std::move(times));
    idle.lines.push_back(std::move(parts));
  }
  idle.xs = held.xs;
  return charts::WriteSvg({held, idle}, path);
}

}  // namespace dtls13::query
