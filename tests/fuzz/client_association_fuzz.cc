// SPDX-License-Identifier: Apache-2.0
// Input: see association_fuzz.h.
#include "tests/fuzz/association_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  dtls13::fuzz::FuzzAssociation(dtls13::Role::kClient, data, size);
  return 0;
}
