// SPDX-License-Identifier: Apache-2.0
#include "dtls13/ticket_key_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <cstdio>
#include <fstream>

#include "dtls13/crypto/crypto_test_util.h"
#include "dtls13/crypto/random_source.h"

namespace dtls13 {
namespace {

constexpr WallTime kNow{std::chrono::seconds(1'750'000'000)};

// A line of a file: key `number` of as many as there are digits.
std::string Line(char number) {
  return std::string(32, number) + " " + std::string(64, number) + "\n";
}

std::shared_ptr<TicketKeyring> NewKeyring() {
  return TicketKeyring::Create(DefaultAlgorithms(), SystemRandom(nullptr), {});
}

Session SomeSession() {
  Session session;
  session.suite = CipherSuiteId::kAes128GcmSha256;
  session.psk = Secret::CopyOf(std::vector<uint8_t>(32, 1));
  session.lifetime_s = 60;
  session.issued_at = kNow;
  return session;
}

class TicketKeyFileTest : public testing::Test {
 protected:
  TicketKeyFileTest() : path_(testing::TempDir() + "/ticket_keys") {}
  ~TicketKeyFileTest() override { std::remove(path_.c_str()); }

  void Write(const std::string& text, mode_t mode = 0600) {
    const std::string fresh = path_ + ".new";
    std::ofstream(fresh) << text;
    ASSERT_EQ(chmod(fresh.c_str(), mode), 0);
    ASSERT_EQ(std::rename(fresh.c_str(), path_.c_str()), 0);
  }

  std::string path_;
  std::string error_;
};

TEST_F(TicketKeyFileTest, ServersOfOneFileOpenOneAnothersTickets) {
  Write("# two keys\n\n" + Line('1') + Line('2'));
  const auto one = NewKeyring();
  const auto other = NewKeyring();
  const auto file = TicketKeyFile::Open(path_, one, &error_);
  ASSERT_NE(file, nullptr) << error_;
  ASSERT_NE(TicketKeyFile::Open(path_, other, &error_), nullptr) << error_;
  const std::vector<uint8_t> ticket = one->Seal(SomeSession(), kNow);
  ASSERT_FALSE(ticket.empty());
  EXPECT_TRUE(other->Open(ticket, kNow));
  EXPECT_FALSE(NewKeyring()->Open(ticket, kNow));
}

TEST_F(TicketKeyFileTest, ARotationIsTakenUpAndOldTicketsStayGoodWhileTheirKeyIsThere) {
  Write(Line('1'));
  const auto keyring = NewKeyring();
  const auto file = TicketKeyFile::Open(path_, keyring, &error_);
  ASSERT_NE(file, nullptr) << error_;
  const auto old_ticket = keyring->Seal(SomeSession(), kNow);
  EXPECT_TRUE(file->Refresh(&error_)) << "nothing has changed";
  Write(Line('2') + Line('1'));
  ASSERT_TRUE(file->Refresh(&error_)) << error_;
  EXPECT_TRUE(keyring->Open(old_ticket, kNow));
  const auto new_ticket = keyring->Seal(SomeSession(), kNow);
  Write(Line('2'));
  ASSERT_TRUE(file->Refresh(&error_)) << error_;
  EXPECT_TRUE(keyring->Open(new_ticket, kNow));
  EXPECT_FALSE(keyring->Open(old_ticket, kNow));
}

// A copy that keeps its original's times, as of a backup: same inode, length and modification time.
TEST_F(TicketKeyFileTest, AFileIsReadAgainWhoseModificationTimeWasSetBack) {
  Write(Line('1'));
  const auto keyring = NewKeyring();
  const auto file = TicketKeyFile::Open(path_, keyring, &error_);
  ASSERT_NE(file, nullptr) << error_;
  const auto old_ticket = keyring->Seal(SomeSession(), kNow);
  struct stat before {};
  ASSERT_EQ(stat(path_.c_str(), &before), 0);
  // The kernel's clock for files has a tick of some milliseconds.
  struct stat after = before;
  while (after.st_ctim.tv_sec == before.st_ctim.tv_sec &&
         after.st_ctim.tv_nsec == before.st_ctim.tv_nsec) {
    std::ofstream(path_) << Line('2');
    const std::array<timespec, 2> times = {before.st_atim, before.st_mtim};
    ASSERT_EQ(utimensat(AT_FDCWD, path_.c_str(), times.data(), 0), 0);
    ASSERT_EQ(stat(path_.c_str(), &after), 0);
  }
  ASSERT_EQ(after.st_ino, before.st_ino);
  ASSERT_TRUE(file->Refresh(&error_)) << error_;
  EXPECT_FALSE(keyring->Open(old_ticket, kNow)) << "the keys are the old ones";
}

// Whatever happens to the file, the server goes on with the keys that it has.
TEST_F(TicketKeyFileTest, AWrongFileLeavesTheKeysAsTheyAre) {
  Write(Line('1'));
  const auto keyring = NewKeyring();
  const auto file = TicketKeyFile::Open(path_, keyring, &error_);
  ASSERT_NE(file, nullptr) << error_;
  const auto ticket = keyring->Seal(SomeSession(), kNow);
  std::string many;
  for (char number = 'a'; number <= 'f'; ++number) many += Line(number) + Line(number - 'a' + '0');
  for (char number = '6'; number <= '9'; ++number) many += Line(number);
  ASSERT_TRUE(ParseTicketKeys(many, &error_)) << error_;
  const std::string one_more = std::string(31, '0') + "1 " + std::string(64, '0') + "\n";
  for (const std::string& text :
       {std::string(), std::string("# none\n"), Line('g'), Line('1').substr(1), Line('1') + "x",
        Line('2') + Line('2'), many + one_more, std::string(TicketKeyFile::kMaxFileLen, '\n')}) {
    Write(text);
    error_.clear();
    EXPECT_FALSE(file->Refresh(&error_)) << text;
    EXPECT_EQ(error_.find("Ticket keys in " + path_ + ": "), 0u) << error_;
    EXPECT_EQ(error_.find("111111"), std::string::npos) << error_;
  }
  Write(Line('2'), 0644);
  EXPECT_FALSE(file->Refresh(&error_));
  EXPECT_EQ(error_, "Ticket keys in " + path_ + ": Everybody may use this file.");
  std::remove(path_.c_str());
  EXPECT_FALSE(file->Refresh(&error_));
  EXPECT_EQ(error_, "Ticket keys in " + path_ + ": No such file or directory.");
  EXPECT_EQ(TicketKeyFile::Open(path_, keyring, &error_), nullptr);
  EXPECT_TRUE(keyring->Open(ticket, kNow));
}

}  // namespace
}  // namespace dtls13
