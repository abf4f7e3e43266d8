#include "dtls13/listener/cookie_listener.h"

#include <optional>
#include <utility>

#include "dtls13/handshake/stateless_retry.h"
#include "dtls13/message/client_hello.h"
#include "dtls13/message/hello_invariants.h"
#include "dtls13/session/cookie.h"
#include "dtls13/wire/plaintext_handshake.h"
#include "dtls13/wire/record_header.h"

namespace dtls13 {
namespace {

// FindJudgeable returns a ClientHello that came in one record: all a listener without memory can
// use. A client that has no association has sent no more than two.
std::optional<PlaintextFragment> FindJudgeable(std::span<const uint8_t> datagram) {
  std::optional<PlaintextFragment> hello = FindWholeClientHello(datagram);
  if (hello && hello->fragment.header.message_seq > 1) return std::nullopt;
  return hello;
}

}  // namespace

ListenInspection CookieListener::Inspect(std::span<const uint8_t> datagram,
                                         std::span<const uint8_t> peer_address,
                                         WallTime now) const {
  const std::optional<PlaintextFragment> hello = FindJudgeable(datagram);
  if (!hello) return {};
  const std::span<const uint8_t> body = hello->fragment.body;
  const ReceivedHello received({body.begin(), body.end()});
  if (!received.is_well_formed()) return {};
  if (!OffersDtls13(received.hello())) {
    return {.verdict = ListenVerdict::kNotDtls13, .application_cookie = {}};
  }
  if (!received->extensions.Find(ExtensionType::kCookie)) {
    return {.verdict = ListenVerdict::kNeedsRetry, .application_cookie = {}};
  }
  std::optional<CookieContents> cookie = OpenHelloCookie(*config_, received, peer_address, now);
  //= rfc9147#section-5.1
  //# If a server receives a ClientHello with an invalid cookie, it MUST
  //# terminate the handshake with an "illegal_parameter" alert.
  if (!cookie) return {.verdict = ListenVerdict::kBadCookie, .application_cookie = {}};
  return {.verdict = ListenVerdict::kAccept,
          .application_cookie = std::move(cookie->application_cookie)};
}

PrefixCookie CookieListener::InspectPrefix(std::span<const uint8_t> body_prefix,
                                           std::span<const uint8_t> peer_address,
                                           WallTime now) const {
  const std::optional<std::span<const uint8_t>> cookie = FindCookieInPrefix(body_prefix);
  if (!cookie) return PrefixCookie::kNotFound;
  const auto& keys = config_->cookie_keys;
  const bool is_good = keys != nullptr && keys->Open(*cookie, peer_address, now).has_value();
  return is_good ? PrefixCookie::kGood : PrefixCookie::kBad;
}

size_t CookieListener::WriteRetry(std::span<const uint8_t> datagram,
                                  std::span<const uint8_t> peer_address,
                                  std::span<const uint8_t> application_cookie, WallTime now,
                                  std::span<uint8_t> out) const {
  const std::optional<PlaintextFragment> hello = FindJudgeable(datagram);
  if (!hello) return 0;
  const std::span<const uint8_t> hello_body = hello->fragment.body;
  const ReceivedHello received({hello_body.begin(), hello_body.end()});
  const std::optional<std::vector<uint8_t>> body =
      MakeHelloRetryRequest(*config_, received, peer_address, application_cookie, now);
  if (!body) return 0;
  const std::vector<uint8_t> message =
      WholeMessage(HandshakeType::kServerHello, hello->fragment.header.message_seq, *body);
  if (kPlaintextHeaderLen + message.size() > kMaxAmplification * datagram.size()) return 0;
  // The record number mirrors the client's, so that every answer to a repeated hello has another.
  return WritePlaintextRecord(ContentType::kHandshake, hello->record_number, message, out);
}

size_t CookieListener::WriteAlert(std::span<const uint8_t> datagram, AlertDescription alert,
                                  std::span<uint8_t> out) {
  const std::optional<PlaintextFragment> hello = FindClientHello(datagram);
  if (!hello) return 0;
  return WritePlaintextRecord(ContentType::kAlert, hello->record_number,
                              SerializeAlert({.level = AlertLevel::kFatal, .description = alert}),
                              out);
}

}  // namespace dtls13
