// SPDX-License-Identifier: Apache-2.0
#include "udp_notif/message.h"

#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/byte_writer.h"

namespace dtls13::udp_notif {
namespace {

// draft-ietf-netconf-udp-notif-26 figure 2:
//
//   +-----+-+-------+---------------+-------------------------------+
//   | Ver |S|  MT   |  Header Len   |      Message Length           |
//   +-----+-+-------+---------------+-------------------------------+
//   |                     Message Publisher ID                      |
//   +---------------------------------------------------------------+
//   |                         Message ID                            |
//   +---------------------------------------------------------------+
//   ~                          Options                              ~
//   +---------------------------------------------------------------+
constexpr uint8_t kVersion = 1;
constexpr unsigned kVersionShift = 5;
constexpr uint8_t kPrivateBit = 0x10;
constexpr uint8_t kMediaTypeMask = 0x0f;

constexpr uint8_t kSegmentationType = 1;
// An option's Length counts its type and itself.
constexpr size_t kOptionHeaderLen = 2;

std::optional<DropReason> ParseSegmentation(std::span<const uint8_t> data, Segment* segment) {
  ByteReader reader(data);
  uint16_t number_and_last = 0;
  if (!reader.ReadU16(&number_and_last) || !reader.empty()) {
    return DropReason::kSegmentationLength;
  }
  segment->number = number_and_last >> 1;
  segment->is_last = (number_and_last & 1) != 0;
  return std::nullopt;
}

// The segmentation option is the only one there is.
//= draft-ietf-netconf-udp-notif#section-4
//# Receivers MUST discard UDP-Notif messages containing an option that
//# the receiver does not support.
std::optional<DropReason> ParseOptions(std::span<const uint8_t> octets, MessageHeader* header) {
  ByteReader reader(octets);
  for (bool is_first = true; !reader.empty(); is_first = false) {
    uint8_t type = 0;
    uint8_t len = 0;
    std::span<const uint8_t> data;
    if (!reader.ReadU8(&type) || !reader.ReadU8(&len) || len < kOptionHeaderLen ||
        !reader.ReadBytes(len - kOptionHeaderLen, &data)) {
      return DropReason::kOptionLength;
    }
    if (type != kSegmentationType) return DropReason::kUnsupportedOption;
    if (!is_first) return DropReason::kSegmentationNotFirst;
    Segment segment;
    if (const auto reason = ParseSegmentation(data, &segment)) return reason;
    header->segment = segment;
  }
  return std::nullopt;
}

}  // namespace

std::string_view NameOf(MediaType type) {
  if (type.is_private) return {};
  switch (type.value) {
    case kMediaTypeJson:
      return "application/yang-data+json";
    case kMediaTypeXml:
      return "application/yang-data+xml";
    case kMediaTypeCbor:
      return "application/yang-data+cbor";
    default:
      return {};
  }
}

std::optional<DropReason> ParseMessage(std::span<const uint8_t> octets, Message* message) {
  ByteReader reader(octets);
  uint8_t first = 0;
  uint8_t header_len = 0;
  uint16_t message_len = 0;
  MessageHeader header;
  if (!reader.ReadU8(&first)) return DropReason::kShortHeader;
  // Another version's header may be of any length.
  if (first >> kVersionShift != kVersion) return DropReason::kVersion;
  if (!reader.ReadU8(&header_len) || !reader.ReadU16(&message_len) ||
      !reader.ReadU32(&header.publisher_id) || !reader.ReadU32(&header.message_id)) {
    return DropReason::kShortHeader;
  }
  if (message_len != octets.size()) return DropReason::kMessageLength;
  if (header_len < kFixedHeaderLen || header_len > message_len) return DropReason::kHeaderLength;
  header.media_type = {.value = static_cast<uint8_t>(first & kMediaTypeMask),
                       .is_private = (first & kPrivateBit) != 0};
  //= draft-ietf-netconf-udp-notif#section-3.2
  //# -  0: Reserved, MUST NOT be used.
  if (header.media_type == MediaType{.value = 0}) return DropReason::kReservedMediaType;
  std::span<const uint8_t> options;
  if (!reader.ReadBytes(header_len - kFixedHeaderLen, &options)) return DropReason::kHeaderLength;
  if (const auto reason = ParseOptions(options, &header)) return reason;
  *message = {.header = header, .payload = reader.rest()};
  return std::nullopt;
}

bool AppendMessage(const Message& message, std::vector<uint8_t>* out) {
  const MessageHeader& header = message.header;
  const size_t header_len = HeaderLen(header);
  if (message.payload.size() > kMaxMessageLen - header_len) return false;
  //= draft-ietf-netconf-udp-notif#section-3.2
  //# All the binary fields MUST be encoded in network byte order (big
  //# endian).
  ByteWriter writer(out);
  writer.WriteU8(static_cast<uint8_t>(kVersion << kVersionShift |
                                      (header.media_type.is_private ? kPrivateBit : 0) |
                                      (header.media_type.value & kMediaTypeMask)));
  writer.WriteU8(static_cast<uint8_t>(header_len));
  writer.WriteU16(static_cast<uint16_t>(header_len + message.payload.size()));
  writer.WriteU32(header.publisher_id);
  writer.WriteU32(header.message_id);
  if (header.segment) {
    writer.WriteU8(kSegmentationType);
    writer.WriteU8(kSegmentationOptionLen);
    writer.WriteU16(
        static_cast<uint16_t>(header.segment->number << 1 | (header.segment->is_last ? 1 : 0)));
  }
  writer.WriteBytes(message.payload);
  return true;
}

}  // namespace dtls13::udp_notif
