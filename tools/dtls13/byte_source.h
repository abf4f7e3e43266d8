// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_DTLS13_BYTE_SOURCE_H_
#define DTLS13_TOOLS_DTLS13_BYTE_SOURCE_H_

#include <cstdint>
#include <span>
#include <string>

#include "absl/status/statusor.h"

namespace dtls13::command {

// ByteSource is what a reader of files takes its bytes from. It does not know what they mean.
class ByteSource {
 public:
  virtual ~ByteSource() = default;

  virtual uint64_t size() const = 0;
  // ReadAt fills `out` with what stands at `offset`. False where the source has not all of it; what
  // `out` holds is nothing then.
  virtual bool ReadAt(uint64_t offset, std::span<uint8_t> out) const = 0;

  // Has says whether `len` bytes at `offset` lie within the size.
  bool Has(uint64_t offset, uint64_t len) const {
    return offset <= size() && len <= size() - offset;
  }
};

// SpanBytes are bytes of memory that it does not own.
class SpanBytes : public ByteSource {
 public:
  explicit SpanBytes(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  uint64_t size() const override { return bytes_.size(); }
  bool ReadAt(uint64_t offset, std::span<uint8_t> out) const override;

 private:
  std::span<const uint8_t> bytes_;
};

// FileBytes are a file's. They are read and not mapped, so that a file which somebody cuts short
// meanwhile is an end and no SIGBUS.
class FileBytes : public ByteSource {
 public:
  // Open opens a regular file. NotFound where there is none, PermissionDenied where it may not be
  // read, FailedPrecondition where it is a folder, a device or the like; each is one sentence that
  // names the file.
  static absl::StatusOr<FileBytes> Open(const std::string& path);

  FileBytes(FileBytes&& other) noexcept;
  FileBytes& operator=(FileBytes&& other) noexcept;
  ~FileBytes() override;

  uint64_t size() const override { return size_; }
  bool ReadAt(uint64_t offset, std::span<uint8_t> out) const override;

 private:
  FileBytes(int file, uint64_t size) : file_(file), size_(size) {}

  int file_;
  uint64_t size_;
};

}  // namespace dtls13::command

#endif  // DTLS13_TOOLS_DTLS13_BYTE_SOURCE_H_
