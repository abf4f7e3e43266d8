#include "dtls13/handshake/post_handshake.h"

#include "dtls13/handshake/extensions.h"
#include "dtls13/wire/byte_reader.h"

namespace dtls13 {

//      struct {
//          uint32 ticket_lifetime;
//          uint32 ticket_age_add;
//          opaque ticket_nonce<0..255>;
//          opaque ticket<1..2^16-1>;
//          Extension extensions<0..2^16-2>;
//      } NewSessionTicket;
std::optional<NewSessionTicket> ParseNewSessionTicket(std::span<const uint8_t> body) {
  ByteReader reader(body);
  NewSessionTicket ticket;
  std::span<const uint8_t> content;
  if (!reader.ReadU32(&ticket.lifetime_s) || !reader.ReadU32(&ticket.age_add) ||
      !reader.ReadVector8(&ticket.nonce) || !reader.ReadVector16(&ticket.ticket) ||
      ticket.ticket.empty() || !reader.ReadVector16(&content) || !reader.empty()) {
    return std::nullopt;
  }
  const auto extensions = ExtensionBlock::Parse(content);
  if (!extensions.has_value() ||
      !CheckExtensions(*extensions, ExtensionMessage::kNewSessionTicket, {}).ok()) {
    return std::nullopt;
  }
  if (const auto early_data = extensions->Find(ExtensionType::kEarlyData)) {
    ByteReader value(*early_data);
    if (!value.ReadU32(&ticket.max_early_data_len) || !value.empty()) return std::nullopt;
  }
  return ticket;
}

//      enum {
//          update_not_requested(0), update_requested(1), (255)
//      } KeyUpdateRequest;
//      struct {
//          KeyUpdateRequest request_update;
//      } KeyUpdate;
std::optional<KeyUpdate> ParseKeyUpdate(std::span<const uint8_t> body, bool* illegal) {
  *illegal = false;
  ByteReader reader(body);
  uint8_t request;
  if (!reader.ReadU8(&request) || !reader.empty()) return std::nullopt;
  //= rfc8446#section-4.6.3
  //# If an implementation
  //# receives any other value, it MUST terminate the connection with an
  //# "illegal_parameter" alert.
  if (request > 1) {
    *illegal = true;
    return std::nullopt;
  }
  return KeyUpdate{.update_requested = request == 1};
}

std::vector<uint8_t> SerializeKeyUpdate(KeyUpdate update) {
  return {static_cast<uint8_t>(update.update_requested ? 1 : 0)};
}

}  // namespace dtls13
