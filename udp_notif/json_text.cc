// SPDX-License-Identifier: Apache-2.0
#include "udp_notif/json_text.h"

#include <cstddef>
#include <string_view>
#include <vector>

namespace dtls13::udp_notif {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

bool IsDigit(uint8_t c) { return c >= '0' && c <= '9'; }
bool IsHexDigit(uint8_t c) {
  return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool IsWhite(uint8_t c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// JsonReader walks over one JSON value and copies its tokens. Arrays and objects are on a stack of
// its own: what the text nests does not nest calls.
class JsonReader {
 public:
  JsonReader(std::span<const uint8_t> text, std::string* out) : text_(text), out_(out) {}

  bool ReadWhole() {
    do {
      if (!ReadValue()) return false;
      if (!CloseAndSeparate()) return false;
    } while (!open_.empty());
    return at_ == text_.size();
  }

 private:
  bool Done() const { return at_ == text_.size(); }
  uint8_t Peek() const { return Done() ? 0 : text_[at_]; }
  void SkipWhite() {
    while (!Done() && IsWhite(text_[at_])) ++at_;
  }
  void Copy() { out_->push_back(static_cast<char>(text_[at_++])); }
  bool CopyIf(uint8_t c) {
    if (Done() || text_[at_] != c) return false;
    Copy();
    return true;
  }

  // Reads a scalar, an empty array or object, or opens one and reads the scalar at its very depth.
  bool ReadValue() {
    for (;;) {
      SkipWhite();
      const uint8_t c = Peek();
      if (c != '{' && c != '[') return ReadScalar();
      if (open_.size() == kMaxJsonDepth) return false;
      Copy();
      SkipWhite();
      const uint8_t end = c == '{' ? '}' : ']';
      if (CopyIf(end)) return true;
      open_.push_back(end);
      if (c == '{' && !ReadName()) return false;
    }
  }

  // Closes what ends behind a value, and stands before the next value of what does not. With
  // nothing open it stands behind the text's white space.
  bool CloseAndSeparate() {
    for (;;) {
      SkipWhite();
      if (open_.empty()) return true;
      if (CopyIf(open_.back())) {
        open_.pop_back();
        continue;
      }
      if (!CopyIf(',')) return false;
      SkipWhite();
      return open_.back() == ']' || ReadName();
    }
  }

  bool ReadName() {
    if (!ReadString()) return false;
    SkipWhite();
    return CopyIf(':');
  }

  bool ReadScalar() {
    switch (Peek()) {
      case '"':
        return ReadString();
      case 't':
        return ReadWord("true");
      case 'f':
        return ReadWord("false");
      case 'n':
        return ReadWord("null");
      default:
        return ReadNumber();
    }
  }

  bool ReadWord(std::string_view word) {
    for (const char c : word) {
      if (!CopyIf(static_cast<uint8_t>(c))) return false;
    }
    return true;
  }

  bool ReadDigits() {
    if (!IsDigit(Peek())) return false;
    while (IsDigit(Peek())) Copy();
    return true;
  }

  bool ReadNumber() {
    CopyIf('-');
    if (!CopyIf('0') && !ReadDigits()) return false;
    if (CopyIf('.') && !ReadDigits()) return false;
    if (Peek() != 'e' && Peek() != 'E') return true;
    Copy();
    if (!CopyIf('+')) CopyIf('-');
    return ReadDigits();
  }

  bool ReadString() {
    if (!CopyIf('"')) return false;
    while (!Done() && text_[at_] != '"') {
      constexpr uint8_t kFirstPrintable = 0x20;
      if (text_[at_] < kFirstPrintable) return false;
      const bool is_escape = text_[at_] == '\\';
      Copy();
      if (is_escape && !ReadEscape()) return false;
    }
    return CopyIf('"');
  }

  bool ReadEscape() {
    constexpr std::string_view kEscapes = "\"\\/bfnrt";
    if (CopyIf('u')) {
      for (int i = 0; i < 4; ++i) {
        if (!IsHexDigit(Peek())) return false;
        Copy();
      }
      return true;
    }
    if (Done() || kEscapes.find(static_cast<char>(text_[at_])) == std::string_view::npos) {
      return false;
    }
    Copy();
    return true;
  }

  std::span<const uint8_t> text_;
  std::string* out_;
  size_t at_ = 0;
  std::vector<uint8_t> open_;  // what closes each, the innermost last
};

// The number of octets behind a first one, and the range of the second; RFC 3629 section 4.
struct Utf8Form {
  size_t num_more = 0;
  uint8_t second_min = 0x80;
  uint8_t second_max = 0xbf;
};

bool FormOf(uint8_t first, Utf8Form* form) {
  if (first < 0x80) {
    *form = {};
  } else if (first >= 0xc2 && first <= 0xdf) {
    *form = {.num_more = 1};
  } else if (first >= 0xe0 && first <= 0xef) {
    *form = {.num_more = 2,
             .second_min = static_cast<uint8_t>(first == 0xe0 ? 0xa0 : 0x80),
             .second_max = static_cast<uint8_t>(first == 0xed ? 0x9f : 0xbf)};
  } else if (first >= 0xf0 && first <= 0xf4) {
    *form = {.num_more = 3,
             .second_min = static_cast<uint8_t>(first == 0xf0 ? 0x90 : 0x80),
             .second_max = static_cast<uint8_t>(first == 0xf4 ? 0x8f : 0xbf)};
  } else {
    return false;
  }
  return true;
}

}  // namespace

bool IsUtf8(std::span<const uint8_t> text) {
  size_t at = 0;
  while (at < text.size()) {
    Utf8Form form;
    if (!FormOf(text[at++], &form)) return false;
    if (text.size() - at < form.num_more) return false;
    for (size_t i = 0; i < form.num_more; ++i, ++at) {
      const uint8_t min = i == 0 ? form.second_min : 0x80;
      const uint8_t max = i == 0 ? form.second_max : 0xbf;
      if (text[at] < min || text[at] > max) return false;
    }
  }
  return true;
}

void AppendJsonString(std::span<const uint8_t> text, std::string* out) {
  out->push_back('"');
  for (const uint8_t c : text) {
    if (c == '"' || c == '\\') {
      out->push_back('\\');
      out->push_back(static_cast<char>(c));
    } else if (c == '\n') {
      out->append("\\n");
    } else if (c < 0x20 || c == 0x7f) {
      out->append("\\u00");
      out->push_back(kHexDigits[c >> 4]);
      out->push_back(kHexDigits[c & 0xf]);
    } else {
      out->push_back(static_cast<char>(c));
    }
  }
  out->push_back('"');
}

bool AppendCompactJson(std::span<const uint8_t> text, std::string* out) {
  if (!IsUtf8(text)) return false;
  const size_t old_len = out->size();
  if (JsonReader(text, out).ReadWhole()) return true;
  out->resize(old_len);
  return false;
}

}  // namespace dtls13::udp_notif
