// SPDX-License-Identifier: Apache-2.0
// Input: what a client, or a resolver, might send as a DNS message.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "tests/fuzz/check.h"
#include "tools/query/dns_message.h"
#include "tools/query/dns_text.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dtls13::query;
  using dtls13::fuzz::Check;
  const dtls13::fuzz::Data input(data, size);
  const auto message = ParseDnsMessage(input);
  if (!message.has_value()) return 0;
  Check(!DnsMessageText(*message).empty());
  for (const DnsQuestion& question : message->questions) {
    Check(question.name.size() <= kMaxDnsNameLen);
    Check(ParseDnsName(DnsNameText(question.name)) == question.name);
  }
  for (const auto& section : message->sections) {
    for (const DnsRecord& record : section) Check(dtls13::fuzz::Within(record.data, input));
  }
  Check(MaxAnswerLen(*message) >= 512);
  const std::vector<uint8_t> answer =
      BuildAnswer(*message, DnsResponseCode::kServerFailure, /*is_truncated=*/false);
  const auto parsed = ParseDnsMessage(answer);
  Check(parsed.has_value() && Answers(*parsed, *message));
  return 0;
}
