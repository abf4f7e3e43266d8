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
    RecordLayer client(algorithms_, kRfc9147Profile);
    RecordLayer server(algorithms_, kRfc9147Profile);
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
  RecordLayer client(algorithms_, kRfc9147Profile);
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
  RecordLayer client(algorithms_, kRfc9147Profile);
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

// Hello with extensions: connection_id alone, of `id_len` bytes, behind padding of `padding_len`.
Bytes HelloWithConnectionId(HandshakeType type, size_t padding_len, size_t id_len) {
  const bool is_client = type == HandshakeType::kClientHello;
  Bytes body = {0xfe, 0xfd};
  body.insert(body.end(), 32, is_client ? 0xaa : 0xbb);
  // Session ID; then cookie, suites and compression methods, or one suite and method.
  const Bytes middle = is_client ? Bytes{0, 0, 0, 2, 0x13, 0x01, 1, 0} : Bytes{0, 0x13, 0x01, 0};
  body.insert(body.end(), middle.begin(), middle.end());
  const size_t extensions_len = 4 + padding_len + 4 + 1 + id_len;
  body.insert(body.end(),
              {static_cast<uint8_t>(extensions_len >> 8), static_cast<uint8_t>(extensions_len), 0,
               21, static_cast<uint8_t>(padding_len >> 8), static_cast<uint8_t>(padding_len)});
  body.insert(body.end(), padding_len, 0);
  body.insert(body.end(),
              {0, 54, 0, static_cast<uint8_t>(id_len + 1), static_cast<uint8_t>(id_len)});
  body.insert(body.end(), id_len, 0xc1);
  return WholeMessage(type, body);
}

Bytes Fragment(const Bytes& message, uint32_t offset, uint32_t len) {
  HandshakeHeader header;
  header.type = static_cast<HandshakeType>(message[0]);
  header.message_len = static_cast<uint32_t>(message.size() - kHandshakeHeaderLen);
  header.fragment_offset = offset;
  header.fragment_len = len;
  Bytes fragment(kHandshakeHeaderLen);
  WriteHandshakeHeader(header, fragment);
  const auto body = message.begin() + kHandshakeHeaderLen + offset;
  fragment.insert(fragment.end(), body, body + len);
  return fragment;
}

TEST_F(RecordDecoderTest, LearnsTheLengthOfConnectionIdsFromTheHellos) {
  ASSERT_TRUE(key_log_);
  RecordDecoder decoder(key_log_);
  RecordLayer client(algorithms_, kRfc9147Profile);
  RecordLayer server(algorithms_, kRfc9147Profile);
  // The extension lies in the second fragment.
  const Bytes hello = HelloWithConnectionId(HandshakeType::kClientHello, 100, 3);
  const auto rest_len = static_cast<uint32_t>(hello.size() - kHandshakeHeaderLen - 80);
  for (const Bytes& fragment : {Fragment(hello, 0, 80), Fragment(hello, 80, rest_len)}) {
    Decode(decoder, kUp, Seal(client, kPlaintextEpoch, ContentType::kHandshake, fragment));
  }
  Decode(decoder, kDown,
         Seal(server, kPlaintextEpoch, ContentType::kHandshake,
              HelloWithConnectionId(HandshakeType::kServerHello, 0, 5)));

  ASSERT_TRUE(
      client.InstallWriteKeys(kFirstApplicationEpoch, suite_, Secret::CopyOf(Filled(32, 0x11))));
  client.SetSendConnectionId(Filled(5, 0xc1));
  const auto up =
      Decode(decoder, kUp,
             Seal(client, kFirstApplicationEpoch, ContentType::kApplicationData, Filled(7, 'x')));
  ASSERT_EQ(up.size(), 1u);
  ASSERT_TRUE(up[0].opened);
  EXPECT_EQ(up[0].content, Filled(7, 'x'));

  // Without keys the length still shows where a record ends.
  ASSERT_TRUE(
      server.InstallWriteKeys(kFirstApplicationEpoch, suite_, Secret::CopyOf(Filled(32, 0x22))));
  server.SetSendConnectionId(Filled(3, 0xc1));
  const Bytes sealed =
      Seal(server, kFirstApplicationEpoch, ContentType::kApplicationData, Filled(7, 'y'));
  const auto down = Decode(decoder, kDown, sealed);
  ASSERT_EQ(down.size(), 1u);
  EXPECT_EQ(down[0].wire_len, sealed.size());
}

TEST_F(RecordDecoderTest, StopsAtGarbage) {
  RecordDecoder decoder(std::nullopt);
  EXPECT_TRUE(Decode(decoder, kUp, {}).empty());
  EXPECT_TRUE(Decode(decoder, kUp, Filled(40, 0xff)).empty());
  EXPECT_TRUE(Decode(decoder, kUp, {0x16, 0xfe}).empty());
}

}  // namespace
}  // namespace dtls13::cli
