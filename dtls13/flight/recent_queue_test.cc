// SPDX-License-Identifier: Apache-2.0
#include "dtls13/flight/recent_queue.h"

#include <gtest/gtest.h>

#include <vector>

namespace dtls13 {
namespace {

using Queue = RecentQueue<int, 3>;

std::vector<int> NewestFirst(const Queue& queue) {
  std::vector<int> items;
  for (size_t age = 0; age < queue.size(); ++age) items.push_back(queue.recent(age));
  return items;
}

TEST(RecentQueue, StartsEmpty) {
  Queue queue;
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.size(), 0u);
}

TEST(RecentQueue, KeepsTheLastItems) {
  Queue queue;
  const std::vector<std::vector<int>> expected = {{0},       {1, 0},    {2, 1, 0}, {3, 2, 1},
                                                  {4, 3, 2}, {5, 4, 3}, {6, 5, 4}};
  for (int i = 0; i < 7; ++i) {
    queue.Push(i);
    EXPECT_EQ(NewestFirst(queue), expected[i]) << i;
  }
}

TEST(RecentQueue, ClearForgetsEverythingAtAnyPoint) {
  for (int num_pushed = 0; num_pushed < 8; ++num_pushed) {
    Queue queue;
    for (int i = 0; i < num_pushed; ++i) queue.Push(i);
    queue.Clear();
    EXPECT_TRUE(queue.empty());
    for (int i = 10; i < 14; ++i) queue.Push(i);
    EXPECT_EQ(NewestFirst(queue), (std::vector<int>{13, 12, 11}));
  }
}

}  // namespace
}  // namespace dtls13
