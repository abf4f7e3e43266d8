// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_WIRE_BYTE_WRITER_H_
#define DTLS13_WIRE_BYTE_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace dtls13 {

// ByteWriter writes network byte order either into a caller's fixed buffer (records: no
// allocation) or at the end of a caller's vector (handshake messages: grows). The first write that
// does not fit, or a vector whose length prefix overflows, makes ok() false for good; later writes
// do nothing. It does not own what it writes to.
class ByteWriter {
 public:
  explicit ByteWriter(std::span<uint8_t> out) : fixed_(out) {}
  // Appends to `*out`, which must outlive the writer. length() counts from its present end.
  explicit ByteWriter(std::vector<uint8_t>* out) : growing_(out), start_(out->size()) {}

  void WriteU8(uint8_t value);
  void WriteU16(uint16_t value);
  void WriteU24(uint32_t value);
  void WriteU32(uint32_t value);
  void WriteU48(uint64_t value);
  void WriteU64(uint64_t value);
  void WriteBytes(std::span<const uint8_t> bytes);
  // opaque<..> vectors with a length of one, two or three bytes, as ByteReader reads them. Bytes
  // that the length cannot count are a failure.
  void WriteVector8(std::span<const uint8_t> bytes) { WriteVector(bytes, 1); }
  void WriteVector16(std::span<const uint8_t> bytes) { WriteVector(bytes, 2); }
  void WriteVector24(std::span<const uint8_t> bytes) { WriteVector(bytes, 3); }

  // LengthPrefix reserves an N-byte length at construction and fills it with the number of bytes
  // written since, at destruction. They nest.
  //   { ByteWriter::LengthPrefix list(&writer, 2); writer.WriteU16(...); }
  class LengthPrefix {
   public:
    LengthPrefix(ByteWriter* writer, size_t prefix_len);
    ~LengthPrefix();
    LengthPrefix(const LengthPrefix&) = delete;
    LengthPrefix& operator=(const LengthPrefix&) = delete;

   private:
    ByteWriter* writer_;
    size_t prefix_len_;
    size_t at_;
  };

  bool ok() const { return ok_; }
  // length is the number of bytes written by this writer; 0 is possible.
  size_t length() const { return length_; }

 private:
  void WriteInteger(uint64_t value, size_t num_bytes);
  void WriteVector(std::span<const uint8_t> bytes, size_t prefix_len);
  uint8_t* Reserve(size_t len);

  std::span<uint8_t> fixed_;
  std::vector<uint8_t>* growing_ = nullptr;
  size_t start_ = 0;
  size_t length_ = 0;
  bool ok_ = true;
};

}  // namespace dtls13

#endif  // DTLS13_WIRE_BYTE_WRITER_H_
