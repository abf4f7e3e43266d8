#ifndef DTLS13_HANDSHAKE_NEW_SESSION_TICKET_H_
#define DTLS13_HANDSHAKE_NEW_SESSION_TICKET_H_

#include <cstdint>
#include <optional>
#include <span>

namespace dtls13 {

// NewSessionTicket, RFC 8446 section 4.6.1. Views the message.
struct NewSessionTicket {
  uint32_t lifetime_s = 0;
  uint32_t age_add = 0;
  std::span<const uint8_t> nonce;
  std::span<const uint8_t> ticket;
  uint32_t max_early_data_len = 0;  // 0 when the extension is absent
};
std::optional<NewSessionTicket> ParseNewSessionTicket(std::span<const uint8_t> body);

}  // namespace dtls13

#endif  // DTLS13_HANDSHAKE_NEW_SESSION_TICKET_H_
