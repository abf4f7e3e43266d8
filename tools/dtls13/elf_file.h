// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_DTLS13_ELF_FILE_H_
#define DTLS13_TOOLS_DTLS13_ELF_FILE_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/dtls13/byte_source.h"

namespace dtls13::command {

// ElfIdentity says for which machine a file is made.
struct ElfIdentity {
  bool is_64_bit = false;
  bool is_little_endian = false;
  uint16_t type = 0;     // ET_EXEC, ET_DYN ...
  uint16_t machine = 0;  // EM_X86_64 ...

  // IsNative says whether it is this command's own machine, which is the library's.
  bool IsNative() const;
  // Name is for a person: "x86-64", "i386", "64-bit machine 243".
  std::string Name() const;
};

// ElfStart is what decides how the kernel and ld.so start a file.
struct ElfStart {
  ElfIdentity identity;
  // The program that loads it: empty for a static program, and for a library.
  std::string interpreter;
  // A program that no loader prepares.
  bool is_static_program = false;
};

// ElfSymbol is one dynamic symbol that other objects see or that is wanted of them. The views are
// into its ElfFile.
struct ElfSymbol {
  std::string_view name;
  std::string_view version;  // of an import: the node it must come from, "OPENSSL_3.0.0"
  bool is_defined = false;
};

// ElfFile is what ld.so reads of an ELF file: the interpreter, the dynamic section and the dynamic
// symbols. Every number in the file is held against the bytes that are there and against a bound,
// so that no file makes it read beyond, go round for ever or allocate without end. It does not know
// where other objects are, nor what any name means.
class ElfFile {
 public:
  // Read reads `bytes`, which it does not keep. InvalidArgument for what is no ELF file or a
  // damaged one, in words that follow a file's name. Of a file for another machine there is only
  // the identity.
  static absl::StatusOr<ElfFile> Read(const ByteSource& bytes);

  const ElfIdentity& identity() const { return start_.identity; }
  const ElfStart& start() const { return start_; }
  const std::vector<std::string>& needed() const { return needed_; }
  const std::string& soname() const { return soname_; }
  const std::string& rpath() const { return rpath_; }
  const std::string& runpath() const { return runpath_; }
  // is_symbolic says whether its references are bound to itself first (DT_SYMBOLIC).
  bool is_symbolic() const { return is_symbolic_; }

  size_t num_symbols() const { return symbols_.size(); }
  // symbol is the one at `index`, below num_symbols().
  ElfSymbol symbol(size_t index) const;

 private:
  friend class ElfReader;

  struct Symbol {
    uint32_t name;  // an offset in names_
    uint16_t version;
    bool is_defined;
  };

  // Text is the string at `offset` in names_, or the first `max_len` characters of it; empty where
  // that is none.
  std::string_view Text(uint64_t offset, size_t max_len) const;

  ElfStart start_;
  bool is_symbolic_ = false;
  std::vector<std::string> needed_;
  std::string soname_, rpath_, runpath_;
  std::vector<char> names_;
  std::vector<Symbol> symbols_;
  std::map<uint16_t, uint32_t> versions_;  // of imports: to the name's offset in names_
};

}  // namespace dtls13::command

#endif  // DTLS13_TOOLS_DTLS13_ELF_FILE_H_
