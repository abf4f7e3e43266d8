// SPDX-License-Identifier: Apache-2.0
// Input: an ELF file, as somebody gives one to `dtls13 doctor`. What is read of it lies within it.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tests/fuzz/check.h"
#include "tools/dtls13/byte_source.h"
#include "tools/dtls13/elf_file.h"
#include "tools/dtls13/object_facts.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dtls13;
  const command::SpanBytes bytes({data, size});
  const auto file = command::ElfFile::Read(bytes);
  const auto facts = command::ReadObject(bytes);
  fuzz::Check(file.ok() == facts.ok());
  if (!file.ok()) return 0;
  // A symbol stands in the file with 24 bytes, and a name with one at least.
  fuzz::Check(file->num_symbols() <= size / 24);
  for (size_t i = 0; i < file->num_symbols(); ++i) {
    const command::ElfSymbol symbol = file->symbol(i);
    fuzz::Check(symbol.name.size() < size && symbol.version.size() < size);
    fuzz::Check(symbol.name.find('\0') == std::string_view::npos);
  }
  fuzz::Check(file->needed().size() <= size / 16 && file->soname().size() < size);
  fuzz::Check(!file->start().is_static_program || file->needed().empty());
  return 0;
}
