// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_QUERY_DNS_MESSAGE_H_
#define DTLS13_TOOLS_QUERY_DNS_MESSAGE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dtls13::query {

// DnsName is a domain name as it stands in a message, without compression: labels, each with its
// length before it, and a byte of 0. Never longer than kMaxDnsNameLen.
using DnsName = std::vector<uint8_t>;
inline constexpr size_t kMaxDnsNameLen = 255;

// ParseDnsName reads "example.test" and "example.test."; "\." and "\DDD" stand for bytes. Nothing
// for a name that DNS has no room for, or with an empty label.
std::optional<DnsName> ParseDnsName(std::string_view text);
// DnsNameText is what ParseDnsName reads, with the dot at its end.
std::string DnsNameText(const DnsName& name);
// SameName: DNS does not tell the cases of ASCII's letters apart.
bool SameName(const DnsName& a, const DnsName& b);

// DnsType and DnsClass are code points; any value may come.
enum class DnsType : uint16_t {
  kA = 1,
  kNs = 2,
  kCname = 5,
  kSoa = 6,
  kPtr = 12,
  kMx = 15,
  kTxt = 16,
  kAaaa = 28,
  kSrv = 33,
  kOpt = 41,
  kAny = 255,
};
enum class DnsClass : uint16_t { kIn = 1 };
// DnsResponseCode is RFC 1035's RCODE.
enum class DnsResponseCode : uint8_t {
  kNoError = 0,
  kFormatError = 1,
  kServerFailure = 2,
  kNameError = 3,
  kNotImplemented = 4,
  kRefused = 5,
};

// DnsHeader is the fixed part of a message.
struct DnsHeader {
  static constexpr size_t kLen = 12;
  static constexpr uint16_t kResponse = 0x8000;
  static constexpr uint16_t kAuthoritative = 0x0400;
  static constexpr uint16_t kTruncated = 0x0200;
  static constexpr uint16_t kRecursionDesired = 0x0100;
  static constexpr uint16_t kRecursionAvailable = 0x0080;
  static constexpr uint16_t kOpcodeMask = 0x7800;
  static constexpr uint16_t kResponseCodeMask = 0x000f;

  uint16_t id = 0;
  uint16_t flags = 0;
  // Of the sections: question, answer, authority, additional.
  std::array<uint16_t, 4> counts{};

  bool is_response() const { return (flags & kResponse) != 0; }
  bool is_truncated() const { return (flags & kTruncated) != 0; }
  uint8_t opcode() const { return static_cast<uint8_t>((flags & kOpcodeMask) >> 11); }
  DnsResponseCode response_code() const {
    return static_cast<DnsResponseCode>(flags & kResponseCodeMask);
  }
};

struct DnsQuestion {
  DnsName name;
  DnsType type{};
  DnsClass question_class{};
};

// DnsRecord is one resource record; `data` views the message.
struct DnsRecord {
  DnsName name;
  DnsType type{};
  DnsClass record_class{};
  uint32_t ttl = 0;
  std::span<const uint8_t> data;
};

// DnsSection numbers the sections that hold records.
enum class DnsSection : uint8_t { kAnswer, kAuthority, kAdditional };
inline constexpr size_t kNumDnsSections = 3;

// DnsMessage is a whole message, RFC 1035 section 4, taken apart; its records view the bytes it was
// read from.
struct DnsMessage {
  std::span<const uint8_t> bytes;
  DnsHeader header;
  std::vector<DnsQuestion> questions;
  std::array<std::vector<DnsRecord>, kNumDnsSections> sections;

  const std::vector<DnsRecord>& section(DnsSection which) const {
    return sections[static_cast<size_t>(which)];
  }
};

// ParseDnsMessage takes exactly one message. Nothing when it is cut short, has bytes behind its
// end, or a name that is too long or whose compression does not lead backwards. It allocates as the
// records are read, whatever the counts say.
std::optional<DnsMessage> ParseDnsMessage(std::span<const uint8_t> bytes);

// ReadDnsName reads the name at `*offset` of a message, follows its compression, and moves
// `*offset` behind it. Nothing where there is no name.
std::optional<DnsName> ReadDnsName(std::span<const uint8_t> message, size_t* offset);

// BuildQuery asks for recursion, and says by EDNS (RFC 6891) that an answer may be
// `max_answer_len` bytes long.
std::vector<uint8_t> BuildQuery(uint16_t id, const DnsQuestion& question, uint16_t max_answer_len);

// BuildAnswer is an answer to `query` without records: a failure, or with `is_truncated` one that
// says that the true one has no room. It repeats the question of a query that has one; what has
// more could make it many times as long as itself, by compressed names.
std::vector<uint8_t> BuildAnswer(const DnsMessage& query, DnsResponseCode code, bool is_truncated);

// MaxAnswerLen is what the sender of `query` takes: its EDNS says so, and without it 512 bytes.
size_t MaxAnswerLen(const DnsMessage& query);

// SetId overwrites the id of a message of at least DnsHeader::kLen bytes.
void SetId(std::span<uint8_t> message, uint16_t id);

// Answers: `response` is one to `query`, by id and question. A failure may come without the
// question: a server that makes nothing of a query has none to repeat.
bool Answers(const DnsMessage& response, const DnsMessage& query);

}  // namespace dtls13::query

#endif  // DTLS13_TOOLS_QUERY_DNS_MESSAGE_H_
