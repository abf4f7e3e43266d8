// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TESTS_FUZZ_CHECK_H_
#define DTLS13_TESTS_FUZZ_CHECK_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

namespace dtls13::fuzz {

// Data is an input, or what the first bytes of one leave.
using Data = std::span<const uint8_t>;

// Check stops the process, which is how a fuzz target reports an input.
inline void Check(bool condition) {
  if (!condition) std::abort();
}

// Within is true when `part` is a stretch of `whole`; an empty part may be anywhere.
inline bool Within(Data part, Data whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

// Same is true when both have the same bytes.
inline bool Same(Data a, Data b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

// FuzzOneOf gives an input without its first byte to the function that this byte chooses.
template <size_t num_functions>
int FuzzOneOf(void (*const (&functions)[num_functions])(Data), const uint8_t* data, size_t size) {
  if (size > 0) functions[data[0] % num_functions](Data(data + 1, size - 1));
  return 0;
}

}  // namespace dtls13::fuzz

#endif  // DTLS13_TESTS_FUZZ_CHECK_H_
