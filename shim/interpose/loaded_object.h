// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_INTERPOSE_LOADED_OBJECT_H_
#define DTLS13_SHIM_INTERPOSE_LOADED_OBJECT_H_

#include <elf.h>
#include <link.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace dtls13::shim {

// Relocation is a place in an object's memory that the dynamic linker fills with the address of
// a function of another object.
struct Relocation {
  const char* name = nullptr;     // of the function
  const char* version = nullptr;  // the symbol version that is asked for; null: none
  void** slot = nullptr;
  // May hold an address of the object's own still: lazy binding finds the function at its first
  // call.
  bool is_lazy = false;
  void* own = nullptr;  // the object's own function of that name; null: it has none
};

// LoadedObject is one program or library of this process, as the dynamic linker has laid it out:
// the headers that it maps for itself are read where they are, and are trusted as it trusts them.
// Valid while the object is loaded. It does not know what functions are good for, and writes
// nothing.
class LoadedObject {
 public:
  // Of what dl_iterate_phdr shows. Nothing for one without dynamic symbols, as the kernel's vDSO's
  // relocations are.
  static std::optional<LoadedObject> Of(const dl_phdr_info& info);

  // Relocations are those of functions, in the object's order.
  std::vector<Relocation> Relocations() const;
  // HasCode says whether `address` lies in a part of the object that may be executed.
  bool HasCode(const void* address) const;
  // IsSealed says whether the dynamic linker has made `slot` read-only after relocating (RELRO).
  bool IsSealed(const void* slot) const;

  uintptr_t base() const { return base_; }

 private:
  struct Range {
    uintptr_t begin = 0;
    uintptr_t end = 0;

    bool Has(const void* address) const {
      const auto value = reinterpret_cast<uintptr_t>(address);
      return value >= begin && value < end;
    }
  };

  LoadedObject() = default;
  bool ReadDynamic(const ElfW(Dyn) * dynamic);
  void AddRelocations(std::span<const ElfW(Rela)> table, std::vector<Relocation>* out) const;
  const char* VersionOf(size_t symbol) const;

  uintptr_t base_ = 0;
  std::vector<Range> code_;
  Range sealed_;
  const ElfW(Sym) * symbols_ = nullptr;
  const char* strings_ = nullptr;
  size_t strings_len_ = 0;
  const ElfW(Half) * versions_ = nullptr;  // of each symbol; null: the object has none
  const ElfW(Verneed) * needed_ = nullptr;
  size_t num_needed_ = 0;
  std::span<const ElfW(Rela)> lazy_;
  std::span<const ElfW(Rela)> eager_;
};

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_INTERPOSE_LOADED_OBJECT_H_
