// SPDX-License-Identifier: Apache-2.0
// Input: the content of an alert record.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "dtls13/wire/alert.h"
#include "tests/fuzz/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dtls13;
  const auto alert = ParseAlert(std::span(data, size));
  fuzz::Check(alert.has_value() == (size == kAlertLen));
  if (!alert) return 0;
  const auto written = SerializeAlert(*alert);
  fuzz::Check(std::equal(written.begin(), written.end(), data));
  fuzz::Check(!AlertName(alert->description).empty());
  return 0;
}
