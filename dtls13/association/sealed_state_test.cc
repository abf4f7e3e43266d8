// SPDX-License-Identifier: Apache-2.0
#include "dtls13/association/sealed_state.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "dtls13/crypto/crypto_test_util.h"
#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

const Bytes kKey(32, 7);
const Bytes kContent = {1, 2, 3, 4, 5};

class Counting final : public RandomSource {
 public:
  bool Fill(std::span<uint8_t> out) override {
    std::fill(out.begin(), out.end(), ++num_);
    return works;
  }
  bool works = true;

 private:
  uint8_t num_ = 0;
};

class SealedStateTest : public ::testing::Test {
 protected:
  Bytes Seal() {
    Bytes content = kContent;
    return SealState(*DefaultAlgorithms(), &random_, kKey, content);
  }
  static std::optional<Bytes> Open(Bytes state, const Bytes& key = kKey) {
    const auto content = OpenState(*DefaultAlgorithms(), key, state);
    if (!content) return std::nullopt;
    return Bytes(content->begin(), content->end());
  }

  Counting random_;
};

TEST_F(SealedStateTest, OpensToWhatWasSealed) { EXPECT_EQ(Open(Seal()), kContent); }

TEST_F(SealedStateTest, TwoOfOneContentDiffer) { EXPECT_NE(Seal(), Seal()); }

TEST_F(SealedStateTest, HasItsFormatAndNonceInFront) {
  const Bytes state = Seal();
  EXPECT_EQ(Bytes(state.begin(), state.begin() + 8), ToBytes("dtls13s1"));
  EXPECT_EQ(state.size(), 8u + 12u + kContent.size() + 16u);
}

TEST_F(SealedStateTest, AnotherKeyDoesNotOpenIt) { EXPECT_FALSE(Open(Seal(), Bytes(32, 8))); }

TEST_F(SealedStateTest, NoByteOfItMayChange) {
  const Bytes state = Seal();
  for (size_t i = 0; i < state.size(); ++i) {
    Bytes changed = state;
    changed[i] ^= 1;
    EXPECT_FALSE(Open(changed)) << i;
    EXPECT_FALSE(Open(Bytes(state.begin(), state.begin() + static_cast<ptrdiff_t>(i)))) << i;
  }
}

TEST_F(SealedStateTest, WithoutRandomnessThereIsNone) {
  random_.works = false;
  EXPECT_TRUE(Seal().empty());
}

}  // namespace
}  // namespace dtls13
