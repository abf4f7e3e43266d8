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
#include "dtls13/message/extensions.h"
#include "dtls13/message/received_hello.h"
#include "dtls13/session/cookie.h"
#include "dtls13/wire/status.h"
#include "dtls13/wire/time.h"

namespace dtls13 {

// RetryAddressee is whom a HelloRetryRequest is for, and what its cookie is to carry: at most 255
// bytes of the application's.
struct RetryAddressee {
  std::span<const uint8_t> peer_address;
  std::span<const uint8_t> application_cookie = {};
};

// MakeHelloRetryRequest answers a first ClientHello without keeping anything: `*body` is that of a
// HelloRetryRequest whose cookie binds the addressee and lets any server with the same config go on
// from the second ClientHello. Not Ok when the hello is not acceptable at all, or its extensions to
// the config's RetryExtensions, or without cookie keys.
Status MakeHelloRetryRequest(const HandshakeConfig& config, const ReceivedHello& hello,
                             const RetryAddressee& to, WallTime now, std::vector<uint8_t>* body);

// BuildHelloRetryRequest is MakeHelloRetryRequest for a hello that is negotiated; `resumes`: with a
// session of ours. Asks for a share of the negotiated group only if none was sent.
Status BuildHelloRetryRequest(const HandshakeConfig& config, const ClientHello& hello,
                              const Negotiation& negotiation, bool resumes,
                              const RetryAddressee& to, WallTime now, std::vector<uint8_t>* body);

// OwnExtensions are those that the config's owner has in the HelloRetryRequest, a view of
// `contents`.
ExtensionBlock OwnExtensions(const CookieContents& contents);

// OpenHelloCookie opens the cookie of a ClientHello that carries one of the config's keys, in time
// and from `peer_address`. Nothing otherwise.
std::optional<CookieContents> OpenHelloCookie(const HandshakeConfig& config,
                                              const ReceivedHello& hello,
                                              std::span<const uint8_t> peer_address, WallTime now);

}  // namespace dtls13

#endif  // DTLS13_HANDSHAKE_STATELESS_RETRY_H_
