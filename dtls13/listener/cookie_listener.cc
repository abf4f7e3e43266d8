// SPDX-License-Identifier: Apache-2.0
#include "dtls13/listener/cookie_listener.h"

#include <optional>
#include <utility>

#include "dtls13/flight/sending_bound.h"
#include "dtls13/message/failure.h"
#include "dtls13/message/hello_invariants.h"
#include "dtls13/session/cookie.h"
#include "dtls13/wire/handshake_header.h"
#include "dtls13/wire/plaintext_handshake.h"
#include "dtls13/wire/record_header.h"

namespace dtls13 {

ListenInspection CookieListener::Inspect(const ReceivedHello& hello,
                                         std::span<const uint8_t> peer_address,
                                         WallTime now) const {
  if (!hello.is_well_formed()) return {};
  if (!OffersDtls13(hello.hello(), config_->wire_profile)) {
    //= rfc8446#section-4.2.1
    //# If this extension is not present, servers which are compliant with
    //# this specification and which also support TLS 1.2 MUST negotiate TLS
    //# 1.2 or prior as specified in [RFC5246], even if
    //# ClientHello.legacy_version is 0x0304 or later.
    //= rfc8446#appendix-D.2
    //# If the "supported_versions" extension is not present, the server MUST
    //# negotiate the minimum of ClientHello.legacy_version and TLS 1.2.
    return {.verdict = ListenVerdict::kNotDtls13, .application_cookie = {}};
  }
  if (!hello->extensions.Has(ExtensionType::kCookie)) {
    return {.verdict = ListenVerdict::kNeedsRetry, .application_cookie = {}};
  }
  std::optional<CookieContents> cookie = OpenHelloCookie(*config_, hello, peer_address, now);
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
  const auto& keys = config_->server.cookie_keys;
  const bool is_good = keys != nullptr && keys->Open(*cookie, peer_address, now).has_value();
  return is_good ? PrefixCookie::kGood : PrefixCookie::kBad;
}

Status CookieListener::WriteRetry(const ReceivedHello& hello, const RetryAddressee& to,
                                  WallTime now, std::vector<uint8_t>* datagram) const {
  std::vector<uint8_t> body;
  const Status status = MakeHelloRetryRequest(*config_, hello, to, now, &body);
  if (!status.ok()) return status;
  const std::vector<uint8_t> message =
      WholeMessage(HandshakeType::kServerHello, hello.message_seq(), body);
  const size_t received_len = kPlaintextHeaderLen + kHandshakeHeaderLen + hello->body.size();
  if (kPlaintextHeaderLen + message.size() > kMaxAmplification * received_len) {
    return HandshakeFailure(Reason::kInternal);
  }
  // The record number mirrors the client's, so that every answer to a repeated hello has another.
  datagram->resize(kPlaintextHeaderLen + message.size());
  WritePlaintextRecord(ContentType::kHandshake, hello.record_number(), message, *datagram);
  return Status::Ok();
}

size_t CookieListener::WriteAlert(SequenceNumber record_number, AlertDescription alert,
                                  std::span<uint8_t> out) {
  return WritePlaintextRecord(ContentType::kAlert, record_number,
                              SerializeAlert({.level = AlertLevel::kFatal, .description = alert}),
                              out);
}

}  // namespace dtls13
