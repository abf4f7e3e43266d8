#include "dtls13/handshake/server_psks.h"

#include <algorithm>
#include <utility>

#include "dtls13/handshake/failure.h"
#include "dtls13/handshake/psk_binder.h"

namespace dtls13 {
namespace {

// RFC 8446 section 4.2.11 binds no ticket to its name, but a server that keeps several names apart
// must not let a session with one open another. Nor does a session stand in for a certificate that
// the client never showed.
bool CanResume(const HandshakeConfig& config, const Psk& psk, const ClientOffer& offer,
               WallTime now) {
  const Session* session = psk.session();
  if (session == nullptr) return true;
  if (IsExpired(*session, now) || session->server_name != offer.server_name) return false;
  return config.client_authentication != ClientAuthentication::kRequired ||
         !session->peer_certificates.empty();
}

}  // namespace
bool ServerPsks::Answer(size_t index, Psk psk, size_t num_identities) {
  answered_ = true;
  if (psk.empty()) return true;
  if (psk.key().empty() || index >= num_identities) return false;
  selection_ = PskSelection{.psk = std::move(psk), .index = static_cast<uint16_t>(index)};
  return true;
}

bool ServerPsks::MustAsk(const HandshakeConfig& config, const ClientOffer& offer) const {
  return config.ask_psk && !answered_ && !selection_.has_value() &&
         ChoosePskMode(config, offer, /*has_group=*/true).has_value();
}

std::optional<HashId> ServerPsks::Wish(const HandshakeConfig& config,
                                       const ClientOffer& offer) const {
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

void ServerPsks::Settle(const HandshakeConfig& config, const ClientOffer& offer,
                        const Negotiation& negotiation, WallTime now) {
  if (!selection_.has_value()) return;
  //= rfc8446#section-4.1.1
  //# If the server selects a PSK, then it MUST also select a key
  //# establishment mode from the set indicated by the client's
  //# "psk_key_exchange_modes" extension (at present, PSK alone or with
  //# (EC)DHE).
  const auto mode = ChoosePskMode(config, offer, negotiation.has_group);
  //= rfc8446#section-4.2.11
  //# The server MUST ensure that it selects a compatible PSK
  //# (if any) and cipher suite.
  //= rfc8446#section-4.6.1
  //# Any ticket MUST only be resumed with a cipher suite that has the same
  //# KDF hash algorithm as that used to establish the original connection.
  if (!mode.has_value() || selection_->psk.hash() != negotiation.suite->hash ||
      !CanResume(config, selection_->psk, offer, now)) {
    selection_.reset();
    return;
  }
  selection_->mode = *mode;
}

Status ServerPsks::CheckBinder(const ClientOffer& offer, std::span<const uint8_t> client_hello_body,
                               HandshakeContext* context) const {
  const auto binder =
      ComputePskBinder(context->schedule(), selection_->psk.kind(), context->transcript(),
                       client_hello_body, offer.psks.binders_len());
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
                                                const ClientOffer& offer, bool has_group) {
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

}  // namespace dtls13
