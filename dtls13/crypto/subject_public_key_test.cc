// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/subject_public_key.h"

#include <gtest/gtest.h>
#include <openssl/err.h>

#include <initializer_list>
#include <vector>

#include "dtls13/crypto/crypto_test_util.h"

namespace dtls13 {
namespace {

using Bytes = std::vector<uint8_t>;

constexpr uint8_t kInteger = 0x02;
constexpr uint8_t kBitString = 0x03;
constexpr uint8_t kSequence = 0x30;

const Bytes& RsaAlgorithm() {
  static const Bytes& bytes = *new Bytes(FromHex("06092a864886f70d0101010500"));
  return bytes;
}
const Bytes& P256Algorithm() {
  static const Bytes& bytes = *new Bytes(FromHex("06072a8648ce3d020106082a8648ce3d030107"));
  return bytes;
}
const Bytes& Ed25519Algorithm() {
  static const Bytes& bytes = *new Bytes(FromHex("06032b6570"));
  return bytes;
}

Bytes Joined(std::initializer_list<Bytes> parts) {
  Bytes joined;
  for (const Bytes& part : parts) joined.insert(joined.end(), part.begin(), part.end());
  return joined;
}

// Element is in DER, for contents of less than 65536 bytes.
Bytes Element(uint8_t tag, const Bytes& content) {
  const size_t len = content.size();
  const auto high = static_cast<uint8_t>(len >> 8), low = static_cast<uint8_t>(len);
  return Joined({{tag},
                 len < 0x80    ? Bytes{low}
                 : len < 0x100 ? Bytes{0x81, low}
                               : Bytes{0x82, high, low},
                 content});
}

// With nothing in the other fields, which nobody looks into.
Bytes Certificate(const Bytes& algorithm, const Bytes& bits) {
  const Bytes empty = Element(kSequence, {});
  const Bytes key_info =
      Element(kSequence, Joined({Element(kSequence, algorithm), Element(kBitString, bits)}));
  const Bytes to_be_signed = Joined({Element(0xa0, Element(kInteger, {2})), Element(kInteger, {1}),
                                     empty, empty, empty, empty, key_info});
  return Element(kSequence,
                 Joined({Element(kSequence, to_be_signed), empty, Element(kBitString, {0})}));
}

bool IsTaken(const Bytes& algorithm, const Bytes& key) {
  const bool is_taken =
      PlainKeyOfCertificate(*DefaultAlgorithms(), Certificate(algorithm, Joined({{0}, key}))) !=
      nullptr;
  ERR_clear_error();
  return is_taken;
}

// --- RSA

bool IsRsaTaken(const Bytes& numbers) { return IsTaken(RsaAlgorithm(), numbers); }
bool IsRsaTaken(const Bytes& modulus, const Bytes& exponent) {
  return IsRsaTaken(
      Element(kSequence, Joined({Element(kInteger, modulus), Element(kInteger, exponent)})));
}

// Modulus is positive, odd and of `len` bytes, whose first two are given.
Bytes Modulus(size_t len, uint8_t first = 0x7f, uint8_t second = 0xff) {
  Bytes modulus(len, 0x55);
  modulus[0] = first;
  modulus[1] = second;
  return modulus;
}

const Bytes kUsualExponent = {1, 0, 1};

TEST(SubjectPublicKeyTest, RsaNumbersArePositiveAndOfTheFewestBytes) {
  EXPECT_TRUE(IsRsaTaken(Modulus(128), kUsualExponent));
  EXPECT_TRUE(IsRsaTaken(Modulus(257, 0, 0x80), kUsualExponent));
  EXPECT_FALSE(IsRsaTaken(Modulus(256, 0x80), kUsualExponent)) << "negative";
  EXPECT_FALSE(IsRsaTaken(Modulus(257, 0, 0x7f), kUsualExponent)) << "a byte too many";
  EXPECT_FALSE(IsRsaTaken({}, kUsualExponent));
  EXPECT_TRUE(IsRsaTaken(Modulus(256), {3}));
  for (const Bytes& exponent : {Bytes{}, Bytes{0}, Bytes{0, 0}, Bytes{0, 3}, Bytes{0xff}}) {
    EXPECT_FALSE(IsRsaTaken(Modulus(256), exponent)) << ToHex(exponent);
  }
}

TEST(SubjectPublicKeyTest, RsaNumbersOfUnusualLengthsAreLeftAlone) {
  EXPECT_TRUE(IsRsaTaken(Modulus(1024), Bytes(8, 1)));
  EXPECT_TRUE(IsRsaTaken(Modulus(1025, 0, 0x80), Bytes(8, 1)));
  EXPECT_FALSE(IsRsaTaken(Modulus(1025), kUsualExponent));
  EXPECT_FALSE(IsRsaTaken(Modulus(60'000), kUsualExponent));
  EXPECT_FALSE(IsRsaTaken(Modulus(127), kUsualExponent));
  EXPECT_FALSE(IsRsaTaken(Modulus(128, 0, 0x80), kUsualExponent)) << "127 bytes but for its sign";
  EXPECT_FALSE(IsRsaTaken(Modulus(256), Bytes(9, 1)));
  EXPECT_FALSE(IsRsaTaken(Modulus(256), Bytes(1000, 1)));
}

TEST(SubjectPublicKeyTest, RsaKeysAreTwoNumbersAndNothingElse) {
  const Bytes n = Element(kInteger, Modulus(256)), e = Element(kInteger, kUsualExponent);
  EXPECT_TRUE(IsRsaTaken(Element(kSequence, Joined({n, e}))));
  EXPECT_FALSE(IsRsaTaken(Element(kSequence, n)));
  EXPECT_FALSE(IsRsaTaken(Element(kSequence, Joined({n, e, e}))));
  EXPECT_FALSE(IsRsaTaken(Joined({Element(kSequence, Joined({n, e})), {0}})));
  EXPECT_FALSE(IsRsaTaken(Joined({n, e})));
  EXPECT_FALSE(IsRsaTaken({}));
  // Indefinite, and by more bytes than it takes.
  EXPECT_FALSE(IsRsaTaken(Joined({{kSequence, 0x80}, n, e, {0, 0}})));
  EXPECT_FALSE(IsRsaTaken(Element(kSequence, Joined({n, {kInteger, 0x81, 3}, kUsualExponent}))));
  EXPECT_FALSE(
      IsRsaTaken(Element(kSequence, Joined({{kInteger, 0x83, 0, 1, 0}, Modulus(256), e}))));
}

// --- What is of fixed length

TEST(SubjectPublicKeyTest, PointsAreUncompressedAndOnTheCurve) {
  // The base point of P-256.
  const Bytes x = FromHex("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296");
  const Bytes y = FromHex("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5");
  EXPECT_TRUE(IsTaken(P256Algorithm(), Joined({{4}, x, y})));
  EXPECT_FALSE(IsTaken(P256Algorithm(), Joined({{4}, y, x}))) << "off the curve";
  EXPECT_FALSE(IsTaken(P256Algorithm(), Joined({{3}, x}))) << "compressed";
  EXPECT_FALSE(IsTaken(P256Algorithm(), Joined({{7}, x, y}))) << "hybrid";
  EXPECT_FALSE(IsTaken(P256Algorithm(), {0})) << "infinity";
  EXPECT_FALSE(IsTaken(P256Algorithm(), {}));
  EXPECT_FALSE(IsTaken(P256Algorithm(), Joined({{4}, x, y, {0}})));
  EXPECT_FALSE(IsTaken(P256Algorithm(), Joined({{4}, Bytes(32), Bytes(32)})));
  EXPECT_FALSE(IsTaken(P256Algorithm(), Joined({{4}, Bytes(32, 0xff), y}))) << "not below p";
  const Bytes p384 = FromHex("06072a8648ce3d020106052b81040022");
  EXPECT_FALSE(IsTaken(p384, Joined({{4}, x, y}))) << "another curve's";
}

TEST(SubjectPublicKeyTest, Ed25519KeysAre32BytesWithoutParameters) {
  const Bytes key(32, 0x55);
  EXPECT_TRUE(IsTaken(Ed25519Algorithm(), key));
  EXPECT_FALSE(IsTaken(Ed25519Algorithm(), Bytes(31, 0x55)));
  EXPECT_FALSE(IsTaken(Ed25519Algorithm(), Bytes(33, 0x55)));
  EXPECT_FALSE(IsTaken(Joined({Ed25519Algorithm(), {5, 0}}), key));
}

TEST(SubjectPublicKeyTest, WholeBytesAlone) {
  const Bytes key(32, 0x55);
  EXPECT_FALSE(PlainKeyOfCertificate(*DefaultAlgorithms(), Certificate(Ed25519Algorithm(), {})));
  for (const uint8_t num_unused : {1, 7, 8, 0xff}) {
    EXPECT_FALSE(PlainKeyOfCertificate(
        *DefaultAlgorithms(), Certificate(Ed25519Algorithm(), Joined({{num_unused}, key}))))
        << int{num_unused};
  }
  ERR_clear_error();
}

}  // namespace
}  // namespace dtls13
