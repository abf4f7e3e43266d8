// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_HANDSHAKE_STATELESS_RETRY_H_
#define DTLS13_HANDSHAKE_STATELESS_RETRY_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dtls13/handshake/handshake_config.h"
#include "dtls13/handshake/negotiation.h"
#include "dtls13/message/client_hello.h"
#include "dtls13/message/received_hello.h"
#include "dtls13/session/cookie.h"
#include "dtls13/wire/time.h"

namespace dtls13 {

// MakeHelloRetryRequest answers a first ClientHello without keeping anything: the body of a
// HelloRetryRequest whose cookie binds `peer_address`, carries `application_cookie` (at most 255
// bytes) and lets any server with the same config go on from the second ClientHello. Nothing when
// the hello is not acceptable at all, or without cookie keys.
std::optional<std::vector<uint8_t>> MakeHelloRetryRequest(
    const HandshakeConfig& config, const ReceivedHello& hello,
    std::span<const uint8_t> peer_address, std::span<const uint8_t> application_cookie,
    WallTime now);

// BuildHelloRetryRequest is MakeHelloRetryRequest for a hello that is negotiated. Asks for a share
// of the negotiated group only if none was sent. Empty when libcrypto or the keys fail.
std::vector<uint8_t> BuildHelloRetryRequest(const HandshakeConfig& config, const ClientHello& hello,
                                            const Negotiation& negotiation,
                                            std::span<const uint8_t> peer_address,
                                            std::span<const uint8_t> application_cookie,
                                            WallTime now);

// OpenHelloCookie opens the cookie of a ClientHello that carries one of the config's keys, in time
// and from `peer_address`. Nothing otherwise.
std::optional<CookieContents> OpenHelloCookie(const HandshakeConfig& config,
                                              const ReceivedHello& hello,
                                              std::span<const uint8_t> peer_address, WallTime now);

}  // namespace dtls13

#endif  // DTLS13_HANDSHAKE_STATELESS_RETRY_H_
