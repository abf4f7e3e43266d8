// SPDX-License-Identifier: Apache-2.0
#include "tools/query/comparison.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace dtls13::query {
namespace {

TEST(ComparisonTest, AnEarlyCloseIsWorthHalfARoundTripAndMore) {
  const std::vector<OrderFigures> figures = Compare({0, 0.2}, 20);
  ASSERT_EQ(figures.size(), 4u);
  for (size_t i = 0; i < figures.size(); i += 2) {
    EXPECT_EQ(figures[i].order, ClosingOrder::kEarly);
    EXPECT_EQ(figures[i].loss, figures[i + 1].loss);
    EXPECT_LE(figures[i].held_by_both, figures[i + 1].held_by_both - 0.5);
  }
  EXPECT_EQ(figures[0].answered, 1);
  EXPECT_EQ(figures[1].answered, 1);
}

TEST(ComparisonTest, IsATableAndADrawing) {
  const std::vector<OrderFigures> figures = Compare({0}, 1);
  const std::string table = ComparisonTable(figures);
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 4);
  EXPECT_NE(table.find("closed with the query"), std::string::npos);
  const std::string path = testing::TempDir() + "/comparison.svg";
  ASSERT_TRUE(WriteComparison(figures, path));
  std::stringstream svg;
  svg << std::ifstream(path).rdbuf();
  EXPECT_EQ(svg.str().rfind("<svg", 0), 0u);
  EXPECT_NE(svg.str().find("closed behind the answer"), std::string::npos);
  EXPECT_FALSE(WriteComparison(figures, testing::TempDir() + "/nowhere/comparison.svg"));
}

}  // namespace
}  // namespace dtls13::query
