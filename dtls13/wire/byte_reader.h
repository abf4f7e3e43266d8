// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_WIRE_BYTE_READER_H_
#define DTLS13_WIRE_BYTE_READER_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

namespace dtls13 {

// ByteReader walks over bytes it does not own, in network byte order. Every Read either succeeds
// whole or returns false and consumes nothing, so a caller can validate before it commits.
// It does not know what the bytes mean.
class ByteReader {
 public:
  ByteReader() = default;
  explicit ByteReader(std::span<const uint8_t> data) : data_(data) {}

  [[nodiscard]] bool ReadU8(uint8_t* out) { return ReadInteger<1>(out); }
  [[nodiscard]] bool ReadU16(uint16_t* out) { return ReadInteger<2>(out); }
  [[nodiscard]] bool ReadU24(uint32_t* out) { return ReadInteger<3>(out); }
  [[nodiscard]] bool ReadU32(uint32_t* out) { return ReadInteger<4>(out); }
  [[nodiscard]] bool ReadU48(uint64_t* out) { return ReadInteger<6>(out); }
  [[nodiscard]] bool ReadU64(uint64_t* out) { return ReadInteger<8>(out); }
  // ReadEnum16 reads a code point of two bytes, whatever it is.
  template <typename Enum>
  requires std::is_enum_v<Enum>
  [[nodiscard]] bool ReadEnum16(Enum* out) {
    uint16_t value = 0;
    if (!ReadU16(&value)) return false;
    *out = static_cast<Enum>(value);
    return true;
  }
  // ReadFlag reads a byte that is 0 or 1.
  [[nodiscard]] bool ReadFlag(bool* out) {
    if (data_.empty() || data_.front() > 1) return false;
    *out = data_.front() == 1;
    data_ = data_.subspan(1);
    return true;
  }
  // ReadBytes yields a view of the next `len` bytes.
  [[nodiscard]] bool ReadBytes(size_t len, std::span<const uint8_t>* out) {
    if (data_.size() < len) return false;
    *out = data_.first(len);
    data_ = data_.subspan(len);
    return true;
  }
  // ReadVectorN reads a length of N bits and then that many bytes, as TLS's opaque x<..> has it.
  [[nodiscard]] bool ReadVector8(std::span<const uint8_t>* out) { return ReadVector<1>(out); }
  [[nodiscard]] bool ReadVector16(std::span<const uint8_t>* out) { return ReadVector<2>(out); }
  [[nodiscard]] bool ReadVector24(std::span<const uint8_t>* out) { return ReadVector<3>(out); }

  bool empty() const { return data_.empty(); }
  size_t remaining() const { return data_.size(); }
  std::span<const uint8_t> rest() const { return data_; }

 private:
  // Peek is for at least so many bytes.
  template <size_t kBytes>
  uint64_t Peek() const {
    uint64_t value = 0;
    for (size_t i = 0; i < kBytes; ++i) value = value << 8 | data_[i];
    return value;
  }
  template <size_t kBytes, typename T>
  bool ReadInteger(T* out) {
    static_assert(sizeof(T) >= kBytes);
    if (data_.size() < kBytes) return false;
    *out = static_cast<T>(Peek<kBytes>());
    data_ = data_.subspan(kBytes);
    return true;
  }
  // The length is looked at where it lies. A copy of the reader, to go ahead of it, is read as one
  // word of 16 bytes where two were just written, for which a processor waits.
  template <size_t kBytes>
  bool ReadVector(std::span<const uint8_t>* out) {
    if (data_.size() < kBytes) return false;
    const auto len = static_cast<size_t>(Peek<kBytes>());
    if (data_.size() - kBytes < len) return false;
    *out = data_.subspan(kBytes, len);
    data_ = data_.subspan(kBytes + len);
    return true;
  }

  std::span<const uint8_t> data_;
};

}  // namespace dtls13

#endif  // DTLS13_WIRE_BYTE_READER_H_
