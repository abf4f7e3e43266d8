// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13/text_scan.h"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace dtls13::command {
namespace {

// Browsers have 300 MB.
constexpr uint64_t kMaxScannedLen = 1 << 30;
constexpr size_t kPieceLen = 1 << 20;
// What is looked for is shorter than this, so that pieces that overlap so much hide nothing.
constexpr size_t kOverlapLen = 512;
constexpr size_t kMaxVersionTextLen = 80;
constexpr size_t kMaxLibraryNameLen = 255;
constexpr size_t kMaxLibraryNames = 256;

// libssl's name of a state since OpenSSL 1.1, which SSL_state_string_long returns.
constexpr std::string_view kOpensslState = "SSLv3/TLS write client hello";
// BoringSSL's, by its own tls_client.cc.
constexpr std::string_view kBoringsslState = "TLS client send_client_certificate_verify";
constexpr std::string_view kOpensslVersion = "OpenSSL ";
constexpr std::string_view kLibraryEnding = ".so";

bool Contains(std::string_view text, std::string_view part) {
  return memmem(text.data(), text.size(), part.data(), part.size()) != nullptr;
}

bool IsPrintable(char c) { return c > ' ' && c < 0x7f; }

// StringAround is the C string that has the character at `at`; empty where the piece has not all of
// it or something else than printable characters is in it.
std::string_view StringAround(std::string_view text, size_t at, size_t max_len) {
  size_t begin = at;
  while (begin > 0 && at - begin < max_len && IsPrintable(text[begin - 1])) --begin;
  size_t end = at;
  while (end < text.size() && end - begin <= max_len && IsPrintable(text[end])) ++end;
  const bool is_whole = begin > 0 && text[begin - 1] == '\0' && end < text.size() &&
                        text[end] == '\0' && end - begin <= max_len;
  return is_whole ? text.substr(begin, end - begin) : std::string_view();
}

// "libx.so", "libx.so.1", "/a/b.so"; no pattern of printf's and no list.
bool IsLibraryName(std::string_view name) {
  if (name.empty() || name.find_first_of("%:;,*()<>=\"'") != std::string_view::npos) return false;
  const size_t ending = name.rfind(kLibraryEnding);
  const std::string_view number = name.substr(ending + kLibraryEnding.size());
  return (name.starts_with("lib") || name.starts_with('/')) &&
         std::all_of(number.begin(), number.end(),
                     [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
}

void FindLibraryNames(std::string_view text, std::vector<std::string>* names) {
  for (size_t at = text.find(kLibraryEnding); at != std::string_view::npos;
       at = text.find(kLibraryEnding, at + kLibraryEnding.size())) {
    if (names->size() == kMaxLibraryNames) return;
    const std::string_view name = StringAround(text, at, kMaxLibraryNameLen);
    if (!IsLibraryName(name)) continue;
    if (std::find(names->begin(), names->end(), name) == names->end()) names->emplace_back(name);
  }
}

// IsVersion says whether `text` begins as OPENSSL_VERSION_TEXT goes on: "3.0.19 27 Jan 2026".
bool IsVersion(std::string_view text) {
  const std::string_view number = text.substr(0, text.find(' '));
  return std::count(number.begin(), number.end(), '.') == 2 && number.front() >= '0' &&
         number.front() <= '9' &&
         std::all_of(text.begin(), text.end(), [](char c) { return c == ' ' || IsPrintable(c); });
}

std::string FindOpensslVersion(std::string_view text) {
  for (size_t at = text.find(kOpensslVersion); at != std::string_view::npos;
       at = text.find(kOpensslVersion, at + kOpensslVersion.size())) {
    const std::string_view rest = text.substr(at, kMaxVersionTextLen);
    const size_t end = rest.find('\0');
    if (end == std::string_view::npos) continue;
    const std::string_view version = rest.substr(0, end);
    if (IsVersion(version.substr(kOpensslVersion.size()))) return std::string(version);
  }
  return "";
}

void ScanPiece(std::string_view text, TextFindings* findings) {
  if (!findings->has_openssl) findings->has_openssl = Contains(text, kOpensslState);
  if (!findings->has_boringssl) findings->has_boringssl = Contains(text, kBoringsslState);
  if (findings->openssl_version.empty()) findings->openssl_version = FindOpensslVersion(text);
  FindLibraryNames(text, &findings->library_names);
}

}  // namespace

TextFindings ScanText(const ByteSource& bytes) {
  TextFindings findings;
  const uint64_t end = std::min(bytes.size(), kMaxScannedLen);
  std::vector<uint8_t> piece;
  for (uint64_t offset = 0; offset < end;) {
    piece.resize(std::min<uint64_t>(kPieceLen, end - offset));
    if (!bytes.ReadAt(offset, piece)) break;
    ScanPiece({reinterpret_cast<const char*>(piece.data()), piece.size()}, &findings);
    if (offset + piece.size() == end) break;
    offset += piece.size() - kOverlapLen;
  }
  return findings;
}

}  // namespace dtls13::command
