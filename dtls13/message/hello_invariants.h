// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_MESSAGE_HELLO_INVARIANTS_H_
#define DTLS13_MESSAGE_HELLO_INVARIANTS_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "dtls13/crypto/algorithms.h"
#include "dtls13/message/client_hello.h"
#include "dtls13/message/extensions.h"

namespace dtls13 {

// HelloDigest stands for all of a ClientHello that the second one must repeat. Half a SHA-256:
// every byte of a cookie is one that a forged source address can have sent to a victim.
using HelloDigest = std::array<uint8_t, 16>;

// DigestInvariants takes what RFC 8446 section 4.1.2 lets no client change between its two
// ClientHellos: all fields and extensions, but for key_share, cookie, early_data, pre_shared_key
// and padding. encrypted_client_hello, which is sealed anew in the second, is left out as well. The
// order of the extensions, which says nothing, is not held: wolfSSL's client (5.9.2) moves
// supported_versions to the front, so that a first fragment has it. Nor are the types of `retry`,
// the extensions that the caller has in the HelloRetryRequest: what they ask for may change.
// Nothing when libcrypto fails.
std::optional<HelloDigest> DigestInvariants(const Algorithms& algorithms, const ClientHello& hello,
                                            const ExtensionBlock& retry = {});

// FindCookieInPrefix looks for the cookie extension in the first `prefix` bytes of a ClientHello's
// body, as its first fragment has them: RFC 9147 section 5.1's check can then come before anything
// is kept for the rest. Nothing when there is no whole cookie in it, which says nothing about the
// rest.
std::optional<std::span<const uint8_t>> FindCookieInPrefix(std::span<const uint8_t> prefix);

}  // namespace dtls13

#endif  // DTLS13_MESSAGE_HELLO_INVARIANTS_H_
