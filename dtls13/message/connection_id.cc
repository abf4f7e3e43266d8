// SPDX-License-Identifier: Apache-2.0
#include "dtls13/message/connection_id.h"

namespace dtls13 {

//= rfc9146#section-3
//# The extension_data field of this extension, when included in the
//# ClientHello, MUST contain the ConnectionId structure.
//      struct {
//          opaque cid<0..2^8-1>;
//      } ConnectionId;
std::optional<std::span<const uint8_t>> ParseConnectionId(std::span<const uint8_t> data) {
  ByteReader reader(data);
  std::span<const uint8_t> id;
  if (!reader.ReadVector8(&id) || !reader.empty()) return std::nullopt;
  return id;
}

void WriteConnectionId(ByteWriter* writer, std::span<const uint8_t> id) {
  writer->WriteVector8(id);
}

bool ReadConnectionId(ByteReader* reader, ConnectionId* id) {
  std::span<const uint8_t> bytes;
  if (!reader->ReadVector8(&bytes)) return false;
  id->assign(bytes.begin(), bytes.end());
  return true;
}

void ConnectionIdAgreement::WriteState(ByteWriter* writer) const {
  writer->WriteU8(negotiated);
  WriteConnectionId(writer, receive);
  WriteConnectionId(writer, send);
  writer->WriteU8(return_routability_check);
}

bool ConnectionIdAgreement::ReadState(ByteReader* reader) {
  return reader->ReadFlag(&negotiated) && ReadConnectionId(reader, &receive) &&
         ReadConnectionId(reader, &send) && reader->ReadFlag(&return_routability_check);
}

//      enum {
//          cid_immediate(0), cid_spare(1), (255)
//      } ConnectionIdUsage;
//      opaque ConnectionId<0..2^8-1>;
//      struct {
//          ConnectionId cids<0..2^16-1>;
//          ConnectionIdUsage usage;
//      } NewConnectionId;
std::optional<NewConnectionId> ParseNewConnectionId(std::span<const uint8_t> body, bool* illegal) {
  *illegal = false;
  ByteReader reader(body);
  NewConnectionId message;
  uint8_t usage = 0;
  if (!reader.ReadVector16(&message.cids) || !reader.ReadU8(&usage) || !reader.empty()) {
    return std::nullopt;
  }
  ByteReader ids(message.cids);
  std::span<const uint8_t> id;
  while (NewConnectionId::Next(&ids, &id)) {
  }
  if (!ids.empty()) return std::nullopt;
  if (usage > static_cast<uint8_t>(ConnectionIdUsage::kSpare)) {
    *illegal = true;
    return std::nullopt;
  }
  message.usage = static_cast<ConnectionIdUsage>(usage);
  return message;
}

std::vector<uint8_t> SerializeNewConnectionId(std::span<const ConnectionId> ids,
                                              ConnectionIdUsage usage) {
  std::vector<uint8_t> body;
  ByteWriter writer(&body);
  {
    ByteWriter::LengthPrefix list(&writer, 2);
    for (const ConnectionId& id : ids) WriteConnectionId(&writer, id);
  }
  writer.WriteU8(static_cast<uint8_t>(usage));
  if (!writer.ok()) return {};
  return body;
}

//      struct {
//        uint8 num_cids;
//      } RequestConnectionId;
std::optional<uint8_t> ParseRequestConnectionId(std::span<const uint8_t> body) {
  ByteReader reader(body);
  uint8_t num_cids = 0;
  if (!reader.ReadU8(&num_cids) || !reader.empty()) return std::nullopt;
  return num_cids;
}

std::vector<uint8_t> SerializeRequestConnectionId(uint8_t num_cids) { return {num_cids}; }

}  // namespace dtls13
