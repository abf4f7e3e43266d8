// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13/elf_test_util.h"

#include <elf.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>

namespace dtls13::command {
namespace {

// Image puts the parts of a file together, and remembers where each is.
class Image {
 public:
  explicit Image(const ElfRecipe& recipe) : recipe_(recipe) {
    bytes_.resize(sizeof(Elf64_Ehdr) + kNumSegments * sizeof(Elf64_Phdr));
    names_.push_back('\0');
  }

  std::vector<uint8_t> Make() {
    AddInterpreter();
    AddSymbols();
    AddVersions();
    AddHash();
    for (const std::string& needed : recipe_.needed) AddDynamic(DT_NEEDED, Name(needed));
    if (!recipe_.soname.empty()) AddDynamic(DT_SONAME, Name(recipe_.soname));
    if (!recipe_.rpath.empty()) AddDynamic(DT_RPATH, Name(recipe_.rpath));
    if (!recipe_.runpath.empty()) AddDynamic(DT_RUNPATH, Name(recipe_.runpath));
    if (recipe_.is_symbolic) AddDynamic(DT_FLAGS, DF_SYMBOLIC);
    if (recipe_.is_pie) AddDynamic(DT_FLAGS_1, DF_1_PIE);
    AddDynamic(DT_STRTAB, Add(names_.data(), names_.size()));
    AddDynamic(DT_STRSZ, names_.size());
    AddDynamic(DT_NULL, 0);
    const bool is_dynamic = !recipe_.needed.empty() || !symbols_.empty() || recipe_.is_pie;
    const uint64_t dynamic_len = dynamic_.size() * sizeof(Elf64_Dyn);
    const uint64_t dynamic = Add(dynamic_.data(), dynamic_len);
    if (is_dynamic) segments_.push_back(Segment(PT_DYNAMIC, dynamic, dynamic_len));
    // One byte more, so that the text is a C string with others around it.
    const std::string text = '\0' + recipe_.text + '\0';
    Add(text.data(), text.size());
    segments_.push_back(Segment(PT_LOAD, 0, bytes_.size()));
    WriteHeaders();
    return std::move(bytes_);
  }

 private:
  static constexpr size_t kNumSegments = 3;

  static Elf64_Phdr Segment(uint32_t type, uint64_t offset, uint64_t len) {
    Elf64_Phdr segment = {};
    segment.p_type = type;
    segment.p_offset = segment.p_vaddr = offset;
    segment.p_filesz = segment.p_memsz = len;
    return segment;
  }

  uint64_t Add(const void* data, size_t len) {
    bytes_.resize((bytes_.size() + 7) / 8 * 8);
    const uint64_t offset = bytes_.size();
    bytes_.resize(offset + len);
    std::memcpy(bytes_.data() + offset, data, len);
    return offset;
  }

  uint32_t Name(const std::string& name) {
    const auto offset = static_cast<uint32_t>(names_.size());
    names_ += name + '\0';
    return offset;
  }

  void AddDynamic(int64_t tag, uint64_t value) { dynamic_.push_back({tag, {value}}); }

  void AddInterpreter() {
    if (recipe_.interpreter.empty()) return;
    const uint64_t len = recipe_.interpreter.size() + 1;
    segments_.push_back(Segment(PT_INTERP, Add(recipe_.interpreter.c_str(), len), len));
  }

  void AddSymbols() {
    if (recipe_.imports.empty() && recipe_.defines.empty()) return;
    symbols_.push_back({});
    versions_.push_back(0);
    for (const auto& [name, version] : recipe_.imports) {
      AddSymbol(name, SHN_UNDEF);
      versions_.push_back(version.empty() ? 1 : VersionIndex(version));
    }
    for (const std::string& name : recipe_.defines) {
      AddSymbol(name, 1);
      versions_.push_back(1);
    }
    AddDynamic(DT_SYMTAB, Add(symbols_.data(), symbols_.size() * sizeof(Elf64_Sym)));
    AddDynamic(DT_VERSYM, Add(versions_.data(), versions_.size() * sizeof(uint16_t)));
  }

  void AddSymbol(const std::string& name, uint16_t section) {
    Elf64_Sym symbol = {};
    symbol.st_name = Name(name);
    symbol.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
    symbol.st_shndx = section;
    symbols_.push_back(symbol);
  }

  uint16_t VersionIndex(const std::string& version) {
    const auto next = static_cast<uint16_t>(2 + version_indices_.size());
    return version_indices_.emplace(version, next).first->second;
  }

  // One file has all versions.
  void AddVersions() {
    if (version_indices_.empty()) return;
    Elf64_Verneed file = {};
    file.vn_version = 1;
    file.vn_cnt = static_cast<uint16_t>(version_indices_.size());
    file.vn_file = Name("libssl.so.3");
    file.vn_aux = sizeof file;
    std::vector<uint8_t> table(sizeof file);
    std::memcpy(table.data(), &file, sizeof file);
    size_t num_left = version_indices_.size();
    for (const auto& [name, index] : version_indices_) {
      Elf64_Vernaux version = {};
      version.vna_other = index;
      version.vna_name = Name(name);
      version.vna_next = --num_left == 0 ? 0 : sizeof version;
      const auto* bytes = reinterpret_cast<const uint8_t*>(&version);
      table.insert(table.end(), bytes, bytes + sizeof version);
    }
    AddDynamic(DT_VERNEED, Add(table.data(), table.size()));
    AddDynamic(DT_VERNEEDNUM, 1);
  }

  void AddHash() {
    if (symbols_.empty()) return;
    const auto num_symbols = static_cast<Elf64_Word>(symbols_.size());
    if (recipe_.has_old_hash) {
      std::vector<Elf64_Word> table = {1, num_symbols, 0};
      table.resize(3 + num_symbols);
      AddDynamic(DT_HASH, Add(table.data(), table.size() * sizeof(Elf64_Word)));
      return;
    }
    const auto first = static_cast<Elf64_Word>(1 + recipe_.imports.size());
    // One bucket, one word of the filter.
    std::vector<Elf64_Word> table = {1, first, 1, 0, 0, 0, first < num_symbols ? first : 0};
    for (Elf64_Word i = first; i < num_symbols; ++i) table.push_back(i + 1 == num_symbols ? 1 : 2);
    AddDynamic(DT_GNU_HASH, Add(table.data(), table.size() * sizeof(Elf64_Word)));
  }

  void WriteHeaders() {
    Elf64_Ehdr header = {};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = recipe_.type;
    header.e_machine = recipe_.machine;
    header.e_version = EV_CURRENT;
    header.e_phoff = sizeof header;
    header.e_ehsize = sizeof header;
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_phnum = static_cast<uint16_t>(segments_.size());
    std::memcpy(bytes_.data(), &header, sizeof header);
    std::memcpy(bytes_.data() + sizeof header, segments_.data(),
                segments_.size() * sizeof(Elf64_Phdr));
  }

  const ElfRecipe& recipe_;
  std::vector<uint8_t> bytes_;
  std::vector<Elf64_Phdr> segments_;
  std::vector<Elf64_Dyn> dynamic_;
  std::vector<Elf64_Sym> symbols_;
  std::vector<uint16_t> versions_;
  std::map<std::string, uint16_t> version_indices_;
  std::string names_;
};

}  // namespace

ElfRecipe NativeRecipe() {
  ElfRecipe recipe;
  std::ifstream self("/proc/self/exe", std::ios::binary);
  Elf64_Ehdr header = {};
  self.read(reinterpret_cast<char*>(&header), sizeof header);
  recipe.machine = header.e_machine;
  return recipe;
}

std::vector<uint8_t> MakeElf(const ElfRecipe& recipe) { return Image(recipe).Make(); }

std::string WriteElf(const std::string& path, const ElfRecipe& recipe) {
  const std::vector<uint8_t> bytes = MakeElf(recipe);
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  file.close();
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  return path;
}

}  // namespace dtls13::command
