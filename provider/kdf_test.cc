// SPDX-License-Identifier: Apache-2.0
#include "provider/kdf.h"

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <algorithm>
#include <random>
#include <string>

#include "provider/known_answers.h"
#include "provider/provider_test_util.h"

namespace dtls13::provider {
namespace {

constexpr char kName[] = "DTLS13-KDF";
const Bytes kKey(32, 0x0b);

TEST(Kdf, KnownAnswers) {
  LibraryContext context;
  for (const KnownDerivation& known : kKnownDerivations) {
    const auto kdf = NewKdf(context.get(), kName);
    const KdfParams params{.mode = known.mode,
                           .digest = known.digest,
                           .label = known.label,
                           .key = ToBytes(known.key.view()),
                           .salt = ToBytes(known.salt.view()),
                           .data = ToBytes(known.data.view())};
    EXPECT_EQ(Derive(kdf.get(), params, known.out.len), ToBytes(known.out.view()))
        << known.mode << " " << known.digest << " " << known.label << " " << TakeErrors();
  }
}

// The default provider's TLS13-KDF with the prefix of RFC 9147 section 5.9 is another
// implementation of the same function.
TEST(Kdf, AgreesWithTls13Kdf) {
  LibraryContext context;
  std::minstd_rand random(1);
  const auto bytes = [&](size_t min, size_t max) {
    Bytes made(min + random() % (max - min + 1));
    for (uint8_t& byte : made) byte = static_cast<uint8_t>(random());
    return made;
  };
  for (int i = 0; i < 2000; ++i) {
    KdfParams params{.mode = i % 4 == 0 ? "EXTRACT_ONLY" : "EXPAND_ONLY",
                     .digest = i % 2 ? "SHA256" : "SHA384",
                     .prefix = i % 3 ? "dtls13" : "tls13 ",
                     .key = bytes(1, 100),
                     .salt = bytes(i % 8 ? 1 : 0, 60),
                     .data = bytes(0, 255)};
    for (size_t len = random() % 250; params.label.size() < len;) params.label += 'a' + i % 26;
    const size_t len = i % 4 != 0 ? 1 + random() % 500 : i % 2 ? 32 : 48;
    const auto ours = NewKdf(context.get(), kName), theirs = NewKdf(context.get(), "TLS13-KDF");
    const Bytes expected = Derive(theirs.get(), params, len);
    ASSERT_FALSE(expected.empty()) << i;
    ASSERT_EQ(Derive(ours.get(), params, len), expected) << i << " " << TakeErrors();
  }
}

//= rfc9147#section-5.9
//= type=test
//# For DTLS 1.3, that label SHALL be "dtls13".
TEST(Kdf, HasThePrefixWithoutBeingTold) {
  LibraryContext context;
  KdfParams params{.prefix = "", .label = "key", .key = kKey};
  const Bytes untold = Derive(NewKdf(context.get(), kName).get(), params, 16);
  ASSERT_EQ(untold.size(), 16u);
  params.prefix = "dtls13";
  EXPECT_EQ(untold, Derive(NewKdf(context.get(), kName).get(), params, 16));
  params.prefix = "tls13 ";
  EXPECT_NE(untold, Derive(NewKdf(context.get(), kName).get(), params, 16));
}

TEST(Kdf, TakesAModeByNumber) {
  LibraryContext context;
  const auto kdf = NewKdf(context.get(), kName);
  int mode = EVP_KDF_HKDF_MODE_EXTRACT_ONLY;
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
                               OSSL_PARAM_construct_end()};
  ASSERT_EQ(EVP_KDF_CTX_set_params(kdf.get(), params), 1);
  EXPECT_EQ(Derive(kdf.get(), {.mode = "", .key = kKey}, 32),
            Derive(NewKdf(context.get(), kName).get(), {.mode = "EXTRACT_ONLY", .key = kKey}, 32));
  mode = EVP_KDF_HKDF_MODE_EXTRACT_AND_EXPAND;
  EXPECT_EQ(EVP_KDF_CTX_set_params(kdf.get(), params), 0);
  EXPECT_EQ(TakeErrors(), "invalid mode: the mode is EXPAND_ONLY or EXTRACT_ONLY, not 0");
}

TEST(Kdf, SaysHowMuchItGives) {
  LibraryContext context;
  const auto kdf = NewKdf(context.get(), kName);
  EXPECT_EQ(EVP_KDF_CTX_get_kdf_size(kdf.get()), SIZE_MAX);
  Derive(kdf.get(), {.mode = "EXTRACT_ONLY", .digest = "SHA384", .key = kKey}, 48);
  EXPECT_EQ(EVP_KDF_CTX_get_kdf_size(kdf.get()), 48u);
}

TEST(Kdf, DuplicateAndReset) {
  LibraryContext context;
  const auto kdf = NewKdf(context.get(), kName);
  const Bytes first = Derive(kdf.get(), {.label = "key", .key = kKey}, 16);
  const std::unique_ptr<EVP_KDF_CTX, FreeKdf> copy(EVP_KDF_CTX_dup(kdf.get()));
  ASSERT_NE(copy, nullptr);
  EVP_KDF_CTX_reset(kdf.get());
  const KdfParams nothing{.mode = "", .digest = "", .prefix = ""};
  EXPECT_TRUE(Derive(kdf.get(), nothing, 16).empty());
  EXPECT_EQ(TakeErrors(), "invalid digest: there is no digest");
  EXPECT_EQ(Derive(copy.get(), nothing, 16), first);
}

struct Misuse {
  KdfParams params;
  size_t len;
  std::string error;
};

TEST(Kdf, RefusesMisuse) {
  LibraryContext context;
  const std::string long_label(250, 'x');
  const Misuse kCases[] = {
      {{.mode = "EXTRACT_AND_EXPAND", .key = kKey},
       16,
       "invalid mode: the mode is EXPAND_ONLY or EXTRACT_ONLY, not EXTRACT_AND_EXPAND"},
      {{.digest = "", .key = kKey}, 16, "invalid digest: there is no digest"},
      {{.digest = "SHA512", .key = kKey},
       16,
       "invalid digest: the digest is SHA2-256 or SHA2-384, not 'SHA512'"},
      {{.prefix = "quic ", .key = kKey},
       16,
       "invalid prefix: the prefix is 'dtls13', or 'tls13 ' for drafts and for TLS"},
      {{.label = long_label, .key = kKey},
       16,
       "invalid label: a label has at most 249 bytes, not 250"},
      {{.key = kKey, .data = Bytes(256)},
       16,
       "invalid data: the data has at most 255 bytes, not 256"},
      {{}, 16, "no key: there is no key to expand"},
      {{.key = Bytes(65536)}, 16, "invalid parameter: 'key' has at most 65535 bytes, not 65536"},
      {{.key = kKey}, 0, "invalid output length: an expansion has 1 to 8160 bytes, not 0"},
      {{.key = kKey}, 8161, "invalid output length: an expansion has 1 to 8160 bytes, not 8161"},
      {{.mode = "EXTRACT_ONLY", .key = kKey},
       31,
       "invalid output length: an extraction has 32 bytes, not 31"},
      {{.properties = "provider=nobody", .key = kKey},
       16,
       "not available under the property query: no provider has HMAC and SHA2-256 under the "
       "property query 'provider=nobody'"},
  };
  for (const Misuse& misuse : kCases) {
    TakeErrors();
    EXPECT_TRUE(Derive(NewKdf(context.get(), kName).get(), misuse.params, misuse.len).empty())
        << misuse.error;
    EXPECT_EQ(TakeErrors(), misuse.error);
  }
}

TEST(Kdf, RefusesAKeyOfAnotherType) {
  LibraryContext context;
  int number = 5;
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_int(OSSL_KDF_PARAM_KEY, &number),
                               OSSL_PARAM_construct_end()};
  EXPECT_EQ(EVP_KDF_CTX_set_params(NewKdf(context.get(), kName).get(), params), 0);
  EXPECT_NE(TakeErrors().find("invalid parameter: 'key' is an octet string"), std::string::npos);
}

// Without another provider libcrypto's own fallback, the default provider, is what is derived with.
TEST(Kdf, WorksAlone) {
  LibraryContext alone({"dtls13"});
  LibraryContext context;
  const KdfParams params{.label = "key", .key = kKey};
  EXPECT_EQ(Derive(NewKdf(alone.get(), kName).get(), params, 16),
            Derive(NewKdf(context.get(), kName).get(), params, 16));
  EXPECT_EQ(TakeErrors(), "");
}

TEST(Kdf, FollowsTheDefaultPropertiesOfItsContext) {
  LibraryContext context;
  const auto kdf = NewKdf(context.get(), kName);
  const KdfParams params{.label = "key", .key = kKey};
  const Bytes before = Derive(kdf.get(), params, 16);
  EXPECT_FALSE(before.empty());
  ASSERT_EQ(EVP_set_default_properties(context.get(), "fips=yes"), 1);
  EXPECT_TRUE(Derive(kdf.get(), params, 16).empty());
  EXPECT_EQ(TakeErrors(),
            "not available under the property query: no provider has HMAC and SHA2-256 under the "
            "default properties");
  ASSERT_EQ(EVP_set_default_properties(context.get(), ""), 1);
  EXPECT_EQ(Derive(kdf.get(), params, 16), before);
}

}  // namespace
}  // namespace dtls13::provider
