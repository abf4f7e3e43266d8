#ifndef DTLS13_HANDSHAKE_POST_HANDSHAKE_H_
#define DTLS13_HANDSHAKE_POST_HANDSHAKE_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

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

// KeyUpdate, RFC 8446 section 4.6.3. Nothing when it does not parse; `*illegal` is set when the
// value is neither 0 nor 1: illegal_parameter instead of decode_error.
struct KeyUpdate {
  bool update_requested = false;
};
std::optional<KeyUpdate> ParseKeyUpdate(std::span<const uint8_t> body, bool* illegal);
std::vector<uint8_t> SerializeKeyUpdate(KeyUpdate update);

}  // namespace dtls13

#endif  // DTLS13_HANDSHAKE_POST_HANDSHAKE_H_
