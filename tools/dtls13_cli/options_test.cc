// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13_cli/options.h"

#include <gtest/gtest.h>

namespace dtls13::cli {
namespace {

constexpr OptionSpec kSpecs[] = {{"port", "PORT", ""}, {"echo", "", ""}};

absl::StatusOr<Options> Parse(std::vector<const char*> arguments) {
  return Options::Parse(kSpecs, arguments);
}

TEST(Options, TakesValuesAndFlags) {
  const absl::StatusOr<Options> options = Parse({"--port", "4433", "--echo"});
  ASSERT_TRUE(options.ok());
  EXPECT_TRUE(options->Has("echo"));
  EXPECT_EQ(options->GetNumber("port", 0, 65535, 1).value(), 4433);
  EXPECT_TRUE(options->Require("port").ok());
}

TEST(Options, FallsBack) {
  const absl::StatusOr<Options> options = Parse({});
  ASSERT_TRUE(options.ok());
  EXPECT_FALSE(options->Has("echo"));
  EXPECT_EQ(options->GetNumber("port", 0, 65535, 1).value(), 1);
  EXPECT_EQ(options->GetString("port", "none"), "none");
  EXPECT_EQ(options->Require("port").message(), "--port is required.");
}

TEST(Options, RefusesWithASentenceThatNamesTheFault) {
  EXPECT_EQ(Parse({"--prot", "1"}).status().message(), "unknown option '--prot'.");
  EXPECT_EQ(Parse({"4433"}).status().message(), "unknown option '4433'.");
  EXPECT_EQ(Parse({"--port"}).status().message(), "--port needs a value.");
}

TEST(Options, StopsBeforeOperands) {
  const auto rest_of = [](std::vector<const char*> arguments) {
    std::span<const char* const> operands;
    const absl::StatusOr<Options> options =
        Options::ParseBeforeOperands(kSpecs, arguments, &operands);
    EXPECT_TRUE(options.ok()) << options.status();
    EXPECT_EQ(options->GetString("port", ""), "1");
    return std::vector<std::string>(operands.begin(), operands.end());
  };
  using Words = std::vector<std::string>;
  EXPECT_EQ(rest_of({"--port", "1", "program", "--port", "2"}), (Words{"program", "--port", "2"}));
  EXPECT_EQ(rest_of({"--port=1", "--", "--echo"}), (Words{"--echo"}));
  EXPECT_EQ(rest_of({"--port", "1", "-"}), (Words{"-"}));
  EXPECT_EQ(rest_of({"--port=1"}), Words());
}

TEST(Options, TakesOperandsBetweenOptions) {
  using Words = std::vector<std::string>;
  const std::vector<const char*> arguments = {"a", "--port", "1", "b", "--echo", "--", "--c", "d"};
  const absl::StatusOr<Options> options = Options::ParseWithOperands(kSpecs, arguments);
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(options->operands(), (Words{"a", "b", "--c", "d"}));
  EXPECT_EQ(options->GetString("port", ""), "1");
  EXPECT_TRUE(options->Has("echo"));
  const std::vector<const char*> wrong = {"a", "--prot"};
  EXPECT_EQ(Options::ParseWithOperands(kSpecs, wrong).status().message(),
            "unknown option '--prot'.");
}

TEST(Options, TakesAValueBehindASign) {
  EXPECT_EQ(Parse({"--port=a=b"})->GetString("port", ""), "a=b");
  EXPECT_EQ(Parse({"--port="})->GetString("port", "none"), "");
  EXPECT_EQ(Parse({"--echo=yes"}).status().message(), "unknown option '--echo=yes'.");
  EXPECT_EQ(Parse({"-x"}).status().message(), "unknown option '-x'.");
  EXPECT_EQ(Parse({"--", "word"}).status().message(), "unknown option 'word'.");
}

TEST(Options, RefusesNumbersOutOfRange) {
  for (const char* value : {"-1", "65536", "80x", ""}) {
    const absl::StatusOr<Options> options = Parse({"--port", value});
    ASSERT_TRUE(options.ok());
    EXPECT_FALSE(options->GetNumber("port", 0, 65535, 1).ok()) << value;
  }
}

}  // namespace
}  // namespace dtls13::cli
