// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_UDP_NOTIF_LINE_OUTPUT_H_
#define DTLS13_TOOLS_UDP_NOTIF_LINE_OUTPUT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "tools/udp_notif/output.h"

namespace dtls13::udp_notif {

// LineOutput writes lines to a file or to standard output, and only whole ones: where a disk is
// full in the middle of one, its rest is the first that is written once there is room again. What
// cannot be written meanwhile is lost, counted, and said once on stderr.
class LineOutput : public Output {
 public:
  // What waits for a reader that is slow; what is more is lost.
  static constexpr size_t kMaxWaiting = size_t{16} << 20;

  // Open appends to the file at `path`, which is made if need be. "-" is standard output.
  static absl::StatusOr<std::unique_ptr<LineOutput>> Open(const std::string& path);
  ~LineOutput() override;

  void Write(uint32_t publisher_id, std::string_view line) override;
  void Pump() override;
  void Finish(std::chrono::milliseconds limit) override;
  uint64_t num_delivered() const override { return num_delivered_; }
  uint64_t num_lost() const override { return num_lost_; }
  absl::Status status() const override { return status_; }
  int fd() const override { return waiting() > 0 && can_wait_ ? fd_ : -1; }

 private:
  LineOutput(int fd, std::string name, bool owns, bool can_wait)
      : fd_(fd), name_(std::move(name)), owns_(owns), can_wait_(can_wait) {}

  size_t waiting() const { return buffer_.size() - sent_; }
  bool IsReady(int timeout_ms) const;
  // Writes some; false when there is no more to do now.
  bool WriteSome();
  void NoteWritten(size_t len);
  void NoteFailure(int error);

  int fd_;
  std::string name_;
  bool owns_;
  bool can_wait_;       // a pipe or terminal: somebody else says when there is room
  std::string buffer_;  // of which the first sent_ octets have left
  size_t sent_ = 0;
  bool within_line_ = false;  // the last octet that left was not a line's last
  bool is_failing_ = false;
  uint64_t num_delivered_ = 0;
  uint64_t num_lost_ = 0;
  uint64_t num_lost_before_failure_ = 0;
  absl::Status status_;
};

}  // namespace dtls13::udp_notif

#endif  // DTLS13_TOOLS_UDP_NOTIF_LINE_OUTPUT_H_
