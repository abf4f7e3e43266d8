// SPDX-License-Identifier: Apache-2.0
#include "tools/query/dns_message.h"

#include <algorithm>
#include <utility>

#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/byte_writer.h"

namespace dtls13::query {
namespace {

constexpr size_t kMaxLabelLen = 63;
// The two highest bits of a length: 00 a label, 11 a pointer; the others mean nothing any more.
constexpr uint8_t kPointer = 0xc0;
// Without EDNS a message over UDP has no more, RFC 1035 section 4.2.1.
constexpr size_t kPlainMaxLen = 512;

uint8_t Lower(uint8_t byte) {
  return byte >= 'A' && byte <= 'Z' ? static_cast<uint8_t>(byte + 'a' - 'A') : byte;
}

bool IsDigit(char character) { return character >= '0' && character <= '9'; }

// ReadEscape reads what follows a backslash at the front of `*text`.
std::optional<uint8_t> ReadEscape(std::string_view* text) {
  if (text->empty()) return std::nullopt;
  if (!IsDigit(text->front())) {
    const auto byte = static_cast<uint8_t>(text->front());
    text->remove_prefix(1);
    return byte;
  }
  if (text->size() < 3 || !IsDigit((*text)[1]) || !IsDigit((*text)[2])) return std::nullopt;
  const int value = ((*text)[0] - '0') * 100 + ((*text)[1] - '0') * 10 + ((*text)[2] - '0');
  if (value > UINT8_MAX) return std::nullopt;
  text->remove_prefix(3);
  return static_cast<uint8_t>(value);
}

void AppendEscaped(uint8_t byte, std::string* text) {
  const bool is_plain = byte > 0x20 && byte < 0x7f;
  if (byte == '.' || byte == '\\') {
    *text += '\\';
    *text += static_cast<char>(byte);
  } else if (is_plain) {
    *text += static_cast<char>(byte);
  } else {
    const std::string digits = std::to_string(byte);
    *text += '\\' + std::string(3 - digits.size(), '0') + digits;
  }
}

void WriteHeader(const DnsHeader& header, ByteWriter* writer) {
  writer->WriteU16(header.id);
  writer->WriteU16(header.flags);
  for (const uint16_t count : header.counts) writer->WriteU16(count);
}

void WriteQuestion(const DnsQuestion& question, ByteWriter* writer) {
  writer->WriteBytes(question.name);
  writer->WriteU16(static_cast<uint16_t>(question.type));
  writer->WriteU16(static_cast<uint16_t>(question.question_class));
}

// MessageReader reads a message from its front.
class MessageReader {
 public:
  explicit MessageReader(std::span<const uint8_t> message) : message_(message) {}

  bool ReadHeader(DnsHeader* header) {
    ByteReader reader = Rest();
    if (!reader.ReadU16(&header->id) || !reader.ReadU16(&header->flags)) return false;
    for (uint16_t& count : header->counts) {
      if (!reader.ReadU16(&count)) return false;
    }
    return MoveTo(reader);
  }

  bool ReadQuestion(DnsQuestion* question) {
    std::optional<DnsName> name = ReadDnsName(message_, &offset_);
    if (!name) return false;
    question->name = *std::move(name);
    ByteReader reader = Rest();
    return reader.ReadEnum16(&question->type) && reader.ReadEnum16(&question->question_class) &&
           MoveTo(reader);
  }

  bool ReadRecord(DnsRecord* record) {
    std::optional<DnsName> name = ReadDnsName(message_, &offset_);
    if (!name) return false;
    record->name = *std::move(name);
    ByteReader reader = Rest();
    return reader.ReadEnum16(&record->type) && reader.ReadEnum16(&record->record_class) &&
           reader.ReadU32(&record->ttl) && reader.ReadVector16(&record->data) && MoveTo(reader);
  }

  bool empty() const { return offset_ == message_.size(); }

 private:
  ByteReader Rest() const { return ByteReader(message_.subspan(offset_)); }
  bool MoveTo(const ByteReader& reader) {
    offset_ = message_.size() - reader.remaining();
    return true;
  }

  const std::span<const uint8_t> message_;
  size_t offset_ = 0;
};

const DnsRecord* FindOpt(const DnsMessage& message) {
  const std::vector<DnsRecord>& records = message.section(DnsSection::kAdditional);
  const auto found = std::find_if(records.begin(), records.end(), [](const DnsRecord& record) {
    return record.type == DnsType::kOpt;
  });
  return found == records.end() ? nullptr : &*found;
}

}  // namespace

std::optional<DnsName> ParseDnsName(std::string_view text) {
  DnsName name;
  if (text == ".") return DnsName{0};
  while (!text.empty()) {
    const size_t length_at = name.size();
    name.push_back(0);
    while (!text.empty() && text.front() != '.') {
      auto byte = static_cast<uint8_t>(text.front());
      text.remove_prefix(1);
      if (byte == '\\') {
        const std::optional<uint8_t> escaped = ReadEscape(&text);
        if (!escaped) return std::nullopt;
        byte = *escaped;
      }
      name.push_back(byte);
    }
    const size_t len = name.size() - length_at - 1;
    if (len == 0 || len > kMaxLabelLen) return std::nullopt;
    name[length_at] = static_cast<uint8_t>(len);
    if (!text.empty()) text.remove_prefix(1);
  }
  if (name.empty()) return std::nullopt;
  name.push_back(0);
  if (name.size() > kMaxDnsNameLen) return std::nullopt;
  return name;
}

std::string DnsNameText(const DnsName& name) {
  std::string text;
  for (size_t at = 0; at < name.size() && name[at] != 0; at += name[at] + 1u) {
    for (size_t i = 1; i <= name[at]; ++i) AppendEscaped(name[at + i], &text);
    text += '.';
  }
  return text.empty() ? "." : text;
}

bool SameName(const DnsName& a, const DnsName& b) {
  // Lengths are below the letters.
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](uint8_t left, uint8_t right) { return Lower(left) == Lower(right); });
}

// Each pointer leads before the name that it is in, and each before the one that led there, so that
// there is an end.
std::optional<DnsName> ReadDnsName(std::span<const uint8_t> message, size_t* offset) {
  DnsName name;
  size_t at = *offset;
  size_t limit = at;  // a pointer leads to what is before it
  std::optional<size_t> behind;
  while (at < message.size()) {
    const uint8_t len = message[at];
    if ((len & kPointer) == kPointer) {
      if (at + 1 >= message.size()) return std::nullopt;
      const size_t target = static_cast<size_t>(len & ~kPointer) << 8 | message[at + 1];
      if (target >= limit) return std::nullopt;
      if (!behind) behind = at + 2;
      at = limit = target;
      continue;
    }
    if ((len & kPointer) != 0 || name.size() + len + 1u > kMaxDnsNameLen ||
        message.size() - at <= len) {
      return std::nullopt;
    }
    name.insert(name.end(), message.begin() + static_cast<ptrdiff_t>(at),
                message.begin() + static_cast<ptrdiff_t>(at + len + 1));
    at += len + 1u;
    if (len == 0) {
      *offset = behind.value_or(at);
      return name;
    }
  }
  return std::nullopt;
}

std::optional<DnsMessage> ParseDnsMessage(std::span<const uint8_t> bytes) {
  DnsMessage message;
  message.bytes = bytes;
  MessageReader reader(bytes);
  if (!reader.ReadHeader(&message.header)) return std::nullopt;
  for (size_t i = 0; i < message.header.counts[0]; ++i) {
    DnsQuestion question;
    if (!reader.ReadQuestion(&question)) return std::nullopt;
    message.questions.push_back(std::move(question));
  }
  for (size_t section = 0; section < kNumDnsSections; ++section) {
    for (size_t i = 0; i < message.header.counts[section + 1]; ++i) {
      DnsRecord record;
      if (!reader.ReadRecord(&record)) return std::nullopt;
      message.sections[section].push_back(std::move(record));
    }
  }
  if (!reader.empty()) return std::nullopt;
  return message;
}

std::vector<uint8_t> BuildQuery(uint16_t id, const DnsQuestion& question, uint16_t max_answer_len) {
  std::vector<uint8_t> message;
  ByteWriter writer(&message);
  WriteHeader({.id = id, .flags = DnsHeader::kRecursionDesired, .counts = {1, 0, 0, 1}}, &writer);
  WriteQuestion(question, &writer);
  // OPT: of the root, its class is the length, and its TTL further flags.
  writer.WriteU8(0);
  writer.WriteU16(static_cast<uint16_t>(DnsType::kOpt));
  writer.WriteU16(max_answer_len);
  writer.WriteU32(0);
  writer.WriteU16(0);
  return message;
}

std::vector<uint8_t> BuildAnswer(const DnsMessage& query, DnsResponseCode code, bool is_truncated) {
  constexpr uint16_t kRepeated = DnsHeader::kOpcodeMask | DnsHeader::kRecursionDesired;
  DnsHeader header;
  header.id = query.header.id;
  header.flags = DnsHeader::kResponse | DnsHeader::kRecursionAvailable |
                 (query.header.flags & kRepeated) | static_cast<uint16_t>(code);
  if (is_truncated) header.flags |= DnsHeader::kTruncated;
  const bool repeats_question = query.questions.size() == 1;
  header.counts[0] = repeats_question ? 1 : 0;
  std::vector<uint8_t> message;
  ByteWriter writer(&message);
  WriteHeader(header, &writer);
  if (repeats_question) WriteQuestion(query.questions[0], &writer);
  return message;
}

size_t MaxAnswerLen(const DnsMessage& query) {
  const DnsRecord* opt = FindOpt(query);
  if (opt == nullptr) return kPlainMaxLen;
  // RFC 6891 section 6.2.3: values lower than 512 are as 512.
  return std::max<size_t>(static_cast<uint16_t>(opt->record_class), kPlainMaxLen);
}

void SetId(std::span<uint8_t> message, uint16_t id) {
  ByteWriter writer(message.first(sizeof(id)));
  writer.WriteU16(id);
}

bool Answers(const DnsMessage& response, const DnsMessage& query) {
  if (!response.header.is_response() || response.header.id != query.header.id) return false;
  if (response.questions.empty() && response.header.response_code() != DnsResponseCode::kNoError) {
    return true;
  }
  if (response.questions.size() != query.questions.size()) return false;
  for (size_t i = 0; i < query.questions.size(); ++i) {
    const DnsQuestion& asked = query.questions[i];
    const DnsQuestion& told = response.questions[i];
    if (asked.type != told.type || asked.question_class != told.question_class ||
        !SameName(asked.name, told.name)) {
      return false;
    }
  }
  return true;
}

}  // namespace dtls13::query
