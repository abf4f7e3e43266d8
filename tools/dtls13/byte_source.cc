// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace dtls13::command {
namespace {

absl::Status OpenFault(const std::string& path, int error) {
  const std::string text = absl::StrCat(path, ": ", std::strerror(error), ".");
  if (error == ENOENT || error == ENOTDIR) return absl::NotFoundError(text);
  if (error == EACCES || error == EPERM) return absl::PermissionDeniedError(text);
  return absl::FailedPreconditionError(text);
}

}  // namespace

bool SpanBytes::ReadAt(uint64_t offset, std::span<uint8_t> out) const {
  if (!Has(offset, out.size())) return false;
  std::copy_n(bytes_.begin() + static_cast<ptrdiff_t>(offset), out.size(), out.begin());
  return true;
}

absl::StatusOr<FileBytes> FileBytes::Open(const std::string& path) {
  // A FIFO or a terminal is not waited for.
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file < 0) return OpenFault(path, errno);
  FileBytes bytes(file, 0);
  struct stat status;
  if (fstat(file, &status) != 0) return OpenFault(path, errno);
  if (!S_ISREG(status.st_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, S_ISDIR(status.st_mode) ? ": is a folder." : ": is no file of bytes."));
  }
  bytes.size_ = static_cast<uint64_t>(status.st_size);
  return bytes;
}

FileBytes::FileBytes(FileBytes&& other) noexcept
    : file_(std::exchange(other.file_, -1)), size_(other.size_) {}

FileBytes& FileBytes::operator=(FileBytes&& other) noexcept {
  std::swap(file_, other.file_);
  std::swap(size_, other.size_);
  return *this;
}

FileBytes::~FileBytes() {
  if (file_ >= 0) close(file_);
}

bool FileBytes::ReadAt(uint64_t offset, std::span<uint8_t> out) const {
  if (!Has(offset, out.size())) return false;
  while (!out.empty()) {
    const ssize_t len = pread(file_, out.data(), out.size(), static_cast<off_t>(offset));
    if (len < 0 && errno == EINTR) continue;
    if (len <= 0) return false;
    out = out.subspan(static_cast<size_t>(len));
    offset += static_cast<uint64_t>(len);
  }
  return true;
}

}  // namespace dtls13::command
