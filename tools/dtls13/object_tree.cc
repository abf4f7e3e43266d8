// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13/object_tree.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "tools/dtls13/byte_source.h"

namespace dtls13::command {
namespace {

// Browsers have some two hundred.
constexpr size_t kMaxObjects = 1024;

// Builder loads breadth first, as ld.so does: each name once, whoever asks for it.
class Builder {
 public:
  explicit Builder(const LibrarySearch& search) : search_(search) {}

  absl::StatusOr<ObjectTree> Build(const std::string& path) {
    absl::StatusOr<ObjectFacts> facts = ReadObjectFile(path);
    if (!facts.ok()) return facts.status();
    tree_.objects.push_back({path, path, 0, false, *std::move(facts)});
    if (!tree_.objects[0].facts.start.identity.IsNative()) return std::move(tree_);
    AddAllNeeded(0);
    const ObjectFacts& program = tree_.objects[0].facts;
    const size_t num_linked = tree_.objects.size();
    if (program.imports_dlopen) {
      // A copy: the list of objects grows meanwhile.
      for (const std::string& name : std::vector(program.text.library_names)) AddNamed(name);
    }
    AddAllNeeded(num_linked);
    return std::move(tree_);
  }

 private:
  void AddAllNeeded(size_t first) {
    for (size_t asker = first; asker < tree_.objects.size(); ++asker) {
      for (const std::string& name : std::vector(tree_.objects[asker].facts.needed)) {
        Add(name, asker);
      }
    }
  }

  void Add(const std::string& name, size_t asker) {
    if (!names_.insert(name).second || tree_.objects.size() == kMaxObjects) return;
    const ObjectTree::Object& object = tree_.objects[asker];
    const std::string folder = FolderOf(object.path);
    std::optional<std::string> path =
        search_.Find(name, RpathsOf(asker), {object.facts.runpath, folder});
    // A program that loads a library by itself may have loaded before what lies beside that.
    if (!path && object.is_loaded_by_itself) path = search_.Find(name, {}, {folder, ""});
    if (!path) {
      tree_.lacks.push_back({name, object.path, "is not found"});
      return;
    }
    Read(name, *path, asker, object.is_loaded_by_itself);
  }

  // A program that loads a library by its name alone may have put its own folder before it.
  void AddNamed(const std::string& name) {
    if (IsLibssl(FileOf(name)) || names_.contains(name)) return;
    const ObjectTree::Object& program = tree_.objects[0];
    const SearchPath folder{FolderOf(program.path), ""};
    const std::optional<std::string> path = search_.Find(name, {}, folder);
    if (!path || !names_.insert(name).second || tree_.objects.size() == kMaxObjects) return;
    Read(name, *path, 0, true);
  }

  void Read(const std::string& name, const std::string& path, size_t asker,
            bool is_loaded_by_itself) {
    absl::StatusOr<ObjectFacts> facts = ReadObjectFile(path);
    if (!facts.ok()) {
      tree_.lacks.push_back(
          {name, tree_.objects[asker].path, std::string(facts.status().message())});
      return;
    }
    if (!facts->soname.empty()) names_.insert(facts->soname);
    tree_.objects.push_back({name, path, asker, is_loaded_by_itself, *std::move(facts)});
  }

  // ld.so looks at the DT_RPATH of the asker, of its asker and so on; one with a DT_RUNPATH has
  // none.
  std::vector<SearchPath> RpathsOf(size_t asker) const {
    std::vector<SearchPath> rpaths;
    while (true) {
      const ObjectTree::Object& object = tree_.objects[asker];
      if (object.facts.runpath.empty() && !object.facts.rpath.empty()) {
        rpaths.push_back({object.facts.rpath, FolderOf(object.path)});
      }
      if (asker == 0) return rpaths;
      asker = object.asker;  // which is a smaller one
    }
  }

  static std::string_view FileOf(std::string_view path) { return path.substr(path.rfind('/') + 1); }

  const LibrarySearch& search_;
  ObjectTree tree_;
  std::set<std::string> names_;  // that have been asked for
};

}  // namespace

absl::StatusOr<ObjectTree> ObjectTree::Read(const std::string& path, const LibrarySearch& search) {
  return Builder(search).Build(path);
}

ObjectTree ObjectTree::ReadList(const std::vector<std::string>& paths, const std::string& root) {
  ObjectTree tree;
  for (const std::string& path : paths) {
    absl::StatusOr<ObjectFacts> facts = ReadObjectFile(absl::StrCat(root, path));
    if (!facts.ok()) {
      tree.lacks.push_back({path, "", std::string(facts.status().message())});
      continue;
    }
    tree.objects.push_back({path, path, 0, false, *std::move(facts)});
  }
  return tree;
}

absl::StatusOr<ObjectFacts> ReadObjectFile(const std::string& path) {
  const absl::StatusOr<FileBytes> bytes = FileBytes::Open(path);
  if (!bytes.ok()) return bytes.status();
  absl::StatusOr<ObjectFacts> facts = ReadObject(*bytes);
  if (!facts.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " ", std::string(facts.status().message())));
  }
  return facts;
}

}  // namespace dtls13::command
