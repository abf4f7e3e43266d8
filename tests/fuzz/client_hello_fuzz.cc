// SPDX-License-Identifier: Apache-2.0
// Input: a ClientHello's body. A view never leaves the message; what a server would go on with
// passes every check it relies on.
#include <cstddef>
#include <cstdint>

#include "dtls13/message/client_hello.h"
#include "dtls13/message/hello_invariants.h"
#include "tests/fuzz/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dtls13;
  const std::span<const uint8_t> body(data, size);
  const auto hello = ParseClientHello(body);
  if (const auto cookie = FindCookieInPrefix(body)) fuzz::Check(fuzz::Within(*cookie, body));
  ClientHello offer;
  const Status status = ReadClientHello(body, &offer);
  if (!hello.has_value()) {
    fuzz::Check(!status.ok() && status.alert() == AlertDescription::kDecodeError);
    return 0;
  }
  fuzz::Check(hello->random.size() == kRandomLen && fuzz::Within(hello->random, body));
  fuzz::Check(hello->legacy_session_id.size() <= 32 &&
              fuzz::Within(hello->legacy_session_id, body));
  fuzz::Check(hello->cipher_suites.size() > 0);
  ByteReader reader = hello->extensions.Begin();
  for (Extension extension; ExtensionBlock::Next(&reader, &extension);) {
    fuzz::Check(fuzz::Within(extension.data, body));
  }
  fuzz::Check(reader.empty());
  if (!status.ok()) return 0;
  fuzz::Check(OffersDtls13(*hello));
  fuzz::Check(hello->legacy_cookie.empty());
  ByteReader shares = offer.key_shares.Begin();
  for (KeyShare share; KeyShareList::Next(&shares, &share);) {
    fuzz::Check(!share.key_exchange.empty() && fuzz::Within(share.key_exchange, body));
    fuzz::Check(offer.supported_groups.Contains(share.group));
  }
  fuzz::Check(shares.empty());
  fuzz::Check(!offer.cookie.has_value() ||
              (!offer.cookie->empty() && fuzz::Within(*offer.cookie, body)));
  fuzz::Check(offer.server_name.find('\0') == std::string_view::npos);
  return 0;
}
