// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/transcript.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "dtls13/crypto/crypto_test_util.h"
#include "dtls13/crypto/rfc8448_vectors.h"

namespace dtls13 {
namespace {

const std::vector<uint8_t> kBody = {1, 2, 3};

// Adds a whole TLS message: type and length are taken off.
bool AddMessage(Transcript* transcript, std::string_view hex) {
  const std::vector<uint8_t> message = FromHex(hex);
  return transcript->Add(static_cast<HandshakeType>(message[0]), std::span(message).subspan(4));
}

std::string HexOf(const std::optional<TranscriptHash>& hash) {
  return hash ? ToHex(hash->view()) : "none";
}

std::string HexOfHash(std::vector<uint8_t> bytes, HashId hash = HashId::kSha256) {
  return HexOf(Hash(*DefaultAlgorithms(), hash, bytes));
}

// The hash printed in RFC 8448 section 3 beside "c hs traffic".
constexpr char kSimpleServerHelloHash[] =
    "860c06edc07858ee8e78f0e7428c58edd6b43f2ca3e6e95f02ed063cf0e1cad8";

TEST(TranscriptTest, Rfc8448ClientHelloAndServerHello) {
  Transcript transcript(DefaultAlgorithms());
  ASSERT_TRUE(transcript.SelectHash(HashId::kSha256));
  ASSERT_TRUE(AddMessage(&transcript, rfc8448::kSimpleClientHello));
  ASSERT_TRUE(AddMessage(&transcript, rfc8448::kSimpleServerHello));
  EXPECT_EQ(HexOf(transcript.Hash()), kSimpleServerHelloHash);
}

// F30
//= rfc9147#section-5.2
//= type=test
//# In DTLS 1.3, the message transcript is computed over the original TLS
//# 1.3-style Handshake messages without the message_seq,
//# fragment_offset, and fragment_length values.
TEST(TranscriptTest, HeaderIsTypeAndLengthAlone) {
  Transcript transcript(DefaultAlgorithms());
  ASSERT_TRUE(transcript.SelectHash(HashId::kSha256));
  ASSERT_TRUE(transcript.Add(HandshakeType::kFinished, kBody));
  EXPECT_EQ(HexOf(transcript.Hash()), HexOfHash({20, 0, 0, 3, 1, 2, 3}));
}

TEST(TranscriptTest, KeepsMessagesUntilTheHashIsKnown) {
  Transcript transcript(DefaultAlgorithms());
  ASSERT_TRUE(AddMessage(&transcript, rfc8448::kSimpleClientHello));
  EXPECT_FALSE(transcript.has_hash());
  EXPECT_FALSE(transcript.Hash());
  ASSERT_TRUE(transcript.SelectHash(HashId::kSha256));
  ASSERT_TRUE(AddMessage(&transcript, rfc8448::kSimpleServerHello));
  EXPECT_EQ(HexOf(transcript.Hash()), kSimpleServerHelloHash);
}

TEST(TranscriptTest, HashIsSelectedOnce) {
  Transcript transcript(DefaultAlgorithms());
  ASSERT_TRUE(transcript.SelectHash(HashId::kSha384));
  EXPECT_FALSE(transcript.SelectHash(HashId::kSha256));
  ASSERT_TRUE(transcript.Add(HandshakeType::kFinished, kBody));
  EXPECT_EQ(HexOf(transcript.Hash()), HexOfHash({20, 0, 0, 3, 1, 2, 3}, HashId::kSha384));
}

TEST(TranscriptTest, HashDoesNotDisturbTheTranscript) {
  Transcript transcript(DefaultAlgorithms());
  ASSERT_TRUE(transcript.SelectHash(HashId::kSha256));
  EXPECT_EQ(HexOf(transcript.Hash()), HexOfHash({}));
  ASSERT_TRUE(transcript.Add(HandshakeType::kFinished, {}));
  EXPECT_EQ(HexOf(transcript.Hash()), HexOfHash({20, 0, 0, 0}));
  EXPECT_EQ(HexOf(transcript.Hash()), HexOfHash({20, 0, 0, 0}));
}

TEST(TranscriptTest, ATruncatedHelloIsNotAdded) {
  Transcript transcript(DefaultAlgorithms());
  ASSERT_TRUE(transcript.SelectHash(HashId::kSha256));
  ASSERT_TRUE(transcript.Add(HandshakeType::kFinished, {}));
  EXPECT_EQ(HexOf(transcript.HashWithTruncatedHello(9, kBody)),
            HexOfHash({20, 0, 0, 0, 1, 0, 0, 9, 1, 2, 3}));
  EXPECT_EQ(HexOf(transcript.Hash()), HexOfHash({20, 0, 0, 0}));
}

// RFC 8448 section 5 prints this hash over message_hash, HelloRetryRequest, ClientHello2 and
// ServerHello beside "c hs traffic".
constexpr char kRetryServerHelloHash[] =
    "8aa8e828ec2f8a884fec95a3139de01c15a3daa7ff5bfc3f4bfcc21b438d7bf8";

TEST(TranscriptTest, Rfc8448HelloRetryRequest) {
  Transcript transcript(DefaultAlgorithms());
  ASSERT_TRUE(AddMessage(&transcript, rfc8448::kRetryClientHello1));
  ASSERT_TRUE(transcript.SelectHash(HashId::kSha256));
  ASSERT_TRUE(transcript.ReplaceWithMessageHash());
  ASSERT_TRUE(AddMessage(&transcript, rfc8448::kRetryHelloRetryRequest));
  ASSERT_TRUE(AddMessage(&transcript, rfc8448::kRetryClientHello2));
  ASSERT_TRUE(AddMessage(&transcript, rfc8448::kRetryServerHello));
  EXPECT_EQ(HexOf(transcript.Hash()), kRetryServerHelloHash);
}

TEST(TranscriptTest, StatelessServerComesToTheSameHash) {
  const std::vector<uint8_t> client_hello1 = FromHex(rfc8448::kRetryClientHello1);
  const auto hash = Transcript::HashClientHello(*DefaultAlgorithms(), HashId::kSha256,
                                                std::span(client_hello1).subspan(4));
  ASSERT_TRUE(hash);
  EXPECT_EQ(HexOf(hash), HexOfHash(client_hello1));
  Transcript transcript(DefaultAlgorithms());
  // What was added of the second ClientHello before the cookie was found is dropped.
  ASSERT_TRUE(transcript.Add(HandshakeType::kClientHello, kBody));
  ASSERT_TRUE(transcript.StartFromMessageHash(HashId::kSha256, hash->view()));
  ASSERT_TRUE(AddMessage(&transcript, rfc8448::kRetryHelloRetryRequest));
  ASSERT_TRUE(AddMessage(&transcript, rfc8448::kRetryClientHello2));
  ASSERT_TRUE(AddMessage(&transcript, rfc8448::kRetryServerHello));
  EXPECT_EQ(HexOf(transcript.Hash()), kRetryServerHelloHash);
}

TEST(TranscriptTest, StartFromMessageHashWantsTheHashsLength) {
  Transcript transcript(DefaultAlgorithms());
  EXPECT_FALSE(transcript.StartFromMessageHash(HashId::kSha384, std::vector<uint8_t>(32)));
  EXPECT_FALSE(transcript.StartFromMessageHash(HashId::kSha256, {}));
}

TEST(TranscriptTest, MessageHashNeedsAHash) {
  Transcript transcript(DefaultAlgorithms());
  ASSERT_TRUE(transcript.Add(HandshakeType::kClientHello, kBody));
  EXPECT_FALSE(transcript.ReplaceWithMessageHash());
}

TEST(TranscriptTest, BodyOf24BitsIsTheLongest) {
  Transcript transcript(DefaultAlgorithms());
  const std::vector<uint8_t> body(size_t{1} << 24);
  EXPECT_FALSE(transcript.Add(HandshakeType::kCertificate, body));
  EXPECT_FALSE(Transcript::HashClientHello(*DefaultAlgorithms(), HashId::kSha256, body));
}

TEST(TranscriptTest, CopiesGoTheirOwnWays) {
  Transcript transcript(DefaultAlgorithms());
  const std::vector<uint8_t> body = {1, 2, 3};
  ASSERT_TRUE(transcript.Add(HandshakeType::kClientHello, body));
  EXPECT_FALSE(transcript.Copy().has_value());
  ASSERT_TRUE(transcript.SelectHash(HashId::kSha256));
  auto copy = transcript.Copy();
  ASSERT_TRUE(copy.has_value());
  const TranscriptHash before = *transcript.Hash();
  EXPECT_TRUE(std::ranges::equal(copy->Hash()->view(), before.view()));
  ASSERT_TRUE(copy->Add(HandshakeType::kFinished, body));
  EXPECT_TRUE(std::ranges::equal(transcript.Hash()->view(), before.view()));
  ASSERT_TRUE(transcript.Add(HandshakeType::kFinished, body));
  EXPECT_TRUE(std::ranges::equal(copy->Hash()->view(), transcript.Hash()->view()));
}

// --- with DTLS's fields

// Appends a message as draft-26 hashes it: whole, in one fragment.
void Append(std::vector<uint8_t>* bytes, HandshakeType type, uint8_t message_seq,
            std::vector<uint8_t> body) {
  const auto len = static_cast<uint8_t>(body.size());
  for (const uint8_t byte :
       {static_cast<uint8_t>(type), uint8_t{0}, uint8_t{0}, len, uint8_t{0}, message_seq,
        uint8_t{0}, uint8_t{0}, uint8_t{0}, uint8_t{0}, uint8_t{0}, len}) {
    bytes->push_back(byte);
  }
  bytes->insert(bytes->end(), body.begin(), body.end());
}

//= draft-ietf-tls-dtls13-26#section-5.7
//= type=test
//# However, in order to remove sensitivity to handshake message
//# fragmentation, the CertificateVerify and the Finished messages MUST be
//# computed as if each handshake message had been sent as a single fragment
//# following the algorithm described in Section 4.4.3 and Section 4.4.4 of
//# [I-D.ietf-tls-tls13], respectively.
TEST(TranscriptTest, InDtlsFormEachSidesMessagesAreNumbered) {
  // Whose each is, in the order of a handshake with everything there is.
  const struct {
    HandshakeType type;
    uint8_t message_seq;
  } kMessages[] = {
      {HandshakeType::kClientHello, 0},
      {HandshakeType::kServerHello, 0},
      {HandshakeType::kEncryptedExtensions, 1},
      {HandshakeType::kCertificateRequest, 2},
      {HandshakeType::kCertificate, 3},
      {HandshakeType::kCertificateVerify, 4},
      {HandshakeType::kFinished, 5},
      {HandshakeType::kEndOfEarlyData, 1},
      {HandshakeType::kCompressedCertificate, 2},
      {HandshakeType::kCertificateVerify, 3},
      {HandshakeType::kFinished, 4},
  };
  Transcript transcript(DefaultAlgorithms(), TranscriptForm::kDtls);
  std::vector<uint8_t> bytes;
  for (const auto& [type, message_seq] : kMessages) {
    ASSERT_TRUE(transcript.Add(type, kBody));
    if (message_seq == 0 && type == HandshakeType::kClientHello) {
      ASSERT_TRUE(transcript.SelectHash(HashId::kSha256));
    }
    Append(&bytes, type, message_seq, kBody);
    EXPECT_EQ(HexOf(transcript.Hash()), HexOfHash(bytes)) << int{message_seq};
  }
  EXPECT_EQ(HexOf(transcript.Copy()->Hash()), HexOfHash(bytes));
}

TEST(TranscriptTest, InDtlsFormARetryGoesOnCounting) {
  std::vector<uint8_t> first;
  Append(&first, HandshakeType::kClientHello, 0, kBody);
  const auto first_hash = Transcript::HashClientHello(*DefaultAlgorithms(), HashId::kSha256, kBody,
                                                      TranscriptForm::kDtls);
  ASSERT_EQ(HexOf(first_hash), HexOfHash(first));
  // message_hash has the fields too, and the number of the hello that it stands for.
  std::vector<uint8_t> bytes;
  Append(&bytes, HandshakeType::kMessageHash, 0,
         {first_hash->view().begin(), first_hash->view().end()});
  Append(&bytes, HandshakeType::kServerHello, 0, kBody);

  Transcript client(DefaultAlgorithms(), TranscriptForm::kDtls);
  ASSERT_TRUE(client.Add(HandshakeType::kClientHello, kBody));
  ASSERT_TRUE(client.SelectHash(HashId::kSha256));
  ASSERT_TRUE(client.ReplaceWithMessageHash());
  Transcript server(DefaultAlgorithms(), TranscriptForm::kDtls);
  ASSERT_TRUE(server.StartFromMessageHash(HashId::kSha256, first_hash->view()));
  for (Transcript* transcript : {&client, &server}) {
    ASSERT_TRUE(transcript->Add(HandshakeType::kServerHello, kBody));
    EXPECT_EQ(HexOf(transcript->Hash()), HexOfHash(bytes));
    // The second hello's binders cover its number as well.
    std::vector<uint8_t> truncated = bytes;
    Append(&truncated, HandshakeType::kClientHello, 1, {1, 2, 3, 4, 5});
    truncated.resize(truncated.size() - 2);
    EXPECT_EQ(HexOf(transcript->HashWithTruncatedHello(5, kBody)), HexOfHash(truncated));
  }
}

}  // namespace
}  // namespace dtls13
