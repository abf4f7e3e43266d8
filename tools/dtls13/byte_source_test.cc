// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13/byte_source.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "absl/status/status.h"

namespace dtls13::command {
namespace {

TEST(SpanBytes, HasWhatIsThereAndNoMore) {
  const std::vector<uint8_t> bytes = {1, 2, 3, 4};
  const SpanBytes source(bytes);
  std::vector<uint8_t> out(2);
  EXPECT_TRUE(source.ReadAt(2, out));
  EXPECT_EQ(out, (std::vector<uint8_t>{3, 4}));
  EXPECT_FALSE(source.ReadAt(3, out));
  EXPECT_FALSE(source.ReadAt(UINT64_MAX, out));
  EXPECT_TRUE(source.Has(4, 0));
  EXPECT_FALSE(source.Has(2, UINT64_MAX));
}

TEST(FileBytes, IsAnEndWhereAFileIsCutShortMeanwhile) {
  const std::string path = testing::TempDir() + "/cut";
  std::ofstream(path) << "0123456789";
  const absl::StatusOr<FileBytes> file = FileBytes::Open(path);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->size(), 10u);
  std::vector<uint8_t> out(4);
  EXPECT_TRUE(file->ReadAt(6, out));
  EXPECT_EQ(out[3], '9');
  std::filesystem::resize_file(path, 7);
  EXPECT_FALSE(file->ReadAt(6, out));
}

TEST(FileBytes, SaysWhatIsNoFile) {
  EXPECT_TRUE(absl::IsNotFound(FileBytes::Open(testing::TempDir() + "/none").status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(FileBytes::Open("/").status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(FileBytes::Open("/dev/null").status()));
  // Nobody writes into it; who opened it to wait would wait for ever.
  const std::string pipe = testing::TempDir() + "/pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_TRUE(absl::IsFailedPrecondition(FileBytes::Open(pipe).status()));
}

}  // namespace
}  // namespace dtls13::command
