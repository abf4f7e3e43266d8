// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13_cli/capture.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace dtls13::cli {
namespace {

constexpr size_t kMaxFileLen = 64 << 20;

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool ParseLine(const std::string& line, CapturedDatagram* datagram) {
  const std::vector<std::string> fields = absl::StrSplit(line, ' ');
  if (fields.size() != 4 || !absl::SimpleAtoi(fields[0], &datagram->time_us)) return false;
  if (fields[1] != "c2s" && fields[1] != "s2c") return false;
  if (fields[2] != "sent" && fields[2] != "dropped") return false;
  datagram->direction = fields[1] == "c2s" ? Direction::kToServer : Direction::kToClient;
  datagram->dropped = fields[2] == "dropped";
  return FromHex(fields[3], &datagram->bytes);
}

}  // namespace

const char* DirectionName(Direction direction) {
  return direction == Direction::kToServer ? "c2s" : "s2c";
}

std::string ToHex(std::span<const uint8_t> bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * bytes.size());
  for (const uint8_t byte : bytes) {
    hex.push_back(kDigits[byte >> 4]);
    hex.push_back(kDigits[byte & 15]);
  }
  return hex;
}

bool FromHex(std::string_view hex, std::vector<uint8_t>* bytes) {
  if (hex.size() % 2 != 0) return false;
  bytes->clear();
  for (size_t i = 0; i < hex.size(); i += 2) {
    const int high = HexDigit(hex[i]);
    const int low = HexDigit(hex[i + 1]);
    if (high < 0 || low < 0) return false;
    bytes->push_back(static_cast<uint8_t>(high << 4 | low));
  }
  return true;
}

absl::StatusOr<std::string> ReadTextFile(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) {
    return absl::NotFoundError(absl::StrCat("cannot read ", path, ": ", std::strerror(errno), "."));
  }
  std::string text;
  std::array<char, 4096> chunk;
  size_t len = 0;
  while (text.size() < kMaxFileLen && (len = std::fread(chunk.data(), 1, chunk.size(), file)) > 0) {
    text.append(chunk.data(), len);
  }
  const bool failed = std::ferror(file) != 0;
  std::fclose(file);
  if (failed) return absl::DataLossError(absl::StrCat("cannot read ", path, "."));
  return text;
}

absl::StatusOr<CaptureWriter> CaptureWriter::Open(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (file == nullptr) {
    return absl::PermissionDeniedError(
        absl::StrCat("cannot write ", path, ": ", std::strerror(errno), "."));
  }
  std::setvbuf(file, nullptr, _IONBF, 0);
  return CaptureWriter(file, path);
}

void CaptureWriter::Write(const CapturedDatagram& datagram) {
  const std::string line =
      absl::StrCat(datagram.time_us, " ", DirectionName(datagram.direction),
                   datagram.dropped ? " dropped " : " sent ", ToHex(datagram.bytes), "\n");
  if (std::fwrite(line.data(), 1, line.size(), file_.get()) == line.size()) {
    written_len_ += static_cast<long>(line.size());
    return;
  }
  error_ = errno;
  ++num_lost_;
  // A part of a line would make no capture of the rest.
  std::clearerr(file_.get());
  if (ftruncate(fileno(file_.get()), written_len_) == 0) {
    std::fseek(file_.get(), written_len_, SEEK_SET);
  }
}

absl::Status CaptureWriter::status() const {
  if (num_lost_ == 0) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(num_lost_, " datagrams could not be written to ", path_,
                                          ": ", std::strerror(error_), "."));
}

absl::StatusOr<std::vector<CapturedDatagram>> ReadCapture(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadTextFile(path);
  if (!text.ok()) return text.status();
  std::vector<CapturedDatagram> datagrams;
  int line_number = 0;
  for (const auto& line_view : absl::StrSplit(*text, '\n', absl::SkipEmpty())) {
    ++line_number;
    CapturedDatagram datagram;
    const std::string line(line_view);
    if (!ParseLine(line, &datagram)) {
      return absl::DataLossError(
          absl::StrCat(path, " is not a capture: line ", line_number, " does not parse."));
    }
    datagrams.push_back(std::move(datagram));
  }
  return datagrams;
}

}  // namespace dtls13::cli
