// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_DTLS13_LIBRARY_SEARCH_H_
#define DTLS13_TOOLS_DTLS13_LIBRARY_SEARCH_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/dtls13/ld_cache.h"

namespace dtls13::command {

// SearchPath is a list of folders as an object has it, DT_RPATH or DT_RUNPATH, and the folder of
// that object, which its $ORIGIN stands for.
struct SearchPath {
  std::string folders;
  std::string origin;
};

// LibrarySearch finds libraries as ld.so would, and runs nothing. It takes a file for a library if
// it is an ELF file for this command's own machine. It leaves out the folders below glibc-hwcaps,
// which have the same libraries for newer processors.
class LibrarySearch {
 public:
  // System is for the programs that are started now: with LD_LIBRARY_PATH as it is, and ldconfig's
  // cache.
  static LibrarySearch System();

  LibrarySearch(std::string ld_library_path, LdCache cache, std::vector<std::string> folders)
      : ld_library_path_(std::move(ld_library_path)),
        cache_(std::move(cache)),
        folders_(std::move(folders)) {}

  // Find returns the file that ld.so takes for `name`, a soname or a path. `rpaths` are the
  // DT_RPATHs of the object that asks and of those that loaded it, and `runpath` is its own. None
  // where there is none.
  std::optional<std::string> Find(std::string_view name, const std::vector<SearchPath>& rpaths,
                                  const SearchPath& runpath) const;

 private:
  std::string ld_library_path_;
  LdCache cache_;
  std::vector<std::string> folders_;  // what ld.so looks into last
};

// MultiarchFolder is what $LIB stands for: "lib/x86_64-linux-gnu", as Debian has it.
std::string MultiarchFolder();

// FolderOf is what stands before the last slash of `path`; "." where there is none.
std::string FolderOf(std::string_view path);

}  // namespace dtls13::command

#endif  // DTLS13_TOOLS_DTLS13_LIBRARY_SEARCH_H_
