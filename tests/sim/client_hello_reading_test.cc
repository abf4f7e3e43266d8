// SPDX-License-Identifier: Apache-2.0
// A server reads each ClientHello once: the readings are counted where the linker joins the callers
// to them (--wrap in BUILD), so that the product itself counts nothing.

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "dtls13/endpoint.h"
#include "dtls13/message/client_hello.h"
#include "dtls13/session/psk.h"
#include "dtls13/transmit_each.h"
#include "dtls13/wire/bytes_test_util.h"
#include "dtls13/wire/plaintext_handshake.h"
#include "tests/sim/association_pair.h"

namespace dtls13 {

// The symbols that --wrap makes of ReadClientHello and ParseClientHello.
Status
RealReadClientHello(std::span<const uint8_t> body, ClientHello* out, const WireProfile& profile) __asm__(
    "__real__ZN6dtls1315ReadClientHelloESt4spanIKhLm18446744073709551615EEPNS_11ClientHelloERKNS_"
    "11WireProfileE");
Status
CountedReadClientHello(std::span<const uint8_t> body, ClientHello* out, const WireProfile& profile) __asm__(
    "__wrap__ZN6dtls1315ReadClientHelloESt4spanIKhLm18446744073709551615EEPNS_11ClientHelloERKNS_"
    "11WireProfileE");
std::optional<ClientHello> RealParseClientHello(std::span<const uint8_t> body) __asm__(
    "__real__ZN6dtls1316ParseClientHelloESt4spanIKhLm18446744073709551615EE");
std::optional<ClientHello> CountedParseClientHello(std::span<const uint8_t> body) __asm__(
    "__wrap__ZN6dtls1316ParseClientHelloESt4spanIKhLm18446744073709551615EE");

namespace {
int num_readings = 0;
}  // namespace

Status CountedReadClientHello(std::span<const uint8_t> body, ClientHello* out,
                              const WireProfile& profile) {
  ++num_readings;
  return RealReadClientHello(body, out, profile);
}

std::optional<ClientHello> CountedParseClientHello(std::span<const uint8_t> body) {
  ++num_readings;
  return RealParseClientHello(body);
}

namespace sim {
namespace {

constexpr WallTime kNow{std::chrono::seconds(1'700'000'000)};
const Bytes kAddress = {1, 2, 3};

Psk SharedKey() {
  auto psk = std::make_shared<ExternalPsk>();
  psk->identity = {'m', 'e'};
  psk->key = PskKey::CopyOf(Bytes(32, 7));
  return Psk(std::shared_ptr<const ExternalPsk>(std::move(psk)));
}

class ClientHelloReadingTest : public testing::Test {
 protected:
  ClientHelloReadingTest() : options_(DefaultPairOptions()) {
    options_.server.handshake.credential = identity_.credential();
    num_readings = 0;
  }

  // Run makes a handshake through an endpoint, and returns whether it came to its end.
  bool Run(ClientParameters parameters = {}) {
    const auto client = Association::NewClient(std::make_shared<AssociationConfig>(options_.client),
                                               std::move(parameters));
    const auto endpoint =
        Endpoint::Create({.config = std::make_shared<AssociationConfig>(options_.server)});
    bool connected = false;
    for (bool more = true; more;) {
      more = false;
      Bytes datagram(2048);
      while (const size_t len = client->PollTransmit(datagram, Instant())) {
        Bytes sent(datagram.begin(), datagram.begin() + static_cast<std::ptrdiff_t>(len));
        if (FindClientHello(sent)) ++num_hello_datagrams_;
        const ReceivedDatagrams received{.peer_address = kAddress, .bytes = sent};
        endpoint->HandleDatagrams({&received, 1}, Instant(), kNow);
        while (const auto event = endpoint->PollEvent()) Answer(endpoint.get(), *event);
        more = true;
      }
      TransmitEach(endpoint.get(), Instant(), [&](const auto&, const auto& reply) {
        Bytes received = ToBytes(reply);
        client->HandleDatagram(received, Instant());
        more = true;
      });
      while (const auto event = client->PollEvent()) {
        connected |= event->type == EventType::kConnected;
        if (event->type == EventType::kVerifyPeer) {
          client->ProvideVerification(true, {}, Instant());
          more = true;
        }
      }
    }
    return connected;
  }

  void Answer(Endpoint* endpoint, const EndpointEvent& event) {
    if (event.type != EndpointEventType::kEvent) return;
    Association* const server = endpoint->Use(event.id);
    if (event.event.type == EventType::kSignatureWanted) {
      const SignatureRequest& request = server->facts().signature_request;
      server->ProvideSignature(identity_.Sign(request.scheme, request.input), Instant());
    } else if (event.event.type == EventType::kPskWanted) {
      ++num_psks_wanted_;
      server->ProvidePsk(0, SharedKey(), Instant());
    }
  }

  const TestIdentity& identity_ = TestIdentity::Get(KeyType::kEcdsaP256);
  PairOptions options_;
  int num_hello_datagrams_ = 0;
  int num_psks_wanted_ = 0;
};

TEST_F(ClientHelloReadingTest, OnceEachInACookieExchange) {
  ASSERT_TRUE(Run());
  EXPECT_EQ(num_hello_datagrams_, 2);
  EXPECT_EQ(num_readings, 2);
}

TEST_F(ClientHelloReadingTest, OnceEachWhereACallerLooksForThePsk) {
  options_.server.handshake.server.ask_psk = true;
  ASSERT_TRUE(Run({.psks = {SharedKey()}, .now = kNow}));
  EXPECT_EQ(num_psks_wanted_, 1);
  EXPECT_EQ(num_hello_datagrams_, 2);
  EXPECT_EQ(num_readings, 2);
}

TEST_F(ClientHelloReadingTest, OnceEachInPieces) {
  options_.client.mtu = kMinMtu;
  options_.client.handshake.client.initial_key_shares = {NamedGroup::kX25519,
                                                         NamedGroup::kSecp521r1};
  ASSERT_TRUE(Run());
  EXPECT_GE(num_hello_datagrams_, 4);
  EXPECT_EQ(num_readings, 2);
}

// The counting itself, without a server's front door.
TEST_F(ClientHelloReadingTest, ADatagramOfAnAssociationIsReadOnce) {
  options_.server.handshake.server.require_cookie = false;
  const auto client =
      Association::NewClient(std::make_shared<AssociationConfig>(options_.client), {});
  const auto server = Association::NewServer(std::make_shared<AssociationConfig>(options_.server),
                                             {.peer_address = kAddress, .now = kNow});
  Bytes datagram(2048);
  datagram.resize(client->PollTransmit(datagram, Instant()));
  server->HandleDatagram(datagram, Instant());
  const std::optional<Event> event = server->PollEvent();
  ASSERT_TRUE(event);
  EXPECT_EQ(event->type, EventType::kSignatureWanted);
  EXPECT_EQ(num_readings, 1);
}

}  // namespace
}  // namespace sim
}  // namespace dtls13
