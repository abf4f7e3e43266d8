// SPDX-License-Identifier: Apache-2.0
// Input: the content of an ACK record. What parses is written again as it was, by either wire
// profile.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "dtls13/wire/ack.h"
#include "tests/fuzz/check.h"

namespace dtls13::fuzz {
namespace {

void CheckAck(std::span<const uint8_t> content, const WireProfile& profile) {
  auto reader = AckReader::Parse(content, profile);
  if (!reader) return;
  std::vector<RecordNumber> numbers;
  const size_t num_expected = reader->num_remaining();
  while (const auto number = reader->Next()) numbers.push_back(*number);
  Check(numbers.size() == num_expected);
  std::vector<uint8_t> written(content.size());
  Check(WriteAck(numbers, written, profile) == content.size());
  Check(std::equal(written.begin(), written.end(), content.begin()));
}

}  // namespace
}  // namespace dtls13::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dtls13;
  for (const WireProfile& profile : {kRfc9147Profile, kDraft26Profile}) {
    fuzz::CheckAck({data, size}, profile);
  }
  return 0;
}
