#include "shim/hello_fragments.h"

#include <algorithm>

#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/record_header.h"

namespace dtls13::shim {

std::optional<std::vector<uint8_t>> HelloFragments::Add(std::span<uint8_t> datagram,
                                                        std::span<const uint8_t> address) {
  if (!std::ranges::equal(address, address_)) {
    Clear();
    address_.assign(address.begin(), address.end());
  }
  while (const std::optional<PlaintextRecord> record = ParsePlaintextRecord(datagram)) {
    datagram = datagram.subspan(record->record_len);
    if (record->header.type != ContentType::kHandshake || record->header.epoch != 0) continue;
    ByteReader reader(record->fragment);
    while (const std::optional<HandshakeFragment> fragment = ReadHandshakeFragment(&reader)) {
      sequence_number_ = record->header.sequence_number.value;
      AddFragment(*fragment);
    }
  }
  std::optional<std::vector<uint8_t>> hello = Assemble();
  if (hello) Clear();
  return hello;
}

void HelloFragments::AddFragment(const HandshakeFragment& fragment) {
  const HandshakeHeader& header = fragment.header;
  if (header.type != HandshakeType::kClientHello || header.message_len > kMaxHelloLen) return;
  if (header.message_len != header_.message_len || header.message_seq != header_.message_seq) {
    Forget();
    header_ = header;
  }
  const bool is_known = std::ranges::any_of(fragments_, [&](const Fragment& known) {
    return known.offset == header.fragment_offset && known.body.size() >= fragment.body.size();
  });
  if (is_known || fragments_.size() == kMaxFragments) return;
  // Overlaps that come to more than the longest hello are nobody's way of sending one.
  if (gathered_len_ + fragment.body.size() > kMaxHelloLen) Forget();
  gathered_len_ += fragment.body.size();
  fragments_.push_back(
      {.offset = header.fragment_offset, .body = {fragment.body.begin(), fragment.body.end()}});
}

std::optional<std::vector<uint8_t>> HelloFragments::Assemble() const {
  if (fragments_.empty()) return std::nullopt;
  constexpr size_t kBodyOffset = kPlaintextHeaderLen + kHandshakeHeaderLen;
  std::vector<uint8_t> hello(kBodyOffset);
  size_t len = 0;
  while (len < header_.message_len) {
    const auto next = std::ranges::find_if(fragments_, [&](const Fragment& fragment) {
      return fragment.offset <= len && fragment.offset + fragment.body.size() > len;
    });
    if (next == fragments_.end()) return std::nullopt;
    hello.insert(hello.end(), next->body.begin() + static_cast<ptrdiff_t>(len - next->offset),
                 next->body.end());
    len = next->offset + next->body.size();
  }
  WritePlaintextHeader({.type = ContentType::kHandshake,
                        .legacy_record_version = kDtls10Version,
                        .epoch = 0,
                        .sequence_number = SequenceNumber{sequence_number_},
                        .fragment_len = static_cast<uint16_t>(hello.size() - kPlaintextHeaderLen)},
                       hello);
  WriteHandshakeHeader({.type = HandshakeType::kClientHello,
                        .message_len = header_.message_len,
                        .message_seq = header_.message_seq,
                        .fragment_offset = 0,
                        .fragment_len = header_.message_len},
                       std::span(hello).subspan(kPlaintextHeaderLen));
  return hello;
}

void HelloFragments::Forget() {
  fragments_.clear();
  gathered_len_ = 0;
}

void HelloFragments::Clear() {
  Forget();
  address_.clear();
  header_ = {};
}

}  // namespace dtls13::shim
