// SPDX-License-Identifier: Apache-2.0
#include "tools/udp_notif/line_output.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace dtls13::udp_notif {
namespace {

// Written at once rather than with each Pump.
constexpr size_t kEnoughToWrite = 64 * 1024;
constexpr mode_t kFileMode = 0644;

}  // namespace

absl::StatusOr<std::unique_ptr<LineOutput>> LineOutput::Open(const std::string& path) {
  const bool is_stdout = path == "-";
  const int fd = is_stdout
                     ? STDOUT_FILENO
                     : open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, kFileMode);
  if (fd < 0) {
    return absl::UnavailableError(
        absl::StrCat("cannot write to '", path, "': ", std::strerror(errno), "."));
  }
  struct stat facts {};
  const bool is_file = fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode);
  return std::unique_ptr<LineOutput>(new LineOutput(
      fd, is_stdout ? "standard output" : absl::StrCat("'", path, "'"), !is_stdout, !is_file));
}

LineOutput::~LineOutput() {
  if (owns_) close(fd_);
}

void LineOutput::Write(uint32_t, std::string_view line) {
  if (!status_.ok() || waiting() + line.size() > kMaxWaiting) {
    ++num_lost_;
    return;
  }
  buffer_.append(line);
  if (waiting() >= kEnoughToWrite) Pump();
}

bool LineOutput::IsReady(int timeout_ms) const {
  if (!can_wait_) return true;
  pollfd writable = {.fd = fd_, .events = POLLOUT, .revents = 0};
  return poll(&writable, 1, timeout_ms) == 1;
}

void LineOutput::NoteWritten(size_t len) {
  const auto begin = buffer_.begin() + static_cast<std::ptrdiff_t>(sent_);
  num_delivered_ +=
      static_cast<uint64_t>(std::count(begin, begin + static_cast<std::ptrdiff_t>(len), '\n'));
  sent_ += len;
  within_line_ = buffer_[sent_ - 1] != '\n';
  if (sent_ == buffer_.size()) {
    buffer_.clear();
    sent_ = 0;
  }
  if (!std::exchange(is_failing_, false)) return;
  std::fprintf(stderr, "udp_notif: %s is written again; %llu lines are lost.\n", name_.c_str(),
               static_cast<unsigned long long>(num_lost_ - num_lost_before_failure_));
}

void LineOutput::NoteFailure(int error) {
  if (error == EPIPE) {
    status_ = absl::UnavailableError(absl::StrCat("nobody reads ", name_, " any more."));
  }
  const uint64_t num_lost_before = num_lost_;
  // The rest of a line that has begun stays: whoever reads the file is to find whole lines.
  const bool keeps_rest = within_line_ && status_.ok();
  const size_t kept_end = keeps_rest ? buffer_.find('\n', sent_) + 1 : sent_;
  num_lost_ += static_cast<uint64_t>(
      std::count(buffer_.begin() + static_cast<std::ptrdiff_t>(kept_end), buffer_.end(), '\n'));
  buffer_.resize(kept_end);
  buffer_.erase(0, std::exchange(sent_, 0));
  if (std::exchange(is_failing_, true) || !status_.ok()) return;
  num_lost_before_failure_ = num_lost_before;
  std::fprintf(stderr, "udp_notif: cannot write to %s: %s. Lines are lost until it can be.\n",
               name_.c_str(), std::strerror(error));
}

bool LineOutput::WriteSome() {
  if (waiting() == 0) return false;
  // A pipe that is ready takes so much without making anybody wait.
  const size_t len = can_wait_ ? std::min<size_t>(waiting(), PIPE_BUF) : waiting();
  const ssize_t written = write(fd_, buffer_.data() + sent_, len);
  if (written > 0) {
    NoteWritten(static_cast<size_t>(written));
    return true;
  }
  if (written < 0 && (errno == EAGAIN || errno == EINTR)) return errno == EINTR;
  NoteFailure(written < 0 ? errno : EIO);
  return false;
}

void LineOutput::Pump() {
  while (status_.ok() && IsReady(0) && WriteSome()) {
  }
}

void LineOutput::Finish(std::chrono::milliseconds limit) {
  constexpr int kStepMs = 50;
  const auto end = std::chrono::steady_clock::now() + limit;
  while (status_.ok() && waiting() > 0 && std::chrono::steady_clock::now() < end) {
    if (IsReady(kStepMs)) Pump();
    if (is_failing_) break;
  }
  num_lost_ += static_cast<uint64_t>(
      std::count(buffer_.begin() + static_cast<std::ptrdiff_t>(sent_), buffer_.end(), '\n'));
  buffer_.clear();
  sent_ = 0;
}

}  // namespace dtls13::udp_notif
