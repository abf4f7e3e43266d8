// SPDX-License-Identifier: Apache-2.0
#include "dtls13/handshake/early_data.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "dtls13/crypto/key_schedule.h"
#include "dtls13/crypto/transcript.h"
#include "dtls13/message/failure.h"
#include "dtls13/session/anti_replay.h"
#include "dtls13/session/session.h"

namespace dtls13 {
namespace {

// kWindow: how far the age that a client states may be from the one that we see. RFC 8446 section
// 8.3: "on the order of ten seconds".
constexpr std::chrono::seconds kWindow{10};

bool IsFirstTime(EarlyDataReplayGuard* guard, const ClientHello& offer, const Session& session,
                 WallTime now) {
  const uint32_t stated_age =
      AgeFromObfuscated(session, offer.psks.Identity(0)->obfuscated_ticket_age);
  //= rfc8446#section-4.2.10
  //# If it is not, the server SHOULD proceed
  //# with the handshake but reject 0-RTT, and SHOULD NOT take any other
  //# action that assumes that this ClientHello is fresh.
  //= rfc8446#section-4.2.10
  //# a server MUST validate that the ticket age for the selected PSK
  //# identity
  //= rfc8446#section-8
  //# servers SHOULD limit 0-RTT replays further when feasible.
  if (!IsFresh(std::chrono::milliseconds(stated_age), session.issued_at, now, kWindow)) {
    return false;
  }
  //= rfc8446#section-8.2
  //# The server MUST derive the storage key only from validated sections
  //# of the ClientHello.
  const WallTime expected_arrival = session.issued_at + std::chrono::seconds(stated_age / 1000);
  constexpr std::chrono::seconds kRounding{1};
  //= rfc8446#section-8
  //# would accept 0-RTT for the same 0-RTT handshake at most once;
  //= rfc8446#section-8
  //# Servers SHOULD provide that level of replay safety by implementing one
  //# of the methods described in this section or by equivalent means.
  return guard->TryClaim({.id = offer.psks.Binder(0),
                          .not_before = expected_arrival - kWindow,
                          .not_after = expected_arrival + kWindow + kRounding,
                          .guard = session.replay_guard},
                         now);
}

bool HasProtocol(const Session& session, const std::string& protocol) {
  return std::equal(session.alpn.begin(), session.alpn.end(), protocol.begin(), protocol.end());
}

// CanAccept holds all of RFC 8446 section 4.2.10's conditions. The replay guard comes last, for it
// is asked once.
bool CanAccept(const HandshakeConfig& config, const ClientHello& offer,
               const PskSelection& selection, const HandshakeResult& result, WallTime now) {
  const Session* session = selection.psk.session();
  // A guard that nobody gave would take every replay.
  //= rfc8446#appendix-E.5
  //# TLS implementations MUST NOT enable 0-RTT (either sending or
  //# accepting) unless specifically requested by the application
  if (config.server.max_early_data_len == 0 || config.server.replay_guard == nullptr) return false;
  //= rfc8446#section-4.2.10
  //# In order to accept early data, the server MUST have accepted a PSK
  //# cipher suite and selected the first key offered in the client's
  //# "pre_shared_key" extension.
  //= rfc8446#section-4.2.10
  //# In addition, it MUST verify that the
  //# following values are the same as those associated with the
  //# selected PSK:
  // A session of another version, or with another name, is not resumed.
  if (selection.index != 0 || session == nullptr || session->max_early_data_len == 0 ||
      session->suite != result.suite->id || !HasProtocol(*session, result.connection.alpn)) {
    return false;
  }
  return IsFirstTime(config.server.replay_guard.get(), offer, *session, now);
}

// Start derives the early secrets from `session` and its ClientHello.
Status Start(const Session& session, std::span<const uint8_t> client_hello_body,
             HandshakeContext* context) {
  const CipherSuite& suite = *FindCipherSuite(session.suite);
  const HandshakeConfig& config = context->config();
  // A ladder of its own: the client does not know yet whether the server takes this session.
  KeySchedule schedule(config.algorithms, suite.hash, config.wire_profile.label_prefix);
  const auto hash = Transcript::HashClientHello(*config.algorithms, suite.hash, client_hello_body,
                                                config.wire_profile.transcript_form);
  if (!hash.has_value() || !schedule.StartEarly(session.psk.bytes())) {
    return InternalError(Reason::kCrypto);
  }
  Secret traffic_secret = schedule.ClientEarlyTrafficSecret(*hash);
  Secret exporter_secret = schedule.EarlyExporterSecret(*hash);
  if (traffic_secret.empty() || exporter_secret.empty()) return InternalError(Reason::kCrypto);
  context->LogKey("CLIENT_EARLY_TRAFFIC_SECRET", traffic_secret);
  context->LogKey("EARLY_EXPORTER_SECRET", exporter_secret);
  context->secrets().early_exporter_secret = std::move(exporter_secret);
  context->result().early_suite = &suite;
  context->Queue(AllowEarlyData{.suite = &suite,
                                .traffic_secret = std::move(traffic_secret),
                                .max_len = session.max_early_data_len});
  return Status::Ok();
}

}  // namespace

void PrepareEarlyData(const Psk& psk, ClientHelloFields* hello) {
  const Session* session = psk.session();
  //= rfc8446#appendix-D.1
  //# 0-RTT data is not compatible with older servers and SHOULD NOT be sent
  //# absent knowledge that the server supports TLS 1.3.
  if (session == nullptr || session->max_early_data_len == 0) return;
  std::vector<CipherSuiteId>& suites = hello->cipher_suites;
  const auto suite = std::find(suites.begin(), suites.end(), session->suite);
  if (suite == suites.end()) return;
  const std::vector<std::string>& protocols = hello->connection.alpn;
  const bool has_protocol =
      session->alpn.empty() ||
      std::any_of(protocols.begin(), protocols.end(),
                  [&](const std::string& protocol) { return HasProtocol(*session, protocol); });
  if (!has_protocol) return;
  std::rotate(suites.begin(), suite, suite + 1);
  hello->early_data = true;
}

Status OfferEarlyData(const Session& session, std::span<const uint8_t> client_hello_body,
                      HandshakeContext* context) {
  context->result().early_data = EarlyDataOutcome::kOffered;
  return Start(session, client_hello_body, context);
}

Status ReadEarlyDataAnswer(const Session& session, const ExtensionBlock& encrypted_extensions,
                           HandshakeContext* context) {
  const auto answer = encrypted_extensions.Find(ExtensionType::kEarlyData);
  if (!answer.has_value()) {
    RejectEarlyData(context);
    return Status::Ok();
  }
  if (!answer->empty()) return DecodeError();
  const HandshakeResult& result = context->result();
  //= rfc8446#section-4.2.11
  //# If the server supplies an "early_data" extension, the client MUST
  //# verify that the server's selected_identity is 0.  If any other value
  //# is returned, the client MUST abort the handshake with an
  //# "illegal_parameter" alert.
  if (result.psk_index != uint16_t{0} || result.suite->id != session.suite ||
      !HasProtocol(session, result.connection.alpn)) {
    return IllegalParameter(Reason::kBadExtension);
  }
  context->result().early_data = EarlyDataOutcome::kAccepted;
  context->Queue(
      EarlyDataAnswered{.accepted = true, .keys_still_needed = MustEndEarlyData(*context)});
  return Status::Ok();
}

bool MustEndEarlyData(const HandshakeContext& context) {
  return context.config().wire_profile.has_end_of_early_data &&
         context.result().early_data == EarlyDataOutcome::kAccepted;
}

Status EndEarlyData(HandshakeContext* context) {
  if (!MustEndEarlyData(*context)) return Status::Ok();
  return context->Send(kEarlyDataEpoch, HandshakeType::kEndOfEarlyData, {});
}

void RejectEarlyData(HandshakeContext* context) {
  context->result().early_data = EarlyDataOutcome::kRejected;
  context->secrets().early_exporter_secret = Secret();
  context->Queue(EarlyDataAnswered{.accepted = false});
}

Status AnswerEarlyData(const ClientHello& offer, const std::optional<PskSelection>& selection,
                       WallTime now, HandshakeContext* context) {
  if (!offer.early_data) return Status::Ok();
  HandshakeResult& result = context->result();
  //= rfc8446#section-4.2.10
  //# A client MUST NOT include the
  //# "early_data" extension in its followup ClientHello.
  // A client that does is told no, as is every offer behind a HelloRetryRequest.
  if (result.used_hello_retry_request || !selection.has_value() ||
      !CanAccept(context->config(), offer, *selection, result, now)) {
    //= rfc8446#section-4.2.10
    //# If any of these checks fail, the server MUST NOT respond with the
    //# extension and must discard all the first-flight data using one of the
    //# first two mechanisms listed above (thus falling back to 1-RTT or
    //# 2-RTT).
    //= rfc8446#section-8.2
    //# MUST respond to apparent replay by rejecting 0-RTT but MUST NOT abort
    //# the handshake.
    result.early_data = EarlyDataOutcome::kRejected;
    return Status::Ok();
  }
  result.early_data = EarlyDataOutcome::kAccepted;
  return Start(*selection->psk.session(), offer.body, context);
}

}  // namespace dtls13
