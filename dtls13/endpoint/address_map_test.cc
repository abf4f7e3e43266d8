// SPDX-License-Identifier: Apache-2.0
#include "dtls13/endpoint/address_map.h"

#include <gtest/gtest.h>

#include <cstddef>

#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

PathId At(uint8_t name) { return *PathId::Of(Bytes{10, 0, 0, name}); }

class AddressMapTest : public testing::Test {
 protected:
  void Expect(uint8_t name, AssociationId living, AssociationId challenger) {
    const AddressMap::Place place = map_.Find(At(name));
    EXPECT_EQ(place.living, living);
    EXPECT_EQ(place.challenger, challenger);
  }

  AddressMap map_{17};
};

TEST_F(AddressMapTest, AnAddressHasOneAssociationAndAChallenger) {
  Expect(1, 0, 0);
  map_.Enter(At(1), 5);
  map_.Enter(At(1), 6);
  map_.Enter(At(2), 7);
  Expect(1, 5, 6);
  Expect(2, 7, 0);
}

TEST_F(AddressMapTest, AChallengerTakesThePlace) {
  map_.Enter(At(1), 5);
  EXPECT_EQ(map_.Promote(At(1), 5), 0u);
  EXPECT_EQ(map_.Promote(At(2), 5), 0u);
  map_.Enter(At(1), 6);
  EXPECT_EQ(map_.Promote(At(1), 6), 5u);
  Expect(1, 6, 5);
  map_.Leave(At(1), 5);
  Expect(1, 6, 0);
}

TEST_F(AddressMapTest, WhoeverLeavesMakesRoom) {
  map_.Enter(At(1), 5);
  map_.Enter(At(1), 6);
  map_.Leave(At(1), 9);
  map_.Leave(At(3), 5);
  Expect(1, 5, 6);
  map_.Leave(At(1), 5);
  Expect(1, 6, 0);
  map_.Leave(At(1), 6);
  Expect(1, 0, 0);
  EXPECT_EQ(map_.size(), 0u);
}

TEST_F(AddressMapTest, WhoeverMovesDisplacesNobody) {
  map_.Enter(At(1), 5);
  map_.EnterIfFree(At(1), 6);
  map_.EnterIfFree(At(2), 6);
  Expect(1, 5, 0);
  Expect(2, 6, 0);
}

// What it was asked for last it knows by heart, until that changes.
TEST_F(AddressMapTest, EveryChangeIsSeenByWhoAsksAgain) {
  Expect(1, 0, 0);
  map_.Enter(At(1), 5);
  Expect(1, 5, 0);
  Expect(1, 5, 0);
  map_.Enter(At(1), 6);
  Expect(1, 5, 6);
  map_.Promote(At(1), 6);
  Expect(1, 6, 5);
  map_.Leave(At(1), 6);
  Expect(1, 5, 0);
  map_.Leave(At(1), 5);
  Expect(1, 0, 0);
  map_.EnterIfFree(At(1), 7);
  Expect(1, 7, 0);
}

TEST_F(AddressMapTest, AddressesOfAnyLengthAreToldApart) {
  AssociationId next = 1;
  const Bytes bytes(PathId::kMaxLen, 1);
  for (size_t len = 0; len <= bytes.size(); ++len) {
    Bytes address(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(len));
    map_.Enter(*PathId::Of(address), next++);
    if (len == 0) continue;
    address.back() = 2;
    map_.Enter(*PathId::Of(address), next++);
  }
  EXPECT_EQ(map_.size(), 2 * bytes.size() + 1);
}

}  // namespace
}  // namespace dtls13
