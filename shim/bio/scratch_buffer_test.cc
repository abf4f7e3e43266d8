#include "shim/bio/scratch_buffer.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace dtls13::shim
