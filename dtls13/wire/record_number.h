// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_WIRE_RECORD_NUMBER_H_
#define DTLS13_WIRE_RECORD_NUMBER_H_

#include <compare>
#include <cstdint>

namespace dtls13 {

// Epoch is the absolute, 64-bit epoch of RFC 9147 section 6.1. The two bits a unified header
// carries are EpochBits, another type, so the one cannot be taken for the other.
struct Epoch {
  uint64_t value = 0;

  friend constexpr auto operator<=>(const Epoch&, const Epoch&) = default;
  constexpr Epoch Next() const { return Epoch{value + 1}; }
};

inline constexpr Epoch kPlaintextEpoch{0};
inline constexpr Epoch kEarlyDataEpoch{1};
inline constexpr Epoch kHandshakeEpoch{2};
inline constexpr Epoch kFirstApplicationEpoch{3};
//= rfc9147#section-8
//# In
//# order to provide an extra margin of security, sending implementations
//# MUST NOT allow the epoch to exceed 2^48-1.
inline constexpr Epoch kMaxWriteEpoch{(uint64_t{1} << 48) - 1};

// EpochBits are an epoch's low-order bits as a protected record's header carries them.
struct EpochBits {
  static constexpr uint8_t kOneBit = 4;

  // 0 to 3; or kOneBit and the one bit that a DTLSShortCiphertext has.
  uint8_t value = 0;

  static constexpr EpochBits Of(Epoch epoch) { return {static_cast<uint8_t>(epoch.value & 3)}; }
  static constexpr EpochBits OneOf(Epoch epoch) {
    return {static_cast<uint8_t>(kOneBit | (epoch.value & 1))};
  }
  constexpr bool is_one() const { return (value & kOneBit) != 0; }
  // Match: `epoch` may be the one meant.
  constexpr bool Match(Epoch epoch) const { return *this == (is_one() ? OneOf(epoch) : Of(epoch)); }
  friend constexpr bool operator==(const EpochBits&, const EpochBits&) = default;
};

// SequenceNumber is a record's full 64-bit number within its epoch.
struct SequenceNumber {
  uint64_t value = 0;

  friend constexpr auto operator<=>(const SequenceNumber&, const SequenceNumber&) = default;
};

// TruncatedSequenceNumber is what a protected record's header carries: the low-order 8 or 16 bits,
// or 12 or 30 in the records of draft-26.
struct TruncatedSequenceNumber {
  uint32_t value = 0;
  uint8_t num_bits = 16;

  static constexpr TruncatedSequenceNumber Of(SequenceNumber number, uint8_t num_bits) {
    return {static_cast<uint32_t>(number.value & ((uint64_t{1} << num_bits) - 1)), num_bits};
  }
  friend constexpr bool operator==(const TruncatedSequenceNumber&,
                                   const TruncatedSequenceNumber&) = default;
};

// RecordNumber names one record of one direction, RFC 9147 section 4. Ordered as section 7 wants
// an ACK's list ordered: by epoch, then by sequence number.
struct RecordNumber {
  Epoch epoch;
  SequenceNumber sequence_number;

  friend constexpr auto operator<=>(const RecordNumber&, const RecordNumber&) = default;
};

}  // namespace dtls13

#endif  // DTLS13_WIRE_RECORD_NUMBER_H_
