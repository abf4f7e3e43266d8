// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13_cli/record_decoder.h"

#include <gtest/gtest.h>

#include <cstdio>

#include "dtls13/crypto/cipher_suite.h"
#include "dtls13/crypto/traffic_keys.h"
#include "dtls13/wire/bytes_test_util.h"
#include "dtls13/wire/handshake_header.h"

namespace dtls13::cli {
namespace {

constexpr Direction kUp = Direction::kToServer;
constexpr Direction kDown = Direction::kToClient;

Bytes Filled(size_t len, uint8_t value) { return Bytes(len, value); }

// A message in one fragment, header and all.
Bytes WholeMessage(HandshakeType type, const Bytes& body) {
  HandshakeHeader header;
  header.type = type;
  header.message_len = header.fragment_len = static_cast<uint32_t>(body.size());
  Bytes message(kHandshakeHeaderLen);
  WriteHandshakeHeader(header, message);
  message.insert(message.end(), body.begin(), body.end());
  return message;
}

// Both hellos as far as the decoder reads them.
Bytes Hello(HandshakeType type, uint8_t random) {
  Bytes body = {0xfe, 0xfd};
  body.insert(body.end(), 32, random);
  if (type == HandshakeType::kServerHello) body.insert(body.end(), {0x00, 0x13, 0x01});
  return WholeMessage(type, body);
}

class RecordDecoderTest : public testing::Test {
 protected:
  RecordDecoderTest() : algorithms_(Algorithms::Fetch(nullptr, nullptr)) {
    const std::string path = testing::TempDir() + "/keys";
    std::FILE* file = std::fopen(path.c_str(), "w");
    if (file == nullptr) return;
    std::fprintf(file, "# a comment\nCLIENT_TRAFFIC_SECRET_0 %s %s\n",
                 ToHex(Filled(32, 0xaa)).c_str(), ToHex(Filled(32, 0x11)).c_str());
    std::fclose(file);
    absl::StatusOr<KeyLog> log = KeyLog::Read(path);
    if (log.ok()) key_log_ = *std::move(log);
  }

  Bytes Seal(RecordLayer& layer, Epoch epoch, ContentType type, const Bytes& content) {
    Bytes datagram(content.size() + 64);
    RecordNumber number;
    datagram.resize(layer.Seal(epoch, type, content, HeaderForm(), datagram, &number));
    return datagram;
  }

  std::vector<DecodedRecord> Decode(RecordDecoder& decoder, Direction direction,
                                    const Bytes& bytes) {
    CapturedDatagram datagram;
    datagram.direction = direction;
    datagram.bytes = bytes;
    return decoder.Decode(datagram);
  }

  void DecodeHellos(RecordDecoder& decoder) {
    RecordLayer client(algorithms_, LabelPrefix::kDtls13);
    RecordLayer server(algorithms_, LabelPrefix::kDtls13);
    const auto up = Decode(decoder, kUp,
                           Seal(client, kPlaintextEpoch, ContentType::kHandshake,
                                Hello(HandshakeType::kClientHello, 0xaa)));
    ASSERT_EQ(up.size(), 1u);
    EXPECT_TRUE(up[0].opened);
    EXPECT_FALSE(up[0].unified);
    Decode(decoder, kDown,
           Seal(server, kPlaintextEpoch, ContentType::kHandshake,
                Hello(HandshakeType::kServerHello, 0xbb)));
  }

  std::shared_ptr<const Algorithms> algorithms_;
  std::optional<KeyLog> key_log_;
  const CipherSuite& suite_ = *FindCipherSuite(CipherSuiteId::kAes128GcmSha256);
};

TEST_F(RecordDecoderTest, OpensRecordsAcrossAKeyUpdate) {
  ASSERT_TRUE(key_log_);
  RecordDecoder decoder(key_log_);
  DecodeHellos(decoder);
  const Secret secret = Secret::CopyOf(Filled(32, 0x11));
  const Epoch first = kFirstApplicationEpoch;
  RecordLayer client(algorithms_, LabelPrefix::kDtls13);
  ASSERT_TRUE(client.InstallWriteKeys(first, suite_, secret));

  const auto data =
      Decode(decoder, kUp, Seal(client, first, ContentType::kApplicationData, Filled(5, 'x')));
  ASSERT_EQ(data.size(), 1u);
  ASSERT_TRUE(data[0].opened);
  EXPECT_EQ(data[0].content, Filled(5, 'x'));
  EXPECT_EQ(data[0].number->epoch, first);

  Decode(
      decoder, kUp,
      Seal(client, first, ContentType::kHandshake, WholeMessage(HandshakeType::kKeyUpdate, {0})));
  const Secret next = NextTrafficSecret(*algorithms_, suite_, LabelPrefix::kDtls13, secret.bytes());
  ASSERT_TRUE(client.InstallWriteKeys(first.Next(), suite_, next));
  const auto updated = Decode(
      decoder, kUp, Seal(client, first.Next(), ContentType::kApplicationData, Filled(6, 'y')));
  ASSERT_EQ(updated.size(), 1u);
  ASSERT_TRUE(updated[0].opened);
  EXPECT_EQ(updated[0].number->epoch, first.Next());
  EXPECT_EQ(updated[0].content, Filled(6, 'y'));
}

TEST_F(RecordDecoderTest, ShowsWhatItCannotOpen) {
  RecordDecoder decoder(std::nullopt);
  DecodeHellos(decoder);
  RecordLayer client(algorithms_, LabelPrefix::kDtls13);
  ASSERT_TRUE(
      client.InstallWriteKeys(kFirstApplicationEpoch, suite_, Secret::CopyOf(Filled(32, 0x11))));
  const Bytes datagram =
      Seal(client, kFirstApplicationEpoch, ContentType::kApplicationData, Filled(5, 'x'));
  const auto records = Decode(decoder, kUp, datagram);
  ASSERT_EQ(records.size(), 1u);
  EXPECT_FALSE(records[0].opened);
  EXPECT_FALSE(records[0].number);
  ASSERT_TRUE(records[0].unified);
  EXPECT_EQ(records[0].unified->epoch_bits, EpochBits::Of(kFirstApplicationEpoch));
  EXPECT_EQ(records[0].wire_len, datagram.size());
}

TEST_F(RecordDecoderTest, StopsAtGarbage) {
  RecordDecoder decoder(std::nullopt);
  EXPECT_TRUE(Decode(decoder, kUp, {}).empty());
  EXPECT_TRUE(Decode(decoder, kUp, Filled(40, 0xff)).empty());
  EXPECT_TRUE(Decode(decoder, kUp, {0x16, 0xfe}).empty());
}

}  // namespace
}  // namespace dtls13::cli
