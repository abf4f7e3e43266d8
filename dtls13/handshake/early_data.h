// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_HANDSHAKE_EARLY_DATA_H_
#define DTLS13_HANDSHAKE_EARLY_DATA_H_

#include <cstdint>
#include <optional>
#include <span>

#include "dtls13/handshake/handshake_context.h"
#include "dtls13/message/client_hello.h"
#include "dtls13/message/extensions.h"
#include "dtls13/session/psk.h"
#include "dtls13/session/session.h"
#include "dtls13/wire/status.h"
#include "dtls13/wire/time.h"

namespace dtls13 {

// Early data, RFC 8446 sections 2.3 and 4.2.10: what a client sends with its first ClientHello
// under a key of the session it resumes. Whoever copies it can send it again, and only the server's
// replay guard stands in the way. There is no EndOfEarlyData in DTLS, RFC 9147 section 5.6 (F31),
// but in the profile of draft-26.

// PrepareEarlyData (client) makes `hello` offer early data if `psk`, the first one offered, is a
// session that allows it and whose suite and protocol are among `hello`'s. That suite goes to
// the front, for the server must choose it.
void PrepareEarlyData(const Psk& psk, ClientHelloFields* hello);

// OfferEarlyData (client) derives the early secrets and queues AllowEarlyData.
Status OfferEarlyData(const Session& session, std::span<const uint8_t> client_hello_body,
                      HandshakeContext* context);

// ReadEarlyDataAnswer (client) reads what EncryptedExtensions say to the offer: illegal_parameter
// if the server accepts but has not taken the first PSK, with that session's suite and protocol.
Status ReadEarlyDataAnswer(const Session& session, const ExtensionBlock& encrypted_extensions,
                           HandshakeContext* context);

// RejectEarlyData (client): the server has said no, by HelloRetryRequest or in
// EncryptedExtensions.
void RejectEarlyData(HandshakeContext* context);

// EndEarlyData (client) sends EndOfEarlyData, if MustEndEarlyData. It comes behind the server's
// Finished and before anything of the client's own.
Status EndEarlyData(HandshakeContext* context);
// MustEndEarlyData: early data was accepted, and the profile has a message for its end.
bool MustEndEarlyData(const HandshakeContext& context);

// AnswerEarlyData (server) judges the offer of a ClientHello whose binder was verified, and if it
// accepts derives the early secrets and queues AllowEarlyData. The result's suite is chosen.
Status AnswerEarlyData(const ClientHello& offer, const std::optional<PskSelection>& selection,
                       WallTime now, HandshakeContext* context);

}  // namespace dtls13

#endif  // DTLS13_HANDSHAKE_EARLY_DATA_H_
