// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_DTLS13_OBJECT_TREE_H_
#define DTLS13_TOOLS_DTLS13_OBJECT_TREE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/dtls13/library_search.h"
#include "tools/dtls13/object_facts.h"

namespace dtls13::command {

// ObjectTree is a program and the libraries that ld.so loads for it, in ld.so's order, and those
// that the program names in its text because it may load them itself. It runs nothing.
struct ObjectTree {
  struct Object {
    std::string name;  // as who asks for it calls it; of the program, its path
    std::string path;
    size_t asker = 0;                  // the index of the object that asks for it
    bool is_loaded_by_itself = false;  // a name in the program's text, or what that needs
    ObjectFacts facts;
  };

  // What cannot be had: that there is no such file, or what is wrong with it.
  struct Lack {
    std::string name;
    std::string asker;
    std::string fault;
  };

  std::vector<Object> objects;  // the program first
  std::vector<Lack> lacks;

  // Read starts with the file `path`. Its failures are FileBytes' and ElfFile's, with the name
  // before them.
  static absl::StatusOr<ObjectTree> Read(const std::string& path, const LibrarySearch& search);

  // ReadList reads the files `paths` and nothing that they need: a process has mapped them, the
  // program first. `root` stands before each path where it is read. Those that cannot be read are
  // lacks.
  static ObjectTree ReadList(const std::vector<std::string>& paths, const std::string& root);
};

// ReadObjectFile is ReadObject of the file `path`; its failures name the file.
absl::StatusOr<ObjectFacts> ReadObjectFile(const std::string& path);

}  // namespace dtls13::command

#endif  // DTLS13_TOOLS_DTLS13_OBJECT_TREE_H_
