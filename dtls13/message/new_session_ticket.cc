// SPDX-License-Identifier: Apache-2.0
#include "dtls13/message/new_session_ticket.h"

#include "dtls13/message/failure.h"
#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/byte_writer.h"

namespace dtls13 {

//      struct {
//          uint32 ticket_lifetime;
//          uint32 ticket_age_add;
//          opaque ticket_nonce<0..255>;
//          opaque ticket<1..2^16-1>;
//          Extension extensions<0..2^16-2>;
//      } NewSessionTicket;
Status ParseNewSessionTicket(std::span<const uint8_t> body, NewSessionTicket* out) {
  ByteReader reader(body);
  NewSessionTicket ticket;
  if (!reader.ReadU32(&ticket.lifetime_s) || !reader.ReadU32(&ticket.age_add) ||
      !reader.ReadVector8(&ticket.nonce) || !reader.ReadVector16(&ticket.ticket) ||
      ticket.ticket.empty()) {
    return DecodeError();
  }
  const auto extensions = ExtensionBlock::Read(&reader);
  if (!extensions.has_value() || !reader.empty()) return DecodeError();
  const Status status = CheckExtensions(*extensions, ExtensionMessage::kNewSessionTicket, {});
  if (!status.ok()) return status;
  if (const auto early_data = extensions->Find(ExtensionType::kEarlyData)) {
    ByteReader value(*early_data);
    if (!value.ReadU32(&ticket.max_early_data_len) || !value.empty()) return DecodeError();
  }
  ticket.extensions = *extensions;
  *out = ticket;
  return Status::Ok();
}

std::vector<uint8_t> SerializeNewSessionTicket(const NewSessionTicket& ticket) {
  if (ticket.ticket.empty()) return {};
  std::vector<uint8_t> body;
  ByteWriter writer(&body);
  writer.WriteU32(ticket.lifetime_s);
  writer.WriteU32(ticket.age_add);
  writer.WriteVector8(ticket.nonce);
  writer.WriteVector16(ticket.ticket);
  {
    const ByteWriter::LengthPrefix block(&writer, 2);
    ExtensionWriter extensions(&writer);
    //= rfc8446#section-4.2
    //# The server MAY also send unsolicited extensions in the
    //# NewSessionTicket, though the client does not respond directly to
    //# these.
    if (ticket.max_early_data_len > 0) {
      extensions.Write(ExtensionType::kEarlyData,
                       [&](ByteWriter* data) { data->WriteU32(ticket.max_early_data_len); });
    }
    extensions.WriteCustom(ticket.custom_extensions);
  }
  if (!writer.ok()) return {};
  return body;
}

}  // namespace dtls13
