// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13/object_facts.h"

#include <gtest/gtest.h>

#include "tools/dtls13/elf_test_util.h"

namespace dtls13::command {
namespace {

ObjectFacts ReadRecipe(const ElfRecipe& recipe) {
  const std::vector<uint8_t> bytes = MakeElf(recipe);
  return ReadObject(SpanBytes(bytes)).value();
}

TEST(ObjectFacts, KnowWhatAsksForDtls) {
  ElfRecipe recipe = NativeRecipe();
  recipe.imports = {{"DTLS_method", "OPENSSL_3.0.0"},
                    {"DTLSv1_listen", "OPENSSL_3.0.0"},
                    {"DTLS_get_data_mtu", ""},
                    {"SSL_CTX_new", ""},
                    {"dlopen", ""},
                    {"dlsym", ""}};
  const ObjectFacts facts = ReadRecipe(recipe);
  ASSERT_EQ(facts.dtls_imports.size(), 2u);
  EXPECT_EQ(facts.dtls_imports[0].name, "DTLS_method");
  EXPECT_EQ(facts.dtls_imports[0].version, "OPENSSL_3.0.0");
  EXPECT_TRUE(facts.imports_ssl);
  EXPECT_TRUE(facts.imports_dlopen);
  EXPECT_TRUE(facts.imports_dlsym);
  EXPECT_FALSE(facts.defines_ssl);
}

TEST(ObjectFacts, KnowEitherWayToMakeAnSslCtx) {
  for (const char* name : {"SSL_CTX_new", "SSL_CTX_new_ex"}) {
    ElfRecipe recipe = NativeRecipe();
    recipe.imports = {{name, "OPENSSL_3.0.0"}};
    EXPECT_TRUE(ReadRecipe(recipe).imports_ssl) << name;
  }
}

TEST(ObjectFacts, KnowWhoHasLibsslsFunctions) {
  ElfRecipe recipe = NativeRecipe();
  recipe.defines = {"SSL_CTX_new", "DTLS_method"};
  const ObjectFacts facts = ReadRecipe(recipe);
  EXPECT_TRUE(facts.defines_ssl);
  EXPECT_TRUE(facts.dtls_imports.empty());
}

TEST(ObjectFacts, LeaveOutTheTextOfOpensslItself) {
  ElfRecipe recipe = NativeRecipe();
  recipe.imports = {{"read", ""}};
  recipe.text = "SSLv3/TLS write client hello";
  EXPECT_TRUE(ReadRecipe(recipe).text.has_openssl);
  for (const char* soname : {"libssl.so.3", "libcrypto.so.3", "libdtls13.so.0"}) {
    recipe.soname = soname;
    EXPECT_FALSE(ReadRecipe(recipe).text.has_openssl) << soname;
  }
}

TEST(ObjectFacts, TellMethodsOfOneVersionFromTheOthers) {
  for (const char* pin : {"DTLSv1_method", "DTLSv1_client_method", "DTLSv1_2_server_method"}) {
    EXPECT_TRUE(PinsVersion(pin)) << pin;
  }
  for (const char* other : {"DTLS_method", "DTLS_client_method", "DTLSv1_listen"}) {
    EXPECT_FALSE(PinsVersion(other)) << other;
  }
  EXPECT_TRUE(IsLibssl("libssl.so.1.1"));
  EXPECT_FALSE(IsLibssl("libssl3.so"));  // NSS's
}

}  // namespace
}  // namespace dtls13::command
