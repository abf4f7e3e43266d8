// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13/ld_cache.h"

#include <gtest/gtest.h>

#include <cstring>
#include <utility>

namespace dtls13::command {
namespace {

// A cache as ldconfig writes it, of sonames and files.
std::vector<uint8_t> MakeCache(const std::vector<std::pair<std::string, std::string>>& files) {
  std::string strings;
  std::vector<uint32_t> words = {static_cast<uint32_t>(files.size()), 0, 2, 0, 0, 0, 0};
  const size_t strings_at = 48 + files.size() * 24;
  for (const auto& [name, file] : files) {
    const size_t name_at = strings_at + strings.size();
    strings += name + '\0';
    const size_t file_at = strings_at + strings.size();
    strings += file + '\0';
    words.insert(words.end(),
                 {0x303, static_cast<uint32_t>(name_at), static_cast<uint32_t>(file_at), 0, 0, 0});
  }
  std::string cache = "glibc-ld.so.cache1.1";
  cache.append(reinterpret_cast<const char*>(words.data()), words.size() * sizeof words[0]);
  cache += strings;
  return {cache.begin(), cache.end()};
}

LdCache ReadBytes(const std::vector<uint8_t>& bytes) { return LdCache::Read(SpanBytes(bytes)); }

TEST(LdCache, FindsFilesInTheirOrder) {
  const LdCache cache = ReadBytes(
      MakeCache({{"liba.so.1", "/new/liba.so.1"}, {"libb.so.2", "/b"}, {"liba.so.1", "/old/a"}}));
  EXPECT_EQ(cache.Find("liba.so.1"), (std::vector<std::string>{"/new/liba.so.1", "/old/a"}));
  EXPECT_EQ(cache.Find("libb.so.2"), std::vector<std::string>{"/b"});
  EXPECT_TRUE(cache.Find("libb.so").empty());
}

TEST(LdCache, HasNothingOfWhatIsDamaged) {
  const std::vector<uint8_t> whole = MakeCache({{"liba.so.1", "/a"}, {"libb.so.2", "/b"}});
  for (size_t len = 0; len < whole.size(); ++len) {
    const std::vector<uint8_t> piece(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(len));
    for (const std::string& file : ReadBytes(piece).Find("libb.so.2")) EXPECT_EQ(file, "");
  }
  std::vector<uint8_t> changed = whole;
  std::memset(changed.data() + 20, 0xff, 4);  // entries that are not there
  EXPECT_EQ(ReadBytes(changed).Find("liba.so.1"), std::vector<std::string>{"/a"});
  std::memset(changed.data() + 52, 0xff, 8);  // strings that are not there
  EXPECT_TRUE(ReadBytes(changed).Find("liba.so.1").empty());
  changed[0] = 'x';
  EXPECT_TRUE(ReadBytes(changed).Find("libb.so.2").empty());
}

}  // namespace
}  // namespace dtls13::command
