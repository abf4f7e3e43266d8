// SPDX-License-Identifier: Apache-2.0
#include "shim/bio/scratch_buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <thread>

namespace dtls13::shim {
namespace {

TEST(ScratchBufferTest, IsLentAgainAndNeverTwiceAtOnce) {
  uint8_t* first;
  {
    ScratchBuffer outer;
    first = outer.bytes().data();
    EXPECT_EQ(outer.bytes().size(), kScratchLen);
    ScratchBuffer inner;
    EXPECT_NE(inner.bytes().data(), first);
  }
  ScratchBuffer next;
  EXPECT_EQ(next.bytes().data(), first);
}

// An object of an application's that closes connections when its thread ends.
struct AtThreadEnd {
  ~AtThreadEnd() {
    for (int turn = 0; turn < 3; ++turn) {
      std::array<std::optional<ScratchBuffer>, 3> buffers;
      for (std::optional<ScratchBuffer>& buffer : buffers) {
        buffer.emplace();
        EXPECT_NE(buffer->bytes().data(), nullptr);
        std::ranges::fill(buffer->bytes(), uint8_t{1});
      }
      EXPECT_NE(buffers[0]->bytes().data(), buffers[1]->bytes().data());
      EXPECT_NE(buffers[1]->bytes().data(), buffers[2]->bytes().data());
      ++*num_turns;
    }
  }
  int* num_turns;
};

TEST(ScratchBufferTest, IsLentWhileAThreadEnds) {
  int num_turns = 0;
  std::thread([&num_turns] {
    // Made first, and so destroyed after the thread's buffers.
    thread_local AtThreadEnd at_end{&num_turns};
    ScratchBuffer outer;
    ScratchBuffer inner;
  }).join();
  EXPECT_EQ(num_turns, 3);
}

}  // namespace
}  // namespace dtls13::shim
