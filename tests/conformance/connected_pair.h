// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TESTS_CONFORMANCE_CONNECTED_PAIR_H_
#define DTLS13_TESTS_CONFORMANCE_CONNECTED_PAIR_H_

#include <gtest/gtest.h>

#include <string_view>
#include <utility>

#include "dtls13/wire/bytes_test_util.h"
#include "tests/sim/association_pair.h"
#include "tests/sim/forge.h"

namespace dtls13::sim {

// ConnectedPairTest has a pair whose handshake is done, and whose ACKs have arrived.
class ConnectedPairTest : public testing::Test {
 protected:
  explicit ConnectedPairTest(PairOptions options = ForgeableOptions()) : pair_(std::move(options)) {
    EXPECT_TRUE(pair_.RunUntilConnected());
    pair_.RunFor(seconds(5));
  }

  // Sealed returns a record of application data with `text`, which is not sent yet.
  static Bytes Sealed(Side& side, std::string_view text) {
    Bytes record(2048);
    size_t len = 0;
    EXPECT_EQ(side.association->Seal(ToBytes(text), record, &len), SendResult::kSealed);
    record.resize(len);
    return record;
  }

  AssociationPair pair_;
};

// QuietPairTest has one that owes nothing any more: every timer of the handshake's has run out.
class QuietPairTest : public testing::Test {
 protected:
  explicit QuietPairTest(PairOptions options = ForgeableOptions()) : pair_(std::move(options)) {
    EXPECT_TRUE(pair_.RunUntilConnected());
    pair_.RunUntilQuiet();
  }

  AssociationPair pair_;
};

}  // namespace dtls13::sim

#endif  // DTLS13_TESTS_CONFORMANCE_CONNECTED_PAIR_H_
