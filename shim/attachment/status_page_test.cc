// SPDX-License-Identifier: Apache-2.0
#include "shim/attachment/status_page.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "dtls13/crypto/record_crypto.h"
#include "shim/attachment/libssl_cause.h"
#include "shim/libssl/status_layout.h"
#include "shim/testing/child.h"

namespace dtls13::shim {
namespace {

// The numbers of the files that whoever asks /proc would take for pages of this process.
std::vector<int> PageFiles() {
  std::vector<int> files;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    const std::string target = std::filesystem::read_symlink(entry.path(), error).string();
    if (target.find(kStatusName) != std::string::npos) {
      files.push_back(std::stoi(entry.path().filename()));
    }
  }
  return files;
}

// The counters in the only page that there is, by group and name.
std::map<std::string, uint64_t> ReadPage() {
  std::map<std::string, uint64_t> values;
  const std::vector<int> files = PageFiles();
  StatusHeader header;
  if (files.size() != 1 || pread(files[0], &header, sizeof header, 0) != sizeof header) return {};
  for (uint32_t i = 0; i < header.num_counters; ++i) {
    StatusCounter counter;
    const auto at = static_cast<off_t>(sizeof header + i * sizeof counter);
    if (pread(files[0], &counter, sizeof counter, at) != sizeof counter) return {};
    values[std::string(counter.group) + ": " + counter.name] = counter.value;
  }
  return values;
}

// A process has one page, so the tests share it.
StatusPage& Page() {
  static StatusPage& page = *StatusPage::Make();
  return page;
}

TEST(StatusPageTest, IsNotThereUnlessThePolicyAsks) {
  EXPECT_EQ(StatusPage::Current(), nullptr);
  // A connection then counts nothing and opens nothing.
  { ConnectionStatus status; }
  EXPECT_TRUE(PageFiles().empty());
}

TEST(StatusPageTest, HasItsLabelsAndCounts) {
  Page();
  std::map<std::string, uint64_t> values = ReadPage();
  ASSERT_FALSE(values.empty());
  EXPECT_LE(values.size(), kMaxStatusCounters);
  for (const auto& [name, value] : values) EXPECT_EQ(value, 0u) << name;
  Page().Count(LibsslCause::kPolicy);
  Page().Count(LibsslCause::kPeer);
  Page().Count(LibsslCause::kPeer);
  Page().CountRetransmission();
  for (int i = 0; i <= static_cast<int>(RecordCryptoStatus::kAnswers); ++i) {
    const auto status = static_cast<RecordCryptoStatus>(i);
    Page().Count(status);
    EXPECT_EQ(ReadPage()["records by: " + std::string(Describe(status))], 1u) << i;
  }
  values = ReadPage();
  EXPECT_EQ(values["to libssl: policy"], 1u);
  EXPECT_EQ(values["to libssl: peer without DTLS 1.3"], 2u);
  EXPECT_EQ(values["sending: retransmissions"], 1u);
}

TEST(StatusPageTest, IsTheUsersAloneAndKeepsItsLength) {
  Page();
  ASSERT_EQ(PageFiles().size(), 1u);
  const int file = PageFiles()[0];
  struct stat status;
  ASSERT_EQ(fstat(file, &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
  EXPECT_EQ(static_cast<size_t>(status.st_size), kStatusLen);
  // Whoever opens it cannot take the page away from under the process.
  EXPECT_NE(ftruncate(file, 0), 0);
  EXPECT_NE(fcntl(file, F_GETFD) & FD_CLOEXEC, 0);
}

TEST(StatusPageTest, AChildHasItsOwn) {
  Page().CountRetransmission();
  const uint64_t before = ReadPage()["sending: retransmissions"];
  const uint32_t generation = Page().generation();
  EXPECT_TRUE(InChild([&] {
    const bool is_new = ReadPage().size() > 1 && ReadPage()["sending: retransmissions"] == 0;
    Page().CountRetransmission();
    return is_new && ReadPage()["sending: retransmissions"] == 1 &&
           Page().generation() != generation &&
           InChild([] { return ReadPage()["sending: retransmissions"] == 0; });
  }));
  EXPECT_EQ(ReadPage()["sending: retransmissions"], before);
}

// A daemon closes what it has open, and may then have another file of the number.
TEST(StatusPageTest, AChildClosesNoFileOfTheProgram) {
  Page();
  EXPECT_TRUE(InChild([] {
    const int number = PageFiles()[0];
    const int other = memfd_create("other", MFD_CLOEXEC);
    if (dup2(other, number) != number) return false;
    Page().CountRetransmission();  // the page is still mapped
    return InChild([&] {
      struct stat status;
      return fstat(number, &status) == 0 && status.st_size == 0 && ReadPage().size() > 1;
    });
  }));
}

}  // namespace
}  // namespace dtls13::shim
