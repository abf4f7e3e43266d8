// SPDX-License-Identifier: Apache-2.0
// Input: the content of an ACK record. What parses is written again as it was.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "dtls13/wire/ack.h"
#include "tests/fuzz/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dtls13;
  const std::span<const uint8_t> content(data, size);
  auto reader = AckReader::Parse(content);
  if (!reader) return 0;
  std::vector<RecordNumber> numbers;
  const size_t num_expected = reader->num_remaining();
  while (const auto number = reader->Next()) numbers.push_back(*number);
  fuzz::Check(numbers.size() == num_expected);
  std::vector<uint8_t> written(size);
  fuzz::Check(WriteAck(numbers, written) == size);
  fuzz::Check(std::equal(written.begin(), written.end(), content.begin()));
  return 0;
}
