// SPDX-License-Identifier: Apache-2.0
// Input: a cookie as a client might send it back. Only what the keyring sealed opens.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "dtls13/handshake/handshake_test_util.h"
#include "dtls13/session/cookie.h"
#include "tests/fuzz/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dtls13;
  static const auto* const kKeyring = new std::shared_ptr<CookieKeyring>(
      CookieKeyring::Create(TestAlgorithms(), std::make_shared<SeededRandom>(1), {}));
  const WallTime now{std::chrono::seconds(1'000'000)};
  const std::vector<uint8_t> address = {192, 0, 2, 1};
  static const std::vector<uint8_t>* const kSealed =
      new std::vector<uint8_t>((*kKeyring)->Seal({.suite = CipherSuiteId::kAes128GcmSha256,
                                                  .group = std::nullopt,
                                                  .client_hello_hash = std::vector<uint8_t>(32, 1),
                                                  .application_cookie = {}},
                                                 address, now));
  const std::span<const uint8_t> cookie(data, size);
  const bool ours = std::equal(cookie.begin(), cookie.end(), kSealed->begin(), kSealed->end());
  fuzz::Check((*kKeyring)->Open(cookie, address, now).has_value() == ours);
  // The input as a change of the sealed one.
  std::vector<uint8_t> changed = *kSealed;
  for (size_t i = 0; i + 1 < size; i += 2) changed[data[i] % changed.size()] ^= data[i + 1];
  fuzz::Check((*kKeyring)->Open(changed, address, now).has_value() == (changed == *kSealed));
  return 0;
}
