// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_DTLS13_LIBRARY_FILE_H_
#define DTLS13_TOOLS_DTLS13_LIBRARY_FILE_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace dtls13::command {

// LibraryPlaces are the files that may be the library of a command in `folder`, in the order in
// which they are looked for: beside it, where it is installed, and where Bazel builds it.
// `version` is the library's, whose first number is in its name.
std::vector<std::string> LibraryPlaces(std::string_view folder, std::string_view version);

// CheckLibrary says what is wrong with the file `path` as the library to preload, in a sentence.
absl::Status CheckLibrary(const std::string& path);

// FindLibrary returns the whole path of the library: `given` unless that is empty, else the first
// of the places of this command. NotFound where there is none, or CheckLibrary's failure.
absl::StatusOr<std::string> FindLibrary(const std::string& given);

}  // namespace dtls13::command

#endif  // DTLS13_TOOLS_DTLS13_LIBRARY_FILE_H_
