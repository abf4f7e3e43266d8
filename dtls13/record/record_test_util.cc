// SPDX-License-Identifier: Apache-2.0
#include "dtls13/record/record_test_util.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "dtls13/crypto/aead.h"
#include "dtls13/crypto/record_number_cipher.h"
#include "dtls13/crypto/traffic_keys.h"
#include "dtls13/wire/record_header.h"

namespace dtls13 {

const CipherSuite& TestSuite() { return *FindCipherSuite(CipherSuiteId::kAes128GcmSha256); }

Secret TestSecret(const CipherSuite& suite, Epoch epoch) {
  Secret secret(suite.hash_len);
  const std::span<uint8_t> bytes = secret.mutable_bytes();
  std::ranges::fill(bytes, 0x40);
  // The whole of the epoch: one byte of it would give epochs 256 apart the same keys.
  for (size_t i = 0; i < sizeof(epoch.value); ++i) {
    bytes[i] ^= static_cast<uint8_t>(epoch.value >> (8 * i));
  }
  return secret;
}

Bytes Concatenate(const std::vector<Bytes>& parts) {
  Bytes whole;
  for (const Bytes& part : parts) whole.insert(whole.end(), part.begin(), part.end());
  return whole;
}

Bytes SealBytes(RecordLayer* layer, Epoch epoch, ContentType type, std::span<const uint8_t> content,
                HeaderForm form, size_t padding_len) {
  Bytes record(content.size() + layer->Overhead(epoch, form) + padding_len, 0xaa);
  RecordNumber number;
  record.resize(layer->Seal(epoch, type, content, form, record, &number, padding_len));
  return record;
}

Bytes SealInner(const CipherSuite& suite, RecordNumber number, std::span<const uint8_t> inner,
                HeaderForm form) {
  const Secret secret = TestSecret(suite, number.epoch);
  const auto keys =
      DeriveTrafficKeys(*DefaultAlgorithms(), suite, LabelPrefix::kDtls13, secret.bytes());
  auto aead = Aead::CreateSealer(*DefaultAlgorithms(), suite, keys->key.bytes(), keys->iv.bytes());
  auto number_cipher =
      RecordNumberCipher::Create(*DefaultAlgorithms(), suite, keys->sn_key.bytes());
  CiphertextHeader header;
  header.epoch_bits = EpochBits::Of(number.epoch);
  header.number.num_bits = form.short_number ? 8 : 16;
  header.number.value = static_cast<uint16_t>(number.sequence_number.value);
  header.has_length = form.has_length;

  const size_t header_len = CiphertextHeaderLen(header);
  Bytes record(header_len + inner.size() + kAeadTagLen);
  const size_t at = WriteCiphertextHeader(header, inner.size() + kAeadTagLen, record);
  const std::span<uint8_t> encrypted = std::span(record).subspan(header_len);
  EXPECT_TRUE(aead->SealCopy(number.sequence_number.value, std::span(record).first(header_len),
                             inner.first(inner.size() - 1), inner.last(1), encrypted));
  std::array<uint8_t, kRecordNumberMaskLen> mask;
  EXPECT_TRUE(number_cipher->Mask(encrypted.first<kRecordNumberSampleLen>(), mask));
  for (size_t i = 0; i < header.number.num_bits / 8u; ++i) record[at + i] ^= mask[i];
  return record;
}

std::vector<Accepted> OpenAll(RecordLayer* layer, Bytes datagram) {
  std::vector<Accepted> accepted;
  std::span<uint8_t> rest(datagram);
  while (const auto record = layer->OpenNext(&rest)) {
    accepted.push_back(
        {record->number, record->type, Bytes(record->content.begin(), record->content.end())});
  }
  EXPECT_TRUE(rest.empty());
  return accepted;
}

uint64_t NumDropped(const RecordLayer& layer) {
  uint64_t sum = 0;
  for (size_t reason = 0; reason < static_cast<size_t>(DropReason::kCount); ++reason) {
    sum += layer.num_dropped(static_cast<DropReason>(reason));
  }
  return sum;
}

RecordPair::RecordPair(const CipherSuite& suite, const WireProfile& profile)
    : suite(suite), sender(DefaultAlgorithms(), profile), receiver(DefaultAlgorithms(), profile) {}

void RecordPair::Install(Epoch epoch) {
  const Secret secret = TestSecret(suite, epoch);
  ASSERT_TRUE(sender.InstallWriteKeys(epoch, suite, secret));
  ASSERT_TRUE(receiver.InstallReadKeys(epoch, suite, secret));
}

bool RecordPair::Send(Epoch epoch, HeaderForm form) {
  const Bytes content = ToBytes("some application data");
  const Bytes datagram = SealBytes(&sender, epoch, ContentType::kApplicationData, content, form);
  if (datagram.empty()) return false;
  const std::vector<Accepted> accepted = OpenAll(&receiver, datagram);
  return accepted.size() == 1 && accepted[0].number.epoch == epoch &&
         accepted[0].content == content;
}

}  // namespace dtls13
