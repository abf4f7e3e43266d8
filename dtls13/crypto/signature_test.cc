// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/signature.h"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "dtls13/crypto/certificate.h"
#include "dtls13/crypto/crypto_test_util.h"
#include "dtls13/crypto/rfc8448_vectors.h"
#include "dtls13/crypto/transcript.h"

namespace dtls13 {
namespace {

using Schemes = std::vector<SignatureScheme>;

constexpr SignatureScheme kEverything[] = {
    SignatureScheme::kEcdsaSecp256r1Sha256,
    SignatureScheme::kEcdsaSecp384r1Sha384,
    SignatureScheme::kEcdsaSecp521r1Sha512,
    SignatureScheme::kEd25519,
    SignatureScheme::kEd448,
    SignatureScheme::kRsaPssRsaeSha256,
    SignatureScheme::kRsaPssRsaeSha384,
    SignatureScheme::kRsaPssRsaeSha512,
    SignatureScheme::kRsaPssPssSha256,
    SignatureScheme::kRsaPssPssSha384,
    SignatureScheme::kRsaPssPssSha512,
    SignatureScheme::kRsaPkcs1Sha256,
    SignatureScheme::kRsaPkcs1Sha384,
    SignatureScheme::kRsaPkcs1Sha512,
    SignatureScheme::kEcdsaBrainpoolP256r1Tls13Sha256,
    SignatureScheme::kEcdsaBrainpoolP384r1Tls13Sha384,
    SignatureScheme::kEcdsaBrainpoolP512r1Tls13Sha512,
    SignatureScheme::kMlDsa44,
    SignatureScheme::kMlDsa65,
    SignatureScheme::kMlDsa87,
};

const std::vector<uint8_t> kMessage = {'m', 'e', 's', 's', 'a', 'g', 'e'};

EVP_PKEY* Key(const std::string& kind) {
  static auto* const keys = new std::map<std::string, OpenSslPtr<EVP_PKEY>>();
  OpenSslPtr<EVP_PKEY>& key = (*keys)[kind];
  if (!key) key = NewTestKey(kind);
  return key.get();
}

struct KindCase {
  const char* kind;
  KeyType type;
  Schemes schemes;
};

const KindCase kKinds[] = {
    {"P-256", KeyType::kEcdsaP256, {SignatureScheme::kEcdsaSecp256r1Sha256}},
    {"P-384", KeyType::kEcdsaP384, {SignatureScheme::kEcdsaSecp384r1Sha384}},
    {"P-521", KeyType::kEcdsaP521, {SignatureScheme::kEcdsaSecp521r1Sha512}},
    {"ED25519", KeyType::kEd25519, {SignatureScheme::kEd25519}},
    {"ED448", KeyType::kEd448, {SignatureScheme::kEd448}},
    {"brainpoolP256r1",
     KeyType::kBrainpoolP256,
     {SignatureScheme::kEcdsaBrainpoolP256r1Tls13Sha256}},
    {"brainpoolP384r1",
     KeyType::kBrainpoolP384,
     {SignatureScheme::kEcdsaBrainpoolP384r1Tls13Sha384}},
    {"brainpoolP512r1",
     KeyType::kBrainpoolP512,
     {SignatureScheme::kEcdsaBrainpoolP512r1Tls13Sha512}},
    {"ML-DSA-44", KeyType::kMlDsa44, {SignatureScheme::kMlDsa44}},
    {"ML-DSA-65", KeyType::kMlDsa65, {SignatureScheme::kMlDsa65}},
    {"ML-DSA-87", KeyType::kMlDsa87, {SignatureScheme::kMlDsa87}},
    {"RSA",
     KeyType::kRsa,
     {SignatureScheme::kRsaPssRsaeSha256, SignatureScheme::kRsaPssRsaeSha384,
      SignatureScheme::kRsaPssRsaeSha512}},
    {"RSA-PSS",
     KeyType::kRsaPss,
     {SignatureScheme::kRsaPssPssSha256, SignatureScheme::kRsaPssPssSha384,
      SignatureScheme::kRsaPssPssSha512}},
};

class KindTest : public testing::TestWithParam<KindCase> {
 protected:
  void SetUp() override {
    if (!DefaultAlgorithms()->Supports(GetParam().schemes.front())) {
      GTEST_SKIP() << "NOT TESTED HERE: this libcrypto (" << OpenSSL_version(OPENSSL_VERSION)
                   << ") has no " << GetParam().kind;
    }
  }
};

//= rfc8446#section-4.2.3
//= type=test
//# If the public key is carried in an X.509 certificate, it MUST use the
//# rsaEncryption OID [RFC5280].
//= rfc8446#section-4.2.3
//= type=test
//# If the public key is carried in an X.509 certificate, it MUST use the
//# RSASSA-PSS OID [RFC5756].
//= rfc8446#section-9.1
//= type=test
//# MUST support digital signatures with rsa_pkcs1_sha256 (for
//# certificates), rsa_pss_rsae_sha256 (for CertificateVerify and
//# certificates), and ecdsa_secp256r1_sha256.
TEST_P(KindTest, TypeAndSchemes) {
  EXPECT_EQ(KeyTypeOf(Key(GetParam().kind)), GetParam().type);
  EXPECT_EQ(SchemesForKey(Key(GetParam().kind)), GetParam().schemes);
}

TEST_P(KindTest, SignsAndVerifiesItsOwnSchemes) {
  EVP_PKEY* const key = Key(GetParam().kind);
  const OpenSslPtr<EVP_PKEY> stranger = NewTestKey(GetParam().kind);
  for (SignatureScheme scheme : GetParam().schemes) {
    const auto signature = SignMessage(*DefaultAlgorithms(), key, scheme, kMessage);
    ASSERT_TRUE(signature) << FindSignatureScheme(scheme)->name;
    EXPECT_TRUE(VerifySignature(*DefaultAlgorithms(), key, scheme, kMessage, *signature));
    std::vector<uint8_t> other = kMessage;
    other[0] ^= 1;
    EXPECT_FALSE(VerifySignature(*DefaultAlgorithms(), key, scheme, other, *signature));
    std::vector<uint8_t> damaged = *signature;
    damaged.back() ^= 1;
    EXPECT_FALSE(VerifySignature(*DefaultAlgorithms(), key, scheme, kMessage, damaged));
    EXPECT_FALSE(VerifySignature(*DefaultAlgorithms(), key, scheme, kMessage, {}));
    EXPECT_FALSE(
        VerifySignature(*DefaultAlgorithms(), stranger.get(), scheme, kMessage, *signature));
  }
  ERR_clear_error();
}

// A TLS 1.3 scheme is bound to a key type and, for ECDSA, to its curve.
//= rfc8446#section-4.2.3
//= type=test
//# The keys found in certificates MUST also be of appropriate type for
//# the signature algorithms they are used with.
TEST_P(KindTest, RefusesAllOtherSchemes) {
  EVP_PKEY* const key = Key(GetParam().kind);
  const std::vector<uint8_t> signature(EVP_PKEY_get_size(key), 1);
  for (SignatureScheme scheme : kEverything) {
    const bool own = std::count(GetParam().schemes.begin(), GetParam().schemes.end(), scheme) != 0;
    EXPECT_EQ(SchemeFitsKey(scheme, key), own) << FindSignatureScheme(scheme)->name;
    if (own) continue;
    EXPECT_FALSE(SignMessage(*DefaultAlgorithms(), key, scheme, kMessage));
    EXPECT_FALSE(VerifySignature(*DefaultAlgorithms(), key, scheme, kMessage, signature));
  }
}

INSTANTIATE_TEST_SUITE_P(All, KindTest, testing::ValuesIn(kKinds), [](const auto& info) {
  std::string name = info.param.kind;
  std::erase(name, '-');
  return name;
});

// A valid ECDSA signature of another hash is not the scheme's.
TEST(SignatureTest, HashIsTheSchemes) {
  EVP_PKEY* const key = Key("P-256");
  OpenSslPtr<EVP_MD_CTX> context(EVP_MD_CTX_new());
  ASSERT_EQ(EVP_DigestSignInit(context.get(), nullptr, EVP_sha384(), nullptr, key), 1);
  std::vector<uint8_t> signature(EVP_PKEY_get_size(key));
  size_t len = signature.size();
  ASSERT_EQ(EVP_DigestSign(context.get(), signature.data(), &len, kMessage.data(), kMessage.size()),
            1);
  EXPECT_FALSE(VerifySignature(*DefaultAlgorithms(), key, SignatureScheme::kEcdsaSecp256r1Sha256,
                               kMessage, std::span(signature).first(len)));
  ERR_clear_error();
}

//= rfc8446#section-4.2.3
//= type=test
//# The length of the Salt MUST be equal to the length of the output
//# of the digest algorithm.
//= rfc8446#section-4.2.3
//= type=test
//# The length of the Salt MUST be equal to the length of the digest
//# algorithm.
TEST(SignatureTest, AnotherSaltLengthIsRefused) {
  EVP_PKEY* const key = Key("RSA");
  for (int salt_len : {0, 20, 31, 33, 64}) {
    OpenSslPtr<EVP_MD_CTX> context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* key_context = nullptr;
    ASSERT_EQ(EVP_DigestSignInit(context.get(), &key_context, EVP_sha256(), nullptr, key), 1);
    ASSERT_EQ(EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING), 1);
    ASSERT_EQ(EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, salt_len), 1);
    std::vector<uint8_t> signature(EVP_PKEY_get_size(key));
    size_t len = signature.size();
    ASSERT_EQ(
        EVP_DigestSign(context.get(), signature.data(), &len, kMessage.data(), kMessage.size()), 1);
    EXPECT_FALSE(VerifySignature(*DefaultAlgorithms(), key, SignatureScheme::kRsaPssRsaeSha256,
                                 kMessage, signature))
        << salt_len;
  }
  ERR_clear_error();
}

TEST(SignatureTest, ShortRsaKeysGetTheSchemesTheyHold) {
  const OpenSslPtr<EVP_PKEY> key = NewTestKey("RSA", 1024);
  EXPECT_EQ(SchemesForKey(key.get()),
            (Schemes{SignatureScheme::kRsaPssRsaeSha256, SignatureScheme::kRsaPssRsaeSha384}));
  for (SignatureScheme scheme : SchemesForKey(key.get())) {
    const auto signature = SignMessage(*DefaultAlgorithms(), key.get(), scheme, kMessage);
    ASSERT_TRUE(signature);
    EXPECT_TRUE(VerifySignature(*DefaultAlgorithms(), key.get(), scheme, kMessage, *signature));
  }
  ERR_clear_error();
}

TEST(SignatureTest, RestrictedPssKeyGetsItsOneHash) {
  OpenSslPtr<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA-PSS", nullptr));
  ASSERT_EQ(EVP_PKEY_keygen_init(context.get()), 1);
  ASSERT_EQ(EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), 2048), 1);
  ASSERT_EQ(EVP_PKEY_CTX_set_rsa_pss_keygen_md(context.get(), EVP_sha384()), 1);
  ASSERT_EQ(EVP_PKEY_CTX_set_rsa_pss_keygen_mgf1_md(context.get(), EVP_sha384()), 1);
  ASSERT_EQ(EVP_PKEY_CTX_set_rsa_pss_keygen_saltlen(context.get(), 48), 1);
  EVP_PKEY* generated = nullptr;
  ASSERT_EQ(EVP_PKEY_generate(context.get(), &generated), 1);
  const OpenSslPtr<EVP_PKEY> key(generated);
  EXPECT_EQ(SchemesForKey(key.get()), (Schemes{SignatureScheme::kRsaPssPssSha384}));
  const auto signature =
      SignMessage(*DefaultAlgorithms(), key.get(), SignatureScheme::kRsaPssPssSha384, kMessage);
  ASSERT_TRUE(signature);
  EXPECT_TRUE(VerifySignature(*DefaultAlgorithms(), key.get(), SignatureScheme::kRsaPssPssSha384,
                              kMessage, *signature));
}

// F34: unknown code points are answers, not errors.
//= rfc8446#section-4.2.3
//= type=test
//# Endpoints SHOULD NOT negotiate these algorithms but are permitted to
//# do so solely for backward compatibility.
TEST(SignatureTest, UnknownSchemesAreNotKnown) {
  for (uint16_t code : {0x0000, 0x0201, 0x0203, 0x0808 + 0x40, 0x1a1a, 0xfefe}) {
    const auto scheme = static_cast<SignatureScheme>(code);
    EXPECT_EQ(FindSignatureScheme(scheme), nullptr) << code;
    EXPECT_FALSE(SchemeFitsKey(scheme, Key("P-256"))) << code;
  }
}

TEST(SignatureTest, UnusableKeys) {
  EXPECT_EQ(KeyTypeOf(nullptr), KeyType::kUnknown);
  EXPECT_TRUE(SchemesForKey(nullptr).empty());
  const OpenSslPtr<EVP_PKEY> exchange_only = NewTestKey("X25519");
  EXPECT_TRUE(SchemesForKey(exchange_only.get()).empty());
  const OpenSslPtr<EVP_PKEY> other_curve(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "secp256k1"));
  EXPECT_EQ(KeyTypeOf(other_curve.get()), KeyType::kUnknown);
  EXPECT_TRUE(SchemesForKey(other_curve.get()).empty());
}

TEST(SignatureTest, SamePublicKeyComparesPublicHalves) {
  EXPECT_TRUE(SamePublicKey(Key("P-256"), Key("P-256")));
  EXPECT_FALSE(SamePublicKey(Key("P-256"), Key("P-384")));
  EXPECT_FALSE(SamePublicKey(Key("P-256"), Key("RSA")));
  EXPECT_FALSE(SamePublicKey(Key("P-256"), nullptr));
  ERR_clear_error();
}

// RFC 8446 section 4.4.3 prints this example for a transcript hash of 32 bytes of 01.
TEST(CertificateVerifyInputTest, Rfc8446Example) {
  const std::vector<uint8_t> hash(32, 1);
  std::string expected;
  for (int i = 0; i < 64; ++i) expected += "20";
  expected +=
      "544c5320312e332c207365727665722043657274696669636174655665726966"
      "7900";
  for (int i = 0; i < 32; ++i) expected += "01";
  EXPECT_EQ(ToHex(BuildCertificateVerifyInput(/*is_server=*/true, hash)), expected);
  EXPECT_NE(ToHex(BuildCertificateVerifyInput(/*is_server=*/false, hash)), expected);
}

// The signature that RFC 8448's server made, from its own Certificate message.
TEST(CertificateVerifyInputTest, Rfc8448SignatureVerifies) {
  Transcript transcript(DefaultAlgorithms());
  ASSERT_TRUE(transcript.SelectHash(HashId::kSha256));
  for (const char* hex : {rfc8448::kSimpleClientHello, rfc8448::kSimpleServerHello,
                          rfc8448::kSimpleEncryptedExtensions, rfc8448::kSimpleCertificate}) {
    const std::vector<uint8_t> message = FromHex(hex);
    ASSERT_TRUE(
        transcript.Add(static_cast<HandshakeType>(message[0]), std::span(message).subspan(4)));
  }
  // Header 4, empty context 1, list length 3, entry length 3; no extensions: 2 at the end.
  const std::vector<uint8_t> message = FromHex(rfc8448::kSimpleCertificate);
  const auto der = std::span(message).subspan(11, message.size() - 13);
  const auto certificate = CertificateKey::Parse(*DefaultAlgorithms(), der);
  ASSERT_TRUE(certificate);
  EXPECT_EQ(certificate->type(), KeyType::kRsa);
  // Header 4, scheme 2, length 2.
  const std::vector<uint8_t> verify = FromHex(rfc8448::kSimpleCertificateVerify);
  const auto scheme = static_cast<SignatureScheme>(verify[4] << 8 | verify[5]);
  EXPECT_EQ(scheme, SignatureScheme::kRsaPssRsaeSha256);
  const auto input = BuildCertificateVerifyInput(true, transcript.Hash()->view());
  EXPECT_TRUE(VerifySignature(*DefaultAlgorithms(), certificate->key(), scheme, input,
                              std::span(verify).subspan(8)));
  const auto client_input = BuildCertificateVerifyInput(false, transcript.Hash()->view());
  EXPECT_FALSE(VerifySignature(*DefaultAlgorithms(), certificate->key(), scheme, client_input,
                               std::span(verify).subspan(8)));
  ERR_clear_error();
}

}  // namespace
}  // namespace dtls13
