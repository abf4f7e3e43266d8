// SPDX-License-Identifier: Apache-2.0
// The provider's record ciphers against the record layer of associations, record by record: what
// one seals is what the other seals to the byte, and each opens it.

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "dtls13/crypto/crypto_test_util.h"
#include "dtls13/crypto/traffic_keys.h"
#include "dtls13/record/record_layer.h"
#include "provider/provider_test_util.h"
#include "provider/record_cipher.h"

namespace dtls13 {
namespace {

using provider::LibraryContext;
using provider::RecordCipherContext;
using provider::TakeErrors;

struct Case {
  CipherSuiteId suite;
  const char* cipher;
  int num_records;
  int num_records_of_a_key;
};

constexpr ContentType kTypes[] = {ContentType::kAlert, ContentType::kHandshake,
                                  ContentType::kApplicationData, ContentType::kAck};

// Both are one direction of one epoch: a record layer, and the two contexts of libcrypto's.
class TwoOfAKind {
 public:
  TwoOfAKind(const LibraryContext& context, const Case& tested, std::minstd_rand* random)
      : layer(DefaultAlgorithms(), kRfc9147Profile),
        sealer(context.get(), tested.cipher),
        opener(context.get(), tested.cipher) {
    const CipherSuite& suite = *FindCipherSuite(tested.suite);
    Secret secret(suite.hash_len);
    for (uint8_t& byte : secret.mutable_bytes()) byte = static_cast<uint8_t>((*random)());
    EXPECT_TRUE(layer.InstallWriteKeys(epoch, suite, secret));
    EXPECT_TRUE(layer.InstallReadKeys(epoch, suite, secret));
    const auto keys =
        DeriveTrafficKeys(*DefaultAlgorithms(), suite, LabelPrefix::kDtls13, secret.bytes());
    Bytes key = ToBytes(keys->key.bytes());
    key.insert(key.end(), keys->sn_key.bytes().begin(), keys->sn_key.bytes().end());
    const Bytes iv = ToBytes(keys->iv.bytes());
    EXPECT_TRUE(sealer.Init(true, key, iv)) << TakeErrors();
    EXPECT_TRUE(opener.Init(false, key, iv)) << TakeErrors();
    connection_id.resize((*random)() % 3 == 0 ? (*random)() % 20 : 0, 0xc1);
    layer.SetSendConnectionId(connection_id);
    EXPECT_TRUE(connection_id.empty() || layer.AddReceiveConnectionId(connection_id));
    for (RecordCipherContext* cipher : {&sealer, &opener}) {
      EXPECT_TRUE(cipher->Set(provider::kParamConnectionIdLen, connection_id.size()));
    }
  }

  const Epoch epoch = kFirstApplicationEpoch;
  Bytes connection_id;
  RecordLayer layer;
  RecordCipherContext sealer;
  RecordCipherContext opener;
};

// The record as the provider's cipher wants it before it is sealed: the number is the cipher's.
Bytes Unsealed(const TwoOfAKind& both, ContentType type, const Bytes& content, HeaderForm form) {
  CiphertextHeader header{.epoch_bits = EpochBits::Of(both.epoch),
                          .number = {0, static_cast<uint8_t>(form.short_number ? 8 : 16)},
                          .has_connection_id = !both.connection_id.empty(),
                          .has_length = form.has_length,
                          .connection_id = both.connection_id};
  Bytes record(CiphertextHeaderLen(header));
  WriteCiphertextHeader(header, content.size() + 17, record);
  record.insert(record.end(), content.begin(), content.end());
  record.push_back(static_cast<uint8_t>(type));
  record.resize(record.size() + 16);
  return record;
}

class ProviderRecords : public ::testing::TestWithParam<Case> {};

TEST_P(ProviderRecords, AreThoseOfTheRecordLayer) {
  LibraryContext context;
  std::minstd_rand random(7);
  std::optional<TwoOfAKind> both;
  Bytes out(1 << 15);
  for (int i = 0; i < GetParam().num_records; ++i) {
    if (i % GetParam().num_records_of_a_key == 0) both.emplace(context, GetParam(), &random);
    const ContentType type = kTypes[random() % std::size(kTypes)];
    const HeaderForm form{.has_length = random() % 2 == 0, .short_number = random() % 2 == 0};
    Bytes content(random() % 100 == 0 ? random() % (kMaxPlaintextLen + 1) : random() % 200);
    for (uint8_t& byte : content) byte = static_cast<uint8_t>(random());
    RecordNumber number;
    const size_t len = both->layer.Seal(both->epoch, type, content, form, out, &number);
    const Bytes ours = both->sealer.Run(Unsealed(*both, type, content, form));
    ASSERT_EQ(ours, Bytes(out.begin(), out.begin() + len)) << i << " " << TakeErrors();
    ASSERT_EQ(both->sealer.Get(provider::kParamSequenceNumber), number.sequence_number.value);
    // A record of three is lost.
    if (random() % 3 == 0) continue;
    Bytes datagram = ours;
    std::span<uint8_t> rest(datagram);
    const std::optional<OpenedRecord> theirs = both->layer.OpenNext(&rest);
    const Bytes opened = both->opener.Run(ours);
    ASSERT_TRUE(theirs);
    ASSERT_FALSE(opened.empty()) << i << " " << TakeErrors();
    ASSERT_EQ(both->opener.Get(provider::kParamSequenceNumber),
              theirs->number.sequence_number.value);
    const size_t header_len = both->opener.Get(provider::kParamHeaderLen);
    ASSERT_EQ(both->opener.Get(provider::kParamContentLen), theirs->content.size());
    ASSERT_EQ(both->opener.Get(provider::kParamContentType), static_cast<uint64_t>(theirs->type));
    ASSERT_EQ(ToBytes(std::span(opened).subspan(header_len, content.size())), content);
  }
}

// One key for more records than 16 bits can number, the others for some.
INSTANTIATE_TEST_SUITE_P(
    EverySuite, ProviderRecords,
    ::testing::Values(Case{CipherSuiteId::kAes128GcmSha256, "DTLS13-AES-128-GCM", 70000, 70000},
                      Case{CipherSuiteId::kAes256GcmSha384, "DTLS13-AES-256-GCM", 20000, 400},
                      Case{CipherSuiteId::kChaCha20Poly1305Sha256, "DTLS13-CHACHA20-POLY1305",
                           20000, 400}),
    [](const auto& info) { return std::string(FindCipherSuite(info.param.suite)->name); });

}  // namespace
}  // namespace dtls13
