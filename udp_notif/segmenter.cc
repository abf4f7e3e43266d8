// SPDX-License-Identifier: Apache-2.0
#include "udp_notif/segmenter.h"

#include <algorithm>

namespace dtls13::udp_notif {

//= draft-ietf-netconf-udp-notif#section-4.1
//# Implementations MUST provide a configurable parameter to control the
//# maximum size of a UDP-Notif segment.
std::optional<Segmenter> Segmenter::Create(const MessageHeader& header,
                                           std::span<const uint8_t> notification,
                                           size_t max_segment_size) {
  if (max_segment_size < kMinSegmentSize || max_segment_size > kMaxMessageLen) return std::nullopt;
  MessageHeader whole = header;
  whole.segment.reset();
  if (notification.size() <= max_segment_size - kFixedHeaderLen) {
    return Segmenter(whole, notification, notification.size(), 1);
  }
  const size_t part_len = max_segment_size - kFixedHeaderLen - kSegmentationOptionLen;
  const size_t num_segments = (notification.size() + part_len - 1) / part_len;
  if (num_segments > kMaxSegments) return std::nullopt;
  return Segmenter(whole, notification, part_len, num_segments);
}

std::optional<Message> Segmenter::Next() {
  if (next_ == num_segments_) return std::nullopt;
  if (num_segments_ > 1) {
    header_.segment =
        Segment{.number = static_cast<uint16_t>(next_), .is_last = next_ + 1 == num_segments_};
  }
  ++next_;
  const size_t len = std::min(part_len_, rest_.size());
  const Message message = {.header = header_, .payload = rest_.first(len)};
  rest_ = rest_.subspan(len);
  return message;
}

}  // namespace dtls13::udp_notif
