#include "dtls13/handshake/new_session_ticket.h"

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

}  // namespace dtls13
