#include "dtls13/cookie_listener.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "dtls13/handshake/client_hello.h"
#include "dtls13/handshake/stateless_retry.h"
#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/handshake_header.h"
#include "dtls13/wire/record_header.h"

namespace dtls13 {
namespace {

// WholeClientHello is a ClientHello that came in one record: all a listener without memory can use.
struct WholeClientHello {
  SequenceNumber record_number;
  uint16_t message_seq = 0;
  std::span<const uint8_t> body;
};

std::optional<PlaintextRecord> FindRecord(std::span<const uint8_t> datagram) {
  // Parsing views the datagram and writes nothing to it.
  return ParsePlaintextRecord(std::span(const_cast<uint8_t*>(datagram.data()), datagram.size()));
}

std::optional<WholeClientHello> FindClientHello(std::span<const uint8_t> datagram) {
  if (datagram.empty() || ClassifyRecord(datagram[0]) != RecordKind::kPlaintext) {
    return std::nullopt;
  }
  const std::optional<PlaintextRecord> record = FindRecord(datagram);
  if (!record || record->header.type != ContentType::kHandshake || record->header.epoch != 0) {
    return std::nullopt;
  }
  ByteReader reader(record->fragment);
  std::optional<HandshakeFragment> fragment = ReadHandshakeFragment(&reader);
  if (!fragment || fragment->header.type != HandshakeType::kClientHello ||
      fragment->header.message_seq > 1 || fragment->header.fragment_offset != 0 ||
      fragment->header.fragment_len != fragment->header.message_len || !reader.empty()) {
    return std::nullopt;
  }
  return WholeClientHello{record->header.sequence_number, fragment->header.message_seq,
                          fragment->body};
}

}  // namespace

ListenInspection CookieListener::Inspect(std::span<const uint8_t> datagram,
                                         std::span<const uint8_t> peer_address,
                                         WallTime now) const {
  std::optional<WholeClientHello> hello = FindClientHello(datagram);
  if (!hello) return {};
  std::optional<ClientHelloView> view = ParseClientHello(hello->body);
  if (!view) return {};
  if (!OffersDtls13(*view)) {
    return {.verdict = ListenVerdict::kNotDtls13, .application_cookie = {}};
  }
  if (!view->extensions.Find(ExtensionType::kCookie)) {
    return {.verdict = ListenVerdict::kNeedsRetry, .application_cookie = {}};
  }
  std::optional<std::vector<uint8_t>> cookie =
      OpenHelloCookie(config_->handshake, hello->body, peer_address, now);
  //= rfc9147#section-5.1
  //# If a server receives a ClientHello with an invalid cookie, it MUST
  //# terminate the handshake with an "illegal_parameter" alert.
  if (!cookie) return {.verdict = ListenVerdict::kBadCookie, .application_cookie = {}};
  return {.verdict = ListenVerdict::kAccept, .application_cookie = std::move(*cookie)};
}

size_t CookieListener::WriteRetry(std::span<const uint8_t> datagram,
                                  std::span<const uint8_t> peer_address,
                                  std::span<const uint8_t> application_cookie, WallTime now,
                                  std::span<uint8_t> out) const {
  std::optional<WholeClientHello> hello = FindClientHello(datagram);
  if (!hello) return 0;
  std::optional<std::vector<uint8_t>> body =
      MakeHelloRetryRequest(config_->handshake, hello->body, peer_address, application_cookie, now);
  if (!body) return 0;
  const size_t message_len = kHandshakeHeaderLen + body->size();
  const size_t len = kPlaintextHeaderLen + message_len;
  if (out.size() < len || message_len > kMaxPlaintextLen) return 0;
  // The record number mirrors the client's, so that every answer to a repeated hello has another.
  WritePlaintextHeader({.type = ContentType::kHandshake,
                        .sequence_number = hello->record_number,
                        .fragment_len = static_cast<uint16_t>(message_len)},
                       out);
  const auto body_len = static_cast<uint32_t>(body->size());
  WriteHandshakeHeader({.type = HandshakeType::kServerHello,
                        .message_len = body_len,
                        .message_seq = hello->message_seq,
                        .fragment_offset = 0,
                        .fragment_len = body_len},
                       out.subspan(kPlaintextHeaderLen));
  std::copy(body->begin(), body->end(), out.begin() + kPlaintextHeaderLen + kHandshakeHeaderLen);
  return len;
}

size_t CookieListener::WriteAlert(std::span<const uint8_t> datagram, AlertDescription alert,
                                  std::span<uint8_t> out) {
  const std::optional<PlaintextRecord> hello = FindRecord(datagram);
  const size_t len = kPlaintextHeaderLen + kAlertLen;
  if (!hello || out.size() < len) return 0;
  WritePlaintextHeader({.type = ContentType::kAlert,
                        .sequence_number = hello->header.sequence_number,
                        .fragment_len = kAlertLen},
                       out);
  const auto content = SerializeAlert({.level = AlertLevel::kFatal, .description = alert});
  std::copy(content.begin(), content.end(), out.begin() + kPlaintextHeaderLen);
  return len;
}

}  // namespace dtls13
