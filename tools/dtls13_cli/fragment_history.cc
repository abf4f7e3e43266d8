// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13_cli/fragment_history.h"

namespace dtls13::cli {
namespace {

bool SameMessage(const SentFragment& sent, Direction direction, const HandshakeHeader& header) {
  return sent.direction == direction && sent.header.message_seq == header.message_seq;
}

// Overlaps: an empty message is one fragment of no bytes, which any sending of it repeats.
bool Overlaps(const HandshakeHeader& a, const HandshakeHeader& b) {
  if (a.message_len == 0) return true;
  return a.fragment_offset < b.fragment_offset + b.fragment_len &&
         b.fragment_offset < a.fragment_offset + a.fragment_len;
}

}  // namespace

const SentFragment& FragmentHistory::AddFragment(Direction direction, RecordNumber number,
                                                 const HandshakeHeader& header, int64_t time_us,
                                                 bool lost) {
  SentFragment added;
  added.direction = direction;
  added.number = number;
  added.header = header;
  added.time_us = time_us;
  added.lost = lost;
  uint32_t num_acked = 0;
  std::vector<bool> acked(header.fragment_len);
  for (const SentFragment& sent : fragments_) {
    if (!SameMessage(sent, direction, header) || !Overlaps(sent.header, header)) continue;
    added.sent_before = true;
    if (!sent.acked_us || *sent.acked_us + kReactionUs > time_us) continue;
    const uint32_t end = sent.header.fragment_offset + sent.header.fragment_len;
    for (uint32_t i = 0; i < header.fragment_len; ++i) {
      const uint32_t at = header.fragment_offset + i;
      if (at < sent.header.fragment_offset || at >= end || acked[i]) continue;
      acked[i] = true;
      ++num_acked;
    }
  }
  added.acked_before_sent =
      added.sent_before && num_acked == header.fragment_len && header.fragment_len > 0;
  fragments_.push_back(added);
  return fragments_.back();
}

void FragmentHistory::AddAck(Direction direction, RecordNumber number, int64_t time_us) {
  for (SentFragment& sent : fragments_) {
    if (sent.direction == direction || sent.number != number || sent.acked_us) continue;
    sent.acked_us = time_us;
  }
}

}  // namespace dtls13::cli
