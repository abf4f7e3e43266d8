// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13/library_search.h"

#include <cstdlib>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "tools/dtls13/byte_source.h"
#include "tools/dtls13/elf_file.h"

namespace dtls13::command {
namespace {

constexpr char kCacheFile[] = "/etc/ld.so.cache";

#if defined(__x86_64__)
#define DTLS13_MULTIARCH "x86_64-linux-gnu"
#elif defined(__aarch64__)
#define DTLS13_MULTIARCH "aarch64-linux-gnu"
#elif defined(__riscv)
#define DTLS13_MULTIARCH "riscv64-linux-gnu"
#endif

#ifdef DTLS13_MULTIARCH
constexpr char kLib[] = "lib/" DTLS13_MULTIARCH;
#else
constexpr char kLib[] = "lib";
#endif

bool IsLibrary(const std::string& path) {
  const absl::StatusOr<FileBytes> bytes = FileBytes::Open(path);
  if (!bytes.ok()) return false;
  const absl::StatusOr<ElfFile> file = ElfFile::Read(*bytes);
  return file.ok() && file->identity().IsNative();
}

// FindIn looks for `name` in the folders of a list with colons between; an empty one is the working
// directory's.
std::optional<std::string> FindIn(const SearchPath& path, std::string_view name) {
  if (path.folders.empty()) return {};
  const std::string folders = absl::StrReplaceAll(
      path.folders,
      {{"${ORIGIN}", path.origin}, {"$ORIGIN", path.origin}, {"${LIB}", kLib}, {"$LIB", kLib}});
  for (const std::string& folder : std::vector<std::string>(absl::StrSplit(folders, ':'))) {
    const std::string file = absl::StrCat(folder.empty() ? "." : folder, "/", std::string(name));
    if (IsLibrary(file)) return file;
  }
  return {};
}

}  // namespace

LibrarySearch LibrarySearch::System() {
  const char* ld_library_path = std::getenv("LD_LIBRARY_PATH");
  const absl::StatusOr<FileBytes> cache = FileBytes::Open(kCacheFile);
  return LibrarySearch(ld_library_path == nullptr ? "" : ld_library_path,
                       cache.ok() ? LdCache::Read(*cache) : LdCache(),
                       {absl::StrCat("/", kLib), absl::StrCat("/usr/", kLib), "/lib64",
                        "/usr/lib64", "/lib", "/usr/lib"});
}

std::optional<std::string> LibrarySearch::Find(std::string_view name,
                                               const std::vector<SearchPath>& rpaths,
                                               const SearchPath& runpath) const {
  if (name.find('/') != std::string_view::npos) {
    std::string file = absl::StrReplaceAll(
        std::string(name), {{"${ORIGIN}", runpath.origin}, {"$ORIGIN", runpath.origin}});
    return IsLibrary(file) ? std::optional(std::move(file)) : std::nullopt;
  }
  // DT_RPATH counts only where the object that asks has no DT_RUNPATH.
  if (runpath.folders.empty()) {
    for (const SearchPath& rpath : rpaths) {
      if (auto file = FindIn(rpath, name)) return file;
    }
  }
  // A semicolon separates in the environment alone.
  const std::string ld_library_path = absl::StrReplaceAll(ld_library_path_, {{";", ":"}});
  if (auto file = FindIn({ld_library_path, ""}, name)) return file;
  if (auto file = FindIn(runpath, name)) return file;
  for (std::string& file : cache_.Find(name)) {
    if (IsLibrary(file)) return std::move(file);
  }
  for (const std::string& folder : folders_) {
    if (auto file = FindIn({folder, ""}, name)) return file;
  }
  return {};
}

std::string MultiarchFolder() { return kLib; }

std::string FolderOf(std::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return slash == 0 ? "/" : std::string(path.substr(0, slash));
}

}  // namespace dtls13::command
