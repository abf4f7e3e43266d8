// SPDX-License-Identifier: Apache-2.0
// Input: the content of a return_routability_check record.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "dtls13/wire/return_routability_check.h"
#include "tests/fuzz/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dtls13;
  const auto message = ParseReturnRoutabilityCheck(std::span(data, size));
  fuzz::Check(message.has_value() == (size == kReturnRoutabilityCheckLen && data[0] <= 2));
  if (!message) return 0;
  const auto written = SerializeReturnRoutabilityCheck(*message);
  fuzz::Check(std::equal(written.begin(), written.end(), data));
  return 0;
}
