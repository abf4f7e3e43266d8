// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_UDP_NOTIF_DROP_REASON_H_
#define DTLS13_UDP_NOTIF_DROP_REASON_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace dtls13::udp_notif {

// DropReason is why something received is not handed on. Each has a counter.
enum class DropReason : uint8_t {
  // Of a message by itself.
  kShortHeader,           // fewer octets than a header has
  kVersion,               // not version 1
  kReservedMediaType,     // media type 0 of the standard space
  kHeaderLength,          // shorter than the fixed header, or longer than the message
  kMessageLength,         // not the length of the datagram or frame that it came in
  kOptionLength,          // an option that is cut, or shorter than its type and length
  kUnsupportedOption,     // a type that is not known here
  kSegmentationLength,    // a segmentation option that has not four octets
  kSegmentationNotFirst,  // a segmentation option behind another option
  // Of what stands before it in a record.
  kFrameLength,       // MSG-LEN is no number from 12 to 65535 without a leading zero
  kFrameInterrupted,  // the record that a frame goes on in did not come next
  // Of a segment among others.
  kDuplicateSegment,
  kSegmentConflict,  // it does not fit the segments before it
  kTooManySegments,
  kMessageTooLarge,
  kReassemblyTimeout,  // a message whose segments did not come in time
  kMemoryFull,         // no room for another unfinished message
  // Of a message among others of its publisher.
  kDuplicateMessage,
  kStaleMessage,  // its Message ID lies below the acceptance window
  kFarMessage,    // its Message ID lies above it
  kTooManyPublishers,
};

inline constexpr size_t kNumDropReasons = static_cast<size_t>(DropReason::kTooManyPublishers) + 1;

// NameOf is the reason as counters and lines for people have it: "short_header".
std::string_view NameOf(DropReason reason);

// DropCounters counts for each reason how often it was met.
class DropCounters {
 public:
  void Count(DropReason reason) { ++counts_[static_cast<size_t>(reason)]; }
  uint64_t of(DropReason reason) const { return counts_[static_cast<size_t>(reason)]; }
  uint64_t total() const {
    uint64_t sum = 0;
    for (const uint64_t count : counts_) sum += count;
    return sum;
  }

 private:
  std::array<uint64_t, kNumDropReasons> counts_ = {};
};

}  // namespace dtls13::udp_notif

#endif  // DTLS13_UDP_NOTIF_DROP_REASON_H_
