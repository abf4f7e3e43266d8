// SPDX-License-Identifier: Apache-2.0
#include "shim/libssl/tls_names.h"

#include <gtest/gtest.h>

#include "shim/libssl/openssl_headers.h"

namespace dtls13::shim {
namespace {

TEST(TlsNamesTest, ReadsGroupsByEveryName) {
  const std::vector<NamedGroup> expected = {NamedGroup::kX25519, NamedGroup::kSecp256r1,
                                            NamedGroup::kSecp256r1, NamedGroup::kSecp384r1};
  EXPECT_EQ(GroupsOfNames("X25519:P-256:prime256v1:secp384r1"), expected);
  EXPECT_EQ(GroupsOfNames("x25519"), std::vector<NamedGroup>{NamedGroup::kX25519});
}

TEST(TlsNamesTest, KnowsTheHybrids) {
  const std::vector<NamedGroup> groups = GroupsOfNames("X25519MLKEM768:SecP256r1MLKEM768");
  ASSERT_EQ(groups,
            (std::vector<NamedGroup>{NamedGroup::kX25519MlKem768, NamedGroup::kSecp256r1MlKem768}));
  EXPECT_EQ(GroupNid(0x11ec), TLSEXT_nid_unknown | 0x11ec);
}

TEST(TlsNamesTest, SkipsWhatItDoesNotKnow) {
  EXPECT_EQ(GroupsOfNames("nonsense:P-384:"), std::vector<NamedGroup>{NamedGroup::kSecp384r1});
  EXPECT_TRUE(GroupsOfNames("").empty());
  EXPECT_TRUE(GroupsOfNames(":::").empty());
  EXPECT_TRUE(SchemesOfNames("ECDSA+").empty());
  EXPECT_TRUE(SchemesOfNames("+SHA256").empty());
  EXPECT_TRUE(SchemesOfNames("ECDSA+nonsense:nonsense").empty());
}

// A list of groups that the core lacks is still a list: nothing else may be used in its place.
TEST(TlsNamesTest, KeepsGroupsThatTheCoreLacks) {
  EXPECT_EQ(GroupsOfNames("ffdhe2048"), std::vector<NamedGroup>{static_cast<NamedGroup>(256)});
}

TEST(TlsNamesTest, GroupsAndNidsAgree) {
  const int nids[] = {NID_X25519, NID_X9_62_prime256v1, NID_undef, NID_secp384r1};
  const std::vector<NamedGroup> groups = GroupsOfNids(nids);
  ASSERT_EQ(groups.size(), 3u);
  EXPECT_EQ(GroupNid(static_cast<uint16_t>(groups[0])), NID_X25519);
  EXPECT_EQ(GroupNid(static_cast<uint16_t>(groups[1])), NID_X9_62_prime256v1);
  EXPECT_EQ(GroupNid(static_cast<uint16_t>(groups[2])), NID_secp384r1);
}

// F34: an unknown code point is named by its number, and harms nothing.
TEST(TlsNamesTest, UnknownCodePoints) {
  EXPECT_EQ(GroupNid(0x0a0a), TLSEXT_nid_unknown | 0x0a0a);
  EXPECT_EQ(GroupNid(0x0100), NID_ffdhe2048);
  EXPECT_EQ(GroupNid(0x0104), NID_ffdhe8192);
  EXPECT_EQ(GroupNid(0x0105), TLSEXT_nid_unknown | 0x0105);
  EXPECT_FALSE(FindSignatureNids(0x0a0a));
}

TEST(TlsNamesTest, ReadsSchemesByPairAndByName) {
  const std::vector<SignatureScheme> expected = {
      SignatureScheme::kEcdsaSecp256r1Sha256, SignatureScheme::kRsaPssRsaeSha384,
      SignatureScheme::kRsaPssRsaeSha256,     SignatureScheme::kEd25519,
      SignatureScheme::kRsaPssPssSha512,      SignatureScheme::kRsaPkcs1Sha256};
  EXPECT_EQ(SchemesOfNames("ECDSA+SHA256:RSA-PSS+SHA384:PSS+SHA2-256:ed25519:rsa_pss_pss_sha512:"
                           "RSA+SHA256"),
            expected);
}

TEST(TlsNamesTest, ReadsSchemesByNid) {
  const int nids[] = {NID_sha384, EVP_PKEY_EC, NID_sha256, EVP_PKEY_RSA_PSS, NID_sha512};
  const std::vector<SignatureScheme> expected = {SignatureScheme::kEcdsaSecp384r1Sha384,
                                                 SignatureScheme::kRsaPssRsaeSha256};
  EXPECT_EQ(SchemesOfNids(nids), expected);
}

TEST(TlsNamesTest, NamesSignatures) {
  const auto ecdsa = FindSignatureNids(0x0403);
  ASSERT_TRUE(ecdsa);
  EXPECT_EQ(ecdsa->sign, EVP_PKEY_EC);
  EXPECT_EQ(ecdsa->hash, NID_sha256);
  EXPECT_EQ(ecdsa->sign_and_hash, NID_ecdsa_with_SHA256);
  const auto ed25519 = FindSignatureNids(0x0807);
  ASSERT_TRUE(ed25519);
  EXPECT_EQ(ed25519->hash, NID_undef);
}

}  // namespace
}  // namespace dtls13::shim
