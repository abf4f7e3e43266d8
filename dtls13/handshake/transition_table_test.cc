// SPDX-License-Identifier: Apache-2.0
#include "dtls13/handshake/transition_table.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <utility>

namespace dtls13 {
namespace {

using S = HandshakeState;
using T = HandshakeType;

// F16: the table decides type and epoch together, for every state, type and epoch there is.
//= rfc8446#section-4
//= type=test
//# A peer which receives a
//# handshake message in an unexpected order MUST abort the handshake
//# with an "unexpected_message" alert.
TEST(TransitionTableTest, EveryMessageInEveryStateAndEpoch) {
  // RFC 8446 appendix A and RFC 9147 section 6.1, typed in again; EndOfEarlyData by draft-26 6.1.
  const std::map<S, std::set<std::pair<T, uint64_t>>> kAllowed = {
      {S::kClientWaitServerHello, {{T::kServerHello, 0}, {T::kHelloVerifyRequest, 0}}},
      {S::kClientWaitEncryptedExtensions, {{T::kEncryptedExtensions, 2}}},
      {S::kClientWaitCertificateOrRequest,
       {{T::kCertificateRequest, 2}, {T::kCertificate, 2}, {T::kCompressedCertificate, 2}}},
      {S::kClientWaitCertificate, {{T::kCertificate, 2}, {T::kCompressedCertificate, 2}}},
      {S::kClientWaitCertificateVerify, {{T::kCertificateVerify, 2}}},
      {S::kClientWaitFinished, {{T::kFinished, 2}}},
      {S::kServerWaitClientHello, {{T::kClientHello, 0}}},
      {S::kServerWaitEndOfEarlyData, {{T::kEndOfEarlyData, 1}}},
      {S::kServerWaitCertificate, {{T::kCertificate, 2}, {T::kCompressedCertificate, 2}}},
      {S::kServerWaitCertificateVerify, {{T::kCertificateVerify, 2}}},
      {S::kServerWaitFinished, {{T::kFinished, 2}}},
  };
  for (size_t state = 0; state < kNumHandshakeStates; ++state) {
    const auto row = kAllowed.find(static_cast<S>(state));
    for (int type = 0; type < 256; ++type) {
      for (uint64_t epoch = 0; epoch < 8; ++epoch) {
        const bool expected =
            row != kAllowed.end() && row->second.contains({static_cast<T>(type), epoch});
        EXPECT_EQ(IsMessageAllowed(static_cast<S>(state), static_cast<T>(type), Epoch{epoch}),
                  expected)
            << "state " << state << " type " << type << " epoch " << epoch;
      }
    }
  }
}

TEST(TransitionTableTest, EpochsAreAbsolute) {
  // Epoch 6 has the low bits of epoch 2, and is another.
  EXPECT_FALSE(IsMessageAllowed(S::kServerWaitFinished, T::kFinished, Epoch{6}));
  EXPECT_FALSE(
      IsMessageAllowed(S::kServerWaitFinished, T::kFinished, Epoch{uint64_t{1} << 62 | 2}));
}

}  // namespace
}  // namespace dtls13
