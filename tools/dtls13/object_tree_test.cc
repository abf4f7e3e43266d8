// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13/object_tree.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "absl/status/status.h"
#include "tools/dtls13/elf_test_util.h"

namespace dtls13::command {
namespace {

class ObjectTreeTest : public testing::Test {
 protected:
  ObjectTreeTest() {
    std::filesystem::create_directories(root_ + "/lib");
    std::filesystem::create_directories(root_ + "/private");
  }

  void AddLibrary(const std::string& file, std::vector<std::string> needed,
                  const std::string& runpath = "") {
    ElfRecipe recipe = NativeRecipe();
    recipe.needed = std::move(needed);
    recipe.soname = file.substr(file.rfind('/') + 1);
    recipe.runpath = runpath;
    recipe.imports = {{"f", ""}};
    WriteElf(root_ + "/" + file, recipe);
  }

  ObjectTree ReadProgram(const ElfRecipe& recipe) {
    const LibrarySearch search("", LdCache(), {root_ + "/lib"});
    return ObjectTree::Read(WriteElf(root_ + "/program", recipe), search).value();
  }

  static std::vector<std::string> Names(const ObjectTree& tree) {
    std::vector<std::string> names;
    for (const ObjectTree::Object& object : tree.objects) names.push_back(object.name);
    return names;
  }

  const std::string root_ =
      testing::TempDir() + "/" + testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(ObjectTreeTest, LoadsEachOnceBreadthFirst) {
  AddLibrary("lib/liba.so", {"libc1.so", "libb.so"});
  AddLibrary("lib/libb.so", {"libc1.so", "liba.so"});  // which goes round
  AddLibrary("lib/libc1.so", {"libgone.so"});
  ElfRecipe program = NativeRecipe();
  program.needed = {"liba.so", "libb.so"};
  const ObjectTree tree = ReadProgram(program);
  EXPECT_EQ(Names(tree),
            (std::vector<std::string>{root_ + "/program", "liba.so", "libb.so", "libc1.so"}));
  EXPECT_EQ(tree.objects[3].asker, 1u);
  ASSERT_EQ(tree.lacks.size(), 1u);
  EXPECT_EQ(tree.lacks[0].name, "libgone.so");
  EXPECT_EQ(tree.lacks[0].asker, root_ + "/lib/libc1.so");
}

TEST_F(ObjectTreeTest, LooksIntoTheRunpathOfWhoAsksAlone) {
  AddLibrary("private/liba.so", {"libb.so"});
  AddLibrary("private/libb.so", {});
  ElfRecipe program = NativeRecipe();
  program.needed = {"liba.so"};
  program.runpath = "$ORIGIN/private";
  EXPECT_EQ(ReadProgram(program).lacks.size(), 1u);
  // A DT_RPATH beside it has no force.
  program.rpath = program.runpath;
  EXPECT_EQ(ReadProgram(program).lacks.size(), 1u);
  // Alone it is for what the libraries ask for, too.
  program.runpath = "";
  EXPECT_EQ(ReadProgram(program).lacks.size(), 0u);
}

TEST_F(ObjectTreeTest, FollowsTheNamesOfAProgramThatLoads) {
  AddLibrary("libplugin.so", {"libbeside.so"});
  AddLibrary("libbeside.so", {});
  ElfRecipe program = NativeRecipe();
  program.needed = {"libgone.so"};
  program.imports = {{"dlopen", ""}};
  program.text = "libplugin.so";
  ObjectTree tree = ReadProgram(program);
  EXPECT_EQ(Names(tree),
            (std::vector<std::string>{root_ + "/program", "libplugin.so", "libbeside.so"}));
  EXPECT_TRUE(tree.objects[2].is_loaded_by_itself);
  EXPECT_EQ(tree.lacks.size(), 1u);
  program.imports = {{"open", ""}};
  EXPECT_EQ(ReadProgram(program).objects.size(), 1u);
}

TEST_F(ObjectTreeTest, EndsWithManyLibraries) {
  for (int i = 0; i < 1100; ++i) {
    AddLibrary("lib/lib" + std::to_string(i) + ".so", {"lib" + std::to_string(i + 1) + ".so"});
  }
  ElfRecipe program = NativeRecipe();
  program.needed = {"lib0.so"};
  EXPECT_EQ(ReadProgram(program).objects.size(), 1024u);
}

TEST_F(ObjectTreeTest, SaysWhatCannotBeRead) {
  const LibrarySearch search("", LdCache(), {});
  EXPECT_TRUE(absl::IsNotFound(ObjectTree::Read(root_ + "/none", search).status()));
  std::ofstream(root_ + "/text") << "text";
  EXPECT_EQ(ObjectTree::Read(root_ + "/text", search).status().message(),
            root_ + "/text is no ELF file.");
  AddLibrary("lib/liba.so", {});
  const ObjectTree tree = ObjectTree::ReadList({"/lib/liba.so", "/text"}, root_);
  ASSERT_EQ(tree.objects.size(), 1u);
  EXPECT_EQ(tree.objects[0].path, "/lib/liba.so");
  ASSERT_EQ(tree.lacks.size(), 1u);
  EXPECT_EQ(tree.lacks[0].name, "/text");
}

}  // namespace
}  // namespace dtls13::command
