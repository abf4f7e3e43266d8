// SPDX-License-Identifier: Apache-2.0
#include "dtls13/session/cookie.h"

#include <algorithm>
#include <array>
#include <utility>

#include "dtls13/crypto/cipher_suite.h"
#include "dtls13/crypto/hmac.h"
#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/byte_writer.h"

namespace dtls13 {
namespace {

// HMAC-SHA256 cut to 128 bits: forging is online guessing, and every byte here is one that a forged
// source address can have sent to a victim.
constexpr size_t kMacLen = CookieTag().size();
constexpr size_t kKeyLen = 32;
// All of a cookie but what varies in length.
constexpr size_t kFixedLen = 1 + 6 + 2 + 2 + 1 + HelloDigest().size() + 1 + 1 + kMacLen;
constexpr uint64_t kMaxIssueTime = (uint64_t{1} << 48) - 1;
// NamedGroup 0 is not assigned: it stands for "no group was asked for".
//= rfc9147#section-11
//# Although the cookie must allow the server to produce the right handshake
//# transcript, it SHOULD be constructed so that knowledge of the cookie is
//# insufficient to reproduce the ClientHello contents.
constexpr uint16_t kNoGroup = 0;

//      struct {
//          uint8 key_id;
//          uint48 issue_time;              /* seconds since 1970 */
//          CipherSuite suite;
//          NamedGroup group;               /* 0: none */
//          opaque client_hello_hash<32..48>;
//          opaque hello_digest[16];
//          opaque application_cookie<0..255>;
//          opaque retry_extensions<0..255>;
//          opaque mac[16];
//      } Cookie;
struct ParsedCookie {
  uint8_t key_id = 0;
  WallTime issued{};
  uint16_t suite = 0;
  uint16_t group = 0;
  std::span<const uint8_t> client_hello_hash;
  std::span<const uint8_t> hello_digest;
  std::span<const uint8_t> application_cookie;
  std::span<const uint8_t> retry_extensions;
  std::span<const uint8_t> signed_part;
  std::span<const uint8_t> mac;
};

std::optional<ParsedCookie> ParseCookie(std::span<const uint8_t> cookie) {
  if (cookie.size() < kMacLen) return std::nullopt;
  ParsedCookie parsed;
  parsed.signed_part = cookie.first(cookie.size() - kMacLen);
  parsed.mac = cookie.last(kMacLen);
  ByteReader reader(parsed.signed_part);
  uint64_t issued;
  if (!reader.ReadU8(&parsed.key_id) || !reader.ReadU48(&issued) ||
      !reader.ReadU16(&parsed.suite) || !reader.ReadU16(&parsed.group) ||
      !reader.ReadVector8(&parsed.client_hello_hash) ||
      !reader.ReadBytes(HelloDigest().size(), &parsed.hello_digest) ||
      !reader.ReadVector8(&parsed.application_cookie) ||
      !reader.ReadVector8(&parsed.retry_extensions) || !reader.empty()) {
    return std::nullopt;
  }
  parsed.issued = WallTime(std::chrono::seconds(static_cast<int64_t>(issued)));
  return parsed;
}

// The address goes into the MAC and not into the cookie. Its length goes first: the two parts
// vary in length, and must not be able to trade bytes.
//= rfc9147#section-11
//# The cookie MUST depend on the client's address.
//= rfc9147#section-11
//# It MUST NOT be possible for anyone other than the issuing entity to
//# generate cookies that are accepted as valid by that entity.
std::optional<HashValue> CookieMac(HmacContext* hmac, const Secret& key,
                                   std::span<const uint8_t> signed_part,
                                   std::span<const uint8_t> peer_address) {
  std::array<uint8_t, 4> address_len;
  ByteWriter writer{std::span<uint8_t>(address_len)};
  writer.WriteU32(static_cast<uint32_t>(peer_address.size()));
  return hmac->Compute(key.bytes(), {address_len, peer_address, signed_part});
}

}  // namespace

CookieTag TagOf(std::span<const uint8_t> cookie) {
  CookieTag tag = {};
  if (cookie.size() >= tag.size()) std::ranges::copy(cookie.last(tag.size()), tag.begin());
  return tag;
}

std::shared_ptr<CookieKeyring> CookieKeyring::Create(std::shared_ptr<const Algorithms> algorithms,
                                                     std::shared_ptr<RandomSource> random,
                                                     Options options, KeySeed seed) {
  std::shared_ptr<CookieKeyring> keyring(new CookieKeyring(options, std::move(seed)));
  keyring->algorithms_ = std::move(algorithms);
  keyring->random_ = std::move(random);
  return keyring;
}

//= rfc9147#section-5.1
//# It is RECOMMENDED that servers implement a key rotation
//# scheme that allows the server to manage keys with overlapping
//# lifetimes.
CookieKeyring::CookieKeyring(const Options& options, KeySeed seed)
    : options_(options), keys_(kKeyLen, options.rotation, std::move(seed)) {}

bool CookieKeyring::Prepare(WallTime now) {
  if (!hmac_) hmac_ = HmacContext::Create(*algorithms_, HashId::kSha256);
  return hmac_ && keys_.Rotate(*algorithms_, random_.get(), now);
}

std::vector<uint8_t> CookieKeyring::Seal(const CookieContents& contents,
                                         std::span<const uint8_t> peer_address, WallTime now) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (!Prepare(now)) return {};
  std::vector<uint8_t> cookie(kFixedLen + contents.client_hello_hash.size() +
                              contents.application_cookie.size() +
                              contents.retry_extensions.size());
  const std::span<uint8_t> signed_part = std::span(cookie).first(cookie.size() - kMacLen);
  ByteWriter writer(signed_part);
  writer.WriteU8(keys_.current().id);
  writer.WriteU48(static_cast<uint64_t>(now.time_since_epoch().count()) & kMaxIssueTime);
  writer.WriteU16(static_cast<uint16_t>(contents.suite));
  writer.WriteU16(contents.group.has_value() ? static_cast<uint16_t>(*contents.group) : kNoGroup);
  writer.WriteVector8(contents.client_hello_hash);
  writer.WriteBytes(contents.hello_digest);
  writer.WriteVector8(contents.application_cookie);
  writer.WriteVector8(contents.retry_extensions);
  if (!writer.ok()) return {};
  const auto mac = CookieMac(&*hmac_, keys_.current().key, signed_part, peer_address);
  if (!mac.has_value()) return {};
  std::ranges::copy(mac->view().first(kMacLen), std::span(cookie).last(kMacLen).begin());
  return cookie;
}

std::optional<CookieContents> CookieKeyring::Open(std::span<const uint8_t> cookie,
                                                  std::span<const uint8_t> peer_address,
                                                  WallTime now) {
  const auto parsed = ParseCookie(cookie);
  if (!parsed.has_value()) return std::nullopt;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!Prepare(now)) return std::nullopt;
    const RotatingKeys::Key* key = keys_.Find(parsed->key_id);
    if (key == nullptr) return std::nullopt;
    const auto mac = CookieMac(&*hmac_, key->key, parsed->signed_part, peer_address);
    if (!mac.has_value() || !ConstantTimeEquals(mac->view().first(kMacLen), parsed->mac))
      return std::nullopt;
  }
  // The cookie is ours. Its age is taken either way, for a clock that was set back meanwhile.
  const std::chrono::seconds age = now - parsed->issued;
  if (age > options_.lifetime || -age > options_.lifetime) return std::nullopt;
  const CipherSuite* suite = FindCipherSuite(static_cast<CipherSuiteId>(parsed->suite));
  if (suite == nullptr || parsed->client_hello_hash.size() != suite->hash_len) return std::nullopt;
  CookieContents contents;
  contents.suite = suite->id;
  if (parsed->group != kNoGroup) contents.group = static_cast<NamedGroup>(parsed->group);
  contents.client_hello_hash.assign(parsed->client_hello_hash.begin(),
                                    parsed->client_hello_hash.end());
  std::copy(parsed->hello_digest.begin(), parsed->hello_digest.end(),
            contents.hello_digest.begin());
  contents.application_cookie.assign(parsed->application_cookie.begin(),
                                     parsed->application_cookie.end());
  contents.retry_extensions.assign(parsed->retry_extensions.begin(),
                                   parsed->retry_extensions.end());
  return contents;
}

}  // namespace dtls13
