// SPDX-License-Identifier: Apache-2.0
#include "shim/attachment/callback.h"

#include <gtest/gtest.h>

namespace dtls13::shim {
namespace {

int AddTo(int number, void* arg) { return *static_cast<int*>(arg) += number; }

TEST(CallbackTest, IsCalledWithItsArgumentLast) {
  int sum = 1;
  const Callback<int (*)(int, void*)> callback = {AddTo, &sum};
  ASSERT_TRUE(callback);
  EXPECT_EQ(callback(2), 3);
  EXPECT_EQ(sum, 3);
}

TEST(CallbackTest, IsFalseWhereNothingIsSet) {
  int argument = 0;
  Callback<int (*)(int, void*)> callback;
  EXPECT_FALSE(callback);
  // libssl sets the argument of some callbacks by a call of its own, which may come first.
  callback.arg = &argument;
  EXPECT_FALSE(callback);
}

}  // namespace
}  // namespace dtls13::shim
