// SPDX-License-Identifier: Apache-2.0
#include "shim/libssl/policy.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "shim/libssl/openssl_headers.h"

namespace dtls13::shim {
namespace {

TEST(PolicyTest, NothingIsDecidedByDefault) {
  Policy policy;
  EXPECT_EQ(ReadPolicy("", &policy), "");
  EXPECT_FALSE(policy.override_pins);
  EXPECT_FALSE(policy.ConcernsPinned());
  for (int version : {DTLS1_VERSION, DTLS1_2_VERSION, DTLS1_3_VERSION}) {
    EXPECT_TRUE(policy.Allows(version));
  }
  EXPECT_EQ(policy.mtu, 0u);
  EXPECT_EQ(policy.key_log, "");
  EXPECT_EQ(policy.header_form, HeaderForm::kAuto);
  EXPECT_EQ(policy.connection_id_len, 0u);
  EXPECT_TRUE(policy.groups.empty());
  EXPECT_FALSE(policy.initial_timeout || policy.tickets || policy.cookie_lifetime);
}

TEST(PolicyTest, ReadsEveryKey) {
  Policy policy;
  EXPECT_EQ(ReadPolicy("override_pins=yes,min_version=DTLSv1.2,max_version=DTLSv1.3,mtu=1400,"
                       "key_log=/tmp/key=s.log,header_form=full,connection_id_len=20,"
                       "groups=P-384:X25519MLKEM768,initial_timeout_ms=50,tickets=0,"
                       "cookie_lifetime_s=3600,interpose=yes,record_crypto=ipsec-mb",
                       &policy),
            "");
  EXPECT_EQ(policy.header_form, HeaderForm::kFull);
  EXPECT_TRUE(policy.interpose);
  EXPECT_EQ(policy.record_crypto, RecordCrypto::kIpsecMb);
  EXPECT_EQ(policy.connection_id_len, 20u);
  EXPECT_EQ(policy.groups, (std::vector{NamedGroup::kSecp384r1, NamedGroup::kX25519MlKem768}));
  EXPECT_EQ(policy.initial_timeout, std::chrono::milliseconds(50));
  EXPECT_EQ(policy.tickets, 0u);
  EXPECT_EQ(policy.cookie_lifetime, std::chrono::hours(1));
  EXPECT_TRUE(policy.override_pins);
  EXPECT_EQ(policy.min_version, DTLS1_2_VERSION);
  EXPECT_EQ(policy.max_version, DTLS1_3_VERSION);
  EXPECT_EQ(policy.mtu, 1400u);
  EXPECT_EQ(policy.key_log, "/tmp/key=s.log");
  EXPECT_EQ(ReadPolicy(",override_pins=no,", &policy), "");
  EXPECT_FALSE(policy.override_pins);
}

// As the provider reads its own keys, and OpenSSL those of its configuration files.
TEST(PolicyTest, YesAndNoAreOfEitherCase) {
  Policy policy;
  EXPECT_EQ(ReadPolicy("interpose=Yes,status=YES", &policy), "");
  EXPECT_TRUE(policy.interpose);
  EXPECT_TRUE(policy.status);
  EXPECT_EQ(ReadPolicy("interpose=No", &policy), "");
  EXPECT_FALSE(policy.interpose);
  EXPECT_NE(ReadPolicy("interpose=y", &policy), "");
}

TEST(PolicyTest, AConfigurationIsTakenWholeOrNotAtAll) {
  std::map<std::string, const char*> section = {{"mtu", "1400"}, {"interpose", "yes"}};
  const auto value_of = [&section](const char* key) -> const char* {
    const auto found = section.find(key);
    return found == section.end() ? nullptr : found->second;
  };
  Policy policy;
  EXPECT_EQ(ConfigurePolicy(value_of, &policy), "");
  EXPECT_EQ(policy.mtu, 1400u);
  EXPECT_TRUE(policy.interpose);

  section = {{"mtu", "1300"}, {"tickets", "many"}};
  EXPECT_EQ(ConfigurePolicy(value_of, &policy), "tickets takes 0 to 8, not 'many'");
  EXPECT_EQ(policy.mtu, 1400u);
  EXPECT_TRUE(HasPolicyKey("tickets"));
  EXPECT_FALSE(HasPolicyKey("ticket"));
}

TEST(PolicyTest, TheVariableOverridesTheConfiguration) {
  Policy policy;
  policy.mtu = 1400;
  policy.interpose = true;
  ASSERT_EQ(setenv("DTLS13_OPTIONS", "mtu=1300,interpose=maybe", 1), 0);
  policy = PolicyWithOptions(policy);
  EXPECT_EQ(policy.mtu, 1300u);
  EXPECT_TRUE(policy.interpose);

  // What is in use does not change any more.
  EXPECT_TRUE(BeginWithPolicy(policy));
  EXPECT_EQ(CurrentPolicy().mtu, 1300u);
  EXPECT_TRUE(CurrentPolicy().interpose);
  EXPECT_FALSE(BeginWithPolicy(Policy()));
  EXPECT_TRUE(BeginWithPolicy(policy));
}

TEST(PolicyTest, BoundsAreIntervals) {
  Policy policy;
  ASSERT_EQ(SetPolicy("min_version", "DTLSv1.2", &policy), "");
  EXPECT_FALSE(policy.Allows(DTLS1_VERSION));
  EXPECT_TRUE(policy.Allows(DTLS1_2_VERSION));
  EXPECT_TRUE(policy.Allows(DTLS1_3_VERSION));
  EXPECT_TRUE(policy.AllowsLibssl());
  EXPECT_TRUE(policy.ConcernsPinned());
  ASSERT_EQ(SetPolicy("max_version", "DTLSv1.2", &policy), "");
  EXPECT_FALSE(policy.Allows(DTLS1_3_VERSION));
  ASSERT_EQ(SetPolicy("min_version", "DTLSv1.3", &policy), "");
  EXPECT_FALSE(policy.AllowsLibssl());
}

TEST(PolicyTest, LeavesAVersionUnlessItsBoundsCross) {
  Policy policy;
  EXPECT_TRUE(policy.AllowsAny());
  ASSERT_EQ(ReadPolicy("min_version=DTLSv1.3,max_version=DTLSv1.3", &policy), "");
  EXPECT_TRUE(policy.AllowsAny());
  ASSERT_EQ(ReadPolicy("max_version=DTLSv1.2", &policy), "");
  EXPECT_FALSE(policy.AllowsAny());
}

TEST(PolicyTest, TellsWhatEachKeyWasGiven) {
  const auto value_of = [](std::string_view options, std::string_view wanted) {
    for (const PolicyValue& value : PolicyValues(options)) {
      if (value.key == wanted) return value.value;
    }
    return std::string("no such key");
  };
  for (const PolicyValue& value : PolicyValues("")) EXPECT_EQ(value.value, "") << value.key;
  EXPECT_EQ(value_of("mtu=1400,help,key_log=/tmp/k=eys", "mtu"), "1400");
  EXPECT_EQ(value_of("mtu=1400,help,key_log=/tmp/k=eys", "key_log"), "/tmp/k=eys");
  // The last one that can be used counts, as in ReadPolicy.
  EXPECT_EQ(value_of("mtu=1400,,mtu=1300,mtu=1,colour=blue", "mtu"), "1300");
}

TEST(PolicyTest, SkipsWhatItCannotUseAndSaysSo) {
  for (const char* options : {"override_pins=maybe",
                              "override_pins",
                              "override_pins=",
                              "min_version=DTLSv1.4",
                              "max_version=771",
                              "mtu=255",
                              "mtu=65508",
                              "mtu=12x",
                              "mtu=-1",
                              "key_log=",
                              "colour=blue",
                              "=",
                              "override_pins =yes",
                              "header_form=long",
                              "header_form=",
                              "connection_id_len=21",
                              "groups=",
                              "groups=P-384:",
                              "groups=P-384:P-385",
                              "groups=brainpoolP256r1",
                              "initial_timeout_ms=49",
                              "initial_timeout_ms=60001",
                              "tickets=9",
                              "tickets=",
                              "cookie_lifetime_s=1",
                              "cookie_lifetime_s=3601",
                              "record_crypto=",
                              "record_crypto=ipsec"}) {
    Policy policy;
    const std::string said = ReadPolicy(std::string(options) + ",mtu=300", &policy);
    const std::string key = std::string(options).substr(0, std::string(options).find('='));
    EXPECT_NE(said.find(key), std::string::npos) << options << ": " << said;
    EXPECT_EQ(said.find('\n'), said.size() - 1) << said;
    EXPECT_FALSE(policy.ConcernsPinned()) << options;
    EXPECT_EQ(policy.key_log, "") << options;
    EXPECT_EQ(policy.mtu, 300u) << options;
    EXPECT_TRUE(policy.groups.empty()) << options;
    EXPECT_EQ(policy.record_crypto, RecordCrypto::kLibcrypto) << options;
    EXPECT_FALSE(policy.initial_timeout || policy.tickets || policy.cookie_lifetime) << options;
  }
}

TEST(PolicyTest, HelpNamesEveryKeyOfTheTable) {
  Policy policy;
  const std::string help = ReadPolicy("help", &policy);
  EXPECT_EQ(help, PolicyHelp());
  for (const char* key :
       {"override_pins", "min_version", "max_version", "mtu", "key_log", "header_form",
        "connection_id_len", "groups", "initial_timeout_ms", "tickets", "cookie_lifetime_s"}) {
    EXPECT_NE(help.find(key), std::string::npos) << key;
  }
}

std::string FileText(const char* path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(PolicyTest, TheDocumentHasTheTable) {
  EXPECT_NE(FileText("docs/policy.md").find(PolicyMarkdown()), std::string::npos)
      << "Put this into docs/policy.md:\n"
      << PolicyMarkdown();
}

TEST(PolicyTest, TheManualPageHasTheTable) {
  EXPECT_NE(FileText("docs/man/dtls13-policy.5").find(PolicyMan()), std::string::npos)
      << "Put this into docs/man/dtls13-policy.5:\n"
      << PolicyMan();
}

// Words that roff would take for its own.
TEST(PolicyTest, TheManualPageHasTextWhereTheTableHas) {
  std::stringstream text(PolicyMan());
  size_t num_keys = 0;
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with(".B ")) ++num_keys;
    EXPECT_FALSE(line.empty());
    EXPECT_LE(line.size(), 79 + std::string_view("\\fIValue\\fR: .").size()) << line;
    EXPECT_FALSE(line.starts_with("'")) << line;
    EXPECT_TRUE(!line.starts_with(".") || line == ".TP" || line == ".br" || line.starts_with(".B "))
        << line;
    if (!line.starts_with("\\fIValue\\fR: ")) {
      EXPECT_EQ(line.find('\\'), std::string::npos) << line;
    }
  }
  std::stringstream help(PolicyHelp());
  size_t num_help_keys = 0;
  for (std::string line; std::getline(help, line);) {
    if (line.starts_with("  ") && line[2] != ' ') ++num_help_keys;
  }
  EXPECT_EQ(num_keys, num_help_keys);
}

// The example shows every key, and a value that the key takes.
TEST(PolicyTest, TheExampleOfOpensslCnfHasEveryKey) {
  std::stringstream lines(FileText("examples/openssl-dtls13.cnf"));
  std::set<std::string> keys;
  bool in_section = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("[")) in_section = line == "[dtls13_provider]";
    const size_t sign = line.find(" = ");
    if (!in_section || sign == std::string::npos) continue;
    // Most are shown and not set.
    const size_t begin = line.starts_with("# ") ? 2 : 0;
    const std::string key = line.substr(begin, sign - begin);
    // libcrypto's and the provider's.
    if (key == "module" || key == "activate" || key == "self-test") continue;
    Policy policy;
    EXPECT_EQ(SetPolicy(key, line.substr(sign + 3), &policy), "") << line;
    keys.insert(key);
  }
  std::set<std::string> known;
  std::stringstream help(PolicyHelp());
  for (std::string line; std::getline(help, line);) {
    if (line.starts_with("  ") && line[2] != ' ') known.insert(line.substr(2, line.find(" (") - 2));
  }
  EXPECT_FALSE(known.empty());
  EXPECT_EQ(keys, known);
}

}  // namespace
}  // namespace dtls13::shim
