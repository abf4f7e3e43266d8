// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13/library_file.h"

#include <unistd.h>

#include <climits>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "dtls13/version.h"
#include "tools/dtls13/byte_source.h"
#include "tools/dtls13/elf_file.h"
#include "tools/dtls13/library_search.h"

namespace dtls13::command {
namespace {

constexpr std::string_view kName = "libdtls13.so";
// Where the build leaves the command; nowhere else is the folder above its folder's looked into.
constexpr std::string_view kBuildFolder = "/tools/dtls13";

// OwnFolder is the folder of this command's file.
std::string OwnFolder() {
  char path[PATH_MAX];
  const ssize_t len = readlink("/proc/self/exe", path, sizeof path);
  return len < 0 ? "." : FolderOf({path, static_cast<size_t>(len)});
}

}  // namespace

std::vector<std::string> LibraryPlaces(std::string_view folder, std::string_view version) {
  const std::string name(kName);
  const std::string soname =
      absl::StrCat(name, ".", std::string(version.substr(0, version.find('.'))));
  const std::string own(folder);
  std::vector<std::string> places = {absl::StrCat(own, "/", name)};
  for (const std::string& library_folder :
       {absl::StrCat(own, "/../", MultiarchFolder()), absl::StrCat(own, "/../lib"),
        absl::StrCat(own, "/../lib64")}) {
    places.push_back(absl::StrCat(library_folder, "/", soname));
    places.push_back(absl::StrCat(library_folder, "/", name));
  }
  if (own.ends_with(kBuildFolder)) {
    places.push_back(absl::StrCat(own, "/../../", name));
  }
  return places;
}

absl::Status CheckLibrary(const std::string& path) {
  // Both separate in LD_PRELOAD, and nothing quotes them.
  if (path.find_first_of(" :") != std::string::npos) {
    return absl::FailedPreconditionError(
        absl::StrCat("LD_PRELOAD takes no file with a blank or a colon in its path: ", path, "."));
  }
  const absl::StatusOr<FileBytes> bytes = FileBytes::Open(path);
  if (!bytes.ok()) return bytes.status();
  const absl::StatusOr<ElfFile> file = ElfFile::Read(*bytes);
  if (!file.ok()) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " ", std::string(file.status().message())));
  }
  if (!file->identity().IsNative() || !file->soname().starts_with(kName)) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " is not ", std::string(kName), " for this machine."));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> FindLibrary(const std::string& given) {
  std::vector<std::string> places = {given};
  if (given.empty()) places = LibraryPlaces(OwnFolder(), dtls13_version());
  for (const std::string& place : places) {
    char path[PATH_MAX];
    if (realpath(place.c_str(), path) == nullptr) continue;
    if (absl::Status status = CheckLibrary(path); !status.ok()) return status;
    return std::string(path);
  }
  if (!given.empty()) return absl::NotFoundError(absl::StrCat("there is no library ", given, "."));
  return absl::NotFoundError(absl::StrCat("there is no ", std::string(kName), " in ", OwnFolder(),
                                          " or the lib beside it; --library names one."));
}

}  // namespace dtls13::command
