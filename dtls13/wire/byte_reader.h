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

  [[nodiscard]] bool ReadU8(uint8_t* out);
  [[nodiscard]] bool ReadU16(uint16_t* out);
  [[nodiscard]] bool ReadU24(uint32_t* out);
  [[nodiscard]] bool ReadU32(uint32_t* out);
  [[nodiscard]] bool ReadU48(uint64_t* out);
  [[nodiscard]] bool ReadU64(uint64_t* out);
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
  [[nodiscard]] bool ReadFlag(bool* out);
  // ReadBytes yields a view of the next `len` bytes.
  [[nodiscard]] bool ReadBytes(size_t len, std::span<const uint8_t>* out);
  // ReadVectorN reads a length of N bits and then that many bytes, as TLS's opaque x<..> has it.
  [[nodiscard]] bool ReadVector8(std::span<const uint8_t>* out);
  [[nodiscard]] bool ReadVector16(std::span<const uint8_t>* out);
  [[nodiscard]] bool ReadVector24(std::span<const uint8_t>* out);

  bool empty() const { return data_.empty(); }
  size_t remaining() const { return data_.size(); }
  std::span<const uint8_t> rest() const { return data_; }

 private:
  template <size_t kBytes, typename T>
  bool ReadInteger(T* out);
  template <size_t kBytes>
  bool ReadVector(std::span<const uint8_t>* out);

  std::span<const uint8_t> data_;
};

}  // namespace dtls13

#endif  // DTLS13_WIRE_BYTE_READER_H_
