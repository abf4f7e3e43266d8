// SPDX-License-Identifier: Apache-2.0
#include "dtls13/zlib_certificate_compressor.h"

#include <gtest/gtest.h>

#include "dtls13/handshake/handshake_test_util.h"
#include "dtls13/message/compressed_certificate.h"
#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

Bytes Compressed(const Bytes& in) {
  Bytes out;
  EXPECT_TRUE(ZlibCertificateCompressor().Compress(in, &out));
  return out;
}

HandshakeConfig Config() {
  HandshakeConfig config = TestConfig();
  config.certificate_compressors = {std::make_shared<ZlibCertificateCompressor>()};
  return config;
}

// Message wraps `compressed` in a CompressedCertificate that declares `len`.
Bytes Message(uint16_t algorithm, size_t len, const Bytes& compressed) {
  Bytes body;
  for (const size_t value : {algorithm >> 8, algorithm & 255}) {
    body.push_back(static_cast<uint8_t>(value));
  }
  for (const size_t value : {len, compressed.size()}) {
    for (const int shift : {16, 8, 0}) body.push_back(static_cast<uint8_t>(value >> shift));
  }
  body.resize(body.size() + compressed.size());
  std::copy(compressed.begin(), compressed.end(), body.end() - std::ssize(compressed));
  return body;
}

Status Decompress(const Bytes& body, Bytes* out) {
  return DecompressCertificate(Config().certificate_compressors, Config().max_message_len, body,
                               out);
}

TEST(ZlibCertificateCompressorTest, RoundTrip) {
  const Bytes text(5000, 'a');
  const Bytes compressed = Compressed(text);
  EXPECT_LT(compressed.size(), 100u);
  Bytes out(text.size());
  EXPECT_TRUE(ZlibCertificateCompressor().Decompress(compressed, out));
  EXPECT_EQ(out, text);
}

TEST(ZlibCertificateCompressorTest, OnlyExactlyWhatWasDeclared) {
  const Bytes compressed = Compressed(Bytes(5000, 'a'));
  for (const size_t len : {size_t{0}, size_t{1}, size_t{4999}, size_t{5001}, size_t{100000}}) {
    Bytes out(len);
    EXPECT_FALSE(ZlibCertificateCompressor().Decompress(compressed, out)) << len;
  }
  Bytes out(5000);
  for (size_t len = 0; len < compressed.size(); ++len) {
    EXPECT_FALSE(ZlibCertificateCompressor().Decompress(std::span(compressed).first(len), out));
  }
  Bytes longer = compressed;
  longer.push_back(0);
  EXPECT_FALSE(ZlibCertificateCompressor().Decompress(longer, out));
  Bytes damaged = compressed;
  damaged.back() ^= 1;  // the checksum
  EXPECT_FALSE(ZlibCertificateCompressor().Decompress(damaged, out));
}

// --- CompressedCertificate

TEST(CompressedCertificateTest, Forms) {
  const Bytes body = Message(1, 10, {7, 8});
  const auto view = ParseCompressedCertificate(body);
  ASSERT_TRUE(view.has_value());
  EXPECT_EQ(view->algorithm, CertificateCompression::kZlib);
  EXPECT_EQ(view->uncompressed_len, 10u);
  EXPECT_EQ(view->compressed.size(), 2u);
  for (size_t len = 0; len < body.size(); ++len) {
    EXPECT_FALSE(ParseCompressedCertificate(std::span(body).first(len)).has_value());
  }
  Bytes longer = body;
  longer.push_back(0);
  EXPECT_FALSE(ParseCompressedCertificate(longer).has_value());
  EXPECT_FALSE(ParseCompressedCertificate(Message(1, 10, {})).has_value());
}

//= rfc8879#section-4
//= type=test
//# If, after decompression, the specified length
//# does not match the actual length, the party receiving the invalid
//# message MUST abort the connection with the "bad_certificate"
//# alert.
//= rfc8879#section-4
//= type=test
//# If the received CompressedCertificate message cannot be decompressed,
//# the connection MUST be terminated with the "bad_certificate" alert.
//= rfc8879#section-5
//= type=test
//# TLS framing imposes a 16777216-byte limit on the
//# certificate message size, and implementations MAY impose a limit that
//# is lower than that; in both cases, they MUST apply the same limit as
//# if no compression were used.
TEST(CompressedCertificateTest, BadOnes) {
  const Bytes text(5000, 'a');
  const Bytes compressed = Compressed(text);
  Bytes out;
  EXPECT_TRUE(Decompress(Message(1, text.size(), compressed), &out).ok());
  EXPECT_EQ(out, text);
  for (const size_t len : {size_t{0}, text.size() - 1, text.size() + 1}) {
    EXPECT_EQ(Decompress(Message(1, len, compressed), &out).alert(),
              AlertDescription::kBadCertificate);
  }
  EXPECT_EQ(Decompress(Message(1, 10, {1, 2, 3}), &out).alert(), AlertDescription::kBadCertificate);
  EXPECT_EQ(Decompress({1}, &out).alert(), AlertDescription::kDecodeError);
  //= rfc8879#section-4
  //= type=test
  //# The
  //# algorithm MUST be one of the algorithms listed in the peer's
  //# compress_certificate extension.
  EXPECT_EQ(Decompress(Message(2, text.size(), compressed), &out).alert(),
            AlertDescription::kIllegalParameter);
}

// A bomb is refused by what it declares, before anything is allocated for it; one that declares
// less than it holds by what it turns out to be.
TEST(CompressedCertificateTest, BombsDoNotGoOff) {
  const Bytes bomb = Compressed(Bytes(16'000'000, 0));
  ASSERT_LT(bomb.size(), 20'000u);
  Bytes out;
  EXPECT_EQ(Decompress(Message(1, 16'000'000, bomb), &out).alert(),
            AlertDescription::kBadCertificate);
  EXPECT_EQ(out.capacity(), 0u);
  EXPECT_EQ(Decompress(Message(1, 1000, bomb), &out).alert(), AlertDescription::kBadCertificate);
  EXPECT_EQ(out.size(), 1000u);
}

// --- in handshakes

HandshakeType TypeOfCertificate(const HandshakePair::Side& side) {
  for (const HandshakePair::Flying& flying : side.sent) {
    if (flying.type == HandshakeType::kCertificate ||
        flying.type == HandshakeType::kCompressedCertificate) {
      return flying.type;
    }
  }
  return HandshakeType{};
}

// Padded is a credential that compresses well.
std::shared_ptr<const Credential> Padded() {
  auto credential =
      std::make_shared<Credential>(*TestIdentity::Get(TestKeyKind::kEcdsaP256).credential());
  credential->chain.push_back(Bytes(2000, 'x'));
  return credential;
}

//= rfc8879#section-4
//= type=test
//# If the peer has indicated that it supports compression, server and
//# client MAY compress their corresponding Certificate messages
//# (Section 4.4.2 of [RFC8446]) and send them in the form of the
//# CompressedCertificate message (replacing the Certificate message).
TEST(CompressedCertificateTest, BothSidesCompressForWhoAsks) {
  for (const bool client_takes : {false, true}) {
    for (const bool server_takes : {false, true}) {
      HandshakeConfig client = client_takes ? Config() : TestConfig();
      HandshakeConfig server = server_takes ? Config() : TestConfig();
      server.server.client_authentication = ClientAuthentication::kRequired;
      client.credential = server.credential = Padded();
      HandshakePair pair(client, server);
      pair.Run();
      ASSERT_TRUE(pair.completed());
      const auto expected = client_takes && server_takes ? HandshakeType::kCompressedCertificate
                                                         : HandshakeType::kCertificate;
      EXPECT_EQ(TypeOfCertificate(pair.server), expected);
      EXPECT_EQ(TypeOfCertificate(pair.client), expected);
      EXPECT_EQ(pair.client_handshake->peer_certificates(), Padded()->chain);
      EXPECT_EQ(pair.server_handshake->peer_certificates(), Padded()->chain);
    }
  }
}

TEST(CompressedCertificateTest, WhatDoesNotShrinkGoesAsItIs) {
  HandshakeConfig client = Config();
  HandshakeConfig server = Config();
  client.credential = nullptr;
  server.server.client_authentication = ClientAuthentication::kOptional;
  HandshakePair pair(client, server);
  pair.Run();
  ASSERT_TRUE(pair.completed());
  EXPECT_EQ(TypeOfCertificate(pair.client), HandshakeType::kCertificate);
}

TEST(CompressedCertificateTest, UnaskedIsUnexpected) {
  HandshakeConfig server = Config();
  server.credential = Padded();
  HandshakePair pair(TestConfig(), server);
  pair.tamper = [](HandshakePair::Flying* flying) {
    if (flying->type != HandshakeType::kCertificate) return;
    flying->type = HandshakeType::kCompressedCertificate;
    flying->body = Message(1, flying->body.size(), Compressed(flying->body));
  };
  pair.Run();
  EXPECT_EQ(pair.client.status.alert(), AlertDescription::kUnexpectedMessage);
}

}  // namespace
}  // namespace dtls13
