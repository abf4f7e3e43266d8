// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13/elf_file.h"

#include <elf.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace dtls13::command {
namespace {

// Linkers write a dozen; ld.so refuses none, but a table of more than this is nobody's program.
constexpr size_t kMaxProgramHeaders = 1024;
// The kernel's own limit of an interpreter's path.
constexpr uint64_t kMaxInterpreterLen = 4096;
constexpr size_t kMaxDynamicEntries = 4096;
constexpr size_t kMaxNeeded = 1024;
// Several times those of libLLVM, the largest of Debian's tables.
constexpr uint64_t kMaxNamesLen = 64 << 20;
constexpr uint64_t kMaxSymbols = 1 << 20;
// A damaged table may be one name, in which all that ask for one begin somewhere. Nothing that is
// looked for is longer than the first, and no list of folders than the second.
constexpr size_t kMaxSymbolNameLen = 256;
constexpr size_t kMaxTextLen = 1 << 16;
constexpr size_t kMaxVersionFiles = 1024;
constexpr size_t kMaxVersions = 8192;

#if defined(__x86_64__)
constexpr uint16_t kOwnMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr uint16_t kOwnMachine = EM_AARCH64;
#elif defined(__riscv)
constexpr uint16_t kOwnMachine = EM_RISCV;
#else
constexpr uint16_t kOwnMachine = EM_NONE;
#endif

absl::Status Damaged(std::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("is a damaged ELF file: ", std::string(what), "."));
}

uint16_t ReadHalf(const unsigned char* bytes, bool is_little_endian) {
  return is_little_endian ? static_cast<uint16_t>(bytes[0] | bytes[1] << 8)
                          : static_cast<uint16_t>(bytes[0] << 8 | bytes[1]);
}

template <typename T>
bool ReadStruct(const ByteSource& bytes, uint64_t offset, T* out) {
  return bytes.ReadAt(offset, {reinterpret_cast<uint8_t*>(out), sizeof *out});
}

// ReadArray allocates once it is known that the bytes are there.
template <typename T>
bool ReadArray(const ByteSource& bytes, uint64_t offset, uint64_t num, std::vector<T>* out) {
  if (num > bytes.size() / sizeof(T) || !bytes.Has(offset, num * sizeof(T))) return false;
  out->resize(num);
  return bytes.ReadAt(offset, {reinterpret_cast<uint8_t*>(out->data()), num * sizeof(T)});
}

}  // namespace

bool ElfIdentity::IsNative() const {
  return is_64_bit && is_little_endian && machine == kOwnMachine;
}

std::string ElfIdentity::Name() const {
  switch (machine) {
    case EM_X86_64:
      return is_64_bit ? "x86-64" : "x32";
    case EM_386:
      return "i386";
    case EM_AARCH64:
      return "aarch64";
    case EM_ARM:
      return "arm";
    case EM_RISCV:
      return is_64_bit ? "riscv64" : "riscv32";
    default:
      return absl::StrCat(is_64_bit ? "64" : "32", "-bit machine ", machine);
  }
}

ElfSymbol ElfFile::symbol(size_t index) const {
  const Symbol& symbol = symbols_[index];
  const auto version = versions_.find(symbol.version);
  return {
      Text(symbol.name, kMaxSymbolNameLen),
      version == versions_.end() ? std::string_view() : Text(version->second, kMaxSymbolNameLen),
      symbol.is_defined};
}

std::string_view ElfFile::Text(uint64_t offset, size_t max_len) const {
  if (offset >= names_.size()) return {};
  const char* begin = names_.data() + offset;
  return {begin, strnlen(begin, std::min<uint64_t>(names_.size() - offset, max_len))};
}

// ElfReader fills an ElfFile from the bytes of one. It knows where parts of the file lie in memory
// once loaded, which is how the dynamic section names them.
class ElfReader {
 public:
  explicit ElfReader(const ByteSource& bytes) : bytes_(bytes) {}

  absl::StatusOr<ElfFile> Read() {
    if (absl::Status status = ReadHeader(); !status.ok()) return status;
    if (!file_.start_.identity.is_64_bit || !file_.start_.identity.is_little_endian)
      return std::move(file_);
    if (absl::Status status = ReadSegments(); !status.ok()) return status;
    if (absl::Status status = ReadDynamic(); !status.ok()) return status;
    if (absl::Status status = ReadSymbols(); !status.ok()) return status;
    if (absl::Status status = ReadVersions(); !status.ok()) return status;
    const bool is_pie = (Value(DT_FLAGS_1).value_or(0) & DF_1_PIE) != 0;
    ElfStart& start = file_.start_;
    start.is_static_program = start.interpreter.empty() && file_.needed_.empty() &&
                              (start.identity.type == ET_EXEC || is_pie);
    return std::move(file_);
  }

 private:
  absl::Status ReadHeader() {
    constexpr size_t kTypeAt = offsetof(Elf64_Ehdr, e_type);
    constexpr size_t kMachineAt = offsetof(Elf64_Ehdr, e_machine);
    unsigned char head[kMachineAt + 2];
    if (!bytes_.ReadAt(0, head) || std::memcmp(head, ELFMAG, SELFMAG) != 0) {
      return absl::InvalidArgumentError("is no ELF file.");
    }
    ElfIdentity& identity = file_.start_.identity;
    identity.is_64_bit = head[EI_CLASS] == ELFCLASS64;
    identity.is_little_endian = head[EI_DATA] == ELFDATA2LSB;
    identity.type = ReadHalf(head + kTypeAt, identity.is_little_endian);
    identity.machine = ReadHalf(head + kMachineAt, identity.is_little_endian);
    return absl::OkStatus();
  }

  absl::Status ReadSegments() {
    Elf64_Ehdr header;
    if (!ReadStruct(bytes_, 0, &header)) return Damaged("its header is cut short");
    if (header.e_phnum == 0) return absl::OkStatus();
    std::vector<Elf64_Phdr> segments;
    if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum > kMaxProgramHeaders ||
        !ReadArray(bytes_, header.e_phoff, header.e_phnum, &segments)) {
      return Damaged("its program headers are not there");
    }
    for (const Elf64_Phdr& segment : segments) {
      if (segment.p_type == PT_LOAD) loads_.push_back(segment);
      if (segment.p_type == PT_DYNAMIC) dynamic_ = segment;
      if (segment.p_type != PT_INTERP) continue;
      std::vector<char> path;
      if (segment.p_filesz > kMaxInterpreterLen ||
          !ReadArray(bytes_, segment.p_offset, segment.p_filesz, &path)) {
        return Damaged("its interpreter's name is not there");
      }
      path.push_back('\0');
      file_.start_.interpreter = path.data();
    }
    return absl::OkStatus();
  }

  absl::Status ReadDynamic() {
    if (!dynamic_) return absl::OkStatus();
    std::vector<Elf64_Dyn> entries;
    const uint64_t num_entries = dynamic_->p_filesz / sizeof(Elf64_Dyn);
    if (num_entries > kMaxDynamicEntries ||
        !ReadArray(bytes_, dynamic_->p_offset, num_entries, &entries)) {
      return Damaged("its dynamic section is not there");
    }
    const auto end = std::find_if(entries.begin(), entries.end(),
                                  [](const Elf64_Dyn& entry) { return entry.d_tag == DT_NULL; });
    entries.erase(end, entries.end());
    for (const Elf64_Dyn& entry : entries) {
      // Of two of a kind ld.so takes the last one.
      if (entry.d_tag != DT_NEEDED) values_[entry.d_tag] = entry.d_un.d_val;
    }
    file_.is_symbolic_ =
        values_.contains(DT_SYMBOLIC) || (Value(DT_FLAGS).value_or(0) & DF_SYMBOLIC) != 0;
    if (absl::Status status = ReadNames(); !status.ok()) return status;
    for (const Elf64_Dyn& entry : entries) {
      if (entry.d_tag != DT_NEEDED) continue;
      if (file_.needed_.size() == kMaxNeeded) return Damaged("it needs too many libraries");
      file_.needed_.emplace_back(file_.Text(entry.d_un.d_val, kMaxTextLen));
    }
    file_.soname_ = NameOf(DT_SONAME);
    file_.rpath_ = NameOf(DT_RPATH);
    file_.runpath_ = NameOf(DT_RUNPATH);
    return absl::OkStatus();
  }

  absl::Status ReadNames() {
    if (!Value(DT_STRTAB)) return absl::OkStatus();
    const auto offset = Offset(*Value(DT_STRTAB));
    const uint64_t len = Value(DT_STRSZ).value_or(0);
    if (!offset || len > kMaxNamesLen || !ReadArray(bytes_, *offset, len, &file_.names_)) {
      return Damaged("its names are not there");
    }
    return absl::OkStatus();
  }

  absl::Status ReadSymbols() {
    if (!Value(DT_SYMTAB)) return absl::OkStatus();
    const auto offset = Offset(*Value(DT_SYMTAB));
    const auto num_symbols = NumSymbols();
    std::vector<Elf64_Sym> symbols;
    if (!offset || !num_symbols || !ReadArray(bytes_, *offset, *num_symbols, &symbols)) {
      return Damaged("its symbols are not there");
    }
    std::vector<uint16_t> versions;
    if (Value(DT_VERSYM)) {
      const auto versions_offset = Offset(*Value(DT_VERSYM));
      if (!versions_offset || !ReadArray(bytes_, *versions_offset, *num_symbols, &versions)) {
        return Damaged("its symbols' versions are not there");
      }
    }
    for (size_t i = 0; i < symbols.size(); ++i) {
      const auto binding = ELF64_ST_BIND(symbols[i].st_info);
      if (symbols[i].st_name == 0 || binding == STB_LOCAL) continue;
      // The highest bit hides a definition from whoever names no version.
      const uint16_t version = versions.empty() ? 0 : versions[i] & 0x7fff;
      file_.symbols_.push_back({symbols[i].st_name, version, symbols[i].st_shndx != SHN_UNDEF});
    }
    return absl::OkStatus();
  }

  // NumSymbols is how long the symbol table is, which only the hash tables say; none where they are
  // not there or say too much.
  std::optional<uint64_t> NumSymbols() const {
    if (const auto address = Value(DT_HASH)) {
      // Its second word is the number.
      Elf64_Word words[2];
      const auto offset = Offset(*address);
      if (!offset || !ReadStruct(bytes_, *offset, &words) || words[1] > kMaxSymbols) return {};
      return words[1];
    }
    const auto address = Value(DT_GNU_HASH);
    if (!address) return 0;
    const auto offset = Offset(*address);
    return offset ? NumHashedSymbols(*offset) : std::nullopt;
  }

  // The GNU hash table has its symbols at the end of the symbol table, by bucket: the last chain
  // begins where the highest bucket says, and its last word is odd.
  std::optional<uint64_t> NumHashedSymbols(uint64_t offset) const {
    struct {
      Elf64_Word num_buckets, first_symbol, num_bloom_words, bloom_shift;
    } header;
    std::vector<Elf64_Word> buckets;
    if (!ReadStruct(bytes_, offset, &header) || header.num_buckets > kMaxSymbols ||
        header.num_bloom_words > kMaxSymbols || header.first_symbol > kMaxSymbols) {
      return {};
    }
    const uint64_t buckets_offset =
        offset + sizeof header + uint64_t{header.num_bloom_words} * sizeof(Elf64_Xword);
    if (!ReadArray(bytes_, buckets_offset, header.num_buckets, &buckets)) return {};
    const uint64_t chains_offset = buckets_offset + buckets.size() * sizeof(Elf64_Word);
    uint64_t last = 0;
    for (const Elf64_Word bucket : buckets) last = std::max<uint64_t>(last, bucket);
    if (last < header.first_symbol) return header.first_symbol;
    for (; last < kMaxSymbols; ++last) {
      Elf64_Word hash;
      const uint64_t at = chains_offset + (last - header.first_symbol) * sizeof hash;
      if (!ReadStruct(bytes_, at, &hash)) return {};
      if ((hash & 1) != 0) return last + 1;
    }
    return {};
  }

  absl::Status ReadVersions() {
    if (!Value(DT_VERNEED)) return absl::OkStatus();
    const auto offset = Offset(*Value(DT_VERNEED));
    const uint64_t num_files = Value(DT_VERNEEDNUM).value_or(0);
    if (!offset || num_files > kMaxVersionFiles) return Damaged("its versions are not there");
    uint64_t at = *offset;
    for (uint64_t i = 0; i < num_files; ++i) {
      Elf64_Verneed file;
      if (!ReadStruct(bytes_, at, &file)) return Damaged("its versions are not there");
      uint64_t version_at = at + file.vn_aux;
      for (int j = 0; j < file.vn_cnt; ++j) {
        Elf64_Vernaux version;
        if (!ReadStruct(bytes_, version_at, &version) || ++num_versions_ > kMaxVersions) {
          return Damaged("its versions are not there");
        }
        file_.versions_[version.vna_other & 0x7fff] = version.vna_name;
        if (version.vna_next == 0) break;
        version_at += version.vna_next;
      }
      if (file.vn_next == 0) break;
      at += file.vn_next;
    }
    return absl::OkStatus();
  }

  std::optional<uint64_t> Value(int64_t tag) const {
    const auto found = values_.find(tag);
    if (found == values_.end()) return {};
    return found->second;
  }

  std::string NameOf(int64_t tag) const {
    const auto offset = Value(tag);
    return offset ? std::string(file_.Text(*offset, kMaxTextLen)) : std::string();
  }

  // Offset is where in the file lies what is loaded to `address`.
  std::optional<uint64_t> Offset(uint64_t address) const {
    for (const Elf64_Phdr& load : loads_) {
      if (address < load.p_vaddr || address - load.p_vaddr >= load.p_filesz) continue;
      // The offset of a damaged file may go round; ReadAt then reads elsewhere in it or refuses.
      return load.p_offset + (address - load.p_vaddr);
    }
    return {};
  }

  const ByteSource& bytes_;
  ElfFile file_;
  std::vector<Elf64_Phdr> loads_;
  std::optional<Elf64_Phdr> dynamic_;
  std::map<int64_t, uint64_t> values_;  // of the dynamic section, by tag
  size_t num_versions_ = 0;
};

absl::StatusOr<ElfFile> ElfFile::Read(const ByteSource& bytes) { return ElfReader(bytes).Read(); }

}  // namespace dtls13::command
