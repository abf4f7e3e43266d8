// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13/process_maps.h"

#include <elf.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "absl/status/status.h"

namespace dtls13::command {
namespace {

using std::string_literals::operator""s;

TEST(CodeFiles, AreEachOnceAndTheirPathsWhole) {
  EXPECT_EQ(CodeFiles("55d0-55d1 r--p 00000000 08:01 131   /usr/bin/a b\n"
                      "55d1-55d2 r-xp 00001000 08:01 131   /usr/bin/a b\n"
                      "55d2-55d3 rw-p 00002000 08:01 131   /usr/bin/a b\n"
                      "55d3-55d4 rw-p 00000000 00:00 0     [heap]\n"
                      "7f00-7f01 r-xp 00000000 08:01 132   /lib/libx.so (deleted)\n"
                      "7f01-7f02 r-xp 00000000 00:00 0 \n"
                      "7f02-7f03 r-xp 00003000 08:01 131   /usr/bin/a b\n"
                      "7f03-7f04 r-xp 00000000 00:00 0     [vdso]\n"),
            (std::vector<std::string>{"/usr/bin/a b", "/lib/libx.so (deleted)"}));
}

TEST(CodeFiles, AreNoneOfWhatIsNoSuchText) {
  for (const char* text : {"", "\n\n", "x", "x x", "   ", "a rxp", "/x", "- x - - - x/"}) {
    EXPECT_TRUE(CodeFiles(text).empty()) << text;
  }
}

TEST(Environment, IsTakenApart) {
  const auto values = Environment("A=1\0B=x=y\0A=2\0C\0D="s);
  EXPECT_EQ(values.at("A"), "1");
  EXPECT_EQ(values.at("B"), "x=y");
  EXPECT_EQ(values.at("C"), "");
  EXPECT_EQ(values.at("D"), "");
}

TEST(IsSecure, IsWhatTheAuxiliaryVectorSays) {
  Elf64_auxv_t entries[2] = {};
  entries[0].a_type = AT_PAGESZ;
  entries[0].a_un.a_val = 4096;
  entries[1].a_type = AT_SECURE;
  const auto text = [&] {
    return std::string(reinterpret_cast<const char*>(entries), sizeof entries);
  };
  EXPECT_FALSE(IsSecure(text()));
  entries[1].a_un.a_val = 1;
  EXPECT_TRUE(IsSecure(text()));
  EXPECT_FALSE(IsSecure(text().substr(0, sizeof entries - 1)));
}

TEST(ParsePid, TakesNumbersOfProcessesAlone) {
  EXPECT_EQ(ParsePid("1"), 1);
  EXPECT_EQ(ParsePid("4194304"), 4194304);
  for (const char* text : {"", "0", "-1", "+1", "1x", " 1", "99999999999999"}) {
    EXPECT_EQ(ParsePid(text), std::nullopt) << text;
  }
}

TEST(ProcessView, ReadsThisProcess) {
  const absl::StatusOr<ProcessView> view = ProcessView::Read(getpid());
  ASSERT_TRUE(view.ok()) << view.status();
  EXPECT_NE(view->program.find("process_maps_test"), std::string::npos);
  EXPECT_FALSE(view->is_secure);
  EXPECT_TRUE(std::any_of(
      view->code_files.begin(), view->code_files.end(),
      [](const std::string& file) { return file.find("/libc.so.6") != std::string::npos; }));
}

TEST(ProcessView, SaysWhereThereIsNone) {
  // The kernel gives no number above 4194304.
  const absl::Status status = ProcessView::Read(5'000'000).status();
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_EQ(status.message(), "there is no process 5000000.");
}

}  // namespace
}  // namespace dtls13::command
