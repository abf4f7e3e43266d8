// SPDX-License-Identifier: Apache-2.0
#include "dtls13/message/certificate_wishes.h"

#include <gtest/gtest.h>

#include <memory>

#include "dtls13/handshake/peer_authentication.h"
#include "dtls13/message/certificate_compressor.h"
#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

constexpr auto kCH = ExtensionMessage::kClientHello;
constexpr auto kCR = ExtensionMessage::kCertificateRequest;

Status Read(const Bytes& block, ExtensionMessage message, CertificateWishes* out) {
  return ReadCertificateWishes(*ExtensionBlock::Parse(block), message, out);
}

class NoCompressor final : public CertificateCompressor {
 public:
  CertificateCompression algorithm() const override { return CertificateCompression::kZstd; }
  bool Compress(std::span<const uint8_t>, std::vector<uint8_t>*) const override { return false; }
  bool Decompress(std::span<const uint8_t>, std::span<uint8_t>) const override { return false; }
};

HandshakeConfig FullConfig() {
  HandshakeConfig config;
  config.certificate_signature_schemes = {SignatureScheme::kRsaPkcs1Sha256};
  config.certificate_authorities = {{0x30, 0}, {0x30, 1, 7}};
  config.request_ocsp = true;
  config.request_sct = true;
  config.certificate_compressors = {std::make_shared<NoCompressor>()};
  return config;
}

//= rfc8446#section-4.2.4
//= type=test
//# The client MAY send the "certificate_authorities" extension in the
//# ClientHello message.
//= rfc8446#section-4.2.4
//= type=test
//# The server MAY send it in the CertificateRequest message.
TEST(CertificateWishesTest, RoundTripInBothMessages) {
  for (const ExtensionMessage message : {kCH, kCR}) {
    Bytes written;
    ByteWriter writer(&written);
    std::vector<ExtensionType> types;
    ExtensionWriter extensions(&writer, &types);
    WriteCertificateWishes(WishesOf(FullConfig()), message, &extensions);
    EXPECT_EQ(types,
              (std::vector<ExtensionType>{
                  ExtensionType::kSignatureAlgorithmsCert, ExtensionType::kCertificateAuthorities,
                  ExtensionType::kStatusRequest, ExtensionType::kSignedCertificateTimestamp,
                  ExtensionType::kCompressCertificate}));
    CertificateWishes read;
    ASSERT_TRUE(Read(written, message, &read).ok());
    EXPECT_EQ(read.certificate_schemes, FullConfig().certificate_signature_schemes);
    EXPECT_EQ(read.authorities, FullConfig().certificate_authorities);
    EXPECT_TRUE(read.ocsp);
    EXPECT_TRUE(read.sct);
    EXPECT_EQ(read.compression, std::vector{CertificateCompression::kZstd});
    EXPECT_TRUE(Read(written, message, nullptr).ok());
  }
}

// F32: what is empty is not sent.
//= rfc8446#section-4.2.3
//= type=test
//# Implementations which have the same policy in both cases MAY omit the
//# "signature_algorithms_cert" extension.
TEST(CertificateWishesTest, NothingIsNoExtension) {
  Bytes written;
  ByteWriter writer(&written);
  std::vector<ExtensionType> types;
  ExtensionWriter extensions(&writer, &types);
  WriteCertificateWishes(WishesOf(HandshakeConfig()), kCH, &extensions);
  EXPECT_TRUE(written.empty());
  EXPECT_TRUE(types.empty());
}

//= rfc8446#section-4.4.2.1
//= type=test
//# A server MAY request that a client present an OCSP response with its
//# certificate by sending an empty "status_request" extension in its
//# CertificateRequest message.
TEST(CertificateWishesTest, StatusRequestHasAFormForEachMessage) {
  Bytes hello;
  Bytes request;
  CertificateWishes wishes;
  wishes.ocsp = true;
  ByteWriter hello_writer(&hello);
  ExtensionWriter hello_extensions(&hello_writer);
  WriteCertificateWishes(wishes, kCH, &hello_extensions);
  EXPECT_EQ(hello, (Bytes{0, 5, 0, 5, 1, 0, 0, 0, 0}));
  ByteWriter request_writer(&request);
  ExtensionWriter request_extensions(&request_writer);
  WriteCertificateWishes(wishes, kCR, &request_extensions);
  EXPECT_EQ(request, (Bytes{0, 5, 0, 0}));
  // Another kind of status than OCSP is none that we have.
  CertificateWishes read;
  EXPECT_TRUE(Read({0, 5, 0, 2, 9, 9}, kCH, &read).ok());
  EXPECT_FALSE(read.ocsp);
}

TEST(CertificateWishesTest, MalformedOnesAreDecodeErrors) {
  const Bytes bad[] = {
      {0, 50, 0, 0},                 // signature_algorithms_cert
      {0, 50, 0, 2, 0, 0},           // empty
      {0, 50, 0, 3, 0, 1, 4},        // odd
      {0, 50, 0, 5, 0, 2, 4, 3, 9},  // a byte behind
      {0, 47, 0, 0},                 // certificate_authorities
      {0, 47, 0, 2, 0, 0},           // F32
      {0, 47, 0, 4, 0, 2, 0, 0},     // an empty name
      {0, 47, 0, 5, 0, 3, 0, 2, 1},  // cut short
      {0, 18, 0, 1, 0},              // signed_certificate_timestamp is empty here
      {0, 27, 0, 0},                 // compress_certificate
      {0, 27, 0, 1, 0},              // empty
      {0, 27, 0, 2, 1, 0},           // odd
      {0, 27, 0, 4, 2, 0, 1, 9},     // a byte behind
  };
  CertificateWishes read;
  for (const Bytes& block : bad) {
    for (const ExtensionMessage message : {kCH, kCR}) {
      EXPECT_EQ(Read(block, message, &read).alert(), AlertDescription::kDecodeError)
          << int(block[1]) << " " << block.size();
      EXPECT_FALSE(Read(block, message, nullptr).ok());
    }
  }
  EXPECT_FALSE(Read({0, 5, 0, 0}, kCH, &read).ok());
  EXPECT_FALSE(Read({0, 5, 0, 4, 1, 0, 0, 0}, kCH, &read).ok());
  EXPECT_FALSE(Read({0, 5, 0, 6, 1, 0, 0, 0, 0, 9}, kCH, &read).ok());
  EXPECT_FALSE(Read({0, 5, 0, 5, 1, 0, 0, 0, 0}, kCR, &read).ok());
}

TEST(CertificateWishesTest, AuthoritiesAreBounded) {
  Bytes names;
  for (size_t i = 0; i < kMaxAuthorities + 100; ++i) {
    for (const uint8_t byte : {0, 1, 9}) names.push_back(byte);
  }
  Bytes block;
  ByteWriter writer(&block);
  writer.WriteU16(47);
  {
    ByteWriter::LengthPrefix data(&writer, 2);
    ByteWriter::LengthPrefix list(&writer, 2);
    writer.WriteBytes(names);
  }
  CertificateWishes read;
  ASSERT_TRUE(Read(block, kCR, &read).ok());
  EXPECT_EQ(read.authorities.size(), kMaxAuthorities);
}

}  // namespace
}  // namespace dtls13
