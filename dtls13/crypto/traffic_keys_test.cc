// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/traffic_keys.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dtls13/crypto/aead.h"
#include "dtls13/crypto/crypto_test_util.h"
#include "dtls13/crypto/rfc8448_vectors.h"

namespace dtls13 {
namespace {

using namespace rfc8448;  // NOLINT: a namespace of constants

std::string Hex(const Secret& secret) { return ToHex(secret.bytes()); }

TEST(TrafficKeysTest, Rfc8448HandshakeKeys) {
  const CipherSuite& suite = *FindCipherSuite(CipherSuiteId::kAes128GcmSha256);
  const auto keys = DeriveTrafficKeys(*DefaultAlgorithms(), suite, LabelPrefix::kTls13,
                                      FromHex(kSimpleServerHandshakeTraffic));
  ASSERT_TRUE(keys);
  EXPECT_EQ(Hex(keys->key), kSimpleServerHandshakeKey);
  EXPECT_EQ(Hex(keys->iv), kSimpleServerHandshakeIv);
}

// A record as RFC 8448 prints it, so that the AEAD's inputs are not only our own idea.
TEST(TrafficKeysTest, Rfc8448ApplicationRecordOpens) {
  const CipherSuite& suite = *FindCipherSuite(CipherSuiteId::kAes128GcmSha256);
  const auto keys = DeriveTrafficKeys(*DefaultAlgorithms(), suite, LabelPrefix::kTls13,
                                      FromHex(kSimpleServerApplicationTraffic));
  ASSERT_TRUE(keys);
  auto opener =
      Aead::CreateOpener(*DefaultAlgorithms(), suite, keys->key.bytes(), keys->iv.bytes());
  ASSERT_TRUE(opener);
  std::vector<uint8_t> record = FromHex(kSimpleServerRecord);
  const auto header = std::span(record).first(5);
  const auto body = std::span(record).subspan(5);
  // The server's NewSessionTicket was number 0.
  ASSERT_TRUE(opener->Open(1, header, body));
  EXPECT_EQ(ToHex(body.first(body.size() - kAeadTagLen)),
            std::string(kSimpleServerRecordContent) + "17");
}

TEST(TrafficKeysTest, LengthsAreTheSuites) {
  for (const CipherSuite& suite : kCipherSuites) {
    const std::vector<uint8_t> secret(suite.hash_len, 9);
    const auto keys = DeriveTrafficKeys(*DefaultAlgorithms(), suite, LabelPrefix::kDtls13, secret);
    ASSERT_TRUE(keys);
    EXPECT_EQ(keys->key.size(), suite.key_len);
    EXPECT_EQ(keys->iv.size(), suite.iv_len);
    EXPECT_EQ(keys->sn_key.size(), suite.key_len);
    EXPECT_FALSE(keys->key.EqualsConstantTime(keys->sn_key.bytes()));
    const Secret next =
        NextTrafficSecret(*DefaultAlgorithms(), suite, LabelPrefix::kDtls13, secret);
    EXPECT_EQ(next.size(), suite.hash_len);
  }
}

TEST(TrafficKeysTest, NextSecretIsTrafficUpd) {
  const CipherSuite& suite = *FindCipherSuite(CipherSuiteId::kAes128GcmSha256);
  const std::vector<uint8_t> secret(32, 9);
  std::vector<uint8_t> expected(32);
  ASSERT_TRUE(HkdfExpandLabel(*DefaultAlgorithms(), HashId::kSha256, secret, LabelPrefix::kDtls13,
                              "traffic upd", {}, expected));
  EXPECT_EQ(Hex(NextTrafficSecret(*DefaultAlgorithms(), suite, LabelPrefix::kDtls13, secret)),
            ToHex(expected));
  EXPECT_TRUE(NextTrafficSecret(*DefaultAlgorithms(), suite, LabelPrefix::kDtls13, {}).empty());
  EXPECT_FALSE(DeriveTrafficKeys(*DefaultAlgorithms(), suite, LabelPrefix::kDtls13, {}));
}

}  // namespace
}  // namespace dtls13
