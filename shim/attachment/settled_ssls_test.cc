// SPDX-License-Identifier: Apache-2.0
#include "shim/attachment/settled_ssls.h"

#include <gtest/gtest.h>

namespace dtls13::shim {
namespace {

const SSL* At(uintptr_t address) { return reinterpret_cast<const SSL*>(address); }

TEST(SettledSslsTest, HoldsOneUntilItIsRemoved) {
  EXPECT_FALSE(SettledSsls::Has(At(0x1000)));
  SettledSsls::Add(At(0x1000));
  EXPECT_TRUE(SettledSsls::Has(At(0x1000)));
  EXPECT_FALSE(SettledSsls::Has(At(0x1010)));
  SettledSsls::Remove(At(0x1000));
  EXPECT_FALSE(SettledSsls::Has(At(0x1000)));
}

TEST(SettledSslsTest, OneThatTakesAnothersPlaceIsNotRemovedWithIt) {
  // The lowest bits that choose a place are the same.
  const SSL* const first = At(0x10000000);
  const SSL* const second = At(0x20000000);
  SettledSsls::Add(first);
  SettledSsls::Add(second);
  EXPECT_FALSE(SettledSsls::Has(first));
  SettledSsls::Remove(first);
  EXPECT_TRUE(SettledSsls::Has(second));
  SettledSsls::Remove(second);
  EXPECT_FALSE(SettledSsls::Has(second));
}

}  // namespace
}  // namespace dtls13::shim
