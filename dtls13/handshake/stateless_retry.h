#ifndef DTLS13_HANDSHAKE_STATELESS_RETRY_H_
#define DTLS13_HANDSHAKE_STATELESS_RETRY_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dtls13/handshake/handshake_config.h"
#include "dtls13/handshake/negotiation.h"
#include "dtls13/message/client_hello.h"
#include "dtls13/session/cookie.h"
#include "dtls13/wire/time.h"

namespace dtls13 {

// MakeHelloRetryRequest answers a first ClientHello without keeping anything: the body of a
// HelloRetryRequest whose cookie binds `peer_address`, carries `application_cookie` (at most 255
// bytes) and lets any server with the same config go on from the second ClientHello. Nothing when
// the hello is not acceptable at all, or without cookie keys.
std::optional<std::vector<uint8_t>> MakeHelloRetryRequest(
    const HandshakeConfig& config, std::span<const uint8_t> client_hello_body,
    std::span<const uint8_t> peer_address, std::span<const uint8_t> application_cookie,
    WallTime now);

// OpenHelloCookie returns the application cookie of a ClientHello that carries a cookie of ours, in
// time and from `peer_address`. Nothing otherwise.
std::optional<std::vector<uint8_t>> OpenHelloCookie(const HandshakeConfig& config,
                                                    std::span<const uint8_t> client_hello_body,
                                                    std::span<const uint8_t> peer_address,
                                                    WallTime now);

// BuildHelloRetryRequest is MakeHelloRetryRequest for a hello that is parsed and negotiated. Asks
// for a share of the negotiated group only if none was sent. Empty when libcrypto or the keys fail.
std::vector<uint8_t> BuildHelloRetryRequest(const HandshakeConfig& config,
                                            std::span<const uint8_t> client_hello_body,
                                            const Negotiation& negotiation,
                                            std::span<const uint8_t> peer_address,
                                            std::span<const uint8_t> application_cookie,
                                            WallTime now);

// OpenOfferCookie opens the offer's cookie, if it has one and the config has keys.
std::optional<CookieContents> OpenOfferCookie(const HandshakeConfig& config,
                                              const ClientHello& offer,
                                              std::span<const uint8_t> peer_address, WallTime now);

}  // namespace dtls13

#endif  // DTLS13_HANDSHAKE_STATELESS_RETRY_H_
