// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_MESSAGE_CLIENT_HELLO_INFO_H_
#define DTLS13_MESSAGE_CLIENT_HELLO_INFO_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dtls13/message/certificate_wishes.h"
#include "dtls13/wire/code_points.h"

namespace dtls13 {

class ReceivedHello;  // message/received_hello.h
struct Session;       // session/session.h

// OfferedIdentity is one PSK identity of a client's, for the caller to know or not.
struct OfferedIdentity {
  std::vector<uint8_t> identity;
  uint32_t obfuscated_ticket_age = 0;
};

// ClientHelloInfo is what a server's caller may look at to choose a key or a credential.
struct ClientHelloInfo {
  // The last ClientHello itself, from the time it was read, also if it was refused or answered with
  // a HelloRetryRequest. What else is here is only of one that was accepted.
  std::shared_ptr<const ReceivedHello> message;
  std::string server_name;  // empty if none was sent
  std::vector<SignatureScheme> signature_schemes;
  std::vector<uint16_t> cipher_suites;
  CertificateWishes certificate_wishes;
  // The types of certificate that the client takes; empty is X.509.
  std::vector<CertificateType> server_certificate_types;
  // While wait() is kPsk: the first kMaxPskIdentities that the client offers, in its order.
  std::vector<OfferedIdentity> psk_identities;
  // While wait() is kPsk, with config.server.ask_ticket: the session that can be resumed,
  // and which of psk_identities is its ticket. Null where there is none.
  std::shared_ptr<const Session> ticket_session;
  size_t ticket_index = 0;
  std::vector<std::string> alpn;  // by the client's preference; empty if it sent none
};

}  // namespace dtls13

#endif  // DTLS13_MESSAGE_CLIENT_HELLO_INFO_H_
