#ifndef DTLS13_TESTS_FUZZ_CHECK_H_
#define DTLS13_TESTS_FUZZ_CHECK_H_

#include <cstdint>
#include <cstdlib>
#include <span>

namespace dtls13::fuzz {

// Check stops the process, which is how a fuzz target reports an input.
inline void Check(bool condition) {
  if (!condition) std::abort();
}

// Within is true when `part` is a stretch of `whole`; an empty part may be anywhere.
inline bool Within(std::span<const uint8_t> part, std::span<const uint8_t> whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

}  // namespace dtls13::fuzz

#endif  // DTLS13_TESTS_FUZZ_CHECK_H_
