// SPDX-License-Identifier: Apache-2.0
// Input: the first byte says how many bytes of operations follow; the rest is what they read.
// A read takes exactly what it says, or nothing.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "dtls13/wire/byte_reader.h"
#include "tests/fuzz/check.h"

namespace dtls13::fuzz {
namespace {

bool ReadOne(uint8_t operation, ByteReader* reader, std::span<const uint8_t>* view) {
  uint8_t u8 = 0;
  uint16_t u16 = 0;
  uint32_t u32 = 0;
  uint64_t u64 = 0;
  switch (operation % 10) {
    case 0:
      return reader->ReadU8(&u8);
    case 1:
      return reader->ReadU16(&u16);
    case 2:
      return reader->ReadU24(&u32) && u32 < (1u << 24);
    case 3:
      return reader->ReadU32(&u32);
    case 4:
      return reader->ReadU48(&u64) && u64 < (uint64_t{1} << 48);
    case 5:
      return reader->ReadU64(&u64);
    case 6:
      return reader->ReadVector8(view);
    case 7:
      return reader->ReadVector16(view);
    case 8:
      return reader->ReadVector24(view);
    default:
      return reader->ReadBytes(operation / 10, view);
  }
}

}  // namespace
}  // namespace dtls13::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dtls13;
  if (size == 0) return 0;
  const std::span<const uint8_t> input(data + 1, size - 1);
  const size_t num_operations = std::min<size_t>(data[0], input.size());
  const std::span<const uint8_t> whole = input.subspan(num_operations);
  ByteReader reader(whole);
  for (const uint8_t operation : input.first(num_operations)) {
    const size_t before = reader.remaining();
    std::span<const uint8_t> view;
    if (fuzz::ReadOne(operation, &reader, &view)) {
      fuzz::Check(fuzz::Within(view, whole) && reader.remaining() + view.size() <= before);
    } else {
      fuzz::Check(reader.remaining() == before);
    }
    fuzz::Check(fuzz::Within(reader.rest(), whole));
  }
  return 0;
}
