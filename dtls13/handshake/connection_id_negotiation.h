// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_HANDSHAKE_CONNECTION_ID_NEGOTIATION_H_
#define DTLS13_HANDSHAKE_CONNECTION_ID_NEGOTIATION_H_

#include <cstddef>
#include <optional>

#include "dtls13/handshake/handshake_config.h"
#include "dtls13/message/client_hello.h"
#include "dtls13/message/connection_id.h"
#include "dtls13/message/extensions.h"
#include "dtls13/wire/status.h"

namespace dtls13 {

// MakeConnectionId returns a new identifier of `len` bytes from the policy's source. Nothing when
// the source fails.
std::optional<ConnectionId> MakeConnectionId(const HandshakeConfig& config, size_t len);

// OfferConnectionId fills connection_id and return_routability_check of a client's first hello, by
// the policy. internal_error when it asks for the impossible, or the source fails.
Status OfferConnectionId(const HandshakeConfig& config, ClientHelloFields* fields);

// ReadConnectionIdAnswer takes the ServerHello's answer to `fields`. decode_error when it is
// malformed. Extensions that were not asked for are refused elsewhere.
Status ReadConnectionIdAnswer(const ExtensionBlock& server_hello, const ClientHelloFields& fields,
                              ConnectionIdAgreement* out);

// AnswerConnectionId is what a server makes of an offer, by its policy. internal_error as above.
Status AnswerConnectionId(const HandshakeConfig& config, const ClientHello& offer,
                          ConnectionIdAgreement* out);

}  // namespace dtls13

#endif  // DTLS13_HANDSHAKE_CONNECTION_ID_NEGOTIATION_H_
