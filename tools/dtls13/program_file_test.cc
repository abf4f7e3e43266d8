// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13/program_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "absl/status/status.h"

namespace dtls13::command {
namespace {

class ProgramFileTest : public testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text, mode_t mode = 0755) {
    std::filesystem::create_directories(std::filesystem::path(root_ + name).parent_path());
    std::ofstream(root_ + name) << text;
    chmod((root_ + name).c_str(), mode);
    return root_ + name;
  }

  const std::string root_ = testing::TempDir() + "/" +
                            testing::UnitTest::GetInstance()->current_test_info()->name() + "/";
};

TEST_F(ProgramFileTest, IsFoundAsExecvpDoes) {
  const std::string path = root_ + "none:" + root_ + "a:" + root_ + "b";
  Write("a/text", "", 0644);
  const std::string second = Write("b/text", "");
  Write("b/tool", "");
  std::filesystem::create_directories(root_ + "a/tool");  // a folder is passed by
  EXPECT_EQ(FindProgram("text", path).value(), second);
  EXPECT_EQ(FindProgram("tool", path).value(), root_ + "b/tool");
  EXPECT_EQ(FindProgram(root_ + "b/tool", "").value(), root_ + "b/tool");
}

TEST_F(ProgramFileTest, IsMissedAsShellsDo) {
  Write("a/text", "", 0644);
  const absl::Status none = FindProgram("nosuch", root_ + "a").status();
  EXPECT_TRUE(absl::IsNotFound(none));
  EXPECT_EQ(none.message(), "nosuch: there is no such program.");
  EXPECT_TRUE(absl::IsNotFound(FindProgram("", root_ + "a").status()));
  EXPECT_TRUE(absl::IsNotFound(FindProgram(root_ + "nosuch", "").status()));
  EXPECT_TRUE(absl::IsPermissionDenied(FindProgram("text", root_ + "a").status()));
  EXPECT_TRUE(absl::IsPermissionDenied(FindProgram(root_, "").status()));
  EXPECT_TRUE(absl::IsPermissionDenied(FindProgram("/dev/null", "").status()));
}

TEST_F(ProgramFileTest, ScriptsAreFollowedToTheirInterpreters) {
  const std::string program = Write("program", "\177ELF");
  const std::string inner = Write("inner", "#! " + program + "  -x \n");
  const std::string outer = Write("outer", "#!" + inner + "\nrest");
  EXPECT_EQ(Interpreters(outer, "").value(), (std::vector<std::string>{inner, program}));
  EXPECT_TRUE(Interpreters(program, "")->empty());
  EXPECT_TRUE(Interpreters(Write("text", "no script"), "")->empty());
  EXPECT_TRUE(Interpreters(Write("blank", "#!   \n"), "")->empty());
  EXPECT_EQ(Interpreters(Write("env", "#!/usr/bin/env -S A=b program -u\n"),
                         program.substr(0, program.rfind('/')))
                .value(),
            std::vector<std::string>{program});
}

TEST_F(ProgramFileTest, ScriptsThatGoRoundOrNowhereEnd) {
  const std::string loop = root_ + "loop";
  Write("loop", "#!" + loop + "\n");
  EXPECT_EQ(Interpreters(loop, "")->size(), 5u);
  const absl::Status gone = Interpreters(Write("gone", "#!/no/such\n"), "").status();
  EXPECT_TRUE(absl::IsNotFound(gone));
  EXPECT_EQ(gone.message(), "/no/such: No such file or directory.");
}

TEST_F(ProgramFileTest, RightsAreThoseOfTheFile) {
  const absl::StatusOr<FileRights> rights = ReadRights(Write("program", "", 0750));
  ASSERT_TRUE(rights.ok()) << rights.status();
  EXPECT_EQ(rights->mode & 07777, 0750u);
  EXPECT_FALSE(rights->has_capabilities);
  EXPECT_TRUE(absl::IsNotFound(ReadRights(root_ + "none").status()));
}

TEST(RightsGained, AreThoseThatMakeLdSoCareful) {
  constexpr uid_t kUser = 1000;
  EXPECT_EQ(RightsGained({.mode = 0755}, kUser, kUser), "");
  EXPECT_EQ(RightsGained({.mode = 04755}, kUser, kUser), "set-user-ID");
  EXPECT_EQ(RightsGained({.mode = 04755, .owner = kUser}, kUser, kUser), "");
  EXPECT_EQ(RightsGained({.mode = 04755}, 0, 0), "");
  EXPECT_EQ(RightsGained({.mode = 02755}, kUser, kUser), "set-group-ID");
  EXPECT_EQ(RightsGained({.mode = 02745}, kUser, kUser), "");  // a mandatory lock
  EXPECT_EQ(RightsGained({.mode = 02755, .group = kUser}, kUser, kUser), "");
  EXPECT_EQ(RightsGained({.mode = 0755, .has_capabilities = true}, kUser, kUser),
            "file capabilities");
  EXPECT_EQ(RightsGained({.mode = 0755, .has_capabilities = true}, 0, 0), "");
  EXPECT_EQ(RightsGained({.mode = 04755, .is_ignored = true}, kUser, kUser), "");
}

}  // namespace
}  // namespace dtls13::command
