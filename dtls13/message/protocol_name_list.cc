// SPDX-License-Identifier: Apache-2.0
#include "dtls13/message/protocol_name_list.h"

#include <algorithm>

#include "dtls13/message/failure.h"

namespace dtls13 {

//      opaque ProtocolName<1..2^8-1>;
//      struct { ProtocolName protocol_name_list<2..2^16-1> } ProtocolNameList;
std::optional<ProtocolNameList> ProtocolNameList::Parse(std::span<const uint8_t> data) {
  ByteReader reader(data);
  std::span<const uint8_t> content;
  if (!reader.ReadVector16(&content) || !reader.empty() || content.empty()) return std::nullopt;
  ProtocolNameList list(content);
  ByteReader names = list.Begin();
  for (std::string_view name; Next(&names, &name);) {
    //= rfc7301#section-3.1
    //# Empty strings
    //# MUST NOT be included and byte strings MUST NOT be truncated.
    if (name.empty()) return std::nullopt;
  }
  if (!names.empty()) return std::nullopt;
  return list;
}

bool ProtocolNameList::Next(ByteReader* at, std::string_view* out) {
  std::span<const uint8_t> name;
  if (!at->ReadVector8(&name)) return false;
  *out = {reinterpret_cast<const char*>(name.data()), name.size()};
  return true;
}

bool ProtocolNameList::Contains(std::string_view name) const {
  ByteReader reader = Begin();
  for (std::string_view known; Next(&reader, &known);) {
    if (known == name) return true;
  }
  return false;
}

std::vector<std::string> ProtocolNameList::ToStrings() const {
  std::vector<std::string> names;
  ByteReader reader = Begin();
  for (std::string_view name; Next(&reader, &name);) names.emplace_back(name);
  return names;
}

std::optional<std::string_view> ProtocolNameList::Only() const {
  ByteReader reader = Begin();
  std::string_view name;
  if (!Next(&reader, &name) || !reader.empty()) return std::nullopt;
  return name;
}

void WriteProtocolNames(ByteWriter* writer, std::span<const std::string> names) {
  ByteWriter::LengthPrefix list(writer, 2);
  for (const std::string& name : names) {
    writer->WriteVector8({reinterpret_cast<const uint8_t*>(name.data()), name.size()});
  }
}

Status SelectProtocol(std::span<const std::string> ours, const ProtocolNameList& theirs,
                      std::string* out) {
  if (ours.empty() || theirs.empty()) return Status::Ok();
  //= rfc7301#section-3.2
  //# In that case, the server SHOULD select the most
  //# highly preferred protocol that it supports and that is also
  //# advertised by the client.
  const auto common =
      std::ranges::find_if(ours, [&](const std::string& name) { return theirs.Contains(name); });
  //= rfc7301#section-3.2
  //# In the event that the server supports no
  //# protocols that the client advertises, then the server SHALL respond
  //# with a fatal "no_application_protocol" alert.
  if (common == ours.end()) {
    return Status::Fatal(Reason::kNoApplicationProtocol, AlertDescription::kNoApplicationProtocol);
  }
  *out = *common;
  return Status::Ok();
}

Status ReadSelectedProtocol(std::span<const uint8_t> data, std::span<const std::string> offered,
                            std::string* out) {
  const auto list = ProtocolNameList::Parse(data);
  //= rfc7301#section-3.1
  //# The "extension_data"
  //# field of the ("application_layer_protocol_negotiation(16)") extension
  //# is structured the same as described above for the client
  //# "extension_data", except that the "ProtocolNameList" MUST contain
  //# exactly one "ProtocolName".
  if (!list.has_value() || !list->Only().has_value()) return DecodeError();
  const std::string_view name = *list->Only();
  if (std::ranges::find(offered, name) == offered.end()) {
    return IllegalParameter(Reason::kBadExtension);
  }
  *out = name;
  return Status::Ok();
}

}  // namespace dtls13
