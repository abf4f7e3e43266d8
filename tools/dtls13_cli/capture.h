// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_DTLS13_CLI_CAPTURE_H_
#define DTLS13_TOOLS_DTLS13_CLI_CAPTURE_H_

#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace dtls13::cli {

enum class Direction : uint8_t { kToServer, kToClient };
inline constexpr size_t kNumDirections = 2;

// "c2s" or "s2c".
const char* DirectionName(Direction direction);

// CapturedDatagram is one datagram as the relay saw it.
struct CapturedDatagram {
  int64_t time_us = 0;  // since the first datagram
  Direction direction = Direction::kToServer;
  bool dropped = false;
  std::vector<uint8_t> bytes;
};

// CaptureWriter appends datagrams to a text file, one line each:
//   <time_us> <c2s|s2c> <sent|dropped> <hexadecimal bytes>
// Each line is written at once, so that a capture is whole up to the moment its writer is stopped;
// one that does not fit a full disk is left out, and those after it that do are there.
class CaptureWriter {
 public:
  static absl::StatusOr<CaptureWriter> Open(const std::string& path);
  void Write(const CapturedDatagram& datagram);

  // status is an error, one sentence, where datagrams are missing.
  absl::Status status() const;

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  CaptureWriter(std::FILE* file, std::string path) : file_(file), path_(std::move(path)) {}

  std::unique_ptr<std::FILE, Close> file_;
  std::string path_;
  long written_len_ = 0;
  uint64_t num_lost_ = 0;
  int error_ = 0;  // the last one's
};

// ReadCapture fails with one sentence on a file that cannot be read or is no capture.
absl::StatusOr<std::vector<CapturedDatagram>> ReadCapture(const std::string& path);

// ReadTextFile reads at most 64 MiB.
absl::StatusOr<std::string> ReadTextFile(const std::string& path);

// ToHex and FromHex: lower case out, either case in. FromHex is false for anything else.
std::string ToHex(std::span<const uint8_t> bytes);
bool FromHex(std::string_view hex, std::vector<uint8_t>* bytes);

}  // namespace dtls13::cli

#endif  // DTLS13_TOOLS_DTLS13_CLI_CAPTURE_H_
