// SPDX-License-Identifier: Apache-2.0
#include "dtls13/wire/plaintext_handshake.h"

#include <algorithm>

#include "dtls13/wire/record_header.h"

namespace dtls13 {

bool PlaintextFragmentReader::NextRecord() {
  while (!datagram_.empty() && ClassifyRecord(datagram_[0]) == RecordKind::kPlaintext) {
    // Parsing views the datagram and writes nothing to it.
    const std::optional<PlaintextRecord> record =
        ParsePlaintextRecord(std::span(const_cast<uint8_t*>(datagram_.data()), datagram_.size()));
    if (!record) break;
    datagram_ = datagram_.subspan(record->record_len);
    if (record->header.type != ContentType::kHandshake || record->header.epoch != 0) continue;
    fragments_ = ByteReader(record->fragment);
    record_number_ = record->header.sequence_number;
    return true;
  }
  datagram_ = {};
  return false;
}

bool PlaintextFragmentReader::Next(PlaintextFragment* out) {
  do {
    if (const std::optional<HandshakeFragment> fragment = ReadHandshakeFragment(&fragments_)) {
      *out = {.record_number = record_number_, .fragment = *fragment};
      return true;
    }
  } while (NextRecord());
  return false;
}

std::optional<PlaintextFragment> FindClientHello(std::span<const uint8_t> datagram) {
  std::optional<PlaintextFragment> found;
  if (datagram.empty() || datagram[0] != static_cast<uint8_t>(ContentType::kHandshake)) {
    return found;
  }
  found.emplace();
  if (!PlaintextFragmentReader(datagram).Next(&*found) ||
      found->fragment.header.type != HandshakeType::kClientHello) {
    found.reset();
  }
  return found;
}

std::optional<PlaintextFragment> FindWholeClientHello(std::span<const uint8_t> datagram) {
  const std::optional<PlaintextFragment> found = FindClientHello(datagram);
  if (!found || found->fragment.header.fragment_len != found->fragment.header.message_len) {
    return std::nullopt;
  }
  const std::optional<PlaintextRecord> record =
      ParsePlaintextRecord(std::span(const_cast<uint8_t*>(datagram.data()), datagram.size()));
  // The rest of such a record belongs to no ClientHello.
  if (!record || record->fragment.size() != kHandshakeHeaderLen + found->fragment.body.size()) {
    return std::nullopt;
  }
  return found;
}

size_t WritePlaintextRecord(ContentType type, SequenceNumber number,
                            std::span<const uint8_t> content, std::span<uint8_t> out) {
  const size_t len = kPlaintextHeaderLen + content.size();
  if (content.size() > kMaxPlaintextLen || out.size() < len) return 0;
  WritePlaintextHeader({.type = type,
                        .sequence_number = number,
                        .fragment_len = static_cast<uint16_t>(content.size())},
                       out);
  std::copy(content.begin(), content.end(), out.begin() + kPlaintextHeaderLen);
  return len;
}

}  // namespace dtls13
