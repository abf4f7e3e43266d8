// SPDX-License-Identifier: Apache-2.0
// Input: the body of a ServerHello or HelloRetryRequest. Views never leave the message.
#include <cstddef>
#include <cstdint>

#include "dtls13/message/server_hello.h"
#include "tests/fuzz/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dtls13;
  const std::span<const uint8_t> body(data, size);
  const auto hello = ParseServerHello(body);
  if (!hello.has_value()) return 0;
  fuzz::Check(hello->random.size() == kRandomLen && fuzz::Within(hello->random, body));
  fuzz::Check(fuzz::Within(hello->legacy_session_id_echo, body));
  ByteReader reader = hello->extensions.Begin();
  for (Extension extension; ExtensionBlock::Next(&reader, &extension);) {
    fuzz::Check(fuzz::Within(extension.data, body));
    if (const auto share = ParseServerShare(extension.data)) {
      fuzz::Check(!share->key_exchange.empty() && fuzz::Within(share->key_exchange, body));
    }
    if (const auto cookie = ParseRetryCookie(extension.data)) {
      fuzz::Check(!cookie->empty() && fuzz::Within(*cookie, body));
    }
    const bool two_bytes = extension.data.size() == 2;
    fuzz::Check(ParseRetryGroup(extension.data).has_value() == two_bytes);
    fuzz::Check(ParseSelectedVersion(extension.data).has_value() == two_bytes);
  }
  fuzz::Check(reader.empty());
  return 0;
}
