// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_HANDSHAKE_RESUMPTION_H_
#define DTLS13_HANDSHAKE_RESUMPTION_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dtls13/crypto/cipher_suite.h"
#include "dtls13/crypto/secret.h"
#include "dtls13/handshake/handshake_config.h"
#include "dtls13/session/session.h"
#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/byte_writer.h"
#include "dtls13/wire/status.h"
#include "dtls13/wire/time.h"

namespace dtls13 {

// kMaxKeyAge_s is how long sessions may go on renewing one another without a full handshake: RFC
// 8446 section 4.6.1 recommends a limit and names none. It is what one ticket may live at most.
inline constexpr uint32_t kMaxKeyAge_s = kMaxTicketLifetime_s;

// LimitLifetime cuts `session->lifetime_s` to what is left of kMaxKeyAge_s since the peer was
// authenticated. False when nothing is.
bool LimitLifetime(WallTime now, Session* session);

// Resumption makes sessions of one connection: a server's go out in NewSessionTicket messages, a
// client's come in them. It does not know when tickets are to be sent, whether they arrive, or the
// time but as an argument.
class Resumption {
 public:
  // Basis is what all sessions of a connection have in common.
  struct Basis {
    const CipherSuite* suite = nullptr;
    Secret resumption_secret = {};
    std::string server_name = {};
    std::vector<uint8_t> alpn = {};
    std::vector<std::vector<uint8_t>> peer_certificates = {};
    std::vector<uint8_t> application_data = {};
    // When certificates (or an external PSK) last proved who the peer is; nothing: in this very
    // connection.
    std::optional<WallTime> authenticated_at = {};
  };

  Resumption(std::shared_ptr<const HandshakeConfig> config, Basis basis);

  // Issue returns the body of a fresh NewSessionTicket (server). Empty when config has no
  // ticket_keys, the session cannot be sealed or has been renewed for too long, or randomness or
  // libcrypto fails: a connection is none the worse for the lack of a ticket. `*session` is what
  // was sealed, with the ticket; null is for who does not care.
  std::vector<uint8_t> Issue(WallTime now, std::unique_ptr<Session>* session = nullptr);

  // LastIssued is the session that Issue sealed last, without its ticket, which is not kept. Null
  // where there was none, and when libcrypto fails.
  std::unique_ptr<Session> LastIssued() const;

  // IsShort: it fits the memory of an association that is cold. Certificates do not.
  bool IsShort() const;
  // WriteMemory writes what ReadMemory needs to have another one go on, with a basis whose secret
  // and application's data are left out. Null when it is no such memory.
  void WriteMemory(ByteWriter* writer) const;
  static std::unique_ptr<Resumption> ReadMemory(std::shared_ptr<const HandshakeConfig> config,
                                                Basis basis, ByteReader* reader);

  // Receive reads a NewSessionTicket (client): `*out` stays null for one that is of no use. Its
  // issued_at is for the caller to set.
  Status Receive(std::span<const uint8_t> body, std::unique_ptr<Session>* out) const;

 private:
  // What cannot be derived again of a session that was issued.
  struct Issued {
    uint32_t number = 0;  // which the nonce is
    uint32_t age_add = 0;
    uint32_t lifetime_s = 0;  // 0: none was issued
    WallTime at{};
  };

  Session NewSession(std::span<const uint8_t> nonce) const;
  // NewIssued is a server's session of that number; its PSK is empty when libcrypto fails.
  Session NewIssued(const Issued& issued) const;

  std::shared_ptr<const HandshakeConfig> config_;
  Basis basis_;
  uint32_t num_issued_ = 0;
  Issued last_;
};

}  // namespace dtls13

#endif  // DTLS13_HANDSHAKE_RESUMPTION_H_
