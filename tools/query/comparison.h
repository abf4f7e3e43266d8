// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_QUERY_COMPARISON_H_
#define DTLS13_TOOLS_QUERY_COMPARISON_H_

#include <cstddef>
#include <string>
#include <vector>

#include "tools/query/asker.h"

namespace dtls13::query {

// OrderFigures are what exchanges in one order came to, at one loss; times in round trips.
struct OrderFigures {
  ClosingOrder order = ClosingOrder::kEarly;
  double loss = 0;
  double answered = 0;      // the part of the clients that had their answer
  double answer_time = 0;   // from the first hello, of those; the median
  double held_median = 0;   // an association by the responder
  double held_by_both = 0;  // the mean of those that both sides have ended
  double idle_ends = 0;     // the part of the others, which the responder gave up
};

// Compare lets `num_exchanges` clients ask, one after the other, in each order and at each loss. A
// client whose query was lost begins anew, as Asker says.
std::vector<OrderFigures> Compare(const std::vector<double>& losses, size_t num_exchanges);

// ComparisonTable is for a terminal.
std::string ComparisonTable(const std::vector<OrderFigures>& figures);

// WriteComparison draws it as an SVG document. False when the file cannot be written.
bool WriteComparison(const std::vector<OrderFigures>& figures, const std::string& path);

}  // namespace dtls13::query

#endif  // DTLS13_TOOLS_QUERY_COMPARISON_H_
