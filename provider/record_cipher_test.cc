// SPDX-License-Identifier: Apache-2.0
#include "provider/record_cipher.h"

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/record_crypto.h"
#include "provider/known_answers.h"
#include "provider/provider_test_util.h"

namespace dtls13::provider {
namespace {

std::string NameOf(const KnownRecord& known) { return std::string("DTLS13-") + known.suite; }

TEST(RecordCipher, KnownAnswers) {
  LibraryContext context;
  for (const KnownRecord& known : kKnownRecords) {
    RecordCipherContext sealer(context.get(), NameOf(known)), opener(context.get(), NameOf(known));
    ASSERT_TRUE(sealer.Init(true, ToBytes(known.key.view()), ToBytes(known.iv.view())));
    ASSERT_TRUE(opener.Init(false, ToBytes(known.key.view()), ToBytes(known.iv.view())));
    for (RecordCipherContext* cipher : {&sealer, &opener}) {
      ASSERT_TRUE(cipher->Set(kParamNextSequenceNumber, known.number));
      ASSERT_TRUE(cipher->Set(kParamConnectionIdLen, known.connection_id_len));
    }
    EXPECT_EQ(sealer.Run(ToBytes(known.plain.view())), ToBytes(known.sealed.view()))
        << known.suite << " " << known.number << " " << TakeErrors();
    EXPECT_EQ(sealer.Get(kParamSequenceNumber), known.number);
    EXPECT_EQ(sealer.Get(kParamNextSequenceNumber), known.number + 1);
    EXPECT_EQ(sealer.Get(kParamHeaderLen), known.header_len);
    Bytes opened = ToBytes(known.plain.view());
    opened.erase(opened.end() - 16, opened.end());
    EXPECT_EQ(opener.Run(ToBytes(known.sealed.view())), opened) << TakeErrors();
    EXPECT_EQ(opener.Get(kParamSequenceNumber), known.number);
    EXPECT_EQ(opener.Get(kParamNextSequenceNumber), known.number + 1);
    EXPECT_EQ(opener.Get(kParamHeaderLen), known.header_len);
    const size_t content_len = opener.Get(kParamContentLen);
    ASSERT_LT(known.header_len + content_len, opened.size());
    EXPECT_EQ(opener.Get(kParamContentType), opened[known.header_len + content_len]);
  }
}

const std::vector<std::string> kNoProviders;

std::string ConfigWithRecordCrypto(const std::string& value) {
  return "openssl_conf = init\n[init]\nproviders = providers_sect\n[providers_sect]\n"
         "default = default_sect\ndtls13 = dtls13_sect\n[default_sect]\nactivate = 1\n"
         "[dtls13_sect]\nactivate = 1\nrecord_crypto = " +
         value;
}

bool HasLoadedIpsecMb() {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find("libIPSec_MB") != std::string::npos) return true;
  }
  return false;
}

// Nothing else in this process loads the library.
TEST(RecordCipher, IsLibipsecMbsWhereTheSectionSaysSo) {
  const Bytes iv(12, 9), plain = NewRecord(0x2f, 1200);
  std::map<std::string, std::map<std::string, Bytes>> sealed;
  std::map<std::string, bool> is_loaded;
  for (const char* record_crypto : {"libcrypto", "ipsec-mb"}) {
    LibraryContext context(kNoProviders);
    ASSERT_TRUE(context.Configure(ConfigWithRecordCrypto(record_crypto))) << TakeErrors();
    for (const char* name : {"DTLS13-AES-128-GCM", "DTLS13-AES-256-GCM"}) {
      RecordCipherContext sealer(context.get(), name), opener(context.get(), name);
      const Bytes key(EVP_CIPHER_CTX_get_key_length(sealer.get()), 7);
      ASSERT_TRUE(sealer.Init(true, key, iv) && opener.Init(false, key, iv)) << TakeErrors();
      const Bytes record = sealer.Run(plain);
      sealed[name][record_crypto] = record;
      Bytes forged = record;
      forged.back() ^= 1;
      EXPECT_EQ(opener.Run(forged), Bytes());
      EXPECT_EQ(opener.Run(record).size(), plain.size() - 16) << TakeErrors();
      TakeErrors();
    }
    is_loaded[record_crypto] = HasLoadedIpsecMb();
  }
  EXPECT_FALSE(is_loaded["libcrypto"]);
  const auto algorithms = Algorithms::Fetch(nullptr, nullptr, RecordCrypto::kIpsecMb);
  if (algorithms->record_crypto_status() == RecordCryptoStatus::kIpsecMb) {
    EXPECT_TRUE(is_loaded["ipsec-mb"]);
  }
  for (const auto& [name, by] : sealed) EXPECT_EQ(by.at("libcrypto"), by.at("ipsec-mb")) << name;
}

TEST(RecordCipher, AnotherRecordCryptoIsRefused) {
  LibraryContext context(kNoProviders);
  context.Configure(ConfigWithRecordCrypto("ipsec"));
  EXPECT_EQ(OSSL_PROVIDER_available(context.get(), "dtls13"), 0);
  TakeErrors();
}

// One suite's first record, with room for the tag, and what seals and opens it.
class OneRecord : public ::testing::Test {
 protected:
  OneRecord() {
    EXPECT_TRUE(sealer.Init(true, key, iv));
    EXPECT_TRUE(opener.Init(false, key, iv));
  }

  LibraryContext context;
  RecordCipherContext sealer{context.get(), "DTLS13-AES-128-GCM"};
  RecordCipherContext opener{context.get(), "DTLS13-AES-128-GCM"};
  const Bytes key = Bytes(32, 7);
  const Bytes iv = Bytes(12, 9);
  const Bytes plain = NewRecord(0x2f, 100);
};

TEST_F(OneRecord, EveryCallOfEvpsDoesTheSame) {
  const Bytes sealed = sealer.Run(plain);
  ASSERT_EQ(sealed.size(), plain.size());
  ASSERT_TRUE(sealer.Init(true, key, iv));
  Bytes apart(plain.size());
  int len = 0;
  ASSERT_EQ(EVP_EncryptUpdate(sealer.get(), apart.data(), &len, plain.data(),
                              static_cast<int>(plain.size())),
            1);
  EXPECT_EQ(apart, sealed);
  ASSERT_TRUE(sealer.Init(true, key, iv));
  Bytes in_place = plain;
  EXPECT_EQ(EVP_Cipher(sealer.get(), in_place.data(), in_place.data(),
                       static_cast<unsigned>(in_place.size())),
            static_cast<int>(plain.size()));
  EXPECT_EQ(in_place, sealed);
  // A byte further on in the same buffer.
  ASSERT_TRUE(sealer.Init(true, key, iv));
  Bytes shifted = plain;
  shifted.push_back(0);
  ASSERT_EQ(EVP_CipherUpdate(sealer.get(), shifted.data() + 1, &len, shifted.data(),
                             static_cast<int>(plain.size())),
            1);
  EXPECT_EQ(Bytes(shifted.begin() + 1, shifted.end()), sealed);
  EXPECT_EQ(EVP_CipherFinal_ex(sealer.get(), apart.data(), &len), 1);
  EXPECT_EQ(len, 0);
  EXPECT_EQ(EVP_Cipher(sealer.get(), apart.data(), nullptr, 0), 0);
}

TEST_F(OneRecord, KeyAndIvMayComeOneAfterTheOther) {
  const Bytes sealed = sealer.Run(plain);
  for (const bool iv_first : {false, true}) {
    RecordCipherContext other(context.get(), "DTLS13-AES-128-GCM");
    ASSERT_EQ(EVP_EncryptInit_ex(other.get(), nullptr, nullptr, iv_first ? nullptr : key.data(),
                                 iv_first ? iv.data() : nullptr),
              1);
    EXPECT_TRUE(other.Run(plain).empty());
    EXPECT_EQ(TakeErrors(), iv_first ? "no key: there is no key" : "no key: there is no IV");
    ASSERT_EQ(EVP_EncryptInit_ex(other.get(), nullptr, nullptr, iv_first ? key.data() : nullptr,
                                 iv_first ? nullptr : iv.data()),
              1);
    EXPECT_EQ(other.Run(plain), sealed);
  }
}

TEST_F(OneRecord, SaysWhatItIs) {
  const EVP_CIPHER* cipher = EVP_CIPHER_CTX_get0_cipher(sealer.get());
  EXPECT_EQ(EVP_CIPHER_get_key_length(cipher), 32);
  EXPECT_EQ(EVP_CIPHER_get_iv_length(cipher), 12);
  EXPECT_EQ(EVP_CIPHER_get_block_size(cipher), 1);
  // So that openssl enc, cms and their like leave it alone.
  EXPECT_TRUE(EVP_CIPHER_get_flags(cipher) & EVP_CIPH_FLAG_AEAD_CIPHER);
  for (const char* name :
       {"DTLS13-AES-128-GCM", "DTLS13-AES-256-GCM", "DTLS13-CHACHA20-POLY1305"}) {
    EXPECT_LE(EVP_CIPHER_get_key_length(Fetch(context.get(), name).get()), EVP_MAX_KEY_LENGTH);
  }
}

//= rfc9147#section-4.2.2
//= type=test
//# This section provides an algorithm which is comparatively simple and
//# which implementations are RECOMMENDED to follow.
TEST_F(OneRecord, NumbersSurviveLossAndReordering) {
  std::vector<Bytes> sealed;
  for (int i = 0; i < 600; ++i) sealed.push_back(sealer.Run(NewRecord(0x27, 10)));
  for (const size_t number : {3u, 0u, 100u, 227u, 101u, 300u, 420u, 540u, 599u, 598u}) {
    EXPECT_FALSE(opener.Run(sealed[number]).empty()) << number << " " << TakeErrors();
    EXPECT_EQ(opener.Get(kParamSequenceNumber), number);
  }
  EXPECT_EQ(opener.Get(kParamNextSequenceNumber), 600u);
}

//= rfc9147#section-4.2.1
//= type=test
//# Implementations MUST either abandon an association or rekey prior to
//# allowing the sequence number to wrap.
TEST_F(OneRecord, NumbersDoNotWrapNorComeBack) {
  ASSERT_TRUE(sealer.Set(kParamNextSequenceNumber, UINT64_MAX - 1));
  ASSERT_TRUE(opener.Set(kParamNextSequenceNumber, UINT64_MAX - 1));
  EXPECT_FALSE(opener.Run(sealer.Run(plain)).empty());
  EXPECT_TRUE(sealer.Run(plain).empty());
  EXPECT_EQ(TakeErrors(), "sequence number not to be used: the numbers are used up");
  EXPECT_FALSE(sealer.Set(kParamNextSequenceNumber, 5));
  EXPECT_EQ(
      TakeErrors(),
      "sequence number not to be used: numbers below 18446744073709551615 may have been used");
  // An opener may look for an older one.
  EXPECT_TRUE(opener.Set(kParamNextSequenceNumber, 5));
  // A key begins from 0.
  ASSERT_TRUE(sealer.Init(true, key, iv));
  EXPECT_EQ(sealer.Get(kParamNextSequenceNumber), 0u);
}

//= rfc9147#section-4.5.3
//= type=test
//# Implementations SHOULD
//# NOT protect more records than allowed by the limit specified for the
//# negotiated AEAD.
TEST_F(OneRecord, LimitsOfTheKey) {
  EXPECT_EQ(sealer.Get(kParamMaxRecords), 23726566u);
  EXPECT_EQ(sealer.Get(kParamMaxFailures), uint64_t{1} << 36);
  EXPECT_FALSE(sealer.Set(kParamMaxRecords, 23726567));
  EXPECT_FALSE(opener.Set(kParamMaxFailures, (uint64_t{1} << 36) + 1));
  ASSERT_TRUE(sealer.Set(kParamMaxRecords, 2));
  ASSERT_TRUE(opener.Set(kParamMaxFailures, 2));
  const Bytes first = sealer.Run(plain);
  EXPECT_FALSE(sealer.Run(plain).empty());
  TakeErrors();
  EXPECT_TRUE(sealer.Run(plain).empty());
  EXPECT_EQ(TakeErrors(), "limit of the key reached: the key has sealed 2 records");
  Bytes forged = first;
  forged.back() ^= 1;
  EXPECT_TRUE(opener.Run(forged).empty());
  EXPECT_FALSE(opener.Run(first).empty());
  EXPECT_TRUE(opener.Run(forged).empty());
  TakeErrors();
  EXPECT_TRUE(opener.Run(first).empty());
  EXPECT_EQ(TakeErrors(), "limit of the key reached: 2 records under the key did not authenticate");
}

TEST_F(OneRecord, NothingForgedIsSeen) {
  const Bytes sealed = sealer.Run(plain);
  for (size_t i = 0; i < sealed.size(); ++i) {
    Bytes forged = sealed;
    forged[i] ^= i == 0 ? 0x01 : 0x80;  // the epoch's bits, so that the header stays one
    if (i == 3 || i == 4) continue;     // its length: another error
    int len = 0;
    EXPECT_EQ(EVP_DecryptUpdate(opener.get(), forged.data(), &len, forged.data(),
                                static_cast<int>(forged.size())),
              0)
        << i;
    EXPECT_EQ(Bytes(forged.begin() + 5, forged.end()), Bytes(forged.size() - 5)) << i;
    EXPECT_NE(TakeErrors().find("record does not authenticate: not as record "), std::string::npos);
    EXPECT_EQ(EVP_DecryptFinal_ex(opener.get(), forged.data(), &len), 0);
    TakeErrors();
  }
  EXPECT_EQ(opener.Get(kParamNextSequenceNumber), 0u);
  EXPECT_FALSE(opener.Run(sealed).empty());
}

struct WrongRecord {
  Bytes record;
  bool seal;
  std::string error;
};

TEST_F(OneRecord, RefusesWhatIsNoRecord) {
  const auto not_one = [](size_t len) {
    return "invalid record length: " + std::to_string(len) +
           " bytes are not one record: its header, its length or what is behind it is too short "
           "or too long";
  };
  Bytes behind = plain;
  behind.push_back(0);
  Bytes no_type = plain;
  std::fill(no_type.begin() + 5, no_type.end(), 0);
  Bytes bad_type = plain;
  bad_type[5 + 100] = 20;
  const Bytes too_long = NewRecord(0x2f, (1 << 14) + 1);
  Bytes padded_too_long = NewRecord(0x2b, (1 << 14));
  padded_too_long.push_back(0);
  const WrongRecord kCases[] = {
      {{23, 1, 2}, true, "invalid record header: a protected record begins with the bits 001"},
      {{0x16, 1, 2}, false, "invalid record header: a protected record begins with the bits 001"},
      {NewRecord(0x3f, 10), true,
       "invalid record header: it has a Connection ID, and 'connection-id-length' is 0"},
      {{0x2f, 0}, true, not_one(2)},
      {Bytes(plain.begin(), plain.end() - 1), true, not_one(plain.size() - 1)},
      {behind, true, not_one(plain.size() + 1)},
      {behind, false, not_one(plain.size() + 1)},
      {{0x20, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, false, not_one(17)},
      {{0x20, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16},
       true,
       "invalid inner plaintext: 0 bytes are no content with its type and padding"},
      {no_type, true,
       "invalid inner plaintext: 101 bytes are no content with its type and padding"},
      {bad_type, true,
       "invalid inner plaintext: 101 bytes are no content with its type and padding"},
      {too_long, true,
       "invalid inner plaintext: 16386 bytes are no content with its type and padding"},
      {padded_too_long, true,
       "invalid inner plaintext: 16386 bytes are no content with its type and padding"},
  };
  for (const WrongRecord& wrong : kCases) {
    TakeErrors();
    RecordCipherContext& cipher = wrong.seal ? sealer : opener;
    EXPECT_TRUE(cipher.Run(wrong.record).empty()) << wrong.error;
    EXPECT_EQ(TakeErrors(), wrong.error);
  }
  EXPECT_EQ(sealer.Get(kParamNextSequenceNumber), 0u);
}

TEST_F(OneRecord, RefusesOtherIdioms) {
  int len = 0;
  Bytes out(200);
  // Additional data on its own.
  EXPECT_EQ(EVP_EncryptUpdate(sealer.get(), nullptr, &len, plain.data(), 5), 0);
  EXPECT_EQ(TakeErrors(),
            "invalid parameter: the additional data is the record's header; it is not given apart");
  // A nonce for each message, another direction for the same key.
  EXPECT_EQ(EVP_EncryptInit_ex(sealer.get(), nullptr, nullptr, nullptr, iv.data()), 0);
  EXPECT_EQ(TakeErrors(), "key in use: an IV is given once, with its key");
  EXPECT_EQ(EVP_DecryptInit_ex(sealer.get(), nullptr, nullptr, nullptr, nullptr), 0);
  EXPECT_EQ(TakeErrors(), "key in use: a key that seals gets no other direction");
  EXPECT_EQ(EVP_EncryptInit_ex(opener.get(), nullptr, nullptr, nullptr, nullptr), 0);
  EXPECT_EQ(TakeErrors(), "key in use: a key that opens gets no other direction");
  // A tag apart, other lengths.
  EXPECT_EQ(EVP_CIPHER_CTX_ctrl(sealer.get(), EVP_CTRL_AEAD_GET_TAG, 16, out.data()), 0);
  EXPECT_EQ(TakeErrors(), "invalid parameter: a record's tag is its last 16 bytes");
  EXPECT_EQ(EVP_CIPHER_CTX_ctrl(opener.get(), EVP_CTRL_AEAD_SET_TAG, 16, out.data()), 0);
  EXPECT_EQ(TakeErrors(), "invalid parameter: a record's tag is its last 16 bytes");
  EXPECT_EQ(EVP_CIPHER_CTX_ctrl(sealer.get(), EVP_CTRL_AEAD_SET_IVLEN, 16, nullptr), 0);
  EXPECT_EQ(TakeErrors(), "invalid IV length: an IV has 12 bytes, not 16");
  EXPECT_EQ(EVP_CIPHER_CTX_set_key_length(sealer.get(), 16), 0);
  EXPECT_EQ(TakeErrors(), "invalid key length");
  // A copy would seal under the same numbers.
  const OpenSslPtr<EVP_CIPHER_CTX> copy(EVP_CIPHER_CTX_new());
  EXPECT_EQ(EVP_CIPHER_CTX_copy(copy.get(), sealer.get()), 0);
  TakeErrors();
}

TEST_F(OneRecord, RefusesParametersOutOfRange) {
  EXPECT_FALSE(sealer.Set(kParamConnectionIdLen, 256));
  EXPECT_EQ(TakeErrors(), "invalid parameter: 'connection-id-length' is a number from 0 to 255");
  char text[] = "x";
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(kParamNextSequenceNumber, text, 0),
                               OSSL_PARAM_construct_end()};
  EXPECT_EQ(EVP_CIPHER_CTX_set_params(sealer.get(), params), 0);
  EXPECT_NE(TakeErrors().find("invalid parameter: 'next-sequence-number' is a number"),
            std::string::npos);
}

TEST(RecordCipher, NoKey) {
  LibraryContext context;
  RecordCipherContext cipher(context.get(), "DTLS13-AES-256-GCM");
  ASSERT_EQ(EVP_EncryptInit_ex(cipher.get(), nullptr, nullptr, nullptr, nullptr), 1);
  EXPECT_TRUE(cipher.Run(NewRecord(0x2f, 10)).empty());
  EXPECT_EQ(TakeErrors(), "no key: there is no key");
  Bytes out(16);
  int len = 0;
  EXPECT_EQ(EVP_EncryptFinal_ex(cipher.get(), out.data(), &len), 0);
  EXPECT_EQ(TakeErrors(), "no key: there is no key");
}

// OpenSSL's FIPS module has AES-GCM and AES-ECB and no ChaCha20. Properties that only some of the
// ciphers underneath have, or none, are as good a reason.
TEST(RecordCipher, KeepsToThePropertyQuery) {
  LibraryContext context;
  for (const char* name : {"DTLS13-AES-128-GCM", "DTLS13-CHACHA20-POLY1305"}) {
    for (const bool by_default : {false, true}) {
      ASSERT_EQ(EVP_set_default_properties(context.get(), by_default ? "fips=yes" : ""), 1);
      RecordCipherContext cipher(context.get(), name, "provider=dtls13,-fips");
      ASSERT_NE(cipher.get(), nullptr);
      const size_t key_len = EVP_CIPHER_CTX_get_key_length(cipher.get());
      EXPECT_FALSE(
          cipher.Init(true, Bytes(key_len), Bytes(12), by_default ? "" : "provider=nobody"));
      const std::string suite =
          key_len == 32 ? "TLS_AES_128_GCM_SHA256" : "TLS_CHACHA20_POLY1305_SHA256";
      EXPECT_EQ(
          TakeErrors(),
          "not available under the property query: no provider has the ciphers of " + suite +
              " under " +
              (by_default ? "the default properties" : "the property query 'provider=nobody'"));
      EXPECT_TRUE(cipher.Init(true, Bytes(key_len), Bytes(12), "provider=default,-fips"))
          << TakeErrors();
    }
  }
}

}  // namespace
}  // namespace dtls13::provider
