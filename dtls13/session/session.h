// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SESSION_SESSION_H_
#define DTLS13_SESSION_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dtls13/crypto/secret.h"
#include "dtls13/wire/code_points.h"
#include "dtls13/wire/time.h"

namespace dtls13 {

// kMaxTicketLifetime_s is RFC 8446 section 4.6.1's seven days.
inline constexpr uint32_t kMaxTicketLifetime_s = 604800;

// kMaxSessionCertificatesLen bounds a session's certificates together, with their length fields:
// real chains take 2 to 6 KiB, and with post-quantum signatures some 20.
inline constexpr size_t kMaxSessionCertificatesLen = 32 * 1024;
// CertificatesLen is what counts against it.
size_t CertificatesLen(const std::vector<std::vector<uint8_t>>& certificates);

// kMaxApplicationDataLen bounds Session::application_data: it travels in the ticket.
inline constexpr size_t kMaxApplicationDataLen = 4096;

// Session is what one side keeps of a connection in order to resume it, RFC 8446 sections 2.2 and
// 4.6.1. Move-only: it holds a key. It does not know whether it was used before, nor, on a client,
// whether the server still knows its ticket.
struct Session {
  uint16_t version = kDtls13Version;  // of the connection; another's does not resume it
  CipherSuiteId suite{};
  Secret psk;  // made of resumption_secret and the ticket's nonce; as long as the suite's hash
  // The identity by which the server knows the session. Empty in what a server seals into it.
  std::vector<uint8_t> ticket;
  uint32_t lifetime_s = 0;  // counted from issued_at
  uint32_t age_add = 0;
  WallTime issued_at{};  // server: when issued; client: when received
  // When certificates or an external PSK last proved who the peer is; sessions that renew one
  // another keep it.
  WallTime authenticated_at{};
  uint32_t max_early_data_len = 0;  // bytes; 0: no early data
  // Server: which EarlyDataReplayGuard is to know whether early data of the session was taken
  // before (EarlyDataReplayGuard::Number).
  uint64_t replay_guard = 0;
  std::string server_name;    // SNI of the connection; at most 255 bytes
  std::vector<uint8_t> alpn;  // the protocol chosen; at most 255 bytes, empty for none
  // The peer's chain, DER, leaf first: the client's on a server, the server's on a client.
  std::vector<std::vector<uint8_t>> peer_certificates;
  // Server: what its caller wants to know again when the session is resumed, such as what came of
  // verifying the client (Association::SetSessionData). At most kMaxApplicationDataLen bytes.
  std::vector<uint8_t> application_data;
};

// SerializeSession returns a form of `session` for ParseSession of any process and machine. It is
// empty when the session is none that ParseSession takes. It holds the key in clear: whoever lets
// go of it cleanses it (Cleanse), and whoever stores it guards it.
std::vector<uint8_t> SerializeSession(const Session& session);

// ParseSession returns nothing for anything but the whole output of a SerializeSession of this
// version whose suite this library has.
std::optional<Session> ParseSession(std::span<const uint8_t> bytes);

// SessionAgeMs is the time since the session was issued, milliseconds; 0 for a clock that was set
// back.
uint64_t SessionAgeMs(const Session& session, WallTime now);
// ObfuscatedAge is obfuscated_ticket_age of RFC 8446 section 4.2.11.1.
uint32_t ObfuscatedAge(const Session& session, WallTime now);
// AgeFromObfuscated takes it apart again: the age that the client claims, milliseconds.
uint32_t AgeFromObfuscated(const Session& session, uint32_t obfuscated_ticket_age);
// IsExpired: the session may not be used any more. A lifetime above seven days counts as seven.
bool IsExpired(const Session& session, WallTime now);

}  // namespace dtls13

#endif  // DTLS13_SESSION_SESSION_H_
