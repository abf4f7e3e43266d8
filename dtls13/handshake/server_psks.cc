// SPDX-License-Identifier: Apache-2.0
#include "dtls13/handshake/server_psks.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "dtls13/message/failure.h"
#include "dtls13/session/psk_binder.h"
#include "dtls13/session/ticket_keyring.h"

namespace dtls13 {
namespace {

// RFC 8446 section 4.2.11 binds no ticket to its name, but a server that keeps several names apart
// must not let a session with one open another. Nor does a session stand in for a certificate that
// the client never showed.
bool CanResume(const HandshakeConfig& config, const Session& session, const ClientHello& offer,
               WallTime now) {
  if (session.version != config.wire_profile.version || IsExpired(session, now) ||
      session.server_name != offer.server_name) {
    return false;
  }
  return config.server.client_authentication != ClientAuthentication::kRequired ||
         !session.peer_certificates.empty();
}

//= rfc8446#section-4.2.11
//# The server MUST ensure that it selects a compatible PSK
//# (if any) and cipher suite.
//= rfc8446#section-4.6.1
//# Any ticket MUST only be resumed with a cipher suite that has the same
//# KDF hash algorithm as that used to establish the original connection.
bool Fits(const Psk& psk, const Negotiation& negotiation) {
  return psk.hash() == negotiation.suite->hash;
}

}  // namespace

void ServerPsks::OpenTickets(const HandshakeConfig& config, const ClientHello& offer,
                             std::optional<CipherSuiteId> bound, WallTime now) {
  if (config.server.ticket_keys == nullptr || answered_ || selection_.has_value() ||
      !ChoosePskMode(config, offer, /*has_group=*/true).has_value()) {
    return;
  }
  for (size_t i = 0; i < kMaxPskIdentities; ++i) {
    const auto offered = offer.psks.Identity(i);
    if (!offered.has_value()) return;
    //= rfc8446#section-4.2.11
    //# Any unknown PSKs (e.g., ones
    //# not in the PSK database or encrypted with an unknown key) SHOULD
    //# simply be ignored.
    auto session = config.server.ticket_keys->Open(offered->identity, now);
    if (!session.has_value() || !CanResume(config, *session, offer, now)) continue;
    const Psk psk(std::make_shared<const Session>(*std::move(session)));
    Negotiation negotiation;
    const SuiteWish wish{.bound = bound, .hash = psk.hash()};
    if (!Negotiate(config, offer, wish, &negotiation).ok() || !Fits(psk, negotiation)) continue;
    selection_ = PskSelection{.psk = psk, .index = static_cast<uint16_t>(i)};
    return;
  }
}

bool ServerPsks::Answer(size_t index, Psk psk, size_t num_identities) {
  answered_ = true;
  selection_.reset();
  if (psk.empty()) return true;
  if (psk.key().empty() || index >= num_identities) return false;
  selection_ = PskSelection{.psk = std::move(psk), .index = static_cast<uint16_t>(index)};
  return true;
}

bool ServerPsks::MustAsk(const HandshakeConfig& config, const ClientHello& offer) const {
  if (answered_) return false;
  if (selection_.has_value()) return config.server.ask_ticket;
  return config.server.ask_psk && ChoosePskMode(config, offer, /*has_group=*/true).has_value();
}

std::optional<HashId> ServerPsks::WantedHash(const HandshakeConfig& config,
                                             const ClientHello& offer) const {
  //= rfc8446#section-4.2.11
  //# If backward
  //# compatibility is important, client-provided, externally established
  //# PSKs SHOULD influence cipher suite selection.
  if (selection_.has_value()) return selection_->psk.hash();
  if (!MustAsk(config, offer)) return std::nullopt;
  // A HelloRetryRequest names the suite before the caller can be asked. The client's first key is
  // its most wanted, and the length of a binder tells the hash.
  for (const HashId hash : {HashId::kSha256, HashId::kSha384}) {
    if (offer.psks.Binder(0).size() == HashLen(hash)) return hash;
  }
  return std::nullopt;
}

void ServerPsks::Settle(const HandshakeConfig& config, const ClientHello& offer,
                        const Negotiation& negotiation, WallTime now) {
  if (!selection_.has_value()) return;
  //= rfc8446#section-4.1.1
  //# If the server selects a PSK, then it MUST also select a key
  //# establishment mode from the set indicated by the client's
  //# "psk_key_exchange_modes" extension (at present, PSK alone or with
  //# (EC)DHE).
  const auto mode = ChoosePskMode(config, offer, negotiation.has_group);
  const Session* session = selection_->psk.session();
  if (!mode.has_value() || !Fits(selection_->psk, negotiation) ||
      (session != nullptr && !CanResume(config, *session, offer, now))) {
    selection_.reset();
    return;
  }
  selection_->mode = *mode;
}

Status ServerPsks::CheckBinder(const ClientHello& offer, HandshakeContext* context) const {
  const auto binder = ComputePskBinder(context->schedule(), selection_->psk.kind(),
                                       context->transcript(), offer.body, offer.psks.binders_len());
  if (!binder.has_value()) return InternalError(Reason::kCrypto);
  //= rfc8446#section-4.2.11
  //# Prior to accepting PSK key establishment, the server MUST validate
  //# the corresponding binder value (see Section 4.2.11.2 below).  If this
  //# value is not present or does not validate, the server MUST abort the
  //# handshake.  Servers SHOULD NOT attempt to validate multiple binders;
  //# rather, they SHOULD select a single PSK and validate solely the
  //# binder that corresponds to that PSK.
  if (!ConstantTimeEquals(binder->view(), offer.psks.Binder(selection_->index))) {
    return Status::Fatal(Reason::kBinderMismatch, AlertDescription::kDecryptError);
  }
  return Status::Ok();
}

std::optional<PskKeyExchangeMode> ChoosePskMode(const HandshakeConfig& config,
                                                const ClientHello& offer, bool has_group) {
  if (offer.psks.empty()) return std::nullopt;
  for (const PskKeyExchangeMode mode : config.psk_modes) {
    if (mode == PskKeyExchangeMode::kPskDheKe && !has_group) continue;
    //= rfc8446#section-4.2.9
    //# Servers MUST NOT select a key
    //# exchange mode that is not listed by the client.
    if (offer.psk_modes.Contains(mode)) return mode;
  }
  return std::nullopt;
}

bool MayUsePsks(const HandshakeConfig& config, const ClientHello& offer) {
  return std::any_of(config.psk_modes.begin(), config.psk_modes.end(),
                     [&](PskKeyExchangeMode mode) { return offer.psk_modes.Contains(mode); });
}

}  // namespace dtls13
