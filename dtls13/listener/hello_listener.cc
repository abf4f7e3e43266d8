// SPDX-License-Identifier: Apache-2.0
#include "dtls13/listener/hello_listener.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "dtls13/wire/plaintext_handshake.h"
#include "dtls13/wire/record_header.h"

namespace dtls13 {
namespace {

// Where a ClientHello has its random: behind legacy_version.
constexpr size_t kRandomOffset = 2;

HelloReport RefuseRecord(SequenceNumber record_number, AlertDescription alert) {
  HelloReport report{.verdict = HelloVerdict::kRefuse};
  report.answer.resize(kPlaintextHeaderLen + kAlertLen);
  CookieListener::WriteAlert(record_number, alert, report.answer);
  return report;
}

// FindRandom returns which of `known` is the random of a ClientHello with this body.
std::optional<size_t> FindRandom(std::span<const ClientRandom> known,
                                 std::span<const uint8_t> body) {
  if (body.size() < kRandomOffset + kRandomLen) return std::nullopt;
  const auto random = body.subspan(kRandomOffset, kRandomLen);
  const auto found = std::ranges::find_if(
      known, [&](const ClientRandom& one) { return std::ranges::equal(one, random); });
  if (found == known.end()) return std::nullopt;
  return static_cast<size_t>(found - known.begin());
}

}  // namespace

void HelloListener::Reconfigure(std::shared_ptr<const HandshakeConfig> config,
                                HelloListenerOptions options) {
  cookies_ = CookieListener(std::move(config));
  options_ = options;
  gatherer_.SetMaxHellos(options.max_hellos);
}

HelloReport HelloListener::Handle(std::span<uint8_t> datagram,
                                  std::span<const uint8_t> peer_address, WallTime now,
                                  std::span<const ClientRandom> known) {
  std::vector<uint8_t> body;
  uint16_t message_seq;
  SequenceNumber record_number;
  std::span<uint8_t> rest;
  if (const std::optional<PlaintextFragment> whole = FindWholeClientHello(datagram)) {
    message_seq = whole->fragment.header.message_seq;
    record_number = whole->record_number;
    const std::span<const uint8_t> view = whole->fragment.body;
    body.assign(view.begin(), view.end());
    // Records that are nobody's may stand in front of it.
    rest = datagram.subspan(static_cast<size_t>(view.data() + view.size() - datagram.data()));
  } else {
    Gathered gathered = gatherer_.Add(datagram, peer_address, cookies_, now);
    if (gathered.verdict == GatherVerdict::kBadCookie) {
      const std::optional<PlaintextFragment> first = FindClientHello(datagram);
      if (!first) return {};
      return RefuseRecord(first->record_number, AlertDescription::kIllegalParameter);
    }
    //= rfc8446#section-4.2.2
    //# Servers operating statelessly MUST ignore these records.
    if (gathered.verdict != GatherVerdict::kWhole) return {};
    message_seq = gathered.message_seq;
    record_number = gathered.record_number;
    body = std::move(gathered.body);
  }
  if (const std::optional<size_t> index = FindRandom(known, body)) {
    return {.verdict = HelloVerdict::kRepeated, .repeated_index = *index};
  }
  if (message_seq > HelloGatherer::kMaxHelloSeq) return {};
  HelloReport report =
      Judge(std::make_shared<const ReceivedHello>(std::move(body), message_seq, record_number,
                                                  cookies_.wire_profile()),
            peer_address, now);
  if (report.verdict == HelloVerdict::kAccept) report.rest = rest;
  return report;
}

HelloReport HelloListener::Judge(std::shared_ptr<const ReceivedHello> hello,
                                 std::span<const uint8_t> peer_address, WallTime now) const {
  const bool needs_cookie = options_.cookie != HelloCookie::kNone;
  ListenInspection inspection = cookies_.Inspect(*hello, peer_address, now);
  switch (inspection.verdict) {
    case ListenVerdict::kIgnore:
      // An association has the alert for it, where one may be had for the asking.
      if (needs_cookie) return {};
      break;
    case ListenVerdict::kNotDtls13:
      return JudgeOlder(std::move(hello));
    case ListenVerdict::kNeedsRetry:
      if (!needs_cookie) break;
      if (options_.cookie == HelloCookie::kOwn) return Retry(*hello, peer_address, {}, now);
      return {.verdict = HelloVerdict::kCookieWanted, .hello = std::move(hello)};
    case ListenVerdict::kBadCookie:
      return Refuse(*hello, AlertDescription::kIllegalParameter);
    case ListenVerdict::kAccept:
      break;
  }
  return {.verdict = HelloVerdict::kAccept,
          .hello = std::move(hello),
          .application_cookie = std::move(inspection.application_cookie)};
}

HelloReport HelloListener::JudgeOlder(std::shared_ptr<const ReceivedHello> hello) const {
  if (!options_.serves_older) return Refuse(*hello, AlertDescription::kProtocolVersion);
  // TLS_FALLBACK_SCSV: the client tries less than it has because more has failed (RFC 7507).
  // Between it and a server with DTLS 1.3 somebody else must have made it fail.
  if ((*hello)->cipher_suites.Contains(kFallbackScsv)) {
    return Refuse(*hello, AlertDescription::kInappropriateFallback);
  }
  return {.verdict = HelloVerdict::kNotDtls13, .hello = std::move(hello)};
}

HelloReport HelloListener::Retry(const ReceivedHello& hello, std::span<const uint8_t> peer_address,
                                 std::span<const uint8_t> application_cookie, WallTime now) const {
  HelloReport report{.verdict = HelloVerdict::kRetry};
  const Status status = cookies_.WriteRetry(
      hello, {.peer_address = peer_address, .application_cookie = application_cookie}, now,
      &report.answer);
  //= rfc8446#section-4.1.1
  //# If there is no overlap between the received
  //# "supported_groups" and the groups supported by the server, then the
  //# server MUST abort the handshake with a "handshake_failure" or an
  //# "insufficient_security" alert.
  if (!status.ok()) return Refuse(hello, status.alert());
  return report;
}

HelloReport HelloListener::Refuse(const ReceivedHello& hello, AlertDescription alert) {
  return RefuseRecord(hello.record_number(), alert);
}

}  // namespace dtls13
