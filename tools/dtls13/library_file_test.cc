// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13/library_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "tools/dtls13/elf_test_util.h"

namespace dtls13::command {
namespace {

ElfRecipe LibraryRecipe() {
  ElfRecipe recipe = NativeRecipe();
  recipe.soname = "libdtls13.so.0";
  recipe.defines = {"dtls13_version"};
  return recipe;
}

bool Has(const std::vector<std::string>& places, const std::string& place) {
  return std::find(places.begin(), places.end(), place) != places.end();
}

TEST(LibraryPlaces, AreBesideTheCommandAndWhereItIsInstalled) {
  const std::vector<std::string> places = LibraryPlaces("/usr/bin", "2.1.0");
  EXPECT_EQ(places[0], "/usr/bin/libdtls13.so");
  EXPECT_TRUE(Has(places, "/usr/bin/../lib/libdtls13.so.2"));
  EXPECT_TRUE(Has(places, "/usr/bin/../lib/libdtls13.so"));
  // A folder that others may write into is not trusted for being above.
  EXPECT_FALSE(Has(places, "/usr/bin/../../libdtls13.so"));
  EXPECT_TRUE(Has(LibraryPlaces("/b/tools/dtls13", "0.1.0"), "/b/tools/dtls13/../../libdtls13.so"));
}

TEST(FindLibrary, TakesTheOneThatIsGivenByItsWholePath) {
  const std::string path = WriteElf(testing::TempDir() + "/libdtls13.so", LibraryRecipe());
  const absl::StatusOr<std::string> found = FindLibrary(testing::TempDir() + "/../" +
                                                        std::filesystem::path(testing::TempDir())
                                                            .lexically_normal()
                                                            .parent_path()
                                                            .filename()
                                                            .string() +
                                                        "/libdtls13.so");
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(*found, std::filesystem::canonical(path));
}

TEST(FindLibrary, SaysWhatIsWrongWithIt) {
  EXPECT_EQ(FindLibrary("/no/lib.so").status().message(), "there is no library /no/lib.so.");
  EXPECT_EQ(FindLibrary("/etc/passwd").status().message(), "/etc/passwd is no ELF file.");
  ElfRecipe other = LibraryRecipe();
  other.soname = "libother.so";
  const std::string path = WriteElf(testing::TempDir() + "/libother.so", other);
  EXPECT_NE(FindLibrary(path).status().message().find("is not libdtls13.so for this machine"),
            std::string::npos);
  const std::string blank = WriteElf(testing::TempDir() + "/lib dtls13.so", LibraryRecipe());
  EXPECT_NE(FindLibrary(blank).status().message().find("a blank or a colon"), std::string::npos);
}

}  // namespace
}  // namespace dtls13::command
