// SPDX-License-Identifier: Apache-2.0
#include "dtls13/handshake/stateless_retry.h"

#include "dtls13/crypto/transcript.h"
#include "dtls13/handshake/server_psks.h"
#include "dtls13/message/hello_invariants.h"
#include "dtls13/message/server_hello.h"

namespace dtls13 {

std::vector<uint8_t> BuildHelloRetryRequest(const HandshakeConfig& config, const ClientHello& hello,
                                            const Negotiation& negotiation,
                                            std::span<const uint8_t> peer_address,
                                            std::span<const uint8_t> application_cookie,
                                            WallTime now) {
  if (config.server.cookie_keys == nullptr) return {};
  //= rfc9147#section-5.1
  //# The handshake transcript is not reset with the second ClientHello,
  //# and a stateless server-cookie implementation requires the content or
  //# hash of the initial ClientHello (and HelloRetryRequest) to be stored
  //# in the cookie.
  const auto hash =
      Transcript::HashClientHello(*config.algorithms, negotiation.suite->hash, hello.body);
  if (!hash.has_value()) return {};
  const auto digest = DigestInvariants(*config.algorithms, hello);
  if (!digest.has_value()) return {};
  CookieContents contents;
  contents.hello_digest = *digest;
  contents.suite = negotiation.suite->id;
  if (negotiation.has_group && negotiation.peer_share.empty()) contents.group = negotiation.group;
  contents.client_hello_hash.assign(hash->view().begin(), hash->view().end());
  contents.application_cookie.assign(application_cookie.begin(), application_cookie.end());
  const std::vector<uint8_t> cookie = config.server.cookie_keys->Seal(contents, peer_address, now);
  if (cookie.empty()) return {};
  return SerializeHelloRetryRequest(contents.suite, contents.group, cookie,
                                    SessionIdEcho(config, hello));
}

std::optional<CookieContents> OpenHelloCookie(const HandshakeConfig& config,
                                              const ReceivedHello& hello,
                                              std::span<const uint8_t> peer_address, WallTime now) {
  if (config.server.cookie_keys == nullptr || !hello.status().ok() || !hello->cookie.has_value()) {
    return std::nullopt;
  }
  return config.server.cookie_keys->Open(*hello->cookie, peer_address, now);
}

std::optional<std::vector<uint8_t>> MakeHelloRetryRequest(
    const HandshakeConfig& config, const ReceivedHello& hello,
    std::span<const uint8_t> peer_address, std::span<const uint8_t> application_cookie,
    WallTime now) {
  if (!hello.status().ok()) return std::nullopt;
  const ClientHello& offer = hello.hello();
  Negotiation negotiation;
  ServerPsks psks;
  psks.OpenTickets(config, offer, /*bound=*/std::nullopt, now);
  if (!Negotiate(config, offer, {.hash = psks.WantedHash(config, offer)}, &negotiation).ok() ||
      (!negotiation.has_group && !ChoosePskMode(config, offer, /*has_group=*/false).has_value())) {
    return std::nullopt;
  }
  std::vector<uint8_t> body =
      BuildHelloRetryRequest(config, offer, negotiation, peer_address, application_cookie, now);
  if (body.empty()) return std::nullopt;
  return body;
}

}  // namespace dtls13
