// SPDX-License-Identifier: Apache-2.0
#include "dtls13/wire/sequence_reconstruction.h"

#include <gtest/gtest.h>

#include <random>

namespace dtls13 {
namespace {

uint64_t Reconstruct(uint64_t number, uint8_t num_bits, uint64_t expected) {
  const TruncatedSequenceNumber truncated = {static_cast<uint16_t>(number & ((1u << num_bits) - 1)),
                                             num_bits};
  return ReconstructSequenceNumber(truncated, SequenceNumber{expected}).value;
}

// The definition, by trying every candidate near `expected`.
uint64_t Closest(uint64_t number, uint8_t num_bits, uint64_t expected) {
  const __int128 span = __int128{1} << num_bits;
  const __int128 low = number & static_cast<uint64_t>(span - 1);
  const __int128 base = expected / static_cast<uint64_t>(span) * span;
  __int128 best = -1;
  auto distance = [&](__int128 n) { return n > expected ? n - expected : expected - n; };
  for (__int128 candidate = base - span + low; candidate <= base + span + low; candidate += span) {
    if (candidate < 0 || candidate > UINT64_MAX) continue;
    // Upwards, and a tie replaces: of two as close, the higher.
    if (best < 0 || distance(candidate) <= distance(best)) best = candidate;
  }
  return static_cast<uint64_t>(best);
}

// F14: every boundary where a truncated number starts again at 0.
//= rfc9147#section-4.2.2
//= type=test
//# This section provides an algorithm which is comparatively simple and
//# which implementations are RECOMMENDED to follow.
TEST(SequenceReconstruction, F14TruncationBoundaries) {
  for (const uint8_t num_bits : {8, 16}) {
    const uint64_t half = uint64_t{1} << (num_bits - 1);
    for (const uint64_t boundary : {uint64_t{1} << 8, uint64_t{1} << 16, uint64_t{131072},
                                    uint64_t{1} << 32, uint64_t{1} << 48, uint64_t{1} << 63}) {
      if (boundary < (uint64_t{1} << num_bits)) continue;
      for (int64_t at = -3; at <= 3; ++at) {
        const uint64_t expected = boundary + static_cast<uint64_t>(at);
        for (uint64_t number = expected - half + 1; number != expected + half + 1; ++number) {
          ASSERT_EQ(Reconstruct(number, num_bits, expected), number)
              << int{num_bits} << " bits, expecting " << expected;
        }
      }
    }
  }
}

TEST(SequenceReconstruction, NeverBelowZero) {
  for (const uint8_t num_bits : {8, 16}) {
    const uint64_t span = uint64_t{1} << num_bits;
    for (uint64_t expected = 0; expected < 4; ++expected) {
      for (uint64_t number = 0; number < span; ++number) {
        const uint64_t full = Reconstruct(number, num_bits, expected);
        ASSERT_EQ(full, number) << "expecting " << expected;
      }
    }
  }
}

TEST(SequenceReconstruction, OfTwoEquallyCloseTheHigher) {
  EXPECT_EQ(Reconstruct(128, 8, 256), 384u);
  EXPECT_EQ(Reconstruct(32768, 16, 65536), 98304u);
}

TEST(SequenceReconstruction, NeverPastTheEnd) {
  EXPECT_EQ(Reconstruct(0x00, 8, UINT64_MAX), UINT64_MAX - 0xff);
  EXPECT_EQ(Reconstruct(0x10, 8, UINT64_MAX), UINT64_MAX - 0xef);
  EXPECT_EQ(Reconstruct(0xff, 8, UINT64_MAX), UINT64_MAX);
  EXPECT_EQ(Reconstruct(0x0000, 16, UINT64_MAX), UINT64_MAX - 0xffff);
}

//= rfc9147#section-4.2.2
//= type=test
//# If the epoch bits match those of the current epoch, then
//# implementations SHOULD reconstruct the sequence number by computing
//# the full sequence number which is numerically closest to one plus the
//# sequence number of the highest successfully deprotected record in the
//# current epoch.
TEST(SequenceReconstruction, AgreesWithTheDefinition) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 200000; ++i) {
    const uint64_t expected = random() >> (random() % 64);
    const uint64_t number = random();
    for (const uint8_t num_bits : {8, 16}) {
      ASSERT_EQ(Reconstruct(number, num_bits, expected), Closest(number, num_bits, expected))
          << number << " " << int{num_bits} << " " << expected;
    }
  }
}

}  // namespace
}  // namespace dtls13
