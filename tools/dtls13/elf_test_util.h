// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_DTLS13_ELF_TEST_UTIL_H_
#define DTLS13_TOOLS_DTLS13_ELF_TEST_UTIL_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace dtls13::command {

// ElfRecipe says what a made ELF file has.
struct ElfRecipe {
  uint16_t type = 3;      // ET_DYN
  uint16_t machine = 62;  // EM_X86_64, which is that of the tests' machine or is not
  std::string interpreter;
  std::vector<std::string> needed;
  std::string soname, rpath, runpath;
  bool is_symbolic = false;
  bool is_pie = false;
  std::vector<std::pair<std::string, std::string>> imports;  // and the version of each, or ""
  std::vector<std::string> defines;
  bool has_old_hash = false;  // DT_HASH in place of DT_GNU_HASH
  std::string text;
};

// NativeRecipe is one for the machine that the tests run on.
ElfRecipe NativeRecipe();

// MakeElf returns a file of which ld.so's part is whole; there is no code in it.
std::vector<uint8_t> MakeElf(const ElfRecipe& recipe);

// WriteElf writes one to `path`; returns `path`.
std::string WriteElf(const std::string& path, const ElfRecipe& recipe);

}  // namespace dtls13::command

#endif  // DTLS13_TOOLS_DTLS13_ELF_TEST_UTIL_H_
