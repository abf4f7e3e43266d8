// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"

namespace dtls13 {
namespace {

// What the build finds on the system is what every other target relies on.

TEST(Toolchain, OpenSslIsVersion3) {
  EXPECT_EQ(OPENSSL_VERSION_MAJOR, 3);
  EXPECT_EQ(OPENSSL_version_major(), 3u);
}

TEST(Toolchain, LibcryptoIsLinked) {
  std::unique_ptr<EVP_CIPHER, decltype(&EVP_CIPHER_free)> cipher(
      EVP_CIPHER_fetch(nullptr, "AES-128-GCM", nullptr), &EVP_CIPHER_free);
  ASSERT_NE(cipher, nullptr);
  EXPECT_EQ(EVP_CIPHER_get_key_length(cipher.get()), 16);
}

TEST(Toolchain, AbseilIsLinked) {
  absl::flat_hash_map<int, std::string> names;
  names[1] = absl::StrCat("DTLS", "v", 1, ".", 3);
  EXPECT_EQ(names[1], "DTLSv1.3");
}

TEST(Toolchain, LanguageIsCxx20) { EXPECT_GE(__cplusplus, 202002L); }

}  // namespace
}  // namespace dtls13
