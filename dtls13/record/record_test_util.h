// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_RECORD_RECORD_TEST_UTIL_H_
#define DTLS13_RECORD_RECORD_TEST_UTIL_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/cipher_suite.h"
#include "dtls13/crypto/crypto_test_util.h"
#include "dtls13/crypto/secret.h"
#include "dtls13/record/record_layer.h"
#include "dtls13/wire/bytes_test_util.h"
#include "dtls13/wire/wire_profile.h"

namespace dtls13 {

inline constexpr HeaderForm kLongForm{.has_length = true, .short_number = false};
inline constexpr HeaderForm kShortForm{.has_length = false, .short_number = true};
inline constexpr HeaderForm kEveryForm[] = {
    {.has_length = true, .short_number = false},
    {.has_length = true, .short_number = true},
    {.has_length = false, .short_number = false},
    {.has_length = false, .short_number = true},
};

const CipherSuite& TestSuite();

// TestSecret is a fixed traffic secret, another for each epoch.
Secret TestSecret(const CipherSuite& suite, Epoch epoch);

Bytes Concatenate(const std::vector<Bytes>& parts);

// SealBytes returns the record, empty when Seal refuses.
Bytes SealBytes(RecordLayer* layer, Epoch epoch, ContentType type, std::span<const uint8_t> content,
                HeaderForm form = kLongForm, size_t padding_len = 0);

// SealInner protects any serialized DTLSInnerPlaintext, with any number, as an honest RecordLayer
// never would. `inner` has at least one byte.
Bytes SealInner(const CipherSuite& suite, RecordNumber number, std::span<const uint8_t> inner,
                HeaderForm form = kLongForm);

// Accepted is a copy of an OpenedRecord.
struct Accepted {
  RecordNumber number;
  ContentType type;
  Bytes content;

  friend bool operator==(const Accepted&, const Accepted&) = default;
};

// OpenAll gives `datagram` to `layer` until it is used up.
std::vector<Accepted> OpenAll(RecordLayer* layer, Bytes datagram);

// NumDropped is the sum over all reasons.
uint64_t NumDropped(const RecordLayer& layer);

// RecordPair is the two ends of one direction, with the same keys.
struct RecordPair {
  explicit RecordPair(const CipherSuite& suite = TestSuite(),
                      const WireProfile& profile = kRfc9147Profile);

  // Install adds `epoch`'s keys to both ends, and fails the test when it cannot.
  void Install(Epoch epoch);
  // Send seals and opens one application data record; false unless it arrives as it was sent.
  bool Send(Epoch epoch, HeaderForm form = kLongForm);

  const CipherSuite& suite;
  RecordLayer sender;
  RecordLayer receiver;
};

}  // namespace dtls13

#endif  // DTLS13_RECORD_RECORD_TEST_UTIL_H_
