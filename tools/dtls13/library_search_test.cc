// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13/library_search.h"

#include <elf.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tools/dtls13/elf_test_util.h"

namespace dtls13::command {
namespace {

class LibrarySearchTest : public testing::Test {
 protected:
  // A library libx.so in a folder of the test's.
  std::string AddLibrary(const std::string& folder) {
    std::filesystem::create_directories(root_ + folder);
    return WriteElf(root_ + folder + "/libx.so", NativeRecipe());
  }

  LibrarySearch Search(const std::string& ld_library_path = "") const {
    return LibrarySearch(ld_library_path, LdCache(), {root_ + "/system"});
  }

  const std::string root_ =
      testing::TempDir() + "/" + testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(LibrarySearchTest, LooksWhereLdSoDoesInItsOrder) {
  const std::string system = AddLibrary("/system");
  EXPECT_EQ(Search().Find("libx.so", {}, {}), system);
  const std::string runpath = AddLibrary("/runpath");
  const SearchPath own = {root_ + "/none:" + root_ + "/runpath", ""};
  EXPECT_EQ(Search().Find("libx.so", {}, own), runpath);
  const std::string environment = AddLibrary("/environment");
  const std::string value = root_ + "/none;" + root_ + "/environment";
  EXPECT_EQ(Search(value).Find("libx.so", {}, own), environment);
  const std::string rpath = AddLibrary("/rpath");
  const std::vector<SearchPath> rpaths = {{root_ + "/none", ""}, {root_ + "/rpath", ""}};
  EXPECT_EQ(Search(value).Find("libx.so", rpaths, {}), rpath);
  // DT_RUNPATH puts DT_RPATH out of force.
  EXPECT_EQ(Search(value).Find("libx.so", rpaths, own), environment);
  EXPECT_EQ(Search().Find("liby.so", rpaths, own), std::nullopt);
}

TEST_F(LibrarySearchTest, KnowsTheFolderOfWhoAsks) {
  AddLibrary("/app/lib");
  std::filesystem::create_directories(root_ + "/app/bin");
  EXPECT_EQ(Search().Find("libx.so", {}, {"$ORIGIN/../lib", root_ + "/app/bin"}),
            root_ + "/app/bin/../lib/libx.so");
  EXPECT_EQ(Search().Find("${ORIGIN}/libx.so", {}, {"", root_ + "/app/lib"}),
            root_ + "/app/lib/libx.so");
}

TEST_F(LibrarySearchTest, PassesByWhatIsForAnotherMachine) {
  AddLibrary("/system");
  std::filesystem::create_directories(root_ + "/other");
  ElfRecipe other = NativeRecipe();
  other.machine = EM_S390;
  WriteElf(root_ + "/other/libx.so", other);
  const SearchPath own = {root_ + "/other", ""};
  EXPECT_EQ(Search().Find("libx.so", {}, own), root_ + "/system/libx.so");
  std::ofstream(root_ + "/other/libx.so") << "INPUT ( libx.so.1 )";  // a linker's script
  EXPECT_EQ(Search().Find("libx.so", {}, own), root_ + "/system/libx.so");
}

TEST_F(LibrarySearchTest, FindsTheSystemsOwn) {
  EXPECT_NE(LibrarySearch::System().Find("libc.so.6", {}, {}), std::nullopt);
}

TEST(FolderOf, IsWhatStandsBeforeTheLastSlash) {
  EXPECT_EQ(FolderOf("/a/b"), "/a");
  EXPECT_EQ(FolderOf("/a"), "/");
  EXPECT_EQ(FolderOf("a"), ".");
}

}  // namespace
}  // namespace dtls13::command
