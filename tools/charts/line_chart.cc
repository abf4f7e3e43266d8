// SPDX-License-Identifier: Apache-2.0
#include "tools/charts/line_chart.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace dtls13::charts {
namespace {

// Pixels. The plot leaves room for the labels of its axes and the legend at its right.
constexpr double kWidth = 960, kHeight = 420;
constexpr double kLeft = 80, kRight = 290, kTop = 50, kBottom = 60;
constexpr double kPlotWidth = kWidth - kLeft - kRight, kPlotHeight = kHeight - kTop - kBottom;

// Told apart by people who do not see all colours alike (Okabe and Ito).
constexpr std::array<const char*, 7> kColors = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                "#e69f00", "#56b4e9", "#000000"};

std::string Number(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.6g", value);
  return text;
}

std::string Text(double x, double y, const char* anchor, const std::string& text) {
  return "<text x=\"" + Number(x) + "\" y=\"" + Number(y) + "\" text-anchor=\"" + anchor + "\">" +
         text + "</text>\n";
}

std::string Line(double x1, double y1, double x2, double y2, const std::string& style) {
  return "<line x1=\"" + Number(x1) + "\" y1=\"" + Number(y1) + "\" x2=\"" + Number(x2) +
         "\" y2=\"" + Number(y2) + "\" " + style + "/>\n";
}

// Scale maps values to pixels, and says where the axis has its ticks.
class Scale {
 public:
  explicit Scale(const LineChart& chart) : chart_(chart) {
    double low = chart.mark.value_or(chart.lines.front().values.front()), high = low;
    for (const ChartLine& line : chart.lines) {
      for (const double value : line.values) {
        low = std::min(low, value);
        high = std::max(high, value);
      }
    }
    if (chart.log_y) {
      low_ = std::floor(std::log10(low));
      high_ = std::ceil(std::log10(high));
      step_ = 1;
    } else {
      step_ = std::pow(10, std::floor(std::log10(high)));
      if (high / step_ < 3) step_ /= 5;
      high_ = std::ceil(high / step_) * step_;
    }
    if (high_ <= low_) high_ = low_ + 1;
  }

  double X(double x) const {
    return kLeft + kPlotWidth * (x - chart_.xs.front()) / (chart_.xs.back() - chart_.xs.front());
  }
  double Y(double value) const { return YOfTick(chart_.log_y ? std::log10(value) : value); }
  double YOfTick(double tick) const {
    return kTop + kPlotHeight * (1 - (tick - low_) / (high_ - low_));
  }
  std::vector<double> Ticks() const {
    std::vector<double> ticks;
    for (double tick = low_; tick <= high_ + step_ / 2; tick += step_) ticks.push_back(tick);
    return ticks;
  }
  double TickValue(double tick) const { return chart_.log_y ? std::pow(10, tick) : tick; }

 private:
  const LineChart& chart_;
  double low_ = 0, high_ = 1, step_ = 1;
};

std::string Axes(const LineChart& chart, const Scale& scale) {
  const double bottom = kTop + kPlotHeight, right = kLeft + kPlotWidth;
  std::string svg =
      "<text x=\"" + Number(kLeft) + "\" y=\"28\" font-size=\"16\">" + chart.title + "</text>\n";
  for (const double tick : scale.Ticks()) {
    const double y = scale.YOfTick(tick);
    svg += Line(kLeft, y, right, y, "stroke=\"#dddddd\"");
    svg += Text(kLeft - 8, y + 4, "end", Number(scale.TickValue(tick)));
  }
  for (const double x : chart.xs) {
    svg += Line(scale.X(x), bottom, scale.X(x), bottom + 5, "stroke=\"#333333\"");
    svg += Text(scale.X(x), bottom + 20, "middle", Number(x));
  }
  svg += Line(kLeft, bottom, right, bottom, "stroke=\"#333333\"");
  svg += Line(kLeft, kTop, kLeft, bottom, "stroke=\"#333333\"");
  svg += Text(kLeft + kPlotWidth / 2, bottom + 44, "middle", chart.x_label);
  svg += "<text transform=\"translate(22 " + Number(kTop + kPlotHeight / 2) +
         ") rotate(-90)\" text-anchor=\"middle\">" + chart.y_label + "</text>\n";
  return svg;
}

std::string Style(const ChartLine& line) {
  return std::string("stroke=\"") + kColors[line.color % kColors.size()] +
         "\" stroke-width=\"2\" fill=\"none\"" + (line.dashed ? " stroke-dasharray=\"6 4\"" : "");
}

std::string Draw(const LineChart& chart) {
  const Scale scale(chart);
  std::string svg = Axes(chart, scale);
  double legend = kTop + 8;
  const double legend_x = kLeft + kPlotWidth + 16;
  const auto add_legend = [&](const std::string& style, const std::string& name) {
    svg += Line(legend_x, legend, legend_x + 28, legend, style);
    svg += Text(legend_x + 36, legend + 4, "start", name);
    legend += 20;
  };
  for (const ChartLine& line : chart.lines) {
    svg += "<polyline " + Style(line) + " points=\"";
    for (size_t i = 0; i < chart.xs.size(); ++i) {
      svg += Number(scale.X(chart.xs[i])) + "," + Number(scale.Y(line.values[i])) + " ";
    }
    svg += "\"/>\n";
    add_legend(Style(line), line.name);
  }
  if (chart.mark) {
    const std::string style = "stroke=\"#999999\" stroke-width=\"2\" stroke-dasharray=\"2 3\"";
    svg += Line(kLeft, scale.Y(*chart.mark), kLeft + kPlotWidth, scale.Y(*chart.mark), style);
    add_legend(style, chart.mark_name);
  }
  return svg;
}

}  // namespace

bool WriteSvg(const std::vector<LineChart>& charts, const std::string& path) {
  const double height = kHeight * static_cast<double>(charts.size());
  std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + Number(kWidth) +
                    "\" height=\"" + Number(height) +
                    "\" font-family=\"sans-serif\" font-size=\"13\" fill=\"#222222\">\n"
                    "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n";
  for (size_t i = 0; i < charts.size(); ++i) {
    svg += "<g transform=\"translate(0 " + Number(kHeight * static_cast<double>(i)) + ")\">\n" +
           Draw(charts[i]) + "</g>\n";
  }
  svg += "</svg>\n";
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (file == nullptr) return false;
  const bool wrote = std::fwrite(svg.data(), 1, svg.size(), file) == svg.size();
  return std::fclose(file) == 0 && wrote;
}

}  // namespace dtls13::charts
