// SPDX-License-Identifier: Apache-2.0
#include "dtls13/message/hello_invariants.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "dtls13/crypto/hash.h"
#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/byte_writer.h"

namespace dtls13 {
namespace {

constexpr size_t kUsualExtensions = 16;

// Lengths of fields that have one byte on the wire have two here.
constexpr size_t kMoreThanBody = 16;

//= rfc8446#section-4.1.2
//# In that case, the client MUST send the same
//# ClientHello without modification, except as follows:
constexpr ExtensionType kMayChange[] = {
    ExtensionType::kKeyShare,     ExtensionType::kCookie,  ExtensionType::kEarlyData,
    ExtensionType::kPreSharedKey, ExtensionType::kPadding, ExtensionType::kEncryptedClientHello,
};

// SkipToExtensions leaves `reader` at the extension block's content. False when the prefix ends
// before.
bool SkipToExtensions(ByteReader* reader) {
  std::span<const uint8_t> skipped;
  uint16_t version;
  uint16_t block_len;
  return reader->ReadU16(&version) && reader->ReadBytes(kRandomLen, &skipped) &&
         reader->ReadVector8(&skipped) && reader->ReadVector8(&skipped) &&
         reader->ReadVector16(&skipped) && reader->ReadVector8(&skipped) &&
         reader->ReadU16(&block_len);
}

std::vector<Extension> SortedInvariantExtensions(const ClientHello& hello,
                                                 const ExtensionBlock& retry) {
  std::vector<Extension> kept;
  kept.reserve(kUsualExtensions);
  ByteReader reader = hello.extensions.Begin();
  for (Extension extension; ExtensionBlock::Next(&reader, &extension);) {
    if (std::ranges::find(kMayChange, extension.type) != std::end(kMayChange)) continue;
    //= rfc8446#section-4.1.2
    //# Other modifications that may be allowed by an extension defined in
    //# the future and present in the HelloRetryRequest.
    if (retry.Has(extension.type)) continue;
    kept.push_back(extension);
  }
  // Where a type comes twice the first one stays first, without the memory that stable_sort takes.
  std::sort(kept.begin(), kept.end(), [](const Extension& one, const Extension& other) {
    return std::pair(one.type, one.data.data()) < std::pair(other.type, other.data.data());
  });
  return kept;
}

}  // namespace

std::optional<HelloDigest> DigestInvariants(const Algorithms& algorithms, const ClientHello& hello,
                                            const ExtensionBlock& retry) {
  std::vector<uint8_t> invariants(hello.body.size() + kMoreThanBody);
  ByteWriter writer{std::span(invariants)};
  writer.WriteU16(hello.legacy_version);
  writer.WriteBytes(hello.random);
  const auto write_vector = [&writer](std::span<const uint8_t> bytes) {
    writer.WriteVector16(bytes);
  };
  write_vector(hello.legacy_session_id);
  write_vector(hello.legacy_cookie);
  write_vector(hello.cipher_suites.content());
  write_vector(hello.legacy_compression_methods);
  for (const Extension& extension : SortedInvariantExtensions(hello, retry)) {
    writer.WriteU16(static_cast<uint16_t>(extension.type));
    write_vector(extension.data);
  }
  const auto hash = Hash(algorithms, HashId::kSha256, std::span(invariants).first(writer.length()));
  if (!writer.ok() || !hash) return std::nullopt;
  HelloDigest digest;
  std::copy_n(hash->bytes.begin(), digest.size(), digest.begin());
  return digest;
}

std::optional<std::span<const uint8_t>> FindCookieInPrefix(std::span<const uint8_t> prefix) {
  ByteReader reader(prefix);
  if (!SkipToExtensions(&reader)) return std::nullopt;
  for (Extension extension; ExtensionBlock::Next(&reader, &extension);) {
    if (extension.type != ExtensionType::kCookie) continue;
    ByteReader data(extension.data);
    std::span<const uint8_t> cookie;
    if (!data.ReadVector16(&cookie) || !data.empty()) return std::nullopt;
    return cookie;
  }
  return std::nullopt;
}

}  // namespace dtls13
