// SPDX-License-Identifier: Apache-2.0
#include "tools/udp_notif/line_output.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): sigaction is POSIX's
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>

namespace dtls13::udp_notif {
namespace {

using std::chrono::milliseconds;

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// FileLimit bounds the length of files, which does what a full disk does, until it is lifted.
class FileLimit {
 public:
  explicit FileLimit(rlim_t len) {
    EXPECT_EQ(getrlimit(RLIMIT_FSIZE, &before_), 0);
    rlimit limit = before_;
    limit.rlim_cur = len;
    EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  }
  ~FileLimit() { Lift(); }
  FileLimit(const FileLimit&) = delete;
  FileLimit& operator=(const FileLimit&) = delete;

  void Lift() const { EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &before_), 0); }

 private:
  rlimit before_{};
};

class LineOutputTest : public ::testing::Test {
 protected:
  LineOutputTest() : path_(::testing::TempDir() + "/lines") {
    unlink(path_.c_str());
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
  }

  std::string path_;
};

TEST_F(LineOutputTest, AppendsWholeLines) {
  for (const char* line : {"one\n", "two\n"}) {
    auto output = LineOutput::Open(path_);
    ASSERT_TRUE(output.ok());
    (*output)->Write(1, line);
    (*output)->Pump();
    EXPECT_EQ((*output)->num_delivered(), 1u);
  }
  EXPECT_EQ(ReadFile(path_), "one\ntwo\n");
}

TEST_F(LineOutputTest, AFileThatCannotBeIsASentence) {
  const auto output = LineOutput::Open("/nonexistent/lines");
  EXPECT_EQ(output.status().message(),
            "cannot write to '/nonexistent/lines': No such file or directory.");
}

// The disk is full in the middle of a line.
TEST_F(LineOutputTest, AFullDiskIsSurvivedAndNoLineIsCut) {
  auto output = LineOutput::Open(path_);
  ASSERT_TRUE(output.ok());
  const FileLimit full(10);
  for (const char* line : {"line 1\n", "line 2\n", "line 3\n"}) (*output)->Write(1, line);
  (*output)->Pump();
  (*output)->Write(1, "line 4\n");
  (*output)->Pump();
  EXPECT_EQ((*output)->num_lost(), 2u);
  full.Lift();
  EXPECT_EQ(ReadFile(path_), "line 1\nlin");
  (*output)->Write(1, "line 5\n");
  (*output)->Finish(milliseconds(100));
  EXPECT_EQ(ReadFile(path_), "line 1\nline 2\nline 5\n");
  EXPECT_EQ((*output)->num_delivered(), 3u);
  EXPECT_EQ((*output)->num_lost(), 2u);
  EXPECT_TRUE((*output)->status().ok());
}

// All of a line but its end has left, and more than one write fails behind it.
TEST_F(LineOutputTest, TheEndOfALineIsKeptHoweverOftenADiskIsFull) {
  auto output = LineOutput::Open(path_);
  ASSERT_TRUE(output.ok());
  const FileLimit full(6);
  (*output)->Write(1, "line 1\n");
  for (int i = 0; i < 3; ++i) (*output)->Pump();
  full.Lift();
  (*output)->Write(1, "line 2\n");
  (*output)->Finish(milliseconds(100));
  EXPECT_EQ(ReadFile(path_), "line 1\nline 2\n");
  EXPECT_EQ((*output)->num_delivered(), 2u);
  EXPECT_EQ((*output)->num_lost(), 0u);
}

TEST_F(LineOutputTest, ADeviceThatIsFullLosesAll) {
  auto output = LineOutput::Open("/dev/full");
  ASSERT_TRUE(output.ok());
  (*output)->Write(1, "line\n");
  (*output)->Finish(milliseconds(100));
  EXPECT_EQ((*output)->num_delivered(), 0u);
  EXPECT_EQ((*output)->num_lost(), 1u);
}

class PipeTest : public LineOutputTest {
 protected:
  PipeTest() {
    EXPECT_EQ(mkfifo(path_.c_str(), 0600), 0);
    reader_ = open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  }
  ~PipeTest() override {
    if (reader_ >= 0) close(reader_);
    unlink(path_.c_str());
  }
  std::string ReadPipe() {
    std::string text;
    char buffer[65536];
    ssize_t len = 0;
    while ((len = read(reader_, buffer, sizeof(buffer))) > 0) {
      text.append(buffer, static_cast<size_t>(len));
    }
    return text;
  }

  int reader_ = -1;
};

TEST_F(PipeTest, ASlowReaderMakesNobodyWait) {
  auto output = LineOutput::Open(path_);
  ASSERT_TRUE(output.ok());
  const std::string line = std::string(999, 'x') + "\n";
  for (int i = 0; i < 1000; ++i) (*output)->Write(1, line);
  (*output)->Pump();
  EXPECT_GE((*output)->fd(), 0);
  EXPECT_EQ((*output)->num_lost(), 0u);
  std::string text;
  while ((*output)->fd() >= 0) {
    text += ReadPipe();
    (*output)->Pump();
  }
  text += ReadPipe();
  EXPECT_EQ(text.size(), 1000 * line.size());
  EXPECT_EQ((*output)->num_delivered(), 1000u);
}

TEST_F(PipeTest, WhatWaitsIsBounded) {
  auto output = LineOutput::Open(path_);
  ASSERT_TRUE(output.ok());
  const std::string line = std::string((1 << 20) - 1, 'x') + "\n";
  for (int i = 0; i < 20; ++i) (*output)->Write(1, line);
  EXPECT_GE((*output)->num_lost(), 3u);
  EXPECT_LE((*output)->num_lost(), 4u);
}

TEST_F(PipeTest, AReaderThatLeavesEndsIt) {
  auto output = LineOutput::Open(path_);
  ASSERT_TRUE(output.ok());
  close(reader_);
  reader_ = -1;
  (*output)->Write(1, "line\n");
  (*output)->Pump();
  EXPECT_FALSE((*output)->status().ok());
  EXPECT_EQ((*output)->num_lost(), 1u);
}

}  // namespace
}  // namespace dtls13::udp_notif
