// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/hkdf_label.h"

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <string>
#include <vector>

#include "dtls13/crypto/crypto_test_util.h"

namespace dtls13 {
namespace {

// libcrypto's own HKDF-Expand-Label, asked for another prefix: code that is not ours.
std::vector<uint8_t> Oracle(HashId hash, std::span<const uint8_t> secret, std::string prefix,
                            std::string label, std::vector<uint8_t> context, size_t len) {
  EVP_KDF* kdf = EVP_KDF_fetch(nullptr, "TLS13-KDF", nullptr);
  EVP_KDF_CTX* kdf_context = EVP_KDF_CTX_new(kdf);
  std::string digest = hash == HashId::kSha256 ? "SHA256" : "SHA384";
  context.reserve(1);  // an empty context is not a missing one, so it wants an address
  int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, const_cast<uint8_t*>(secret.data()),
                                        secret.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PREFIX, prefix.data(), prefix.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_LABEL, label.data(), label.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_DATA, context.data(), context.size()),
      OSSL_PARAM_construct_end()};
  std::vector<uint8_t> out(len);
  const bool ok = EVP_KDF_derive(kdf_context, out.data(), len, params) == 1;
  EVP_KDF_CTX_free(kdf_context);
  EVP_KDF_free(kdf);
  return ok ? out : std::vector<uint8_t>();
}

std::vector<uint8_t> Counting(size_t len, uint8_t start) {
  std::vector<uint8_t> bytes(len);
  for (size_t i = 0; i < len; ++i) bytes[i] = static_cast<uint8_t>(start + i);
  return bytes;
}

struct PrefixCase {
  LabelPrefix prefix;
  const char* text;
};

class PrefixTest : public testing::TestWithParam<PrefixCase> {};

// F30: the label's prefix against code that is not ours.
//= rfc9147#section-5.9
//= type=test
//# For DTLS 1.3, that label SHALL be "dtls13".
TEST_P(PrefixTest, EqualsLibcryptosTls13Kdf) {
  for (HashId hash : {HashId::kSha256, HashId::kSha384}) {
    const std::vector<uint8_t> secret = Counting(HashLen(hash), 3);
    for (const char* label : {"key", "iv", "sn", "c hs traffic", "traffic upd", "finished"}) {
      for (size_t context_len : {size_t{0}, size_t{1}, HashLen(hash)}) {
        for (size_t len : {12, 16, 32, 48, 49, 255}) {
          const std::vector<uint8_t> context = Counting(context_len, 90);
          std::vector<uint8_t> out(len);
          ASSERT_TRUE(HkdfExpandLabel(*DefaultAlgorithms(), hash, secret, GetParam().prefix, label,
                                      context, out));
          EXPECT_EQ(ToHex(out), ToHex(Oracle(hash, secret, GetParam().text, label, context, len)))
              << label << " " << context_len << " " << len;
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, PrefixTest,
                         testing::Values(PrefixCase{LabelPrefix::kDtls13, "dtls13"},
                                         PrefixCase{LabelPrefix::kDtls13Draft26, "tls13 "},
                                         PrefixCase{LabelPrefix::kTls13, "tls13 "}));

Hkdf NewHkdf() {
  return *Hkdf::Create(*DefaultAlgorithms(), HashId::kSha256, LabelPrefix::kDtls13);
}

// RFC 5869 appendix A.1 and A.3.
TEST(HkdfTest, ExtractIsRfc5869s) {
  const std::vector<uint8_t> input(22, 0x0b);
  Hkdf hkdf = NewHkdf();
  const Secret salted = hkdf.Extract(FromHex("000102030405060708090a0b0c"), input);
  EXPECT_EQ(ToHex(salted.bytes()),
            "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
  const Secret unsalted = hkdf.Extract({}, input);
  EXPECT_EQ(ToHex(unsalted.bytes()),
            "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04");
}

TEST(HkdfTest, OneContextServesManySecretsAndLabels) {
  Hkdf hkdf = NewHkdf();
  for (uint8_t start : {1, 2, 1}) {
    const std::vector<uint8_t> secret = Counting(32, start);
    ASSERT_TRUE(hkdf.SetSecret(secret));
    for (const char* label : {"key", "iv", "sn", "key"}) {
      EXPECT_EQ(ToHex(hkdf.ExpandSecret(label, {}, 16).bytes()),
                ToHex(Oracle(HashId::kSha256, secret, "dtls13", label, {}, 16)));
    }
    EXPECT_FALSE(hkdf.Extract({}, secret).empty());
  }
}

TEST(HkdfTest, ExpandsNothingWithoutASecret) {
  Hkdf hkdf = NewHkdf();
  EXPECT_TRUE(hkdf.ExpandSecret("key", {}, 16).empty());
  ASSERT_TRUE(hkdf.SetSecret(Counting(32, 1)));
  EXPECT_FALSE(hkdf.ExpandSecret("key", {}, 16).empty());
  EXPECT_FALSE(hkdf.SetSecret({}));
  EXPECT_TRUE(hkdf.ExpandSecret("key", {}, 16).empty());
  ASSERT_TRUE(hkdf.SetSecret(Counting(32, 1)));
  EXPECT_FALSE(hkdf.Extract({}, Counting(32, 2)).empty());
  EXPECT_TRUE(hkdf.ExpandSecret("key", {}, 16).empty());
}

TEST(HkdfTest, RefusesAnEmptySecret) {
  std::vector<uint8_t> out(16, 0xee);
  EXPECT_FALSE(HkdfExpandLabel(*DefaultAlgorithms(), HashId::kSha256, {}, LabelPrefix::kDtls13,
                               "key", {}, out));
  EXPECT_EQ(out, std::vector<uint8_t>(16, 0));
  EXPECT_TRUE(
      DeriveSecret(*DefaultAlgorithms(), HashId::kSha256, {}, LabelPrefix::kDtls13, "key", {})
          .empty());
}

TEST(HkdfTest, RefusesLengthsOutOfRange) {
  Hkdf hkdf = NewHkdf();
  ASSERT_TRUE(hkdf.SetSecret(Counting(32, 1)));
  std::vector<uint8_t> out(32);
  EXPECT_TRUE(hkdf.Expand(std::string(kMaxLabelLen, 'a'), Counting(255, 0), out));
  EXPECT_FALSE(hkdf.Expand(std::string(kMaxLabelLen + 1, 'a'), {}, out));
  EXPECT_EQ(out, std::vector<uint8_t>(32, 0));
  EXPECT_FALSE(hkdf.Expand("key", Counting(256, 0), out));
  EXPECT_FALSE(hkdf.Expand("key", {}, {}));
  std::vector<uint8_t> longest(255 * 32);
  EXPECT_TRUE(hkdf.Expand("key", {}, longest));
  std::vector<uint8_t> too_long(255 * 32 + 1);
  EXPECT_FALSE(hkdf.Expand("key", {}, too_long));
}

}  // namespace
}  // namespace dtls13
