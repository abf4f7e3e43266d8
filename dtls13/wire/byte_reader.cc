// SPDX-License-Identifier: Apache-2.0
#include "dtls13/wire/byte_reader.h"

namespace dtls13 {

template <size_t kBytes, typename T>
bool ByteReader::ReadInteger(T* out) {
  static_assert(sizeof(T) >= kBytes);
  if (data_.size() < kBytes) return false;
  uint64_t value = 0;
  for (size_t i = 0; i < kBytes; ++i) value = value << 8 | data_[i];
  data_ = data_.subspan(kBytes);
  *out = static_cast<T>(value);
  return true;
}

template <size_t kBytes>
bool ByteReader::ReadVector(std::span<const uint8_t>* out) {
  // A copy reads the length, so that a vector that is cut short leaves this reader where it was.
  ByteReader ahead = *this;
  uint32_t len = 0;
  if (!ahead.ReadInteger<kBytes>(&len) || !ahead.ReadBytes(len, out)) return false;
  *this = ahead;
  return true;
}

bool ByteReader::ReadU8(uint8_t* out) { return ReadInteger<1>(out); }
bool ByteReader::ReadU16(uint16_t* out) { return ReadInteger<2>(out); }
bool ByteReader::ReadU24(uint32_t* out) { return ReadInteger<3>(out); }
bool ByteReader::ReadU32(uint32_t* out) { return ReadInteger<4>(out); }
bool ByteReader::ReadU48(uint64_t* out) { return ReadInteger<6>(out); }
bool ByteReader::ReadU64(uint64_t* out) { return ReadInteger<8>(out); }

bool ByteReader::ReadFlag(bool* out) {
  if (data_.empty() || data_.front() > 1) return false;
  *out = data_.front() == 1;
  data_ = data_.subspan(1);
  return true;
}

bool ByteReader::ReadBytes(size_t len, std::span<const uint8_t>* out) {
  if (data_.size() < len) return false;
  *out = data_.first(len);
  data_ = data_.subspan(len);
  return true;
}

bool ByteReader::ReadVector8(std::span<const uint8_t>* out) { return ReadVector<1>(out); }
bool ByteReader::ReadVector16(std::span<const uint8_t>* out) { return ReadVector<2>(out); }
bool ByteReader::ReadVector24(std::span<const uint8_t>* out) { return ReadVector<3>(out); }

}  // namespace dtls13
