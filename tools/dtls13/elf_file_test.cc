// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13/elf_file.h"

#include <elf.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "tools/dtls13/elf_test_util.h"

namespace dtls13::command {
namespace {

absl::StatusOr<ElfFile> ReadBytes(const std::vector<uint8_t>& bytes) {
  return ElfFile::Read(SpanBytes(bytes));
}

ElfRecipe WholeRecipe() {
  ElfRecipe recipe = NativeRecipe();
  recipe.interpreter = "/lib64/ld-linux-x86-64.so.2";
  recipe.needed = {"libssl.so.3", "libc.so.6"};
  recipe.soname = "libx.so.1";
  recipe.rpath = "/rpath";
  recipe.runpath = "$ORIGIN/../lib";
  recipe.is_symbolic = true;
  recipe.imports = {{"DTLS_method", "OPENSSL_3.0.0"}, {"dlopen", ""}, {"read", "GLIBC_2.2.5"}};
  recipe.defines = {"one", "two"};
  return recipe;
}

TEST(ElfFile, ReadsWhatLdSoReads) {
  for (const bool has_old_hash : {false, true}) {
    ElfRecipe recipe = WholeRecipe();
    recipe.has_old_hash = has_old_hash;
    const absl::StatusOr<ElfFile> file = ReadBytes(MakeElf(recipe));
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_TRUE(file->identity().IsNative());
    EXPECT_EQ(file->start().interpreter, recipe.interpreter);
    EXPECT_FALSE(file->start().is_static_program);
    EXPECT_EQ(file->needed(), recipe.needed);
    EXPECT_EQ(file->soname(), recipe.soname);
    EXPECT_EQ(file->rpath(), recipe.rpath);
    EXPECT_EQ(file->runpath(), recipe.runpath);
    EXPECT_TRUE(file->is_symbolic());
    ASSERT_EQ(file->num_symbols(), 5u);
    EXPECT_EQ(file->symbol(0).name, "DTLS_method");
    EXPECT_EQ(file->symbol(0).version, "OPENSSL_3.0.0");
    EXPECT_FALSE(file->symbol(0).is_defined);
    EXPECT_EQ(file->symbol(1).name, "dlopen");
    EXPECT_EQ(file->symbol(1).version, "");
    EXPECT_EQ(file->symbol(2).version, "GLIBC_2.2.5");
    EXPECT_EQ(file->symbol(4).name, "two");
    EXPECT_TRUE(file->symbol(4).is_defined);
  }
}

TEST(ElfFile, KnowsAFileWithoutDefinitionsByTheHashTableToo) {
  ElfRecipe recipe = NativeRecipe();
  recipe.imports = {{"a", ""}, {"b", ""}};
  const absl::StatusOr<ElfFile> file = ReadBytes(MakeElf(recipe));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->num_symbols(), 2u);
}

TEST(ElfFile, KnowsAStaticProgram) {
  ElfRecipe recipe = NativeRecipe();
  recipe.type = ET_EXEC;
  EXPECT_TRUE(ReadBytes(MakeElf(recipe))->start().is_static_program);
  recipe.type = ET_DYN;
  EXPECT_FALSE(ReadBytes(MakeElf(recipe))->start().is_static_program);  // a library of data
  recipe.is_pie = true;
  EXPECT_TRUE(ReadBytes(MakeElf(recipe))->start().is_static_program);
  recipe.interpreter = "/lib/ld.so";
  EXPECT_FALSE(ReadBytes(MakeElf(recipe))->start().is_static_program);
}

TEST(ElfFile, KnowsOtherMachinesByTheirIdentityAlone) {
  std::vector<uint8_t> bytes = MakeElf(WholeRecipe());
  bytes[EI_CLASS] = ELFCLASS32;
  bytes[offsetof(Elf64_Ehdr, e_machine)] = EM_386;
  absl::StatusOr<ElfFile> file = ReadBytes(bytes);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_FALSE(file->identity().IsNative());
  EXPECT_EQ(file->identity().Name(), "i386");
  EXPECT_TRUE(file->needed().empty());

  bytes = MakeElf(WholeRecipe());
  bytes[EI_DATA] = ELFDATA2MSB;
  std::swap(bytes[offsetof(Elf64_Ehdr, e_machine)], bytes[offsetof(Elf64_Ehdr, e_machine) + 1]);
  bytes[offsetof(Elf64_Ehdr, e_machine) + 1] = EM_S390;
  file = ReadBytes(bytes);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_FALSE(file->identity().IsNative());
  EXPECT_EQ(file->identity().Name(), "64-bit machine 22");
}

TEST(ElfFile, RefusesWhatIsNone) {
  EXPECT_EQ(ReadBytes({}).status().message(), "is no ELF file.");
  EXPECT_EQ(ReadBytes({'#', '!', '/', 'b', 'i', 'n', '/', 's', 'h', '\n',
                       ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' '})
                .status()
                .message(),
            "is no ELF file.");
}

TEST(ElfFile, ReadsEveryPieceOfAFileOrRefusesIt) {
  const std::vector<uint8_t> whole = MakeElf(WholeRecipe());
  size_t num_refused = 0;
  for (size_t len = 0; len < whole.size(); ++len) {
    const std::vector<uint8_t> piece(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(len));
    num_refused += !ReadBytes(piece).ok();
  }
  // The names and the dynamic section stand behind all else, but for the text.
  EXPECT_GT(num_refused, whole.size() - 64);
}

// Finds the entry `tag` of the dynamic section in `bytes`.
Elf64_Dyn* FindEntry(std::vector<uint8_t>* bytes, int64_t tag) {
  Elf64_Ehdr header;
  std::memcpy(&header, bytes->data(), sizeof header);
  for (int i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    std::memcpy(&segment, bytes->data() + header.e_phoff + i * sizeof segment, sizeof segment);
    if (segment.p_type != PT_DYNAMIC) continue;
    auto* entries = reinterpret_cast<Elf64_Dyn*>(bytes->data() + segment.p_offset);
    for (size_t j = 0; j < segment.p_filesz / sizeof *entries; ++j) {
      if (entries[j].d_tag == tag) return &entries[j];
    }
  }
  return nullptr;
}

TEST(ElfFile, AllocatesNothingForLengthsThatAreNotThere) {
  for (const int64_t tag : {DT_STRTAB, DT_STRSZ, DT_SYMTAB, DT_VERSYM, DT_VERNEED, DT_GNU_HASH}) {
    for (const uint64_t value : {UINT64_MAX, uint64_t{1} << 40, uint64_t{1} << 63}) {
      std::vector<uint8_t> bytes = MakeElf(WholeRecipe());
      FindEntry(&bytes, tag)->d_un.d_val = value;
      EXPECT_FALSE(ReadBytes(bytes).ok()) << tag;
    }
  }
}

TEST(ElfFile, BoundsAHashTableThatSaysTooMuch) {
  std::vector<uint8_t> bytes = MakeElf(WholeRecipe());
  const uint64_t hash = FindEntry(&bytes, DT_GNU_HASH)->d_un.d_val;
  for (const size_t word : {0, 1, 2, 6}) {  // buckets, first symbol, filter, the first bucket
    std::vector<uint8_t> changed = bytes;
    std::memset(changed.data() + hash + word * 4, 0xff, 4);
    EXPECT_FALSE(ReadBytes(changed).ok()) << word;
  }
  ElfRecipe recipe = WholeRecipe();
  recipe.has_old_hash = true;
  bytes = MakeElf(recipe);
  std::memset(bytes.data() + FindEntry(&bytes, DT_HASH)->d_un.d_val + 4, 0xff, 4);
  EXPECT_FALSE(ReadBytes(bytes).ok());
}

TEST(ElfFile, FollowsVersionsNoFurtherThanTheyAreThere) {
  std::vector<uint8_t> bytes = MakeElf(WholeRecipe());
  Elf64_Dyn* num_files = FindEntry(&bytes, DT_VERNEEDNUM);
  num_files->d_un.d_val = 1025;
  EXPECT_FALSE(ReadBytes(bytes).ok());
  num_files->d_un.d_val = 2;
  auto* file =
      reinterpret_cast<Elf64_Verneed*>(bytes.data() + FindEntry(&bytes, DT_VERNEED)->d_un.d_val);
  file->vn_next = UINT32_MAX;
  EXPECT_FALSE(ReadBytes(bytes).ok());
  file->vn_next = 0;
  EXPECT_TRUE(ReadBytes(bytes).ok());
  file->vn_aux = UINT32_MAX;
  EXPECT_FALSE(ReadBytes(bytes).ok());
}

TEST(ElfFile, TakesNoMoreSegmentsThanProgramsHave) {
  std::vector<uint8_t> bytes = MakeElf(WholeRecipe());
  bytes.resize(1 << 20);
  auto* header = reinterpret_cast<Elf64_Ehdr*>(bytes.data());
  header->e_phnum = 4096;
  EXPECT_FALSE(ReadBytes(bytes).ok());
}

TEST(ElfFile, ReadsNoNameBeyondTheNames) {
  std::vector<uint8_t> bytes = MakeElf(WholeRecipe());
  FindEntry(&bytes, DT_SONAME)->d_un.d_val = UINT64_MAX;
  FindEntry(&bytes, DT_NEEDED)->d_un.d_val = 1 << 20;
  const absl::StatusOr<ElfFile> file = ReadBytes(bytes);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->soname(), "");
  EXPECT_EQ(file->needed()[0], "");
}

TEST(ElfFile, BoundsEachName) {
  ElfRecipe recipe = WholeRecipe();
  recipe.soname = std::string(1 << 20, 'x');
  recipe.imports = {{recipe.soname, "OPENSSL_3.0.0"}};
  const absl::StatusOr<ElfFile> file = ReadBytes(MakeElf(recipe));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->soname().size(), 1u << 16);
  EXPECT_EQ(file->symbol(0).name.size(), 256u);
  EXPECT_EQ(file->symbol(0).version, "OPENSSL_3.0.0");
}

TEST(ElfFile, ReadsItsOwnTest) {
  const absl::StatusOr<FileBytes> bytes = FileBytes::Open("/proc/self/exe");
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  const absl::StatusOr<ElfFile> file = ElfFile::Read(*bytes);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_TRUE(file->identity().IsNative());
  EXPECT_NE(std::find(file->needed().begin(), file->needed().end(), "libc.so.6"),
            file->needed().end());
  bool has_import = false;
  for (size_t i = 0; i < file->num_symbols(); ++i) {
    const ElfSymbol symbol = file->symbol(i);
    has_import |= !symbol.is_defined && symbol.version.starts_with("GLIBC_");
  }
  EXPECT_TRUE(has_import);
}

}  // namespace
}  // namespace dtls13::command
