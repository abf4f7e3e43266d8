// SPDX-License-Identifier: Apache-2.0
#include "dtls13/ticket_key_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace dtls13 {
namespace {

constexpr size_t kNameDigits = 2 * kTicketKeyNameLen;
constexpr size_t kKeyDigits = 2 * kTicketKeyLen;

// The value of a digit, without a table that secrets would be looked up in; -1 for none.
int DigitValue(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

bool ReadHex(std::string_view digits, std::span<uint8_t> out) {
  for (size_t i = 0; i < out.size(); ++i) {
    const int high = DigitValue(digits[2 * i]);
    const int low = DigitValue(digits[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    out[i] = static_cast<uint8_t>(high << 4 | low);
  }
  return true;
}

bool ReadKey(std::string_view line, TicketKey* out) {
  if (line.size() != kNameDigits + 1 + kKeyDigits || line[kNameDigits] != ' ') return false;
  out->key = Secret(kTicketKeyLen);
  return ReadHex(line.substr(0, kNameDigits), out->name) &&
         ReadHex(line.substr(kNameDigits + 1), out->key.mutable_bytes());
}

// FileText is a file's contents, cleansed when they are done with.
class FileText {
 public:
  FileText() = default;
  ~FileText() { Cleanse(std::span(reinterpret_cast<uint8_t*>(text_.data()), text_.size())); }
  FileText(const FileText&) = delete;
  FileText& operator=(const FileText&) = delete;

  // Read is false where the file has more than there is room for, or fails.
  bool Read(int fd) {
    while (len_ < text_.size()) {
      const ssize_t len = read(fd, text_.data() + len_, text_.size() - len_);
      if (len < 0 && errno == EINTR) continue;
      if (len < 0) return false;
      if (len == 0) return true;
      len_ += static_cast<size_t>(len);
    }
    errno = EFBIG;
    return false;
  }

  std::span<const char> text() const { return std::span(text_).first(len_); }

 private:
  std::array<char, TicketKeyFile::kMaxFileLen> text_;
  size_t len_ = 0;
};

// Descriptor closes a file.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

}  // namespace

std::optional<std::vector<TicketKey>> ParseTicketKeys(std::span<const char> text,
                                                      std::string* error) {
  std::vector<TicketKey> keys;
  std::string_view rest(text.data(), text.size());
  for (size_t number = 1; !rest.empty(); ++number) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest = rest.substr(std::min(end + 1, rest.size()));
    if (line.empty() || line.front() == '#') continue;
    TicketKey key;
    if (!ReadKey(line, &key)) {
      *error = "Line " + std::to_string(number) + " is no name and key in hexadecimal digits.";
      return std::nullopt;
    }
    if (std::ranges::any_of(keys, [&](const TicketKey& one) { return one.name == key.name; })) {
      *error = "Line " + std::to_string(number) + " has the name of a key before it.";
      return std::nullopt;
    }
    keys.push_back(std::move(key));
  }
  if (keys.empty() || keys.size() > TicketKeyring::kMaxKeys) {
    *error = "There are " + std::to_string(keys.size()) + " keys, not 1 to " +
             std::to_string(TicketKeyring::kMaxKeys) + ".";
    return std::nullopt;
  }
  return keys;
}

std::unique_ptr<TicketKeyFile> TicketKeyFile::Open(std::string path,
                                                   std::shared_ptr<TicketKeyring> keyring,
                                                   std::string* error) {
  std::unique_ptr<TicketKeyFile> file(new TicketKeyFile(std::move(path), std::move(keyring)));
  if (!file->Refresh(error)) return nullptr;
  return file;
}

bool TicketKeyFile::Refresh(std::string* error) {
  const auto fail = [&](const std::string& why) {
    *error = "Ticket keys in " + path_ + ": " + why;
    return false;
  };
  const Descriptor file(open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat facts {};
  if (file.get() < 0 || fstat(file.get(), &facts) != 0) {
    return fail(std::string(std::strerror(errno)) + ".");
  }
  if ((facts.st_mode & S_IRWXO) != 0) return fail("Everybody may use this file.");
  const Version version{.device = facts.st_dev,
                        .inode = facts.st_ino,
                        .len = facts.st_size,
                        .modified_s = facts.st_mtim.tv_sec,
                        .modified_ns = facts.st_mtim.tv_nsec,
                        .changed_s = facts.st_ctim.tv_sec,
                        .changed_ns = facts.st_ctim.tv_nsec};
  if (version == version_) return true;
  FileText text;
  if (!text.Read(file.get())) return fail(std::string(std::strerror(errno)) + ".");
  std::string why;
  std::optional<std::vector<TicketKey>> keys = ParseTicketKeys(text.text(), &why);
  if (!keys) return fail(why);
  if (!keyring_->SetKeys(*std::move(keys))) return fail("The keyring refuses them.");
  version_ = version;
  return true;
}

}  // namespace dtls13
