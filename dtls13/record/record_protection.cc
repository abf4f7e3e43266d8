// SPDX-License-Identifier: Apache-2.0
#include "dtls13/record/record_protection.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace dtls13 {

//= rfc9147#section-4.2.3
//# Senders MUST pad short
//# plaintexts out (using the conventional record padding mechanism) in
//# order to make a suitable-length ciphertext.
// The tag alone is long enough, so no record needs padding; a suite with a shorter one would.
static_assert(kAeadTagLen >= kMinCiphertextLen);
static_assert(kRecordNumberSampleLen <= kMinCiphertextLen);

RecordProtection::RecordProtection(Aead aead, std::optional<RecordNumberCipher> number_cipher,
                                   uint64_t nonce_epoch)
    : aead_(std::move(aead)), number_cipher_(std::move(number_cipher)), nonce_epoch_(nonce_epoch) {}

std::optional<RecordProtection> RecordProtection::Create(CreateAead create_aead,
                                                         const Algorithms& algorithms,
                                                         const CipherSuite& suite,
                                                         const WireProfile& profile, Epoch epoch,
                                                         const TrafficKeys& keys) {
  std::optional<Aead> aead = create_aead(algorithms, suite, keys.key.bytes(), keys.iv.bytes());
  std::optional<RecordNumberCipher> number_cipher;
  if (profile.encrypts_numbers) {
    number_cipher = RecordNumberCipher::Create(algorithms, suite, keys.sn_key.bytes());
  }
  if (!aead || number_cipher.has_value() != profile.encrypts_numbers) return std::nullopt;
  // "the full epoch and sequence number are used to compute the per-record nonce", draft-26 section
  // 4.1.2.
  const uint64_t nonce_epoch = profile.has_epoch_in_nonce ? epoch.value << 48 : 0;
  return RecordProtection(*std::move(aead), std::move(number_cipher), nonce_epoch);
}

std::optional<RecordProtection> RecordProtection::CreateSealer(const Algorithms& algorithms,
                                                               const CipherSuite& suite,
                                                               const WireProfile& profile,
                                                               Epoch epoch,
                                                               const Secret& traffic_secret) {
  const std::optional<TrafficKeys> keys =
      DeriveTrafficKeys(algorithms, suite, profile.label_prefix, traffic_secret.bytes());
  if (!keys) return std::nullopt;
  return CreateSealer(algorithms, suite, profile, epoch, *keys);
}

std::optional<RecordProtection> RecordProtection::CreateOpener(const Algorithms& algorithms,
                                                               const CipherSuite& suite,
                                                               const WireProfile& profile,
                                                               Epoch epoch,
                                                               const Secret& traffic_secret) {
  const std::optional<TrafficKeys> keys =
      DeriveTrafficKeys(algorithms, suite, profile.label_prefix, traffic_secret.bytes());
  if (!keys) return std::nullopt;
  return CreateOpener(algorithms, suite, profile, epoch, *keys);
}

std::optional<RecordProtection> RecordProtection::CreateSealer(const Algorithms& algorithms,
                                                               const CipherSuite& suite,
                                                               const WireProfile& profile,
                                                               Epoch epoch,
                                                               const TrafficKeys& keys) {
  return Create(&Aead::CreateSealer, algorithms, suite, profile, epoch, keys);
}

std::optional<RecordProtection> RecordProtection::CreateOpener(const Algorithms& algorithms,
                                                               const CipherSuite& suite,
                                                               const WireProfile& profile,
                                                               Epoch epoch,
                                                               const TrafficKeys& keys) {
  return Create(&Aead::CreateOpener, algorithms, suite, profile, epoch, keys);
}

std::optional<uint32_t> RecordProtection::MaskNumber(std::span<const uint8_t> encrypted_record,
                                                     std::span<uint8_t> number_bytes) {
  std::array<uint8_t, kRecordNumberMaskLen> mask;
  if (!number_cipher_->Mask(encrypted_record.first<kRecordNumberSampleLen>(), mask)) {
    return std::nullopt;
  }
  // Made of what is written and not read back: a load wider than the stores before it stalls.
  uint32_t masked = 0;
  for (size_t i = 0; i < number_bytes.size(); ++i) {
    masked = masked << 8 | (number_bytes[i] ^= mask[i]);
  }
  return masked;
}

bool RecordProtection::Seal(SequenceNumber number, uint8_t type, std::span<const uint8_t> content,
                            std::span<uint8_t> record, size_t header_len, size_t number_offset,
                            size_t num_number_bytes) {
  return SealText(number, type, content, record, header_len) &&
         (!number_cipher_ ||
          MaskNumber(record.subspan(header_len), record.subspan(number_offset, num_number_bytes)));
}

bool RecordProtection::MakeMasks(std::span<const uint8_t* const> samples,
                                 std::span<NumberMask> masks) {
  std::array<uint8_t, kMaxBatchRecords * kRecordNumberSampleLen> blocks;
  uint8_t* block = blocks.data();
  for (const uint8_t* sample : samples) {
    std::memcpy(block, sample, kRecordNumberSampleLen);
    block += kRecordNumberSampleLen;
  }
  if (!number_cipher_->MaskAll(std::span(blocks.data(), block))) return false;
  for (size_t i = 0; i < samples.size(); ++i) {
    std::memcpy(masks[i].data(), blocks.data() + i * kRecordNumberSampleLen, masks[i].size());
  }
  return true;
}

void RecordProtection::RevealNumberBy(const NumberMask& mask, CiphertextRecord* record) {
  TruncatedSequenceNumber& number = record->header.number;
  uint8_t* const bytes = record->header_bytes.data() + record->number_offset;
  number.value = bytes[0] ^= mask[0];
  if (number.num_bits == 16) number.value = number.value << 8 | (bytes[1] ^= mask[1]);
}

bool RecordProtection::SealText(SequenceNumber number, uint8_t type,
                                std::span<const uint8_t> content, std::span<uint8_t> record,
                                size_t header_len) {
  //= rfc9147#section-4
  //# The entire header value shown in
  //# Figure 4 (but prior to record number encryption; see Section 4.2.3)
  //# is used as the additional data value for the AEAD function.
  const std::span<uint8_t> header = record.first(header_len);
  const std::span<uint8_t> encrypted_record = record.subspan(header_len);
  if (encrypted_record.size() < content.size() + kProtectionLen) return false;
  const size_t trailer_len = encrypted_record.size() - content.size() - kAeadTagLen;
  // Almost every trailer is the type alone, which costs less from where no AEAD has written yet.
  std::array<uint8_t, 1> inner_type = {type};
  std::span<uint8_t> trailer = inner_type;
  if (trailer_len > 1) {
    trailer = encrypted_record.subspan(content.size(), trailer_len);
    trailer.front() = type;
    //= rfc8446#section-5.4
    //# Implementations MUST set the padding octets to all zeros before
    //# encrypting.
    std::fill(trailer.begin() + 1, trailer.end(), uint8_t{0});
  }
  //= rfc9147#section-4
  //# In DTLS 1.3 the 64-bit sequence_number is used as
  //# the sequence number for the AEAD computation; unlike DTLS 1.2, the
  //# epoch is not included.
  return aead_.SealCopy(nonce_epoch_ | number.value, header, content, trailer, encrypted_record);
}

bool RecordProtection::RevealNumber(CiphertextRecord* record) {
  if (!number_cipher_) return true;
  TruncatedSequenceNumber& number = record->header.number;
  const std::span<uint8_t> bytes =
      record->header_bytes.subspan(record->number_offset, number.num_bits / 8);
  const std::optional<uint32_t> revealed = MaskNumber(record->encrypted_record, bytes);
  if (!revealed) return false;
  number.value = *revealed;
  return true;
}

std::optional<std::span<uint8_t>> RecordProtection::Open(SequenceNumber number,
                                                         const CiphertextRecord& record) {
  const std::span<uint8_t> encrypted = record.encrypted_record;
  if (!aead_.Open(nonce_epoch_ | number.value, record.header_bytes, encrypted)) return std::nullopt;
  return encrypted.first(encrypted.size() - kAeadTagLen);
}

}  // namespace dtls13
