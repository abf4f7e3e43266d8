// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_HANDSHAKE_SERVER_PSKS_H_
#define DTLS13_HANDSHAKE_SERVER_PSKS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "dtls13/handshake/handshake_config.h"
#include "dtls13/handshake/handshake_context.h"
#include "dtls13/handshake/negotiation.h"
#include "dtls13/message/client_hello.h"
#include "dtls13/session/psk.h"
#include "dtls13/wire/status.h"
#include "dtls13/wire/time.h"

namespace dtls13 {

// ServerPsks is a server's choice among the keys of one ClientHello, RFC 8446 section 4.2.11:
//
//     OpenTickets    looks for a key among our own tickets
//     WantedHash     which suites the key needs; Negotiate follows
//     Settle         drops a key that does not fit what was negotiated
//     CheckBinder    before anything else is done with the key
//
// and, where config.server.ask_psk or config.server.ask_ticket, everything again with
// the caller's Answer. It keeps nothing of the message. It does not know the state machine, cookies
// or certificates.
class ServerPsks {
 public:
  // OpenTickets takes the first ticket of ours, among the first kMaxPskIdentities identities, that
  // can be resumed at `now` and that has a suite: `bound` where that is decided.
  void OpenTickets(const HandshakeConfig& config, const ClientHello& offer,
                   std::optional<CipherSuiteId> bound, WallTime now);
  // Answer is the caller's: `psk` is the key of identity `index` of those it was shown, an empty
  // one says that it knows none. False for an answer that cannot be one.
  [[nodiscard]] bool Answer(size_t index, Psk psk, size_t num_identities);

  // MustAsk is true while the caller may know a key that we do not, or must be asked about ours.
  bool MustAsk(const HandshakeConfig& config, const ClientHello& offer) const;
  // WantedHash is the hash that the suite had better have.
  std::optional<HashId> WantedHash(const HandshakeConfig& config, const ClientHello& offer) const;
  // Settle drops the key unless it can be used with what was negotiated, at `now`. The age that the
  // client states of a ticket is not judged: it matters to early data alone.
  void Settle(const HandshakeConfig& config, const ClientHello& offer,
              const Negotiation& negotiation, WallTime now);

  // The choice so far. Its mode counts once settled.
  const std::optional<PskSelection>& selection() const { return selection_; }

  // CheckBinder judges the selection's binder: decrypt_error if it is wrong. `context` has begun
  // its key schedule with the key, and its transcript holds what went before the ClientHello.
  Status CheckBinder(const ClientHello& offer, HandshakeContext* context) const;

 private:
  std::optional<PskSelection> selection_;
  bool answered_ = false;
};

// ChoosePskMode is the config's most wanted mode that the client takes, has keys for, and, if it
// wants a key exchange, has a group for. Nothing when PSKs cannot be used.
std::optional<PskKeyExchangeMode> ChoosePskMode(const HandshakeConfig& config,
                                                const ClientHello& offer, bool has_group);

// MayUsePsks: the client can use PSKs in a mode that the config allows, whether it offers one now
// or not.
bool MayUsePsks(const HandshakeConfig& config, const ClientHello& offer);

}  // namespace dtls13

#endif  // DTLS13_HANDSHAKE_SERVER_PSKS_H_
