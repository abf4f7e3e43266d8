// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TESTS_SIM_PAIR_PATHS_H_
#define DTLS13_TESTS_SIM_PAIR_PATHS_H_

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "dtls13/path_id.h"

namespace dtls13::sim {

inline PathId NamedPath(std::string_view name) {
  return *PathId::Of({reinterpret_cast<const uint8_t*>(name.data()), name.size()});
}

// PairPaths is what lies between the client's idea of a path (inside) and the server's (outside):
// a NAT gives out addresses and takes them back. What goes to an address that nobody has is lost.
class PairPaths {
 public:
  // Open makes what the client sends by `inside` come from `outside`, and what the server sends
  // there arrive. An earlier outside of the same inside still arrives until it is closed.
  void Open(std::string_view inside, std::string_view outside) {
    Close(outside);
    pairs_.emplace_back(NamedPath(inside), NamedPath(outside));
  }
  void Close(std::string_view outside) {
    std::erase_if(pairs_, [&](const auto& pair) { return pair.second == NamedPath(outside); });
  }

  // Outward is where a datagram of the client's seems to come from; the empty path is the first.
  std::optional<PathId> Outward(const PathId& inside) const {
    for (auto pair = pairs_.rbegin(); pair != pairs_.rend(); ++pair) {
      if (pair->first == inside || inside.empty()) return pair->second;
    }
    return std::nullopt;
  }
  // Inward is how the client sees what the server sends to `outside`.
  std::optional<PathId> Inward(const PathId& outside) const {
    for (const auto& pair : pairs_) {
      if (pair.second == outside) return pair.first;
    }
    return std::nullopt;
  }

 private:
  std::vector<std::pair<PathId, PathId>> pairs_;
};

}  // namespace dtls13::sim

#endif  // DTLS13_TESTS_SIM_PAIR_PATHS_H_
