// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_UDP_NOTIF_SEGMENTER_H_
#define DTLS13_UDP_NOTIF_SEGMENTER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "udp_notif/message.h"

namespace dtls13::udp_notif {

// The smallest segment that carries something.
inline constexpr size_t kMinSegmentSize = kFixedHeaderLen + kSegmentationOptionLen + 1;

// Segmenter cuts one notification into messages of at most a size, header and options included, so
// that nothing below has to. What fits whole has no segmentation option. It does not know how the
// messages are sent, and owns nothing: the notification outlives it.
class Segmenter {
 public:
  // Create is nothing where `max_segment_size` is below kMinSegmentSize or above kMaxMessageLen, or
  // the notification would have more than kMaxSegments.
  static std::optional<Segmenter> Create(const MessageHeader& header,
                                         std::span<const uint8_t> notification,
                                         size_t max_segment_size);

  size_t num_segments() const { return num_segments_; }
  // Next is the next message, in order; nothing after the last.
  std::optional<Message> Next();

 private:
  Segmenter(const MessageHeader& header, std::span<const uint8_t> notification, size_t part_len,
            size_t num_segments)
      : header_(header), rest_(notification), part_len_(part_len), num_segments_(num_segments) {}

  MessageHeader header_;
  std::span<const uint8_t> rest_;
  size_t part_len_;
  size_t num_segments_;
  size_t next_ = 0;
};

}  // namespace dtls13::udp_notif

#endif  // DTLS13_UDP_NOTIF_SEGMENTER_H_
