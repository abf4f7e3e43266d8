// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_DTLS13_CLI_FRAGMENT_HISTORY_H_
#define DTLS13_TOOLS_DTLS13_CLI_FRAGMENT_HISTORY_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "dtls13/wire/handshake_header.h"
#include "dtls13/wire/record_number.h"
#include "tools/dtls13_cli/capture.h"

namespace dtls13::cli {

// kReactionUs is what an ACK takes from where it is seen to the one that heeds it, microseconds: a
// sender that has not been scheduled since knows nothing of it.
inline constexpr int64_t kReactionUs = 100'000;

// SentFragment is one handshake fragment in one record.
struct SentFragment {
  Direction direction = Direction::kToServer;
  RecordNumber number;
  HandshakeHeader header;
  int64_t time_us = 0;
  bool lost = false;
  bool sent_before = false;         // some of its bytes went out before
  bool acked_before_sent = false;   // all of its bytes had been ACKed when it went out
  std::optional<int64_t> acked_us;  // when an ACK that arrived named its record
};

// FragmentHistory remembers what was sent and what was acknowledged, as one who sees both
// directions and every loss knows it.
class FragmentHistory {
 public:
  // AddFragment returns the fragment with what is known of earlier sendings filled in.
  const SentFragment& AddFragment(Direction direction, RecordNumber number,
                                  const HandshakeHeader& header, int64_t time_us, bool lost);
  // AddAck marks the fragments of the other direction that an ACK sent in `direction` names.
  void AddAck(Direction direction, RecordNumber number, int64_t time_us);

  const std::vector<SentFragment>& fragments() const { return fragments_; }

 private:
  std::vector<SentFragment> fragments_;
};

}  // namespace dtls13::cli

#endif  // DTLS13_TOOLS_DTLS13_CLI_FRAGMENT_HISTORY_H_
