// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_RECORD_RECORD_PROTECTION_H_
#define DTLS13_RECORD_RECORD_PROTECTION_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "dtls13/crypto/aead.h"
#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/cipher_suite.h"
#include "dtls13/crypto/record_number_cipher.h"
#include "dtls13/crypto/secret.h"
#include "dtls13/crypto/traffic_keys.h"
#include "dtls13/wire/record_header.h"
#include "dtls13/wire/record_number.h"
#include "dtls13/wire/wire_profile.h"

namespace dtls13 {

// Bytes that protection adds to a record's content: the inner content type and the tag.
inline constexpr size_t kProtectionLen = 1 + kAeadTagLen;

// The most records of a batch: those of the longest buffer that the kernel cuts into datagrams
// (UDP_SEGMENT). Their samples are on the stack.
inline constexpr size_t kMaxBatchRecords = 64;

// NumberMask is what hides and reveals the number of one record.
using NumberMask = std::array<uint8_t, kRecordNumberMaskLen>;

// RecordProtection is one traffic secret's record key and, where the profile encrypts numbers,
// record number key in one direction, RFC 9147 sections 4.2.3 and 4.5. No call after creation
// allocates. Move-only. It does not know windows, limits or which number comes next: the caller
// never seals one twice.
class RecordProtection {
 public:
  // Nothing when libcrypto fails or the secret is empty; with keys that were derived before, when
  // they are not the suite's.
  static std::optional<RecordProtection> CreateSealer(const Algorithms& algorithms,
                                                      const CipherSuite& suite,
                                                      const WireProfile& profile, Epoch epoch,
                                                      const Secret& traffic_secret);
  static std::optional<RecordProtection> CreateOpener(const Algorithms& algorithms,
                                                      const CipherSuite& suite,
                                                      const WireProfile& profile, Epoch epoch,
                                                      const Secret& traffic_secret);
  static std::optional<RecordProtection> CreateSealer(const Algorithms& algorithms,
                                                      const CipherSuite& suite,
                                                      const WireProfile& profile, Epoch epoch,
                                                      const TrafficKeys& keys);
  static std::optional<RecordProtection> CreateOpener(const Algorithms& algorithms,
                                                      const CipherSuite& suite,
                                                      const WireProfile& profile, Epoch epoch,
                                                      const TrafficKeys& keys);

  // Seal completes a record: `record` begins with a header of `header_len` bytes whose number, in
  // the clear, is the `num_number_bytes` at `number_offset`, and has kProtectionLen more than
  // `content` and the padding: what `record` has beyond those becomes padding, RFC 8446 section
  // 5.4. `content` may lie right behind the header, or else outside `record`. False when `record`
  // is shorter or libcrypto fails; it is then not to be sent.
  [[nodiscard]] bool Seal(SequenceNumber number, uint8_t type, std::span<const uint8_t> content,
                          std::span<uint8_t> record, size_t header_len, size_t number_offset,
                          size_t num_number_bytes);

  // SealText is Seal without the encryption of the number, and the record not to be sent before
  // that.
  [[nodiscard]] bool SealText(SequenceNumber number, uint8_t type, std::span<const uint8_t> content,
                              std::span<uint8_t> record, size_t header_len);
  // MakeMasks gives `masks` one for each of `samples`, at most kMaxBatchRecords: where the first
  // kRecordNumberSampleLen bytes of encrypted records lie. Only where the profile encrypts numbers.
  // False when libcrypto fails.
  [[nodiscard]] bool MakeMasks(std::span<const uint8_t* const> samples,
                               std::span<NumberMask> masks);
  // RevealNumberBy is RevealNumber with a mask that is known.
  static void RevealNumberBy(const NumberMask& mask, CiphertextRecord* record);

  // RevealNumber decrypts the record's number, in the datagram and in record->header.
  [[nodiscard]] bool RevealNumber(CiphertextRecord* record);

  // Open deprotects in place after RevealNumber, and returns the serialized DTLSInnerPlaintext.
  // Nothing when the record does not authenticate; its bytes are then undefined.
  std::optional<std::span<uint8_t>> Open(SequenceNumber number, const CiphertextRecord& record);

 private:
  RecordProtection(Aead aead, std::optional<RecordNumberCipher> number_cipher,
                   uint64_t nonce_epoch);

  using CreateAead = std::optional<Aead> (*)(const Algorithms&, const CipherSuite&,
                                             std::span<const uint8_t> key,
                                             std::span<const uint8_t> iv);
  static std::optional<RecordProtection> Create(CreateAead create_aead,
                                                const Algorithms& algorithms,
                                                const CipherSuite& suite,
                                                const WireProfile& profile, Epoch epoch,
                                                const TrafficKeys& keys);

  // MaskNumber hides or reveals `number_bytes` by the first bytes of `encrypted_record`, and
  // returns the number they then are. Only where there is a number_cipher_.
  std::optional<uint32_t> MaskNumber(std::span<const uint8_t> encrypted_record,
                                     std::span<uint8_t> number_bytes);

  Aead aead_;
  std::optional<RecordNumberCipher> number_cipher_;
  uint64_t nonce_epoch_;  // what the epoch adds to the numbers that make nonces
};

}  // namespace dtls13

#endif  // DTLS13_RECORD_RECORD_PROTECTION_H_
