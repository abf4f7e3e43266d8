// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_UDP_NOTIF_MESSAGE_H_
#define DTLS13_UDP_NOTIF_MESSAGE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "udp_notif/drop_reason.h"

namespace dtls13::udp_notif {

inline constexpr size_t kFixedHeaderLen = 12;
inline constexpr size_t kSegmentationOptionLen = 4;
// Message Length has 16 bits.
inline constexpr size_t kMaxMessageLen = 0xffff;
// Segment numbers have 15 bits and cannot wrap around.
inline constexpr size_t kMaxSegments = size_t{1} << 15;

// Media types of the standard space (S clear).
inline constexpr uint8_t kMediaTypeJson = 1;
inline constexpr uint8_t kMediaTypeXml = 2;
inline constexpr uint8_t kMediaTypeCbor = 3;

// MediaType is the S bit and the four bits behind it.
struct MediaType {
  uint8_t value = kMediaTypeJson;
  bool is_private = false;

  friend bool operator==(const MediaType&, const MediaType&) = default;
};

// NameOf is the registered name, "application/yang-data+json"; empty for a private or unassigned
// type.
std::string_view NameOf(MediaType type);

// Segment is what the segmentation option says: the place of this part of a message among others.
struct Segment {
  uint16_t number = 0;  // 15 bits
  bool is_last = false;

  friend bool operator==(const Segment&, const Segment&) = default;
};

// MessageHeader is what is in front of a notification, without the lengths, which follow from it.
struct MessageHeader {
  MediaType media_type = {};
  uint32_t publisher_id = 0;
  uint32_t message_id = 0;
  std::optional<Segment> segment = {};

  friend bool operator==(const MessageHeader&, const MessageHeader&) = default;
};

// Message is a header and a notification, or a segment of one; `payload` is a view.
struct Message {
  MessageHeader header = {};
  std::span<const uint8_t> payload = {};
};

// HeaderLen is the length of `header` with its options: 12 octets, or 16 for a segment.
inline size_t HeaderLen(const MessageHeader& header) {
  return kFixedHeaderLen + (header.segment ? kSegmentationOptionLen : 0);
}

// ParseMessage reads the one message that `octets` are, to their last. Nothing is read beyond a
// length that does not hold. `*message` views `octets`, and is written only on success.
std::optional<DropReason> ParseMessage(std::span<const uint8_t> octets, Message* message);

// AppendMessage writes `message` behind `*out`. False, and `*out` as it was, when it is longer than
// kMaxMessageLen.
[[nodiscard]] bool AppendMessage(const Message& message, std::vector<uint8_t>* out);

}  // namespace dtls13::udp_notif

#endif  // DTLS13_UDP_NOTIF_MESSAGE_H_
