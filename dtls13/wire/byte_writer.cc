// SPDX-License-Identifier: Apache-2.0
#include "dtls13/wire/byte_writer.h"

#include <algorithm>

namespace dtls13 {
namespace {

void StoreBigEndian(uint64_t value, size_t num_bytes, uint8_t* out) {
  for (size_t i = num_bytes; i > 0; --i) {
    out[i - 1] = static_cast<uint8_t>(value);
    value >>= 8;
  }
}

// num_bytes is 1 to 8; a shift by 64 would be undefined.
bool Fits(uint64_t value, size_t num_bytes) {
  return num_bytes == 8 || value >> (8 * num_bytes) == 0;
}

}  // namespace

// Reserve returns where the next `len` bytes go and counts them as written; null when they do not
// fit, or when an earlier write did not.
uint8_t* ByteWriter::Reserve(size_t len) {
  if (!ok_) return nullptr;
  if (growing_ == nullptr && fixed_.size() - length_ < len) {
    ok_ = false;
    return nullptr;
  }
  const size_t at = length_;
  length_ += len;
  if (growing_ == nullptr) return fixed_.data() + at;
  growing_->resize(start_ + length_);
  return growing_->data() + start_ + at;
}

void ByteWriter::WriteInteger(uint64_t value, size_t num_bytes) {
  // A 24 or 48-bit field has a wider C++ type, so a value can be too big for it.
  if (!Fits(value, num_bytes)) ok_ = false;
  if (uint8_t* out = Reserve(num_bytes)) StoreBigEndian(value, num_bytes, out);
}

void ByteWriter::WriteU8(uint8_t value) { WriteInteger(value, 1); }
void ByteWriter::WriteU16(uint16_t value) { WriteInteger(value, 2); }
void ByteWriter::WriteU24(uint32_t value) { WriteInteger(value, 3); }
void ByteWriter::WriteU32(uint32_t value) { WriteInteger(value, 4); }
void ByteWriter::WriteU48(uint64_t value) { WriteInteger(value, 6); }
void ByteWriter::WriteU64(uint64_t value) { WriteInteger(value, 8); }

void ByteWriter::WriteBytes(std::span<const uint8_t> bytes) {
  if (bytes.empty()) return;
  if (uint8_t* out = Reserve(bytes.size())) std::copy(bytes.begin(), bytes.end(), out);
}

void ByteWriter::WriteVector(std::span<const uint8_t> bytes, size_t prefix_len) {
  const LengthPrefix prefix(this, prefix_len);
  WriteBytes(bytes);
}

ByteWriter::LengthPrefix::LengthPrefix(ByteWriter* writer, size_t prefix_len)
    : writer_(writer), prefix_len_(prefix_len), at_(writer->length_) {
  writer_->WriteInteger(0, prefix_len_);
}

ByteWriter::LengthPrefix::~LengthPrefix() {
  if (!writer_->ok_) return;
  const size_t len = writer_->length_ - at_ - prefix_len_;
  if (!Fits(len, prefix_len_)) {
    writer_->ok_ = false;
    return;
  }
  uint8_t* base = writer_->growing_ == nullptr ? writer_->fixed_.data()
                                               : writer_->growing_->data() + writer_->start_;
  StoreBigEndian(len, prefix_len_, base + at_);
}

}  // namespace dtls13
