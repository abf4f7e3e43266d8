// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13/run_environment.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "absl/status/status.h"

namespace dtls13::command {
namespace {

absl::StatusOr<std::string> Policy(std::vector<const char*> arguments) {
  return PolicyOptions(cli::Options::Parse(RunOptions(), arguments).value());
}

TEST(PreloadValue, KeepsWhatIsThere) {
  EXPECT_EQ(PreloadValue("", "/l/libdtls13.so"), "/l/libdtls13.so");
  EXPECT_EQ(PreloadValue("liba.so /b.so", "/l/libdtls13.so"), "liba.so /b.so:/l/libdtls13.so");
}

TEST(PreloadValue, HasTheLibraryOnce) {
  EXPECT_EQ(PreloadValue("liba.so:/l/libdtls13.so", "/l/libdtls13.so"), "liba.so:/l/libdtls13.so");
  const std::string library = testing::TempDir() + "/libdtls13.so";
  const std::string link = testing::TempDir() + "/libdtls13.so.0";
  std::ofstream(library) << "library";
  std::filesystem::create_symlink(library, link);
  EXPECT_EQ(PreloadValue("liba.so " + link, library), "liba.so " + link);
}

TEST(PolicyOptions, AreWrittenAsTheLibraryReadsThem) {
  EXPECT_EQ(Policy({}).value(), "");
  EXPECT_EQ(Policy({"--mtu", "1400", "--override-pins", "--min-version=DTLSv1.2", "--max-version",
                    "DTLSv1.3"})
                .value(),
            "override_pins=yes,min_version=DTLSv1.2,max_version=DTLSv1.3,mtu=1400");
  EXPECT_EQ(Policy({"--status"}).value(), "status=yes");
  const std::string file = testing::TempDir() + "/keys";
  EXPECT_EQ(Policy({"--key-log", file.c_str()}).value(), "key_log=" + file);
  // A program may change its folder.
  EXPECT_EQ(Policy({"--key-log", "keys"}).value(),
            "key_log=" + (std::filesystem::current_path() / "keys").string());
}

TEST(PolicyOptions, NameTheKeyTheValueAndWhatIsAllowed) {
  const absl::Status status = Policy({"--mtu", "12"}).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_EQ(status.message(), "--mtu: mtu takes 256 to 65507, not '12'.");
  EXPECT_EQ(Policy({"--min-version", "1.3"}).status().message(),
            "--min-version: min_version takes DTLSv1, DTLSv1.2 or DTLSv1.3, not '1.3'.");
  EXPECT_FALSE(Policy({"--key-log", ""}).ok());
  const std::string comma = testing::TempDir() + "/a,b";
  EXPECT_FALSE(Policy({"--key-log", comma.c_str()}).ok());
  EXPECT_FALSE(Policy({"--key-log", testing::TempDir().c_str()}).ok());
  EXPECT_EQ(Policy({"--key-log", "/no/such/keys"}).status().message(),
            "--key-log: /no/such/keys cannot be written: No such file or directory.");
}

TEST(OptionsValue, PutsOursLastSoThatTheyCount) {
  EXPECT_EQ(OptionsValue("", "mtu=1400").value(), "mtu=1400");
  EXPECT_EQ(OptionsValue("mtu=1300", "").value(), "mtu=1300");
  EXPECT_EQ(OptionsValue("mtu=1300,colour=blue", "mtu=1400").value(),
            "mtu=1300,colour=blue,mtu=1400");
}

TEST(OptionsValue, LeavesSomeVersion) {
  EXPECT_TRUE(OptionsValue("min_version=DTLSv1.3", "max_version=DTLSv1.3").ok());
  const absl::Status status = OptionsValue("max_version=DTLSv1.2", "min_version=DTLSv1.3").status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_NE(status.message().find("max_version=DTLSv1.2,min_version=DTLSv1.3"), std::string::npos);
}

}  // namespace
}  // namespace dtls13::command
