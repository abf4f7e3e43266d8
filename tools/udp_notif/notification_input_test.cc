// SPDX-License-Identifier: Apache-2.0
#include "tools/udp_notif/notification_input.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <vector>

namespace dtls13::udp_notif {
namespace {

using Step = NotificationInput::Step;
using Texts = std::vector<std::string>;

std::string WriteFile(const std::string& name, const std::string& text) {
  const std::string path = ::testing::TempDir() + "/" + name;
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

Texts ReadAll(NotificationInput* input) {
  Texts texts;
  std::vector<uint8_t> notification;
  for (;;) {
    const auto step = input->Next(&notification);
    EXPECT_TRUE(step.ok()) << step.status();
    if (!step.ok() || *step != Step::kRead) return texts;
    texts.emplace_back(notification.begin(), notification.end());
  }
}

TEST(NotificationInputTest, EachLineIsOne) {
  NotificationInput input({.paths = {WriteFile("a", "one\n\ntwo\r\nlast"), WriteFile("b", "b\n")}});
  EXPECT_EQ(ReadAll(&input), (Texts{"one", "two", "last", "b"}));
}

TEST(NotificationInputTest, LinesMayBeLongerThanARead) {
  const std::string line(300'000, 'x');
  NotificationInput input({.paths = {WriteFile("long", line + "\n" + line + "y\n")}});
  EXPECT_EQ(ReadAll(&input), (Texts{line, line + "y"}));
}

TEST(NotificationInputTest, EachFileIsOne) {
  const std::string large(200'000, 'x');
  NotificationInput input({.paths = {WriteFile("a", "one\ntwo\n"), WriteFile("b", large)},
                           .by_line = false,
                           .repeat = 2});
  EXPECT_EQ(ReadAll(&input), (Texts{"one\ntwo\n", large, "one\ntwo\n", large}));
}

TEST(NotificationInputTest, WhatCannotBeReadIsASentence) {
  NotificationInput missing({.paths = {"/nonexistent"}});
  std::vector<uint8_t> notification;
  EXPECT_EQ(missing.Next(&notification).status().message(),
            "cannot read '/nonexistent': No such file or directory.");
  NotificationInput folder({.paths = {"/"}});
  EXPECT_EQ(folder.Next(&notification).status().message(), "cannot read '/': Is a directory.");
  const std::string path = WriteFile("endless", "");
  ASSERT_EQ(truncate(path.c_str(), NotificationInput::kMaxNotificationLen + 1), 0);
  NotificationInput endless({.paths = {path}});
  EXPECT_EQ(endless.Next(&notification).status().message(),
            "'" + path + "' has a notification of more than 8388608 octets.");
}

TEST(NotificationInputTest, APipeIsNotWaitedFor) {
  const std::string path = ::testing::TempDir() + "/pipe";
  unlink(path.c_str());
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const int writer = open(path.c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_GE(writer, 0);
  NotificationInput input({.paths = {path}});
  std::vector<uint8_t> notification;
  EXPECT_EQ(input.Next(&notification).value(), Step::kWait);
  EXPECT_GE(input.fd(), 0);
  ASSERT_EQ(write(writer, "one\ntw", 6), 6);
  EXPECT_EQ(ReadAll(&input), Texts{"one"});
  ASSERT_EQ(write(writer, "o\n", 2), 2);
  EXPECT_EQ(ReadAll(&input), Texts{"two"});
  close(writer);
  EXPECT_EQ(input.Next(&notification).value(), Step::kEnd);
}

TEST(NotificationInputTest, NorIsOneThatNobodyWritesTo) {
  const std::string path = ::testing::TempDir() + "/lonely";
  unlink(path.c_str());
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_TRUE(CheckReadable({.paths = {path}}).ok());
  NotificationInput input({.paths = {path}});
  std::vector<uint8_t> notification;
  EXPECT_EQ(input.Next(&notification).value(), Step::kWait);
  const int writer = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  ASSERT_GE(writer, 0);
  ASSERT_EQ(write(writer, "one\n", 4), 4);
  EXPECT_EQ(ReadAll(&input), Texts{"one"});
  close(writer);
  EXPECT_EQ(input.Next(&notification).value(), Step::kEnd);
}

TEST(NotificationInputTest, WhatCannotBeReadIsKnownBefore) {
  const std::string path = WriteFile("there", "one\n");
  EXPECT_TRUE(CheckReadable({}).ok());
  EXPECT_TRUE(CheckReadable({.paths = {path, "-"}}).ok());
  EXPECT_EQ(CheckReadable({.paths = {path, "/nonexistent"}}).message(),
            "cannot read '/nonexistent': No such file or directory.");
  EXPECT_EQ(CheckReadable({.paths = {"/"}}).message(), "cannot read '/': Is a directory.");
}

}  // namespace
}  // namespace dtls13::udp_notif
