// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13/status_report.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "absl/status/status.h"
#include "shim/libssl/status_layout.h"

namespace dtls13::command {
namespace {

using shim::StatusCounter;
using shim::StatusHeader;

std::vector<uint8_t> MakePage(const std::vector<StatusCounter>& counters) {
  StatusHeader header = {};
  std::memcpy(&header.magic, shim::kStatusMagic, sizeof header.magic);
  header.layout = shim::kStatusLayout;
  header.num_counters = static_cast<uint32_t>(counters.size());
  std::strcpy(header.version, "1.2.3");
  std::vector<uint8_t> page(sizeof header);
  std::memcpy(page.data(), &header, sizeof header);
  const auto* const bytes = reinterpret_cast<const uint8_t*>(counters.data());
  page.insert(page.end(), bytes, bytes + counters.size() * sizeof(StatusCounter));
  return page;
}

absl::StatusOr<StatusReport> ReadBytes(const std::vector<uint8_t>& bytes) {
  return StatusReport::Read(SpanBytes(bytes));
}

const std::vector<StatusCounter>& Counters() {
  static const std::vector<StatusCounter> counters = {
      {"connections", "open", 2}, {"connections", "over", 0},     {"suite", "A", 0},
      {"suite", "B", 1},          {"dropped", "malformed", 0},    {"dropped", "replay", 0},
      {"sending", "MTU", 1200},   {"a group with 15", "last", 0},
  };
  return counters;
}

TEST(StatusReport, HasOneLineForEachGroup) {
  const absl::StatusOr<StatusReport> report = ReadBytes(MakePage(Counters()));
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->version, "1.2.3");
  EXPECT_EQ(report->Lines(),
            (std::vector<std::string>{"connections: open 2, over 0", "suite:       B 1",
                                      "dropped:     none", "sending:     MTU 1200",
                                      "a group with 15: none"}));
  EXPECT_TRUE(ReadBytes(MakePage({}))->Lines().empty());
}

TEST(StatusReport, TakesAnythingThatAProcessWroteForText) {
  StatusCounter counter;
  std::memset(&counter, 0x1b, sizeof counter);
  const absl::StatusOr<StatusReport> report = ReadBytes(MakePage({counter}));
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->counters[0].group, std::string(16, '?'));
  EXPECT_EQ(report->counters[0].name, std::string(40, '?'));
}

TEST(StatusReport, RefusesWhatIsNoPage) {
  const std::vector<uint8_t> whole = MakePage(Counters());
  for (size_t len = 0; len < whole.size(); ++len) {
    const std::vector<uint8_t> piece(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(len));
    EXPECT_FALSE(ReadBytes(piece).ok()) << len;
  }
  std::vector<uint8_t> page = whole;
  page.resize(1 << 20);
  page[offsetof(StatusHeader, num_counters) + 1] = 1;  // more than a page has
  EXPECT_FALSE(ReadBytes(page).ok());
  page = whole;
  page[offsetof(StatusHeader, layout)] = 2;
  EXPECT_FALSE(ReadBytes(page).ok());
  page = whole;
  page[0] = 'x';
  EXPECT_FALSE(ReadBytes(page).ok());
}

TEST(OpenStatus, FindsThePageOfAProcess) {
  const absl::Status none = OpenStatus(getpid()).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(none)) << none;
  const int file = memfd_create(shim::kStatusName, 0);
  const std::vector<uint8_t> page = MakePage(Counters());
  ASSERT_EQ(write(file, page.data(), page.size()), static_cast<ssize_t>(page.size()));
  const absl::StatusOr<FileBytes> bytes = OpenStatus(getpid());
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  EXPECT_EQ(StatusReport::Read(*bytes)->counters.size(), Counters().size());
  close(file);
  // The kernel gives no number above 4194304.
  EXPECT_TRUE(absl::IsNotFound(OpenStatus(5'000'000).status()));
}

}  // namespace
}  // namespace dtls13::command
