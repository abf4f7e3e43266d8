// SPDX-License-Identifier: Apache-2.0
#include "dtls13/flight/sent_record_log.h"

#include <algorithm>

namespace dtls13 {

void SentRecordLog::Record(RecordNumber number, std::span<const FragmentRef> refs) {
  Entry entry;
  entry.number = number;
  entry.num_refs = static_cast<uint8_t>(std::min(refs.size(), entry.refs.size()));
  std::copy_n(refs.begin(), entry.num_refs, entry.refs.begin());
  entries_.Push(entry);
}

std::span<const FragmentRef> SentRecordLog::Find(RecordNumber number) const {
  // From the newest: an ACK mostly speaks of the last round. Retransmissions mix epochs, so the
  // numbers are not sorted.
  for (size_t age = 0; age < entries_.size(); ++age) {
    const Entry& entry = entries_.recent(age);
    if (entry.number == number) return std::span(entry.refs).first(entry.num_refs);
  }
  return {};
}

}  // namespace dtls13
