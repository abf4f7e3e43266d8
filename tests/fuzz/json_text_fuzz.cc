// SPDX-License-Identifier: Apache-2.0
// Input: a text. What is JSON has no line break when compact, and is the same when compact again.
// What is UTF-8 is JSON as a string.
#include <cstddef>
#include <cstdint>
#include <string>

#include "tests/fuzz/check.h"
#include "udp_notif/json_text.h"

namespace {

dtls13::fuzz::Data Octets(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dtls13;
  const fuzz::Data text(data, size);
  std::string compact;
  if (udp_notif::AppendCompactJson(text, &compact)) {
    fuzz::Check(compact.size() <= size && compact.find('\n') == std::string::npos);
    std::string again;
    fuzz::Check(udp_notif::AppendCompactJson(Octets(compact), &again) && again == compact);
  } else {
    fuzz::Check(compact.empty());
  }
  if (!udp_notif::IsUtf8(text)) return 0;
  std::string quoted;
  udp_notif::AppendJsonString(text, &quoted);
  std::string again;
  fuzz::Check(udp_notif::AppendCompactJson(Octets(quoted), &again) && again == quoted);
  return 0;
}
