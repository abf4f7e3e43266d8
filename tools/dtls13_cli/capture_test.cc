// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13_cli/capture.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>

namespace dtls13::cli {
namespace {

std::string TestFile(const char* name) { return testing::TempDir() + "/" + name; }

void WriteText(const std::string& path, const char* text) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  ASSERT_NE(file, nullptr);
  std::fputs(text, file);
  std::fclose(file);
}

TEST(Capture, ReadsWhatItWrote) {
  const std::string path = TestFile("capture");
  absl::StatusOr<CaptureWriter> writer = CaptureWriter::Open(path);
  ASSERT_TRUE(writer.ok());
  CapturedDatagram datagram;
  datagram.time_us = 1234;
  datagram.direction = Direction::kToClient;
  datagram.dropped = true;
  datagram.bytes = {0x00, 0x2f, 0xff};
  writer->Write(datagram);

  const absl::StatusOr<std::vector<CapturedDatagram>> read = ReadCapture(path);
  ASSERT_TRUE(read.ok());
  ASSERT_EQ(read->size(), 1u);
  EXPECT_EQ((*read)[0].time_us, 1234);
  EXPECT_EQ((*read)[0].direction, Direction::kToClient);
  EXPECT_TRUE((*read)[0].dropped);
  EXPECT_EQ((*read)[0].bytes, datagram.bytes);
}

TEST(Capture, NamesTheLineThatDoesNotParse) {
  const std::string path = TestFile("bad");
  for (const char* line : {"0 c2s sent 0", "0 c2s lost 00", "0 up sent 00", "x c2s sent 00", "0"}) {
    WriteText(path, line);
    const absl::StatusOr<std::vector<CapturedDatagram>> read = ReadCapture(path);
    ASSERT_FALSE(read.ok()) << line;
    EXPECT_NE(read.status().message().find("line 1"), std::string::npos) << line;
  }
}

TEST(Capture, SaysWhatAFullDiskHasNoRoomFor) {
  absl::StatusOr<CaptureWriter> writer = CaptureWriter::Open("/dev/full");
  ASSERT_TRUE(writer.ok());
  EXPECT_TRUE(writer->status().ok());
  for (int i = 0; i < 3; ++i) writer->Write({.bytes = {1, 2, 3}});
  EXPECT_EQ(writer->status().message(),
            "3 datagrams could not be written to /dev/full: No space left on device.");
}

// A file may be no longer than the limit allows, and then longer again.
TEST(Capture, IsWholeLinesWhereTheDiskWasFull) {
  const std::string path = TestFile("limited");
  absl::StatusOr<CaptureWriter> writer = CaptureWriter::Open(path);
  ASSERT_TRUE(writer.ok());
  const CapturedDatagram datagram = {.bytes = std::vector<uint8_t>(100, 0xab)};
  writer->Write(datagram);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit limit = before;
  limit.rlim_cur = 300;  // within the second line
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  writer->Write(datagram);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, old_handler);
  writer->Write(datagram);
  EXPECT_FALSE(writer->status().ok());
  const absl::StatusOr<std::vector<CapturedDatagram>> read = ReadCapture(path);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->size(), 2u);
}

TEST(Capture, MissingFileIsAnError) { EXPECT_FALSE(ReadCapture(TestFile("none")).ok()); }

TEST(Hex, RoundTripsAndRefuses) {
  std::vector<uint8_t> bytes;
  ASSERT_TRUE(FromHex("00aBff", &bytes));
  EXPECT_EQ(ToHex(bytes), "00abff");
  EXPECT_FALSE(FromHex("0", &bytes));
  EXPECT_FALSE(FromHex("0g", &bytes));
}

}  // namespace
}  // namespace dtls13::cli
