// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_DTLS13_LD_CACHE_H_
#define DTLS13_TOOLS_DTLS13_LD_CACHE_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tools/dtls13/byte_source.h"

namespace dtls13::command {

// LdCache is what ldconfig wrote for ld.so: which files have a soname. It does not know whether
// they are there, nor for which machine they are.
class LdCache {
 public:
  // Read reads a cache in the form that glibc writes since 2.32; of anything else, or of what is
  // damaged, it has nothing from there on.
  static LdCache Read(const ByteSource& bytes);

  // Find returns the files of the soname `name` in the cache's order.
  std::vector<std::string> Find(std::string_view name) const;

 private:
  std::multimap<std::string, std::string, std::less<>> files_;
};

}  // namespace dtls13::command

#endif  // DTLS13_TOOLS_DTLS13_LD_CACHE_H_
