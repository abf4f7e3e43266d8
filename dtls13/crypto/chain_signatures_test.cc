// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/chain_signatures.h"

#include <gtest/gtest.h>

#include "dtls13/crypto/crypto_test_util.h"

namespace dtls13 {
namespace {

using Chain = std::vector<std::vector<uint8_t>>;
using Schemes = std::vector<SignatureScheme>;

std::vector<uint8_t> SignedBy(const char* issuer, const char* digest = "SHA256",
                              const char* issuer_name = "issuer") {
  const OpenSslPtr<EVP_PKEY> issuer_key = NewTestKey(issuer);
  return MakeCertificate({.common_name = "subject",
                          .issuer_name = issuer_name,
                          .key = issuer_key.get(),
                          .issuer_key = issuer_key.get(),
                          .digest = digest});
}

TEST(ChainSignaturesTest, EachAlgorithmIsItsSchemes) {
  const struct {
    const char* issuer;
    const char* digest;
    std::vector<uint16_t> schemes;
  } kCases[] = {
      {"RSA", "SHA256", {0x0401}},           {"RSA", "SHA384", {0x0501}},
      {"RSA", "SHA512", {0x0601}},           {"P-256", "SHA256", {0x0403, 0x81a}},
      {"P-384", "SHA384", {0x0503, 0x81b}},  {"P-521", "SHA512", {0x0603, 0x81c}},
      {"ED25519", "SHA256", {0x0807}},       {"ED448", "SHA256", {0x0808}},
      {"RSA-PSS", "SHA256", {0x804, 0x809}}, {"RSA-PSS", "SHA384", {0x805, 0x80a}},
      {"RSA-PSS", "SHA512", {0x806, 0x80b}},
  };
  for (const auto& each : kCases) {
    const Chain chain = {SignedBy(each.issuer, each.digest)};
    Schemes others;
    for (const auto& other : kCases) {
      for (const uint16_t scheme : other.schemes) {
        if (other.schemes != each.schemes) others.push_back(static_cast<SignatureScheme>(scheme));
      }
    }
    EXPECT_EQ(JudgeChainSignatures(chain, others), ChainSignatures::kUnlisted)
        << each.issuer << each.digest;
    for (const uint16_t scheme : each.schemes) {
      const Schemes listed = {static_cast<SignatureScheme>(scheme)};
      EXPECT_EQ(JudgeChainSignatures(chain, listed), ChainSignatures::kListed) << scheme;
    }
  }
}

TEST(ChainSignaturesTest, WeakOnesAreToldApart) {
  const Schemes strong = {SignatureScheme::kRsaPkcs1Sha256, SignatureScheme::kEcdsaSecp256r1Sha256};
  const struct {
    const char* issuer;
    const char* digest;
    uint16_t scheme;
  } kCases[] = {{"RSA", "MD5", 0x0101}, {"RSA", "SHA1", 0x0201}, {"P-256", "SHA1", 0x0203}};
  for (const auto& each : kCases) {
    // Behind others, which are listed or not.
    const Chain chain = {SignedBy("P-256"), SignedBy("ED25519"),
                         SignedBy(each.issuer, each.digest)};
    EXPECT_EQ(JudgeChainSignatures(chain, strong), ChainSignatures::kUnlistedSha1);
    EXPECT_EQ(JudgeChainSignatures(std::span(chain).last(1),
                                   Schemes{static_cast<SignatureScheme>(each.scheme)}),
              ChainSignatures::kListed);
  }
}

//= rfc8446#section-4.4.2.2
//= type=test
//# Certificates that are self-signed or certificates that are expected to
//# be trust anchors are not validated as part of the chain and therefore
//# MAY be signed with any algorithm.
TEST(ChainSignaturesTest, SelfIssuedAndUnreadableOnesAreNotJudged) {
  std::vector<uint8_t> cut = SignedBy("RSA", "SHA1");
  cut.resize(40);
  const Chain chain = {SignedBy("RSA", "SHA1", "subject"), cut, {}, {1, 2, 3}};
  EXPECT_EQ(JudgeChainSignatures(chain, {}), ChainSignatures::kListed);
  EXPECT_EQ(JudgeChainSignatures({}, {}), ChainSignatures::kListed);
}

}  // namespace
}  // namespace dtls13
