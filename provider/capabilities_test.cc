// SPDX-License-Identifier: Apache-2.0
#include "provider/capabilities.h"

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>

#include <string>

#include "provider/provider_test_util.h"

namespace dtls13::provider {
namespace {

struct Told {
  int num_calls = 0;
  unsigned int api_version = 0;
  unsigned int ssl_entries = 2;
  std::string library_version;

  static int Take(const OSSL_PARAM params[], void* argument) {
    auto* const told = static_cast<Told*>(argument);
    ++told->num_calls;
    const char* version = nullptr;
    EXPECT_EQ(
        OSSL_PARAM_get_uint(OSSL_PARAM_locate_const(params, "api-version"), &told->api_version), 1);
    EXPECT_EQ(
        OSSL_PARAM_get_uint(OSSL_PARAM_locate_const(params, "ssl-entries"), &told->ssl_entries), 1);
    EXPECT_EQ(OSSL_PARAM_get_utf8_string_ptr(OSSL_PARAM_locate_const(params, "library-version"),
                                             &version),
              1);
    told->library_version = version;
    return 1;
  }
};

TEST(Capabilities, Api) {
  LibraryContext context;
  OSSL_PROVIDER* const provider = context.provider("dtls13");
  for (const char* name : {"DTLS13-API", "dtls13-api"}) {
    Told told;
    EXPECT_EQ(OSSL_PROVIDER_get_capabilities(provider, name, Told::Take, &told), 1);
    EXPECT_EQ(told.num_calls, 1);
    EXPECT_EQ(told.api_version, kApiVersion);
    // This test is linked with libssl and not with the entries.
    EXPECT_EQ(told.ssl_entries, 0u);
    const char* version = nullptr;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_ptr(OSSL_PROV_PARAM_VERSION, const_cast<char**>(&version), 0),
        OSSL_PARAM_construct_end()};
    EXPECT_EQ(OSSL_PROVIDER_get_params(provider, params), 1);
    EXPECT_EQ(told.library_version, version);
  }
}

// What the receiver says is what the caller gets.
TEST(Capabilities, HandsTheAnswerOn) {
  LibraryContext context;
  const auto refuse = [](const OSSL_PARAM*, void*) { return 0; };
  EXPECT_EQ(
      OSSL_PROVIDER_get_capabilities(context.provider("dtls13"), "DTLS13-API", refuse, nullptr), 0);
}

// libssl asks each provider for its groups and signature algorithms, and fails when one fails.
TEST(Capabilities, LibsslFindsNothingWrong) {
  LibraryContext context;
  for (const char* name : {"TLS-GROUP", "TLS-SIGALG", "anything"}) {
    Told told;
    EXPECT_EQ(OSSL_PROVIDER_get_capabilities(context.provider("dtls13"), name, Told::Take, &told),
              1);
    EXPECT_EQ(told.num_calls, 0);
  }
  SSL_CTX* const ssl_context = SSL_CTX_new_ex(context.get(), nullptr, TLS_method());
  EXPECT_NE(ssl_context, nullptr) << TakeErrors();
  SSL_CTX_free(ssl_context);
}

TEST(Capabilities, ProviderSaysWhetherTheEntriesAreInForce) {
  LibraryContext context;
  unsigned int ssl_entries = 2;
  OSSL_PARAM params[] = {OSSL_PARAM_construct_uint(kParamSslEntries, &ssl_entries),
                         OSSL_PARAM_construct_end()};
  EXPECT_EQ(OSSL_PROVIDER_get_params(context.provider("dtls13"), params), 1);
  EXPECT_EQ(ssl_entries, 0u);
}

}  // namespace
}  // namespace dtls13::provider
