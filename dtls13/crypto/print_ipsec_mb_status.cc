// SPDX-License-Identifier: Apache-2.0
// Says what comes of choosing libipsec-mb for records here, for tests that are run over it.

#include <cstdio>
#include <memory>
#include <string>

#include "dtls13/crypto/algorithms.h"

int main() {
  const std::shared_ptr<const dtls13::Algorithms> algorithms =
      dtls13::Algorithms::Fetch(nullptr, nullptr, dtls13::RecordCrypto::kIpsecMb);
  if (algorithms == nullptr) return 1;
  std::puts(std::string(Describe(algorithms->record_crypto_status())).c_str());
  return 0;
}
