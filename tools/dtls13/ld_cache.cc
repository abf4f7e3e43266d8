// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13/ld_cache.h"

#include <cstdint>
#include <cstring>
#include <utility>

namespace dtls13::command {
namespace {

constexpr std::string_view kMagic = "glibc-ld.so.cache1.1";
// Some hundred bytes for each library of a system.
constexpr uint64_t kMaxCacheLen = 16 << 20;

struct Header {
  char magic[20];
  uint32_t num_entries;
  uint32_t strings_len;
  uint32_t unused[5];
};

struct Entry {
  int32_t flags;
  uint32_t name;  // both are offsets of strings in the file
  uint32_t file;
  uint32_t os_version;
  uint64_t hardware;
};

// StringAt is empty where no string ends.
std::string_view StringAt(const std::vector<uint8_t>& cache, uint64_t offset) {
  if (offset >= cache.size()) return {};
  const char* begin = reinterpret_cast<const char*>(cache.data()) + offset;
  const size_t len = strnlen(begin, cache.size() - offset);
  return offset + len < cache.size() ? std::string_view(begin, len) : std::string_view();
}

}  // namespace

LdCache LdCache::Read(const ByteSource& bytes) {
  LdCache cache;
  if (bytes.size() > kMaxCacheLen) return cache;
  std::vector<uint8_t> text(bytes.size());
  Header header;
  if (text.size() < sizeof header || !bytes.ReadAt(0, text)) return cache;
  std::memcpy(&header, text.data(), sizeof header);
  if (std::string_view(header.magic, sizeof header.magic) != kMagic) return cache;
  for (uint32_t i = 0; i < header.num_entries; ++i) {
    const uint64_t at = sizeof header + uint64_t{i} * sizeof(Entry);
    if (at + sizeof(Entry) > text.size()) break;
    Entry entry;
    std::memcpy(&entry, text.data() + at, sizeof entry);
    cache.files_.emplace(StringAt(text, entry.name), StringAt(text, entry.file));
  }
  return cache;
}

std::vector<std::string> LdCache::Find(std::string_view name) const {
  std::vector<std::string> files;
  const auto [begin, end] = files_.equal_range(name);
  for (auto file = begin; file != end; ++file) files.push_back(file->second);
  return files;
}

}  // namespace dtls13::command
