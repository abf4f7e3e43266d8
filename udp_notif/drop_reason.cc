// SPDX-License-Identifier: Apache-2.0
#include "udp_notif/drop_reason.h"

namespace dtls13::udp_notif {

std::string_view NameOf(DropReason reason) {
  switch (reason) {
    case DropReason::kShortHeader:
      return "short_header";
    case DropReason::kVersion:
      return "version";
    case DropReason::kReservedMediaType:
      return "reserved_media_type";
    case DropReason::kHeaderLength:
      return "header_length";
    case DropReason::kMessageLength:
      return "message_length";
    case DropReason::kOptionLength:
      return "option_length";
    case DropReason::kUnsupportedOption:
      return "unsupported_option";
    case DropReason::kSegmentationLength:
      return "segmentation_length";
    case DropReason::kSegmentationNotFirst:
      return "segmentation_not_first";
    case DropReason::kFrameLength:
      return "frame_length";
    case DropReason::kFrameInterrupted:
      return "frame_interrupted";
    case DropReason::kDuplicateSegment:
      return "duplicate_segment";
    case DropReason::kSegmentConflict:
      return "segment_conflict";
    case DropReason::kTooManySegments:
      return "too_many_segments";
    case DropReason::kMessageTooLarge:
      return "message_too_large";
    case DropReason::kReassemblyTimeout:
      return "reassembly_timeout";
    case DropReason::kMemoryFull:
      return "memory_full";
    case DropReason::kDuplicateMessage:
      return "duplicate_message";
    case DropReason::kStaleMessage:
      return "stale_message";
    case DropReason::kFarMessage:
      return "far_message";
    case DropReason::kTooManyPublishers:
      return "too_many_publishers";
  }
  return "unknown";
}

}  // namespace dtls13::udp_notif
