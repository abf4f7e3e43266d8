// SPDX-License-Identifier: Apache-2.0
#include "shim/interpose/loaded_object.h"

#include <unistd.h>

#include <algorithm>
#include <iterator>

namespace dtls13::shim {
namespace {

// The relocations that put a function's address, and nothing else, into a place.
#if defined(__x86_64__)
constexpr uint32_t kLazy = R_X86_64_JUMP_SLOT;
constexpr uint32_t kEager[] = {R_X86_64_GLOB_DAT, R_X86_64_64};
#elif defined(__aarch64__)
constexpr uint32_t kLazy = R_AARCH64_JUMP_SLOT;
constexpr uint32_t kEager[] = {R_AARCH64_GLOB_DAT, R_AARCH64_ABS64};
#else
#error "Relocations of functions are not known for this architecture."
#endif

// glibc bit of a version index: the symbol is hidden from lookups without a version.
constexpr ElfW(Half) kVersionIndexMask = 0x7fff;

}  // namespace

std::optional<LoadedObject> LoadedObject::Of(const dl_phdr_info& info) {
  LoadedObject object;
  object.base_ = info.dlpi_addr;
  const ElfW(Dyn)* dynamic = nullptr;
  for (const ElfW(Phdr) & header : std::span(info.dlpi_phdr, info.dlpi_phnum)) {
    const uintptr_t begin = info.dlpi_addr + header.p_vaddr;
    const Range range = {begin, begin + header.p_memsz};
    if (header.p_type == PT_DYNAMIC) {
      dynamic = reinterpret_cast<const ElfW(Dyn)*>(begin);
    } else if (header.p_type == PT_LOAD && (header.p_flags & PF_X) != 0) {
      object.code_.push_back(range);
    } else if (header.p_type == PT_GNU_RELRO) {
      object.sealed_ = range;
    }
  }
  if (dynamic == nullptr || !object.ReadDynamic(dynamic)) return std::nullopt;
  return object;
}

bool LoadedObject::ReadDynamic(const ElfW(Dyn) * dynamic) {
  // The dynamic linker has added the base to these in memory, but not where it may not write.
  const auto address = [this](const ElfW(Dyn) & entry) {
    return entry.d_un.d_ptr < base_ ? base_ + entry.d_un.d_ptr : entry.d_un.d_ptr;
  };
  const auto relocations = [](uintptr_t begin, size_t len) {
    return std::span(reinterpret_cast<const ElfW(Rela)*>(begin), len / sizeof(ElfW(Rela)));
  };
  uintptr_t lazy = 0, eager = 0;
  size_t lazy_len = 0, eager_len = 0;
  bool has_addends = true;
  for (const ElfW(Dyn)* entry = dynamic; entry->d_tag != DT_NULL; ++entry) {
    switch (entry->d_tag) {
      case DT_SYMTAB:
        symbols_ = reinterpret_cast<const ElfW(Sym)*>(address(*entry));
        break;
      case DT_STRTAB:
        strings_ = reinterpret_cast<const char*>(address(*entry));
        break;
      case DT_STRSZ:
        strings_len_ = entry->d_un.d_val;
        break;
      case DT_VERSYM:
        versions_ = reinterpret_cast<const ElfW(Half)*>(address(*entry));
        break;
      case DT_VERNEED:
        needed_ = reinterpret_cast<const ElfW(Verneed)*>(address(*entry));
        break;
      case DT_VERNEEDNUM:
        num_needed_ = entry->d_un.d_val;
        break;
      case DT_JMPREL:
        lazy = address(*entry);
        break;
      case DT_PLTRELSZ:
        lazy_len = entry->d_un.d_val;
        break;
      case DT_PLTREL:
        has_addends = entry->d_un.d_val == DT_RELA;
        break;
      case DT_RELA:
        eager = address(*entry);
        break;
      case DT_RELASZ:
        eager_len = entry->d_un.d_val;
        break;
      default:
        break;
    }
  }
  if (symbols_ == nullptr || strings_ == nullptr) return false;
  if (lazy != 0 && has_addends) lazy_ = relocations(lazy, lazy_len);
  if (eager != 0) eager_ = relocations(eager, eager_len);
  return true;
}

std::vector<Relocation> LoadedObject::Relocations() const {
  std::vector<Relocation> found;
  AddRelocations(lazy_, &found);
  AddRelocations(eager_, &found);
  return found;
}

void LoadedObject::AddRelocations(std::span<const ElfW(Rela)> table,
                                  std::vector<Relocation>* out) const {
  for (const ElfW(Rela) & relocation : table) {
    const auto type = static_cast<uint32_t>(ELF64_R_TYPE(relocation.r_info));
    const bool is_lazy = type == kLazy;
    if (relocation.r_addend != 0 ||
        (!is_lazy && std::ranges::find(kEager, type) == std::end(kEager)))
      continue;
    const size_t symbol = ELF64_R_SYM(relocation.r_info);
    const size_t name = symbols_[symbol].st_name;
    if (symbol == 0 || name == 0 || name >= strings_len_) continue;
    // Of a program without PIE, what is not its own has a value too.
    const bool is_own = symbols_[symbol].st_shndx != SHN_UNDEF;
    out->push_back(
        {.name = strings_ + name,
         .version = VersionOf(symbol),
         .slot = reinterpret_cast<void**>(base_ + relocation.r_offset),
         .is_lazy = is_lazy,
         .own = is_own ? reinterpret_cast<void*>(base_ + symbols_[symbol].st_value) : nullptr});
  }
}

const char* LoadedObject::VersionOf(size_t symbol) const {
  if (versions_ == nullptr || needed_ == nullptr) return nullptr;
  const ElfW(Half) index = versions_[symbol] & kVersionIndexMask;
  const auto* file = reinterpret_cast<const char*>(needed_);
  for (size_t i = 0; i < num_needed_; ++i) {
    const auto& need = *reinterpret_cast<const ElfW(Verneed)*>(file);
    const char* entry = file + need.vn_aux;
    for (size_t j = 0; j < need.vn_cnt; ++j) {
      const auto& aux = *reinterpret_cast<const ElfW(Vernaux)*>(entry);
      if (aux.vna_other == index && aux.vna_name < strings_len_) return strings_ + aux.vna_name;
      entry += aux.vna_next;
    }
    file += need.vn_next;
  }
  return nullptr;
}

bool LoadedObject::HasCode(const void* address) const {
  return std::ranges::any_of(code_, [address](const Range& range) { return range.Has(address); });
}

bool LoadedObject::IsSealed(const void* slot) const {
  // The last page is sealed only if all of it is to be.
  const auto page_len = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const Range sealed = {sealed_.begin & ~(page_len - 1), sealed_.end & ~(page_len - 1)};
  return sealed.Has(slot);
}

}  // namespace dtls13::shim
