// SPDX-License-Identifier: Apache-2.0
#include "tools/udp_notif/notification_input.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace dtls13::udp_notif {
namespace {

constexpr size_t kReadLen = 64 * 1024;

absl::Status CannotRead(const std::string& name, int error) {
  return absl::UnavailableError(
      absl::StrCat("cannot read ", name, ": ", std::strerror(error), "."));
}

}  // namespace

// What is only opened to be closed again, as a FIFO, would lose its writer.
absl::Status CheckReadable(const InputOptions& options) {
  for (const std::string& path : options.paths) {
    if (path == "-") continue;
    const std::string name = absl::StrCat("'", path, "'");
    struct stat facts {};
    if (stat(path.c_str(), &facts) != 0) return CannotRead(name, errno);
    if (S_ISDIR(facts.st_mode)) return CannotRead(name, EISDIR);
    if (access(path.c_str(), R_OK) != 0) return CannotRead(name, errno);
  }
  return absl::OkStatus();
}

NotificationInput::~NotificationInput() { Close(); }

void NotificationInput::Close() {
  if (fd_ > STDIN_FILENO) close(fd_);
  fd_ = -1;
  buffer_.clear();
  taken_ = scanned_ = 0;
  is_at_end_ = false;
}

std::string NotificationInput::Name() const {
  if (options_.paths.empty()) return "standard input";
  return absl::StrCat("'", options_.paths[next_path_ - 1], "'");
}

absl::StatusOr<NotificationInput::Step> NotificationInput::Open() {
  const size_t num_sources = std::max<size_t>(options_.paths.size(), 1);
  if (next_path_ == num_sources) {
    if (options_.paths.empty() || ++rounds_ >= options_.repeat) return Step::kEnd;
    next_path_ = 0;
  }
  ++next_path_;
  const std::string path = options_.paths.empty() ? "-" : options_.paths[next_path_ - 1];
  // A FIFO that nobody writes to yet is polled like one that is silent.
  constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;
  fd_ = path == "-" ? STDIN_FILENO : open(path.c_str(), kFlags);
  if (fd_ >= 0) return Step::kRead;
  return CannotRead(Name(), errno);
}

absl::StatusOr<NotificationInput::Step> NotificationInput::Fill() {
  pollfd readable = {.fd = fd_, .events = POLLIN, .revents = 0};
  if (poll(&readable, 1, 0) == 0) return Step::kWait;
  // What was taken goes now and then, not with each line.
  if (taken_ > buffer_.size() / 2) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(taken_));
    scanned_ -= std::exchange(taken_, 0);
  }
  const size_t old_len = buffer_.size();
  buffer_.resize(old_len + kReadLen);
  const ssize_t len = read(fd_, buffer_.data() + old_len, kReadLen);
  buffer_.resize(old_len + (len > 0 ? static_cast<size_t>(len) : 0));
  if (len < 0 && (errno == EAGAIN || errno == EINTR)) return Step::kWait;
  if (len < 0) return CannotRead(Name(), errno);
  if (len == 0) is_at_end_ = true;
  if (buffer_.size() - taken_ > kMaxNotificationLen) {
    return absl::UnavailableError(
        absl::StrCat(Name(), " has a notification of more than ", kMaxNotificationLen, " octets."));
  }
  return Step::kRead;
}

bool NotificationInput::TakeLine(std::vector<uint8_t>* notification) {
  for (;;) {
    const auto begin = buffer_.begin() + static_cast<std::ptrdiff_t>(taken_);
    const auto from = buffer_.begin() + static_cast<std::ptrdiff_t>(scanned_);
    const auto end = std::find(from, buffer_.end(), uint8_t{'\n'});
    scanned_ = static_cast<size_t>(end - buffer_.begin());
    if (end == buffer_.end() && !is_at_end_) return false;
    auto line_end = end;
    if (line_end != begin && line_end[-1] == '\r') --line_end;
    notification->assign(begin, line_end);
    if (end == buffer_.end()) {
      taken_ = scanned_;
      return !notification->empty();
    }
    taken_ = ++scanned_;
    if (!notification->empty()) return true;
  }
}

absl::StatusOr<NotificationInput::Step> NotificationInput::TakeWhole(
    std::vector<uint8_t>* notification) {
  while (!is_at_end_) {
    absl::StatusOr<Step> step = Fill();
    if (!step.ok() || *step == Step::kWait) return step;
  }
  *notification = buffer_;
  Close();
  return Step::kRead;
}

absl::StatusOr<NotificationInput::Step> NotificationInput::Next(
    std::vector<uint8_t>* notification) {
  for (;;) {
    if (fd_ < 0) {
      absl::StatusOr<Step> step = Open();
      if (!step.ok() || *step == Step::kEnd) return step;
    }
    if (!options_.by_line) return TakeWhole(notification);
    if (TakeLine(notification)) return Step::kRead;
    if (is_at_end_) {
      Close();
      continue;
    }
    absl::StatusOr<Step> step = Fill();
    if (!step.ok() || *step == Step::kWait) return step;
  }
}

}  // namespace dtls13::udp_notif
