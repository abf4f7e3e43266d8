// SPDX-License-Identifier: Apache-2.0
#include "dtls13/endpoint/address_map.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <deque>

#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

PathId At(uint8_t name) { return *PathId::Of(Bytes{10, 0, 0, name}); }

class AddressMapTest : public testing::Test {
 protected:
  using Resident = AddressMap::Resident;

  // The residents stay where they are made.
  Resident* New(AssociationId id, const PathId& address) {
    return &residents_.emplace_back(Resident{id, address});
  }
  Resident* Enter(AssociationId id, uint8_t name) {
    Resident* const resident = New(id, At(name));
    map_.Enter(resident);
    return resident;
  }
  void Expect(uint8_t name, AssociationId living, AssociationId challenger) {
    const AddressMap::Place place = map_.Find(At(name));
    EXPECT_EQ(place.living, living);
    EXPECT_EQ(place.challenger, challenger);
  }

  std::deque<Resident> residents_;
  AddressMap map_{17};
};

TEST_F(AddressMapTest, AnAddressHasOneAssociationAndAChallenger) {
  Expect(1, 0, 0);
  Enter(5, 1);
  Enter(6, 1);
  Enter(7, 2);
  Expect(1, 5, 6);
  Expect(2, 7, 0);
}

TEST_F(AddressMapTest, AChallengerTakesThePlace) {
  Resident* const five = Enter(5, 1);
  EXPECT_EQ(map_.Promote(five), 0u);
  EXPECT_EQ(map_.Promote(New(5, At(2))), 0u);
  Resident* const six = Enter(6, 1);
  EXPECT_EQ(map_.Promote(six), 5u);
  Expect(1, 6, 5);
  map_.Leave(five);
  Expect(1, 6, 0);
}

TEST_F(AddressMapTest, WhoeverLeavesMakesRoom) {
  Resident* const five = Enter(5, 1);
  Resident* const six = Enter(6, 1);
  map_.Leave(New(9, At(1)));
  map_.Leave(New(5, At(3)));
  Expect(1, 5, 6);
  map_.Leave(five);
  Expect(1, 6, 0);
  map_.Leave(six);
  Expect(1, 0, 0);
  EXPECT_EQ(map_.size(), 0u);
}

TEST_F(AddressMapTest, WhoeverMovesDisplacesNobody) {
  Enter(5, 1);
  Resident* const six = New(6, At(1));
  map_.EnterIfFree(six);
  Expect(1, 5, 0);
  map_.Leave(six);
  six->address = At(2);
  map_.EnterIfFree(six);
  Expect(1, 5, 0);
  Expect(2, 6, 0);
}

// What it was asked for last it knows by heart, until that changes.
TEST_F(AddressMapTest, EveryChangeIsSeenByWhoAsksAgain) {
  Expect(1, 0, 0);
  Resident* const five = Enter(5, 1);
  Expect(1, 5, 0);
  Expect(1, 5, 0);
  Resident* const six = Enter(6, 1);
  Expect(1, 5, 6);
  map_.Promote(six);
  Expect(1, 6, 5);
  map_.Leave(six);
  Expect(1, 5, 0);
  map_.Leave(five);
  Expect(1, 0, 0);
  map_.EnterIfFree(New(7, At(1)));
  Expect(1, 7, 0);
}

TEST_F(AddressMapTest, AddressesOfAnyLengthAreToldApart) {
  AssociationId next = 1;
  const Bytes bytes(PathId::kMaxLen, 1);
  for (size_t len = 0; len <= bytes.size(); ++len) {
    Bytes address(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(len));
    map_.Enter(New(next++, *PathId::Of(address)));
    if (len == 0) continue;
    address.back() = 2;
    map_.Enter(New(next++, *PathId::Of(address)));
  }
  EXPECT_EQ(map_.size(), 2 * bytes.size() + 1);
}

}  // namespace
}  // namespace dtls13
