// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SESSION_COOKIE_H_
#define DTLS13_SESSION_COOKIE_H_

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/hmac.h"
#include "dtls13/crypto/random_source.h"
#include "dtls13/message/hello_invariants.h"
#include "dtls13/session/rotating_keys.h"
#include "dtls13/wire/time.h"

namespace dtls13 {

// CookieContents is what a HelloRetryRequest's cookie carries for a server that keeps nothing:
// enough to rebuild the transcript (RFC 8446 section 4.4.1) and to know what was asked for.
struct CookieContents {
  CipherSuiteId suite{};
  // The group the HelloRetryRequest asked for; nothing when it asked only for the cookie.
  std::optional<NamedGroup> group;
  std::vector<uint8_t> client_hello_hash;   // hash of the first ClientHello with the suite's hash
  HelloDigest hello_digest{};               // of what the second ClientHello must repeat
  std::vector<uint8_t> application_cookie;  // opaque, the application's own; at most 255 bytes
  // Extensions of the HelloRetryRequest that are not the library's, as they stood on the wire; at
  // most kMaxRetryExtensionsLen bytes.
  std::vector<uint8_t> retry_extensions = {};
};

// kMaxRetryExtensionsLen is as much as the application's cookie has: twice both, once beside the
// cookie and once in it, fit the smallest datagrams that paths are known to carry.
inline constexpr size_t kMaxRetryExtensionsLen = 255;

// CookieTag is the MAC at the end of a cookie of ours, which tells it from every other.
using CookieTag = std::array<uint8_t, 16>;

// TagOf returns the tag of `cookie`, which CookieKeyring::Open has found good; all zero for one
// that is too short to have any.
CookieTag TagOf(std::span<const uint8_t> cookie);

// CookieKeyring makes and checks cookies: a 128-bit HMAC-SHA256 over contents, issue time, key
// identifier and the peer's address. Keys rotate by time: the present and the previous key verify;
// each cookie has a lifetime. Thread-safe: one keyring serves all associations of a server, and
// keyrings of one seed take one another's cookies, in whatever process. It stores nothing per
// client.
class CookieKeyring {
 public:
  struct Options {
    // A hello that is lost is sent again after 1, 3, 7 ... 63, 127, 255 seconds, and each time with
    // the cookie it began with, for which there is no second one.
    std::chrono::seconds lifetime{300};
    std::chrono::seconds rotation{3600};
  };
  // Never null; keys come from `seed`, and without one from `random` when first needed.
  static std::shared_ptr<CookieKeyring> Create(std::shared_ptr<const Algorithms> algorithms,
                                               std::shared_ptr<RandomSource> random,
                                               Options options, KeySeed seed = {});

  // Seal returns the cookie, empty when randomness or libcrypto fails.
  std::vector<uint8_t> Seal(const CookieContents& contents, std::span<const uint8_t> peer_address,
                            WallTime now);
  // Open returns the contents of a cookie of ours that is in time and bound to `peer_address`.
  std::optional<CookieContents> Open(std::span<const uint8_t> cookie,
                                     std::span<const uint8_t> peer_address, WallTime now);

 private:
  CookieKeyring(const Options& options, KeySeed seed);
  // Prepare has what both need, with mutex_.
  bool Prepare(WallTime now);

  std::shared_ptr<const Algorithms> algorithms_;
  std::shared_ptr<RandomSource> random_;
  const Options options_;

  std::mutex mutex_;
  std::optional<HmacContext> hmac_;  // once it is needed
  RotatingKeys keys_;
};

}  // namespace dtls13

#endif  // DTLS13_SESSION_COOKIE_H_
