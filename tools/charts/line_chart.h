// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_CHARTS_LINE_CHART_H_
#define DTLS13_TOOLS_CHARTS_LINE_CHART_H_

#include <optional>
#include <string>
#include <vector>

namespace dtls13::charts {

// ChartLine is one line of a LineChart, a value for each x. Lines of the same `color` index are
// drawn in the same colour.
struct ChartLine {
  std::string name;
  std::vector<double> values = {};
  size_t color = 0;
  bool dashed = false;
};

// LineChart is a plain chart with labelled axes and a legend. It does not know what it shows.
struct LineChart {
  std::string title;
  std::string x_label;
  std::string y_label;
  std::vector<double> xs;  // increasing
  std::vector<ChartLine> lines = {};
  bool log_y = false;               // powers of ten apart; every value must be positive
  std::optional<double> mark = {};  // a horizontal line to compare with
  std::string mark_name = {};
};

// WriteSvg writes the charts below one another as one SVG document. False when the file cannot be
// written.
bool WriteSvg(const std::vector<LineChart>& charts, const std::string& path);

}  // namespace dtls13::charts

#endif  // DTLS13_TOOLS_CHARTS_LINE_CHART_H_
