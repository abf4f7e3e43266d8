// SPDX-License-Identifier: Apache-2.0
// Whole handshakes that settle more than keys, in both roles, and what each side does about
// extensions that are not as they should be.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "dtls13/handshake/handshake_test_util.h"
#include "dtls13/message/client_hello.h"
#include "dtls13/message/grease.h"
#include "dtls13/message/server_hello.h"
#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

using Names = std::vector<std::string>;

constexpr HandshakeType kCH = HandshakeType::kClientHello;
constexpr HandshakeType kSH = HandshakeType::kServerHello;
constexpr HandshakeType kEE = HandshakeType::kEncryptedExtensions;

// FullConfig asks for, and takes, everything.
HandshakeConfig FullConfig() {
  HandshakeConfig config = TestConfig();
  config.connection.alpn = {"coap", "webrtc"};
  config.connection.srtp_profiles = {SrtpProfile::kAeadAes128Gcm,
                                     SrtpProfile::kAes128CmHmacSha1_80};
  config.connection.srtp_mki = {7, 7};
  config.connection.record_size_limit = 500;
  config.connection.max_fragment_length = MaxFragmentLength::k1024;
  return config;
}

const Bytes* Find(const HandshakePair::Side& side, HandshakeType type) {
  for (const HandshakePair::Flying& message : side.sent) {
    if (message.type == type) return &message.body;
  }
  return nullptr;
}

TEST(ConnectionHandshakeTest, BothSidesAgree) {
  HandshakeConfig server_config = FullConfig();
  server_config.connection.alpn = {"webrtc", "coap"};
  server_config.connection.srtp_profiles = {SrtpProfile::kAes128CmHmacSha1_80};
  server_config.connection.record_size_limit = 300;
  for (const bool retry : {false, true}) {
    server_config.server.require_cookie = retry;
    HandshakePair pair(FullConfig(), server_config, {.server_name = "server.test"});
    pair.Run();
    ASSERT_TRUE(pair.completed());
    const ConnectionResult& client = pair.client_handshake->result().connection;
    const ConnectionResult& server = pair.server_handshake->result().connection;
    for (const ConnectionResult* result : {&client, &server}) {
      EXPECT_EQ(result->alpn, "webrtc");
      EXPECT_EQ(result->srtp_profile, SrtpProfile::kAes128CmHmacSha1_80);
      EXPECT_EQ(result->srtp_mki, (Bytes{7, 7}));
    }
    EXPECT_TRUE(client.server_name_acknowledged);
    EXPECT_EQ(client.max_send_inner_len, 300);
    EXPECT_EQ(client.max_receive_inner_len, 500);
    EXPECT_EQ(server.max_send_inner_len, 500);
    EXPECT_EQ(server.max_receive_inner_len, 300);
  }
}

//= rfc8446#section-4.2
//= type=test
//# MUST NOT send extension responses if the remote endpoint did not send
//# the corresponding extension requests,
TEST(ConnectionHandshakeTest, NothingIsAnsweredThatWasNotAsked) {
  HandshakeConfig client_config = TestConfig();
  client_config.connection.record_size_limit = 0;
  HandshakePair pair(client_config, FullConfig());
  pair.Run();
  ASSERT_TRUE(pair.completed());
  EXPECT_EQ(*Find(pair.server, kEE), (Bytes{0, 0}));
  EXPECT_TRUE(pair.server_handshake->result().connection.alpn.empty());
}

TEST(ConnectionHandshakeTest, AServerWithoutAnyIgnoresThem) {
  HandshakeConfig server_config = TestConfig();
  server_config.connection.record_size_limit = 0;
  HandshakeConfig client_config = FullConfig();
  client_config.connection.max_fragment_length.reset();
  HandshakePair pair(client_config, server_config);
  pair.Run();
  ASSERT_TRUE(pair.completed());
  EXPECT_EQ(*Find(pair.server, kEE), (Bytes{0, 0}));
  EXPECT_FALSE(pair.client_handshake->result().connection.srtp_profile.has_value());
  EXPECT_EQ(pair.client_handshake->result().connection.max_send_inner_len, kMaxInnerPlaintextLen);
}

TEST(ConnectionHandshakeTest, NoCommonProtocolIsNoApplicationProtocol) {
  HandshakeConfig server_config = FullConfig();
  server_config.connection.alpn = {"h3"};
  HandshakePair pair(FullConfig(), server_config);
  pair.Run();
  EXPECT_EQ(pair.server.status.reason(), Reason::kNoApplicationProtocol);
  EXPECT_EQ(pair.server.status.alert(), AlertDescription::kNoApplicationProtocol);
}

TEST(ConnectionHandshakeTest, TheCallerMayChooseTheProtocol) {
  HandshakeConfig config = TestConfig();
  config.ask_credential = true;
  for (const char* choice : {"coap", ""}) {
    HandshakePair pair(FullConfig(), config);
    const auto server =
        NewServerHandshake(std::make_shared<HandshakeConfig>(config), TestServerParameters());
    auto action = pair.client_handshake->NextAction();
    ASSERT_TRUE(
        server->HandleMessage(kCH, std::get<SendMessage>(*action).body, kPlaintextEpoch).ok());
    EXPECT_EQ(server->client_hello().alpn, (Names{"coap", "webrtc"}));
    ASSERT_TRUE(server->ChooseProtocol(choice).ok());
    ASSERT_TRUE(
        server->ProvideCredential(TestIdentity::Get(TestKeyKind::kEcdsaP256).credential()).ok());
    EXPECT_EQ(server->result().connection.alpn, choice);
    EXPECT_FALSE(server->ChooseProtocol(choice).ok());
  }
  HandshakePair pair(FullConfig(), config);
  auto action = pair.client_handshake->NextAction();
  ASSERT_TRUE(pair.server_handshake
                  ->HandleMessage(kCH, std::get<SendMessage>(*action).body, kPlaintextEpoch)
                  .ok());
  EXPECT_EQ(pair.server_handshake->ChooseProtocol("h3").alert(), AlertDescription::kInternalError);
}

//= rfc8446#section-4.2.7
//= type=test
//# If the server has a group it prefers to the
//# ones in the "key_share" extension but is still willing to accept the
//# ClientHello, it SHOULD send "supported_groups" to update the client's
//# view of its preferences; this extension SHOULD contain all groups the
//# server supports, regardless of whether they are currently supported
//# by the client.
TEST(ConnectionHandshakeTest, AServerWithAnOrderSaysSo) {
  HandshakeConfig client_config = TestConfig();
  client_config.client.initial_key_shares = {NamedGroup::kSecp256r1};
  HandshakeConfig server_config = TestConfig();
  server_config.groups = {NamedGroup::kSecp384r1, NamedGroup::kSecp256r1};
  for (const bool server_preference : {false, true}) {
    server_config.server.server_preference = server_preference;
    HandshakePair pair(client_config, server_config);
    pair.Run();
    ASSERT_TRUE(pair.completed());
    EXPECT_EQ(pair.client_handshake->result().connection.server_groups,
              server_preference ? server_config.groups : std::vector<NamedGroup>());
  }
}

// --- bad input

struct BadExtension {
  ExtensionType type;
  Bytes data;
  AlertDescription alert;
};

constexpr auto kAlpn = ExtensionType::kApplicationLayerProtocolNegotiation;
constexpr auto kSrtp = ExtensionType::kUseSrtp;
constexpr auto kLimit = ExtensionType::kRecordSizeLimit;
constexpr auto kLength = ExtensionType::kMaxFragmentLength;
constexpr auto kName = ExtensionType::kServerName;
constexpr auto kGroups = ExtensionType::kSupportedGroups;
constexpr auto kDecode = AlertDescription::kDecodeError;
constexpr auto kIllegal = AlertDescription::kIllegalParameter;
constexpr auto kUnsupported = AlertDescription::kUnsupportedExtension;

TEST(ConnectionBadInputTest, InAClientHello) {
  const std::vector<BadExtension> kBad = {
      {kAlpn, {}, kDecode},
      {kAlpn, {0, 0}, kDecode},
      {kAlpn, {0, 1, 0}, kDecode},
      {kAlpn, {0, 2, 2, 'a'}, kDecode},
      {kAlpn, {0, 2, 1, 'a', 0}, kDecode},
      {kSrtp, {}, kDecode},
      {kSrtp, {0, 0, 0}, kDecode},
      {kSrtp, {0, 1, 1, 0}, kDecode},
      {kSrtp, {0, 2, 0, 1}, kDecode},
      {kSrtp, {0, 2, 0, 1, 1}, kDecode},
      {kSrtp, {0, 2, 0, 1, 0, 0}, kDecode},
      {kLimit, {}, kDecode},
      {kLimit, {64}, kDecode},
      {kLimit, {0, 64, 0}, kDecode},
      {kLimit, {0, 63}, kIllegal},
      {kLength, {}, kDecode},
      {kLength, {1, 1}, kDecode},
      {kLength, {0}, kIllegal},
      {kLength, {5}, kIllegal},
      {kName, {}, kDecode},
      {kName, {0, 0}, kDecode},
      {kGroups, {}, kDecode},
      {kGroups, {0, 0}, kDecode},
      {kGroups, {0, 3, 0, 29, 0}, kDecode},
  };
  for (size_t i = 0; i < kBad.size(); ++i) {
    HandshakePair pair(FullConfig(), FullConfig(), {.server_name = "server.test"});
    pair.tamper = [&](HandshakePair::Flying* flying) {
      if (flying->type == kCH) SetExtension(kCH, &flying->body, kBad[i].type, kBad[i].data);
    };
    pair.Run();
    ASSERT_FALSE(pair.server.status.ok()) << i;
    EXPECT_EQ(pair.server.status.alert(), kBad[i].alert) << i;
  }
}

TEST(ConnectionBadInputTest, InEncryptedExtensions) {
  const std::vector<BadExtension> kBad = {
      {kAlpn, {}, kDecode},
      {kAlpn, {0, 0}, kDecode},
      {kAlpn, {0, 12, 4, 'c', 'o', 'a', 'p', 6, 'w', 'e', 'b', 'r', 't', 'c'}, kDecode},
      {kAlpn, {0, 3, 2, 'h', '3'}, kIllegal},
      {kSrtp, {}, kDecode},
      {kSrtp, {0, 4, 0, 7, 0, 1, 0}, kIllegal},
      {kSrtp, {0, 2, 0, 8, 0}, kIllegal},
      {kSrtp, {0, 2, 0, 7, 1, 7}, kIllegal},
      {kLimit, {0, 63}, kIllegal},
      {kLimit, {0}, kDecode},
      {kLength, {2}, kIllegal},  // beside record_size_limit
      {kName, {0}, kDecode},
      {kGroups, {}, kDecode},
      {kGroups, {0, 1, 0}, kDecode},
      {ExtensionType::kSignatureAlgorithms, {0, 2, 8, 7}, kIllegal},
      {ExtensionType::kKeyShare, {}, kIllegal},
      {ExtensionType::kPadding, {}, kIllegal},
      {static_cast<ExtensionType>(0x1a1a), {}, kUnsupported},
  };
  for (size_t i = 0; i < kBad.size(); ++i) {
    HandshakePair pair(FullConfig(), FullConfig(), {.server_name = "server.test"});
    pair.tamper = [&](HandshakePair::Flying* flying) {
      if (flying->type != kEE) return;
      std::vector<RawExtension> extensions;
      const Bytes block(flying->body.begin() + 2, flying->body.end());
      const auto parsed = ExtensionBlock::Parse(block);
      ByteReader reader = parsed->Begin();
      for (Extension extension; ExtensionBlock::Next(&reader, &extension);) {
        if (extension.type == kBad[i].type) continue;
        extensions.push_back({.type = static_cast<uint16_t>(extension.type),
                              .data = {extension.data.begin(), extension.data.end()}});
      }
      extensions.push_back({.type = static_cast<uint16_t>(kBad[i].type), .data = kBad[i].data});
      flying->body.clear();
      ByteWriter writer(&flying->body);
      ByteWriter::LengthPrefix list(&writer, 2);
      for (const RawExtension& extension : extensions) {
        writer.WriteU16(extension.type);
        ByteWriter::LengthPrefix data(&writer, 2);
        writer.WriteBytes(extension.data);
      }
    };
    pair.Run();
    ASSERT_FALSE(pair.client.status.ok()) << i;
    EXPECT_EQ(pair.client.status.alert(), kBad[i].alert) << i;
  }
}

// Each answer needs its question, and its message.
TEST(ConnectionBadInputTest, UnsolicitedOrInTheServerHello) {
  for (const ExtensionType type : {kAlpn, kSrtp, kLimit, kLength, kName}) {
    HandshakeConfig client_config = TestConfig();
    client_config.connection.record_size_limit = 0;
    HandshakePair unsolicited(client_config, FullConfig());
    unsolicited.tamper = [&](HandshakePair::Flying* flying) {
      const auto value = static_cast<uint16_t>(type);
      if (flying->type == kEE) {
        flying->body = {0, 4, static_cast<uint8_t>(value >> 8), static_cast<uint8_t>(value), 0, 0};
      }
    };
    unsolicited.Run();
    EXPECT_EQ(unsolicited.client.status.alert(), kUnsupported);

    HandshakePair misplaced(FullConfig(), FullConfig(), {.server_name = "server.test"});
    misplaced.tamper = [&](HandshakePair::Flying* flying) {
      if (flying->type == kSH) SetExtension(kSH, &flying->body, type, {});
    };
    misplaced.Run();
    EXPECT_EQ(misplaced.client.status.alert(), kIllegal);
  }
}

// F36: a client's extensions come in any order, among unknown ones and padding.
//= rfc8446#section-4.2
//= type=test
//# the extensions MAY appear in any order
TEST(ConnectionHandshakeTest, F36AnyOrderOfExtensionsWillDo) {
  HandshakeConfig server_config = FullConfig();
  for (size_t turn = 0; turn < 12; ++turn) {
    HandshakePair pair(FullConfig(), server_config, {.server_name = "server.test"});
    Bytes hello;
    pair.tamper = [&](HandshakePair::Flying* flying) {
      if (flying->type != kCH) return;
      EditExtensions(kCH, &flying->body, [&](std::vector<RawExtension>* all) {
        all->push_back({.type = 21, .data = Bytes(300)});  // padding
        all->push_back({.type = 0xff77, .data = Bytes(5, 1)});
        std::rotate(all->begin(), all->begin() + static_cast<ptrdiff_t>(turn % all->size()),
                    all->end());
        if (turn % 2 == 1) std::reverse(all->begin(), all->end());
      });
    };
    pair.Run();
    // The transcripts differ, so it ends at the server's Finished or CertificateVerify; that the
    // server got there is what counts.
    EXPECT_TRUE(pair.server.status.ok()) << turn;
    EXPECT_NE(Find(pair.server, HandshakeType::kFinished), nullptr) << turn;
    EXPECT_EQ(pair.server_handshake->result().connection.alpn, "coap") << turn;
  }
}

// --- GREASE

//= rfc8446#section-4.1.2
//= type=test
//# If the list contains cipher suites that the server does not recognize,
//# support, or wish to use, the server MUST ignore those cipher suites
//# and process the remaining ones as usual.
//= rfc8446#section-9.3
//= type=test
//# A server receiving a ClientHello MUST correctly ignore all
//# unrecognized cipher suites, extensions, and other parameters.
TEST(GreaseHandshakeTest, IsSentIgnoredAndRepeatedAfterARetry) {
  enum class Retry { kNone, kCookie, kGroup };
  for (const Retry retry : {Retry::kNone, Retry::kCookie, Retry::kGroup}) {
    HandshakeConfig client_config = FullConfig();
    client_config.client.grease = true;
    HandshakeConfig server_config = FullConfig();
    server_config.server.require_cookie = retry == Retry::kCookie;
    if (retry == Retry::kGroup) server_config.groups = {NamedGroup::kSecp384r1};
    HandshakePair pair(client_config, server_config);
    pair.Run();
    ASSERT_TRUE(pair.completed());
    EXPECT_EQ(pair.server_handshake->result().connection.alpn, "coap");
    ClientHello offer;
    ASSERT_TRUE(ReadClientHello(pair.client.sent.front().body, &offer).ok());
    EXPECT_TRUE(IsGrease(offer.cipher_suites[0]));
    EXPECT_TRUE(IsGrease(offer.supported_groups[0]));
    EXPECT_TRUE(IsGrease(offer.signature_schemes[0]));
    EXPECT_EQ(offer.connection.alpn.ToStrings().size(), 3u);
    ByteReader shares = offer.key_shares.Begin();
    KeyShare share;
    ASSERT_TRUE(KeyShareList::Next(&shares, &share));
    EXPECT_EQ(static_cast<uint16_t>(share.group), offer.supported_groups[0]);
    if (retry == Retry::kNone) continue;
    ClientHello second;
    ASSERT_TRUE(ReadClientHello(pair.client.sent[1].body, &second).ok());
    EXPECT_EQ(second.cipher_suites[0], offer.cipher_suites[0]);
    EXPECT_EQ(second.key_shares.IsExactly(NamedGroup::kSecp384r1), retry == Retry::kGroup);
  }
}

TEST(GreaseHandshakeTest, ChosenByTheServerItIsRefused) {
  HandshakeConfig client_config = TestConfig();
  client_config.client.grease = true;
  for (const bool suite : {true, false}) {
    HandshakePair pair(client_config, TestConfig());
    pair.tamper = [&](HandshakePair::Flying* flying) {
      if (flying->type != kSH) return;
      ClientHello offer;
      ASSERT_TRUE(ReadClientHello(pair.client.sent.front().body, &offer).ok());
      const uint16_t group = offer.supported_groups[0];
      if (suite) {
        flying->body[35] = static_cast<uint8_t>(offer.cipher_suites[0] >> 8);
        flying->body[36] = static_cast<uint8_t>(offer.cipher_suites[0]);
      } else {
        SetExtension(kSH, &flying->body, ExtensionType::kKeyShare,
                     {static_cast<uint8_t>(group >> 8), static_cast<uint8_t>(group), 0, 1, 0});
      }
    };
    pair.Run();
    EXPECT_EQ(pair.client.status.alert(), kIllegal);
  }
}

// --- legacy_session_id

// F29: for clients of before the RFC only, and then in the HelloRetryRequest as well.
TEST(SessionIdEchoTest, OnlyWhereTheConfigSaysSo) {
  for (const bool echo : {false, true}) {
    HandshakeConfig server_config = TestConfig();
    server_config.server.echo_session_id = echo;
    server_config.server.require_cookie = true;
    HandshakePair pair(TestConfig(), server_config,
                       {.legacy_hello = Dtls12Hello(Bytes(kRandomLen, 9), Bytes(32, 5))});
    Bytes echoes;
    pair.tamper = [&](HandshakePair::Flying* flying) {
      if (flying->type != kSH) return;
      echoes.push_back(
          static_cast<uint8_t>(ParseServerHello(flying->body)->legacy_session_id_echo.size()));
    };
    pair.Run();
    if (echo) {
      // Our own client holds to the RFC.
      EXPECT_EQ(pair.client.status.reason(), Reason::kInvalidSessionId);
      EXPECT_EQ(echoes, Bytes{32});
    } else {
      EXPECT_TRUE(pair.completed());
      EXPECT_EQ(echoes, (Bytes{0, 0}));
    }
  }
}

}  // namespace
}  // namespace dtls13
