// SPDX-License-Identifier: Apache-2.0
#include "dtls13/handshake/connection_id_negotiation.h"

#include <utility>

#include "dtls13/message/failure.h"
#include "dtls13/wire/record_header.h"

namespace dtls13 {

std::optional<ConnectionId> MakeConnectionId(const HandshakeConfig& config, size_t len) {
  if (len > kMaxConnectionIdLen) return std::nullopt;
  ConnectionId id(len);
  if (len == 0) return id;
  const auto& source = config.connection_ids.source;
  if (source != nullptr ? !source->Generate(id) : !config.random->Fill(id)) return std::nullopt;
  return id;
}

Status OfferConnectionId(const HandshakeConfig& config, ClientHelloFields* fields) {
  if (!UsesConnectionIds(config)) return Status::Ok();
  //= rfc9147#section-5.1
  //# DTLS clients which do not want to receive a Connection ID SHOULD
  //# still offer the "connection_id" extension [RFC9146] unless there is
  //# an application profile to the contrary.
  fields->connection_id = MakeConnectionId(config, config.connection_ids.receive_len);
  if (!fields->connection_id.has_value()) return InternalError(Reason::kInternal);
  //= draft-ietf-tls-dtls-rrc#section-3
  //# A client
  //# offering the rrc extension MUST also offer the connection_id extension
  //# [RFC9146].

  //= draft-ietf-tls-dtls-rrc#section-3
  //# A client offering
  //# the connection_id extension SHOULD also offer the rrc extension,
  //# unless the application using DTLS has its own address validation
  //# mechanism.
  fields->return_routability_check = config.connection_ids.return_routability_check;
  return Status::Ok();
}

Status ReadConnectionIdAnswer(const ExtensionBlock& server_hello, const ClientHelloFields& fields,
                              ConnectionIdAgreement* out) {
  const auto answer = server_hello.Find(ExtensionType::kConnectionId);
  if (answer.has_value()) {
    const auto id = ParseConnectionId(*answer);
    if (!id.has_value()) return DecodeError();
    out->negotiated = true;
    out->receive = fields.connection_id.value_or(ConnectionId());
    out->send.assign(id->begin(), id->end());
  }
  const auto check = server_hello.Find(ExtensionType::kReturnRoutabilityCheck);
  if (!check.has_value()) return Status::Ok();
  if (!check->empty()) return DecodeError();
  //= draft-ietf-tls-dtls-rrc#section-3
  //# The client and server MUST NOT use RRC unless both sides have
  //# successfully exchanged rrc extensions.
  out->return_routability_check = true;
  return Status::Ok();
}

Status AnswerConnectionId(const HandshakeConfig& config, const ClientHello& offer,
                          ConnectionIdAgreement* out) {
  const ConnectionIdPolicy& policy = config.connection_ids;
  //= draft-ietf-tls-dtls-rrc#section-3
  //# If the client includes the rrc extension in its ClientHello but omits
  //# the connection_id extension, the server MUST NOT include the rrc
  //# extension in its ServerHello.
  if (!UsesConnectionIds(config) || !offer.connection_id.has_value()) return Status::Ok();
  // With both directions empty the extension would agree on nothing.
  if (offer.connection_id->empty() && policy.receive_len == 0) return Status::Ok();
  auto id = MakeConnectionId(config, policy.receive_len);
  if (!id.has_value()) return InternalError(Reason::kInternal);
  out->negotiated = true;
  out->receive = *std::move(id);
  out->send.assign(offer.connection_id->begin(), offer.connection_id->end());
  out->return_routability_check = policy.return_routability_check && offer.return_routability_check;
  return Status::Ok();
}

}  // namespace dtls13
