// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_RECORD_READ_EPOCH_H_
#define DTLS13_RECORD_READ_EPOCH_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "dtls13/crypto/cipher_suite.h"
#include "dtls13/crypto/secret.h"
#include "dtls13/record/record_protection.h"
#include "dtls13/record/replay_window.h"
#include "dtls13/wire/code_points.h"
#include "dtls13/wire/record_number.h"

namespace dtls13 {

// ReadEpoch is everything that belongs to one protected epoch of the peer's records: its keys, its
// replay window and its count of failures. It does not know other epochs.
struct ReadEpoch {
  // Without `protection`, it is made of `keys` when the first record comes.
  ReadEpoch(Epoch epoch, const CipherSuite& suite, std::optional<RecordProtection> protection)
      : epoch(epoch),
        suite(suite.id),
        protection(std::move(protection)),
        integrity_limit(suite.integrity_limit) {}

  bool IntegrityLimitReached() const { return num_failures >= integrity_limit; }

  bool NearIntegrityLimit() const { return num_failures >= integrity_limit - integrity_limit / 8; }

  const Epoch epoch;
  const CipherSuiteId suite;
  std::optional<RecordProtection> protection;
  ReplayWindow window;
  // What the protection is made of, PackTrafficKeys; null unless the association may go cold.
  std::unique_ptr<const Secret> keys;
  // The traffic secret of the keys; null unless the association may be exported.
  std::unique_ptr<const Secret> secret;
  uint64_t num_failures = 0;  // records that did not authenticate under this key
  const uint64_t integrity_limit;
};

}  // namespace dtls13

#endif  // DTLS13_RECORD_READ_EPOCH_H_
