// SPDX-License-Identifier: Apache-2.0
// Input: one UDP-notif message. What parses is written again as it was.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "tests/fuzz/check.h"
#include "udp_notif/message.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dtls13;
  const fuzz::Data octets(data, size);
  udp_notif::Message message;
  if (udp_notif::ParseMessage(octets, &message)) return 0;
  fuzz::Check(fuzz::Within(message.payload, octets));
  std::vector<uint8_t> written;
  fuzz::Check(udp_notif::AppendMessage(message, &written));
  fuzz::Check(fuzz::Same(written, octets));
  return 0;
}
