// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TESTS_SIM_CHOSEN_SIZING_H_
#define DTLS13_TESTS_SIM_CHOSEN_SIZING_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "dtls13/record_sizing.h"

namespace dtls13::sim {

// ChosenSizing is a RecordSizing that a test changes at will, and that remembers what it was asked.
class ChosenSizing : public RecordSizing {
 public:
  // Filling pads each record with all that fits.
  static std::shared_ptr<ChosenSizing> Filling() {
    auto sizing = std::make_shared<ChosenSizing>();
    sizing->padding_len = SIZE_MAX;
    return sizing;
  }

  size_t MaxContentLen() override { return max_content_len; }
  size_t PaddingLen(ContentType type, size_t inner_len) override {
    asked.emplace_back(type, inner_len);
    return block_len == 0 ? padding_len : (block_len - inner_len % block_len) % block_len;
  }

  size_t max_content_len = SIZE_MAX;
  size_t padding_len = 0;  // of each record
  size_t block_len = 0;    // instead, where it is not 0: records are a multiple of it
  std::vector<std::pair<ContentType, size_t>> asked;
};

}  // namespace dtls13::sim

#endif  // DTLS13_TESTS_SIM_CHOSEN_SIZING_H_
