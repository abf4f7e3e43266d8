// SPDX-License-Identifier: Apache-2.0
// Input: the application data of a connection, cut into records: two octets of length, the high bit
// of which leaves out a record number before it, and the content. What is kept stays in its bounds,
// and all of it is given back at the end.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "dtls13/wire/byte_reader.h"
#include "tests/fuzz/check.h"
#include "udp_notif/collector.h"
#include "udp_notif/framing.h"
#include "udp_notif/json_line.h"
#include "udp_notif/stream_pool.h"

namespace {

using namespace dtls13;
using namespace dtls13::udp_notif;

constexpr size_t kBudget = 4096;
constexpr uint16_t kLeaveOut = 0x8000;

void CheckLine(const Delivery& delivery) {
  std::string line;
  AppendJsonLine("fuzz", delivery, &line);
  fuzz::Check(line.back() == '\n' && line.find('\n') == line.size() - 1);
}

void Run(fuzz::Data data) {
  StreamPool pool(4, kBudget);
  const ByteBudget& budget = *pool.budget();
  {
    Collector collector({.reassembly = {.max_segments = 8, .max_messages = 4},
                         .message_ids = {.behind = 64, .ahead = 1000}});
    RecordReader reader(pool.budget());
    ByteReader input(data);
    std::vector<Message> messages;
    RecordNumber number = {kFirstApplicationEpoch, {0}};
    Instant now;
    uint16_t word = 0;
    while (input.ReadU16(&word)) {
      number.sequence_number.value += (word & kLeaveOut) != 0 ? 2 : 1;
      const size_t len = std::min<size_t>(word & ~kLeaveOut, input.remaining());
      fuzz::Data content;
      fuzz::Check(input.ReadBytes(len, &content));
      const auto result = reader.Read(number, content, &messages);
      fuzz::Check(!result.dropped || messages.empty());
      now += std::chrono::milliseconds(100);
      for (const Message& message : messages) {
        if (const auto delivery = collector.Take("fuzz", &pool, message, now)) CheckLine(*delivery);
      }
      fuzz::Check(budget.used() <= kBudget && reader.num_held() <= budget.used());
      fuzz::Check(collector.num_streams() <= 4);
    }
  }
  fuzz::Check(budget.used() == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Run(fuzz::Data(data, size));
  return 0;
}
