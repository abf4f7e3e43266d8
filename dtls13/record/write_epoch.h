// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_RECORD_WRITE_EPOCH_H_
#define DTLS13_RECORD_WRITE_EPOCH_H_

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "dtls13/crypto/cipher_suite.h"
#include "dtls13/crypto/secret.h"
#include "dtls13/record/record_protection.h"
#include "dtls13/wire/code_points.h"
#include "dtls13/wire/record_number.h"

namespace dtls13 {

// WriteNumbers gives out one epoch's record numbers, each once, from 0 up to a limit.
class WriteNumbers {
 public:
  // Numbers below `limit` are given out.
  explicit WriteNumbers(uint64_t limit) : limit_(limit) {}

  // Take returns the next number, nothing when they are used up. What is taken is never given
  // again, even when the record does not get sealed.
  std::optional<SequenceNumber> Take() {
    if (next_ >= limit_) return std::nullopt;
    return SequenceNumber{next_++};
  }

  // next is the number that Take would give out.
  uint64_t next() const { return next_; }
  uint64_t num_left() const { return limit_ - std::min(next_, limit_); }
  // NearLimit is true from 7/8 of the limit on, and earlier by as much as 1/8 of it for the
  // greatest `jitter`.
  bool NearLimit(uint8_t jitter) const {
    const uint64_t eighth = limit_ / 8;
    const uint64_t early = eighth / 256 * jitter + eighth % 256 * jitter / 256;
    return next_ >= limit_ - eighth - early;
  }
  // SkipTo makes `number` the next one, unless it or a higher one was given out already.
  void SkipTo(SequenceNumber number) {
    if (number.value > next_) next_ = number.value;
  }

 private:
  //= rfc8446#section-5.3
  //# Each sequence number is set to zero at the beginning of a connection
  //# and whenever the key is changed; the first record transmitted under a
  //# particular traffic key MUST use sequence number 0.
  uint64_t next_ = 0;
  uint64_t limit_;
};

// WriteEpoch is everything that belongs to one protected epoch of the records sent: its keys and
// its numbers. It does not know other epochs.
struct WriteEpoch {
  // One record per number, so the numbers' limit is the key's confidentiality limit as well.
  // Without `protection`, it is made of `keys` when the first record leaves.
  WriteEpoch(Epoch epoch, const CipherSuite& suite, std::optional<RecordProtection> protection)
      : epoch(epoch),
        suite(suite.id),
        protection(std::move(protection)),
        numbers(suite.confidentiality_limit) {}

  const Epoch epoch;
  const CipherSuiteId suite;
  std::optional<RecordProtection> protection;
  WriteNumbers numbers;
  // What the protection is made of, PackTrafficKeys; null unless the association may go cold.
  std::unique_ptr<const Secret> keys;
  // The traffic secret of the keys; null unless the association may be exported.
  std::unique_ptr<const Secret> secret;
};

}  // namespace dtls13

#endif  // DTLS13_RECORD_WRITE_EPOCH_H_
