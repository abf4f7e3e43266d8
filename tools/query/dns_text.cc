// SPDX-License-Identifier: Apache-2.0
#include "tools/query/dns_text.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdio>

#include "dtls13/wire/byte_reader.h"

namespace dtls13::query {
namespace {

struct TypeName {
  DnsType type;
  std::string_view name;
};
constexpr TypeName kTypes[] = {
    {DnsType::kA, "A"},     {DnsType::kNs, "NS"},     {DnsType::kCname, "CNAME"},
    {DnsType::kSoa, "SOA"}, {DnsType::kPtr, "PTR"},   {DnsType::kMx, "MX"},
    {DnsType::kTxt, "TXT"}, {DnsType::kAaaa, "AAAA"}, {DnsType::kSrv, "SRV"},
    {DnsType::kOpt, "OPT"}, {DnsType::kAny, "ANY"},
};

constexpr std::array<std::string_view, 6> kResponseCodes = {"NOERROR",  "FORMERR", "SERVFAIL",
                                                            "NXDOMAIN", "NOTIMP",  "REFUSED"};
constexpr std::array<std::string_view, kNumDnsSections> kSections = {"ANSWER", "AUTHORITY",
                                                                     "ADDITIONAL"};

bool SameText(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char left, char right) {
    return std::toupper(static_cast<unsigned char>(left)) ==
           std::toupper(static_cast<unsigned char>(right));
  });
}

std::string ClassText(DnsClass record_class) {
  return record_class == DnsClass::kIn
             ? "IN"
             : "CLASS" + std::to_string(static_cast<uint16_t>(record_class));
}

std::string Hex(std::span<const uint8_t> bytes) {
  std::string text;
  for (const uint8_t byte : bytes) {
    char digits[3];
    std::snprintf(digits, sizeof(digits), "%02x", byte);
    text += digits;
  }
  return text;
}

// UnknownData is RFC 3597's form of any record's data.
std::string UnknownData(std::span<const uint8_t> data) {
  std::string text = "\\# " + std::to_string(data.size());
  return data.empty() ? text : text + " " + Hex(data);
}

std::string AddressText(int family, std::span<const uint8_t> data) {
  char text[INET6_ADDRSTRLEN] = "";
  return inet_ntop(family, data.data(), text, sizeof(text)) == nullptr ? "" : text;
}

// DataReader reads a record's data that has names, which may be compressed, and numbers.
class DataReader {
 public:
  DataReader(const DnsMessage& message, const DnsRecord& record)
      : message_(message.bytes),
        at_(static_cast<size_t>(record.data.data() - message.bytes.data())),
        end_(at_ + record.data.size()) {}

  bool AddName() {
    const std::optional<DnsName> name = ReadDnsName(message_.first(end_), &at_);
    if (!name) return false;
    Add(DnsNameText(*name));
    return true;
  }
  template <typename Number, typename Read>
  bool AddNumber(Read read) {
    ByteReader reader(message_.subspan(at_, end_ - at_));
    Number value;
    if (!read(&reader, &value)) return false;
    at_ = end_ - reader.remaining();
    Add(std::to_string(value));
    return true;
  }
  bool AddU16() {
    return AddNumber<uint16_t>([](ByteReader* in, uint16_t* out) { return in->ReadU16(out); });
  }
  bool AddU32() {
    return AddNumber<uint32_t>([](ByteReader* in, uint32_t* out) { return in->ReadU32(out); });
  }
  // Text is nothing unless all of the data was read.
  std::optional<std::string> Text() const {
    return at_ == end_ ? std::optional(text_) : std::nullopt;
  }

 private:
  void Add(const std::string& word) { text_ += (text_.empty() ? "" : " ") + word; }

  const std::span<const uint8_t> message_;
  size_t at_;
  const size_t end_;
  std::string text_;
};

// TextStrings is a TXT record's data: strings, each with its length before it.
std::optional<std::string> TextStrings(std::span<const uint8_t> data) {
  ByteReader reader(data);
  std::string text;
  std::span<const uint8_t> bytes;
  while (reader.ReadVector8(&bytes)) {
    text += text.empty() ? "\"" : " \"";
    for (const uint8_t byte : bytes) {
      const bool is_plain = byte >= 0x20 && byte < 0x7f;
      if (byte == '"' || byte == '\\') text += '\\';
      char digits[5];
      if (!is_plain) std::snprintf(digits, sizeof(digits), "\\%03d", byte);
      text += is_plain ? std::string(1, static_cast<char>(byte)) : digits;
    }
    text += '"';
  }
  return reader.empty() && !text.empty() ? std::optional(text) : std::nullopt;
}

std::optional<std::string> KnownData(const DnsMessage& message, const DnsRecord& record) {
  DataReader reader(message, record);
  switch (record.type) {
    case DnsType::kA:
      return record.data.size() == 4 ? std::optional(AddressText(AF_INET, record.data))
                                     : std::nullopt;
    case DnsType::kAaaa:
      return record.data.size() == 16 ? std::optional(AddressText(AF_INET6, record.data))
                                      : std::nullopt;
    case DnsType::kNs:
    case DnsType::kCname:
    case DnsType::kPtr:
      return reader.AddName() ? reader.Text() : std::nullopt;
    case DnsType::kMx:
      return reader.AddU16() && reader.AddName() ? reader.Text() : std::nullopt;
    case DnsType::kSrv:
      return reader.AddU16() && reader.AddU16() && reader.AddU16() && reader.AddName()
                 ? reader.Text()
                 : std::nullopt;
    case DnsType::kSoa: {
      bool is_read = reader.AddName() && reader.AddName();
      for (int i = 0; i < 5; ++i) is_read = is_read && reader.AddU32();
      return is_read ? reader.Text() : std::nullopt;
    }
    case DnsType::kTxt:
      return TextStrings(record.data);
    default:
      return std::nullopt;
  }
}

std::string FlagsText(uint16_t flags) {
  constexpr struct {
    uint16_t flag;
    std::string_view name;
  } kFlags[] = {{DnsHeader::kResponse, " qr"},
                {DnsHeader::kAuthoritative, " aa"},
                {DnsHeader::kTruncated, " tc"},
                {DnsHeader::kRecursionDesired, " rd"},
                {DnsHeader::kRecursionAvailable, " ra"}};
  std::string text;
  for (const auto& [flag, name] : kFlags) {
    if ((flags & flag) != 0) text += name;
  }
  return text;
}

}  // namespace

std::string DnsTypeText(DnsType type) {
  for (const TypeName& known : kTypes) {
    if (known.type == type) return std::string(known.name);
  }
  return "TYPE" + std::to_string(static_cast<uint16_t>(type));
}

std::optional<DnsType> ParseDnsType(std::string_view text) {
  for (const TypeName& known : kTypes) {
    if (SameText(known.name, text)) return known.type;
  }
  constexpr std::string_view kPrefix = "TYPE";
  if (text.size() <= kPrefix.size() || !SameText(text.substr(0, kPrefix.size()), kPrefix)) {
    return std::nullopt;
  }
  uint16_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + kPrefix.size(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return static_cast<DnsType>(number);
}

std::string DnsRecordText(const DnsMessage& message, const DnsRecord& record) {
  std::optional<std::string> data = KnownData(message, record);
  return DnsNameText(record.name) + "\t" + std::to_string(record.ttl) + "\t" +
         ClassText(record.record_class) + "\t" + DnsTypeText(record.type) + "\t" +
         data.value_or(UnknownData(record.data));
}

std::string DnsMessageText(const DnsMessage& message) {
  const DnsHeader& header = message.header;
  const auto code = static_cast<size_t>(header.response_code());
  const std::string status = code < kResponseCodes.size() ? std::string(kResponseCodes[code])
                                                          : "RCODE" + std::to_string(code);
  std::string text = ";; ->>HEADER<<- opcode: " +
                     (header.opcode() == 0 ? "QUERY" : std::to_string(header.opcode())) +
                     ", status: " + status + ", id: " + std::to_string(header.id) +
                     "\n;; flags:" + FlagsText(header.flags) +
                     "; QUERY: " + std::to_string(header.counts[0]);
  for (size_t i = 0; i < kNumDnsSections; ++i) {
    text += ", " + std::string(kSections[i]) + ": " + std::to_string(header.counts[i + 1]);
  }
  text += "\n\n;; QUESTION SECTION:\n";
  for (const DnsQuestion& question : message.questions) {
    text += ";" + DnsNameText(question.name) + "\t\t" + ClassText(question.question_class) + "\t" +
            DnsTypeText(question.type) + "\n";
  }
  for (size_t i = 0; i < kNumDnsSections; ++i) {
    std::string lines;
    for (const DnsRecord& record : message.sections[i]) {
      // OPT is no record of anybody's.
      if (record.type != DnsType::kOpt) lines += DnsRecordText(message, record) + "\n";
    }
    if (!lines.empty()) text += "\n;; " + std::string(kSections[i]) + " SECTION:\n" + lines;
  }
  return text;
}

}  // namespace dtls13::query
