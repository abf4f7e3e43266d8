// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_MESSAGE_PROTOCOL_NAME_LIST_H_
#define DTLS13_MESSAGE_PROTOCOL_NAME_LIST_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/byte_writer.h"
#include "dtls13/wire/status.h"

namespace dtls13 {

// ProtocolNameList is application_layer_protocol_negotiation's data, RFC 7301 section 3.1: a view,
// well formed, with at least one name unless it is the default. It does not know who prefers what.
class ProtocolNameList {
 public:
  ProtocolNameList() = default;
  // Parse takes the extension's data. Nothing (decode_error) when it is malformed, empty, or has an
  // empty name.
  static std::optional<ProtocolNameList> Parse(std::span<const uint8_t> data);

  bool empty() const { return content_.empty(); }
  ByteReader Begin() const { return ByteReader(content_); }
  static bool Next(ByteReader* at, std::string_view* out);
  bool Contains(std::string_view name) const;
  std::vector<std::string> ToStrings() const;
  // Only returns the name of a list that has exactly one.
  std::optional<std::string_view> Only() const;

 private:
  explicit ProtocolNameList(std::span<const uint8_t> content) : content_(content) {}

  std::span<const uint8_t> content_;
};

// WriteProtocolNames writes the extension's data. Names have 1 to 255 bytes; a longer one makes the
// writer not ok.
void WriteProtocolNames(ByteWriter* writer, std::span<const std::string> names);

// SelectProtocol returns the most wanted of our protocols that the client has:
// no_application_protocol when there is none. No choice is made, and none is wrong, without a list
// of ours or of the client's.
Status SelectProtocol(std::span<const std::string> ours, const ProtocolNameList& theirs,
                      std::string* out);

// ReadSelectedProtocol reads a server's answer to a client that offered `offered`: decode_error
// unless it is one name, illegal_parameter when it was not offered.
Status ReadSelectedProtocol(std::span<const uint8_t> data, std::span<const std::string> offered,
                            std::string* out);

}  // namespace dtls13

#endif  // DTLS13_MESSAGE_PROTOCOL_NAME_LIST_H_
