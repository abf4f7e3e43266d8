// SPDX-License-Identifier: Apache-2.0
// connection_id and rrc in hellos: RFC 9146 section 3 and RFC 9853 section 3.
#include "dtls13/handshake/connection_id_negotiation.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "dtls13/handshake/handshake_test_util.h"
#include "dtls13/message/server_hello.h"
#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

HandshakeConfig WithReceiveLen(size_t len) {
  HandshakeConfig config = TestConfig();
  config.connection_ids.receive_len = len;
  return config;
}

class FailingSource final : public ConnectionIdSource {
 public:
  bool Generate(std::span<uint8_t>) override { return false; }
};

// Extensions returns the block of a ServerHello as the client saw it.
bool ServerHelloHas(const HandshakePair& pair, ExtensionType type) {
  for (const auto& message : pair.server.sent) {
    if (message.type != HandshakeType::kServerHello) continue;
    const auto hello = ParseServerHello(message.body);
    if (hello && !hello->IsHelloRetryRequest() && hello->extensions.Has(type)) return true;
  }
  return false;
}

void ExpectAgreement(const HandshakePair& pair, size_t client_len, size_t server_len) {
  const ConnectionIdAgreement& client = pair.client_handshake->result().connection_ids;
  const ConnectionIdAgreement& server = pair.server_handshake->result().connection_ids;
  EXPECT_TRUE(client.negotiated && server.negotiated);
  EXPECT_EQ(client.receive, server.send);
  EXPECT_EQ(client.send, server.receive);
  EXPECT_EQ(client.receive.size(), client_len);
  EXPECT_EQ(server.receive.size(), server_len);
  EXPECT_EQ(client.return_routability_check, server.return_routability_check);
}

TEST(ConnectionIdNegotiation, EveryPairOfLengths) {
  for (const size_t client_len : {0, 1, 8, 255}) {
    for (const size_t server_len : {0, 1, 20, 255}) {
      HandshakePair pair(WithReceiveLen(client_len), WithReceiveLen(server_len));
      pair.Run();
      ASSERT_TRUE(pair.completed()) << client_len << " " << server_len;
      if (client_len + server_len == 0) {
        EXPECT_FALSE(pair.client_handshake->result().connection_ids.negotiated);
        EXPECT_FALSE(ServerHelloHas(pair, ExtensionType::kConnectionId));
        continue;
      }
      ExpectAgreement(pair, client_len, server_len);
      EXPECT_TRUE(pair.client_handshake->result().connection_ids.return_routability_check);
    }
  }
}

TEST(ConnectionIdNegotiation, OfferedEmptyUnlessToldNotTo) {
  ClientHelloFields fields;
  HandshakeConfig config = TestConfig();
  //= rfc9147#section-5.1
  //= type=test
  //# DTLS clients which do not want to receive a Connection ID SHOULD
  //# still offer the "connection_id" extension [RFC9146] unless there is
  //# an application profile to the contrary.
  ASSERT_TRUE(OfferConnectionId(config, &fields).ok());
  EXPECT_EQ(fields.connection_id, ConnectionId());
  //= draft-ietf-tls-dtls-rrc#section-3
  //= type=test
  //# A client offering
  //# the connection_id extension SHOULD also offer the rrc extension,
  //# unless the application using DTLS has its own address validation
  //# mechanism.
  EXPECT_TRUE(fields.return_routability_check);

  fields = {};
  config.connection_ids.use = false;
  //= draft-ietf-tls-dtls-rrc#section-3
  //= type=test
  //# A client
  //# offering the rrc extension MUST also offer the connection_id extension
  //# [RFC9146].
  ASSERT_TRUE(OfferConnectionId(config, &fields).ok());
  EXPECT_FALSE(fields.connection_id.has_value());
  EXPECT_FALSE(fields.return_routability_check);
}

TEST(ConnectionIdNegotiation, TheSecondHelloOffersTheSame) {
  HandshakeConfig server = WithReceiveLen(4);
  server.server.require_cookie = true;
  HandshakePair pair(WithReceiveLen(8), server);
  pair.Run();
  ASSERT_TRUE(pair.completed());
  ExpectAgreement(pair, 8, 4);
  std::vector<Bytes> offers;
  for (const auto& message : pair.client.sent) {
    if (message.type != HandshakeType::kClientHello) continue;
    ClientHello offer;
    ASSERT_TRUE(ReadClientHello(message.body, &offer).ok());
    ASSERT_TRUE(offer.connection_id.has_value());
    offers.emplace_back(offer.connection_id->begin(), offer.connection_id->end());
  }
  ASSERT_EQ(offers.size(), 2u);
  EXPECT_EQ(offers[0], offers[1]);
}

TEST(ConnectionIdNegotiation, RrcNeedsConnectionId) {
  HandshakePair pair(WithReceiveLen(8), WithReceiveLen(8));
  pair.tamper = [](HandshakePair::Flying* message) {
    if (message->type == HandshakeType::kClientHello) {
      RemoveExtension(message->type, &message->body, ExtensionType::kConnectionId);
    }
  };
  pair.Run();
  //= draft-ietf-tls-dtls-rrc#section-3
  //= type=test
  //# If the client includes the rrc extension in its ClientHello but omits
  //# the connection_id extension, the server MUST NOT include the rrc
  //# extension in its ServerHello.
  EXPECT_FALSE(ServerHelloHas(pair, ExtensionType::kReturnRoutabilityCheck));
  EXPECT_FALSE(ServerHelloHas(pair, ExtensionType::kConnectionId));
}

TEST(ConnectionIdNegotiation, RrcTakesBothSides) {
  //= draft-ietf-tls-dtls-rrc#section-3
  //= type=test
  //# The client and server MUST NOT use RRC unless both sides have
  //# successfully exchanged rrc extensions.
  for (const bool client_does : {false, true}) {
    HandshakeConfig client = WithReceiveLen(8), server = WithReceiveLen(8);
    client.connection_ids.return_routability_check = client_does;
    server.connection_ids.return_routability_check = !client_does;
    HandshakePair pair(client, server);
    pair.Run();
    ASSERT_TRUE(pair.completed());
    ExpectAgreement(pair, 8, 8);
    EXPECT_FALSE(pair.client_handshake->result().connection_ids.return_routability_check);
  }
}

TEST(ConnectionIdNegotiation, AServerMayRefuse) {
  HandshakeConfig server = WithReceiveLen(8);
  server.connection_ids.use = false;
  HandshakePair pair(WithReceiveLen(8), server);
  pair.Run();
  ASSERT_TRUE(pair.completed());
  EXPECT_FALSE(pair.client_handshake->result().connection_ids.negotiated);
  EXPECT_TRUE(pair.client_handshake->result().connection_ids.receive.empty());
}

TEST(ConnectionIdNegotiation, AFailingSourceFailsTheHandshake) {
  HandshakeConfig server = WithReceiveLen(8);
  server.connection_ids.source = std::make_shared<FailingSource>();
  HandshakePair pair(TestConfig(), server);
  pair.Run();
  EXPECT_EQ(pair.server.status.alert(), AlertDescription::kInternalError);
  EXPECT_EQ(NewClientHandshake(std::make_shared<HandshakeConfig>(server), {}), nullptr);
  EXPECT_EQ(NewClientHandshake(std::make_shared<HandshakeConfig>(WithReceiveLen(256)), {}),
            nullptr);
}

struct BadExtension {
  ExtensionType type;
  Bytes data;
  AlertDescription alert;
};

TEST(ConnectionIdNegotiation, MalformedInAnyHello) {
  const BadExtension kBad[] = {
      {ExtensionType::kConnectionId, {}, AlertDescription::kDecodeError},
      {ExtensionType::kConnectionId, {2, 1}, AlertDescription::kDecodeError},
      {ExtensionType::kConnectionId, {0, 1}, AlertDescription::kDecodeError},
      {ExtensionType::kReturnRoutabilityCheck, {0}, AlertDescription::kDecodeError},
  };
  for (const HandshakeType type : {HandshakeType::kClientHello, HandshakeType::kServerHello}) {
    for (const BadExtension& bad : kBad) {
      HandshakePair pair(WithReceiveLen(8), WithReceiveLen(8));
      pair.tamper = [&](HandshakePair::Flying* message) {
        if (message->type == type) SetExtension(type, &message->body, bad.type, bad.data);
      };
      pair.Run();
      const auto& reader = type == HandshakeType::kClientHello ? pair.server : pair.client;
      EXPECT_EQ(reader.status.alert(), bad.alert);
      EXPECT_FALSE(reader.status.ok());
    }
  }
}

TEST(ConnectionIdNegotiation, AnAnswerToNothing) {
  HandshakeConfig client = TestConfig();
  client.connection_ids.use = false;
  for (const ExtensionType type :
       {ExtensionType::kConnectionId, ExtensionType::kReturnRoutabilityCheck}) {
    HandshakePair pair(client, TestConfig());
    pair.tamper = [&](HandshakePair::Flying* message) {
      if (message->type == HandshakeType::kServerHello) {
        SetExtension(message->type, &message->body, type, {});
      }
    };
    pair.Run();
    EXPECT_EQ(pair.client.status.alert(), AlertDescription::kUnsupportedExtension);
  }
}

}  // namespace
}  // namespace dtls13
