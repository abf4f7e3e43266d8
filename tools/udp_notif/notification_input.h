// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_UDP_NOTIF_NOTIFICATION_INPUT_H_
#define DTLS13_TOOLS_UDP_NOTIF_NOTIFICATION_INPUT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace dtls13::udp_notif {

// InputOptions say what is read.
struct InputOptions {
  std::vector<std::string> paths;  // empty: standard input
  bool by_line = true;             // each line is a notification; else each file is
  uint64_t repeat = 1;             // times, all files; standard input is read once
};

// CheckReadable is an error, one sentence, where some file is not there or not to be read: whoever
// asks before anything is published does not publish a part.
absl::Status CheckReadable(const InputOptions& options);

// NotificationInput reads notifications from files or standard input, one after the other.
class NotificationInput {
 public:
  // The longest notification that is taken: far beyond the 96 KB that are to be avoided.
  static constexpr size_t kMaxNotificationLen = size_t{8} << 20;

  enum class Step : uint8_t {
    kRead,  // there is one
    kWait,  // there may be one later: poll fd()
    kEnd,   // there are no more
  };

  explicit NotificationInput(InputOptions options) : options_(std::move(options)) {}
  ~NotificationInput();
  NotificationInput(const NotificationInput&) = delete;
  NotificationInput& operator=(const NotificationInput&) = delete;

  // Next reads into `*notification`. An error is one sentence: a file that cannot be read, a
  // notification that is too long. Empty lines are no notifications.
  absl::StatusOr<Step> Next(std::vector<uint8_t>* notification);

  int fd() const { return fd_; }

 private:
  // Opens what is next; kEnd behind the last.
  absl::StatusOr<Step> Open();
  absl::StatusOr<Step> TakeWhole(std::vector<uint8_t>* notification);
  bool TakeLine(std::vector<uint8_t>* notification);
  absl::StatusOr<Step> Fill();
  void Close();
  std::string Name() const;

  InputOptions options_;
  size_t next_path_ = 0;
  uint64_t rounds_ = 0;
  int fd_ = -1;
  bool is_at_end_ = false;
  std::vector<uint8_t> buffer_;
  size_t taken_ = 0;    // of the buffer
  size_t scanned_ = 0;  // of the buffer, without a line break
};

}  // namespace dtls13::udp_notif

#endif  // DTLS13_TOOLS_UDP_NOTIF_NOTIFICATION_INPUT_H_
