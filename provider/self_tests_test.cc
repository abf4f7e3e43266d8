// SPDX-License-Identifier: Apache-2.0
#include "provider/self_tests.h"

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <openssl/self_test.h>

#include <map>
#include <string>
#include <vector>

#include "provider/provider_test_util.h"

namespace dtls13::provider {
namespace {

const std::vector<std::string> kNoProviders;

const std::map<std::string, std::string> kTests = {
    {"DTLS13-KDF", "KAT_KDF"},
    {"DTLS13-AES-128-GCM", "KAT_Cipher"},
    {"DTLS13-AES-256-GCM", "KAT_Cipher"},
    {"DTLS13-CHACHA20-POLY1305", "KAT_Cipher"},
    {"DTLS13-SN-AES-128", "KAT_Cipher"},
    {"DTLS13-SN-AES-256", "KAT_Cipher"},
    {"DTLS13-SN-CHACHA20", "KAT_Cipher"},
};

// Watcher is an application's callback: it keeps what it was told, and corrupts one answer of the
// test that it is to spoil, if any.
struct Watcher {
  std::string to_spoil;
  int num_before = 0;  // answers that are left as they are
  std::map<std::string, std::string> types = {};
  std::map<std::string, std::string> results = {};
  std::map<std::string, int> num_answers = {};

  static int Call(const OSSL_PARAM params[], void* argument) {
    auto* const watcher = static_cast<Watcher*>(argument);
    const auto text = [params](const char* key) {
      const OSSL_PARAM* param = OSSL_PARAM_locate_const(params, key);
      return std::string(static_cast<const char*>(param->data));
    };
    const std::string phase = text(OSSL_PROV_PARAM_SELF_TEST_PHASE);
    const std::string name = text(OSSL_PROV_PARAM_SELF_TEST_DESC);
    if (phase == OSSL_SELF_TEST_PHASE_START) {
      watcher->types[name] = text(OSSL_PROV_PARAM_SELF_TEST_TYPE);
    } else if (phase == OSSL_SELF_TEST_PHASE_CORRUPT) {
      return name != watcher->to_spoil || watcher->num_answers[name]++ != watcher->num_before;
    } else {
      watcher->results[name] = phase;
    }
    return 1;
  }
};

unsigned int Status(OSSL_PROVIDER* provider) {
  unsigned int status = 2;
  OSSL_PARAM params[] = {OSSL_PARAM_construct_uint(OSSL_PROV_PARAM_STATUS, &status),
                         OSSL_PARAM_construct_end()};
  EXPECT_EQ(OSSL_PROVIDER_get_params(provider, params), 1);
  return status;
}

TEST(SelfTest, TestsEveryAlgorithm) {
  LibraryContext context;
  Watcher watcher;
  OSSL_SELF_TEST_set_callback(context.get(), Watcher::Call, &watcher);
  OSSL_PROVIDER* const provider = context.provider("dtls13");
  EXPECT_EQ(OSSL_PROVIDER_self_test(provider), 1) << TakeErrors();
  EXPECT_EQ(watcher.types, kTests);
  for (const auto& [name, type] : kTests) EXPECT_EQ(watcher.results[name], "Pass") << name;
  EXPECT_EQ(Status(provider), 1u);
  // Without anybody to listen.
  OSSL_SELF_TEST_set_callback(context.get(), nullptr, nullptr);
  EXPECT_EQ(OSSL_PROVIDER_self_test(provider), 1);
  EXPECT_EQ(TakeErrors(), "");
}

TEST(SelfTest, SeesACorruptedAnswer) {
  LibraryContext context;
  OSSL_PROVIDER* const provider = context.provider("dtls13");
  for (const auto& [name, type] : kTests) {
    for (const int num_before : {0, 1}) {
      const bool has_one_answer = name.find("-SN-") != std::string::npos;
      if (has_one_answer && num_before > 0) continue;
      Watcher watcher{.to_spoil = name, .num_before = num_before};
      OSSL_SELF_TEST_set_callback(context.get(), Watcher::Call, &watcher);
      EXPECT_EQ(OSSL_PROVIDER_self_test(provider), 0) << name;
      EXPECT_EQ(TakeErrors(), "self-test failed: " + name + " does not give its known answers");
      for (const auto& [other, result] : watcher.results) {
        EXPECT_EQ(result, other == name ? "Fail" : "Pass") << other;
      }
      EXPECT_EQ(watcher.results.size(), kTests.size());
      EXPECT_EQ(Status(provider), 0u);
      // The error state, which another test ends.
      EXPECT_EQ(NewKdf(context.get(), "DTLS13-KDF"), nullptr);
      EXPECT_NE(TakeErrors().find("self-test failed: nothing is done after a failed self-test"),
                std::string::npos);
    }
  }
  OSSL_SELF_TEST_set_callback(context.get(), nullptr, nullptr);
  EXPECT_EQ(OSSL_PROVIDER_self_test(provider), 1) << TakeErrors();
  EXPECT_EQ(Status(provider), 1u);
  EXPECT_NE(NewKdf(context.get(), "DTLS13-KDF"), nullptr);
}

TEST(SelfTest, WhatIsUnderWayEndsToo) {
  LibraryContext context;
  const auto kdf = NewKdf(context.get(), "DTLS13-KDF");
  RecordCipherContext cipher(context.get(), "DTLS13-AES-128-GCM");
  Watcher watcher{.to_spoil = "DTLS13-KDF"};
  OSSL_SELF_TEST_set_callback(context.get(), Watcher::Call, &watcher);
  ASSERT_EQ(OSSL_PROVIDER_self_test(context.provider("dtls13")), 0);
  TakeErrors();
  EXPECT_TRUE(Derive(kdf.get(), {.key = Bytes(32)}, 16).empty());
  EXPECT_FALSE(cipher.Init(true, Bytes(32), Bytes(12)));
  EXPECT_EQ(TakeErrors(),
            "self-test failed: nothing is done after a failed self-test; "
            "self-test failed: nothing is done after a failed self-test");
}

TEST(SelfTest, FailsWithoutAnythingUnderneath) {
  LibraryContext context;
  ASSERT_EQ(EVP_set_default_properties(context.get(), "fips=yes"), 1);
  EXPECT_EQ(OSSL_PROVIDER_self_test(context.provider("dtls13")), 0);
  const std::string errors = TakeErrors();
  EXPECT_NE(errors.find("no provider has HMAC and SHA2-256 under the default properties"),
            std::string::npos)
      << errors;
}

std::string Config(const std::string& value) {
  return "openssl_conf = init\n[init]\nproviders = providers_sect\n[providers_sect]\n"
         "default = default_sect\ndtls13 = dtls13_sect\n[default_sect]\nactivate = 1\n"
         "[dtls13_sect]\nactivate = 1\nself-test = " +
         value;
}

TEST(SelfTest, OnLoadByConfiguration) {
  for (const char* value : {"yes", "YES", "no"}) {
    LibraryContext context(kNoProviders);
    Watcher watcher;
    OSSL_SELF_TEST_set_callback(context.get(), Watcher::Call, &watcher);
    EXPECT_TRUE(context.Configure(Config(value))) << value << " " << TakeErrors();
    EXPECT_EQ(OSSL_PROVIDER_available(context.get(), "dtls13"), 1) << value;
    EXPECT_EQ(watcher.results.size(), value == std::string("no") ? 0 : kTests.size()) << value;
    EXPECT_NE(NewKdf(context.get(), "DTLS13-KDF"), nullptr) << TakeErrors();
  }
}

// libcrypto drops the errors of a provider that its configuration activates, and goes on without.
TEST(SelfTest, OnLoadKeepsAWrongAnswerOut) {
  for (const char* to_spoil : {"DTLS13-SN-AES-128", "DTLS13-KDF", ""}) {
    LibraryContext context(kNoProviders);
    Watcher watcher{.to_spoil = to_spoil};
    OSSL_SELF_TEST_set_callback(context.get(), Watcher::Call, &watcher);
    context.Configure(Config("yes"));
    EXPECT_EQ(OSSL_PROVIDER_available(context.get(), "dtls13"), *to_spoil == '\0') << to_spoil;
    EXPECT_EQ(watcher.results[to_spoil], *to_spoil == '\0' ? "" : "Fail");
    EXPECT_EQ(OSSL_PROVIDER_available(context.get(), "default"), 1);
  }
}

TEST(SelfTest, OnLoadRefusesAnotherValue) {
  LibraryContext context(kNoProviders);
  context.Configure(Config("maybe"));
  EXPECT_EQ(OSSL_PROVIDER_available(context.get(), "dtls13"), 0);
}

}  // namespace
}  // namespace dtls13::provider
