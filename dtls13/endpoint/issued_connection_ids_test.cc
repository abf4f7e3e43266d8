// SPDX-License-Identifier: Apache-2.0
#include "dtls13/endpoint/issued_connection_ids.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace dtls13 {
namespace {

using Id = std::vector<uint8_t>;

// Cycle makes the same few identifiers of one byte again and again.
class Cycle final : public ConnectionIdSource {
 public:
  explicit Cycle(uint8_t num) : num_(num) {}
  bool Generate(std::span<uint8_t> id) override {
    std::fill(id.begin(), id.end(), static_cast<uint8_t>(next_++ % num_));
    return true;
  }

 private:
  uint8_t num_;
  unsigned next_ = 0;
};

class Failing final : public RandomSource {
 public:
  bool Fill(std::span<uint8_t>) override { return false; }
};

TEST(IssuedConnectionIds, MakesNoneTwice) {
  IssuedConnectionIds ids(std::make_shared<Cycle>(5), nullptr);
  std::set<Id> made;
  for (uint64_t association = 1; association <= 5; ++association) {
    Id id(1);
    ASSERT_TRUE(ids.Generate(id));
    EXPECT_TRUE(made.insert(id).second);
    if (association % 2 == 1) {
      EXPECT_TRUE(ids.Add(id, association));
    }
  }
  Id id(1);
  EXPECT_FALSE(ids.Generate(id)) << "all five are in use, or soon will be";
  ids.Remove(*made.begin());
  EXPECT_TRUE(ids.Generate(id));
  EXPECT_EQ(id, *made.begin());
}

TEST(IssuedConnectionIds, OneLeadsWhereItFirstLed) {
  IssuedConnectionIds ids(std::make_shared<Cycle>(5), nullptr);
  const Id id = {7};
  EXPECT_EQ(ids.Find(id), 0u);
  EXPECT_TRUE(ids.Add(id, 1));
  EXPECT_TRUE(ids.Add(id, 1));
  EXPECT_FALSE(ids.Add(id, 2));
  EXPECT_EQ(ids.Find(id), 1u);
  ids.Remove(id);
  EXPECT_EQ(ids.Find(id), 0u);
  EXPECT_TRUE(ids.Add(id, 2));
}

TEST(IssuedConnectionIds, MakesNoneWithoutRandomness) {
  IssuedConnectionIds ids(nullptr, std::make_shared<Failing>());
  Id id(8);
  EXPECT_FALSE(ids.Generate(id));
}

}  // namespace
}  // namespace dtls13
