// SPDX-License-Identifier: Apache-2.0
#include "dtls13/message/use_srtp.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

using Profiles = std::vector<SrtpProfile>;

constexpr auto k80 = SrtpProfile::kAes128CmHmacSha1_80;
constexpr auto kGcm = SrtpProfile::kAeadAes128Gcm;

Bytes Write(const Profiles& profiles, const Bytes& mki = {}) {
  Bytes data;
  ByteWriter writer(&data);
  WriteUseSrtp(&writer, profiles, mki);
  return data;
}

TEST(UseSrtpTest, RoundTripAndTruncations) {
  const Bytes data = Write({kGcm, k80}, {1, 2, 3});
  EXPECT_EQ(data, (Bytes{0, 4, 0, 7, 0, 1, 3, 1, 2, 3}));
  const auto view = ParseUseSrtp(data);
  ASSERT_TRUE(view.has_value());
  EXPECT_EQ(view->profiles.size(), 2u);
  EXPECT_TRUE(view->profiles.Contains(k80));
  EXPECT_TRUE(std::ranges::equal(view->mki, Bytes{1, 2, 3}));
  for (size_t len = 0; len < data.size(); ++len) {
    EXPECT_FALSE(ParseUseSrtp(std::span(data).first(len)).has_value()) << len;
  }
  for (const Bytes& bad : {Bytes{0, 0, 0}, Bytes{0, 1, 1, 0}, Bytes{0, 2, 0, 1, 0, 0}}) {
    EXPECT_FALSE(ParseUseSrtp(bad).has_value());
  }
}

TEST(UseSrtpTest, KeyingMaterialIsTwoKeysAndTwoSalts) {
  EXPECT_EQ(SrtpKeyingMaterialLen(k80), 60u);
  EXPECT_EQ(SrtpKeyingMaterialLen(kGcm), 56u);
  EXPECT_EQ(SrtpKeyingMaterialLen(SrtpProfile::kAeadAes256Gcm), 88u);
  EXPECT_EQ(SrtpKeyingMaterialLen(SrtpProfile::kAria256CtrHmacSha1_32), 92u);
  EXPECT_EQ(SrtpKeyingMaterialLen(SrtpProfile::kDoubleAeadAes256Gcm), 176u);
  EXPECT_EQ(SrtpKeyingMaterialLen(SrtpProfile::kNullHmacSha1_80), 0u);
  EXPECT_EQ(SrtpKeyingMaterialLen(static_cast<SrtpProfile>(0xfffe)), 0u);
}

//= rfc5764#section-4.1.1
//= type=test
//# The server MUST NOT select a value that the
//# client has not offered.  If there is no shared profile, the server
//# SHOULD NOT return the use_srtp extension at which point the
//# connection falls back to the negotiated DTLS cipher suite.
TEST(UseSrtpTest, SelectsByOurPreference) {
  const Bytes data = Write({k80, kGcm});
  const auto offer = ParseUseSrtp(data);
  EXPECT_EQ(SelectSrtpProfile(Profiles{kGcm, k80}, *offer), kGcm);
  EXPECT_EQ(SelectSrtpProfile(Profiles{SrtpProfile::kAeadAes256Gcm}, *offer), std::nullopt);
  EXPECT_EQ(SelectSrtpProfile({}, *offer), std::nullopt);
}

//= rfc5764#section-4.1.1
//= type=test
//# The extension_data field MUST contain a UseSRTPData value with a
//# single SRTPProtectionProfile value that the server has chosen for use
//# with this connection.
//= rfc5764#section-4.1.3
//= type=test
//# If the client detects a nonzero-length MKI in the server's response
//# that is different than the one the client offered, then the client
//# MUST abort the handshake and SHOULD send an invalid_parameter alert.
TEST(UseSrtpTest, AnAnswerIsOneProfileThatWasOffered) {
  const Profiles offered = {k80, kGcm};
  const Bytes mki = {7};
  std::optional<SrtpProfile> profile;
  Bytes selected_mki = {9};
  const auto read = [&](const Bytes& data) {
    return ReadSelectedSrtp(data, offered, mki, &profile, &selected_mki);
  };
  ASSERT_TRUE(read(Write({kGcm})).ok());
  EXPECT_EQ(profile, kGcm);
  EXPECT_TRUE(selected_mki.empty());
  ASSERT_TRUE(read(Write({k80}, mki)).ok());
  EXPECT_EQ(selected_mki, mki);
  for (const Bytes& bad : {Write({k80, kGcm}), Write({SrtpProfile::kNullHmacSha1_80}),
                           Write({k80}, {8}), Write({k80}, {7, 7})}) {
    EXPECT_EQ(read(bad).alert(), AlertDescription::kIllegalParameter);
  }
  EXPECT_EQ(read({}).alert(), AlertDescription::kDecodeError);
}

}  // namespace
}  // namespace dtls13
