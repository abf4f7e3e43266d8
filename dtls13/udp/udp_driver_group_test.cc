// SPDX-License-Identifier: Apache-2.0
// Several endpoints on one port of loopback, and a client whose address changes.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "dtls13/endpoint.h"
#include "dtls13/endpoint_number.h"
#include "dtls13/udp_driver.h"
#include "dtls13/wire/bytes_test_util.h"
#include "tests/sim/association_pair.h"

namespace dtls13 {
namespace {

constexpr Duration kStep = std::chrono::milliseconds(5);
constexpr size_t kNumServers = 4;

// The kernel steers, or the drivers hand over.
class UdpDriverGroupTest : public testing::TestWithParam<bool> {
 protected:
  UdpDriverGroupTest() : UdpDriverGroupTest(kRfc9147Profile) {}
  explicit UdpDriverGroupTest(const WireProfile& profile) {
    sim::PairOptions options = sim::DefaultPairOptions(/*seed=*/1, profile);
    // The shortest headers there are.
    options.client.omit_length = options.client.short_numbers = true;
    std::vector<Endpoint*> endpoints;
    for (uint8_t number = 0; number < kNumServers; ++number) {
      AssociationConfig config = options.server;
      config.handshake.connection_ids.receive_len = 8;
      config.handshake.connection_ids.source =
          std::make_shared<EndpointNumberConnectionIds>(number, nullptr, config.handshake.random);
      config.handshake.credential = identity_.credential();
      servers_.push_back(
          Endpoint::Create({.config = std::make_shared<const AssociationConfig>(std::move(config)),
                            .connects = false}));
      endpoints.push_back(servers_.back().get());
    }
    std::string error;
    server_drivers_ =
        UdpDriver::OpenGroup({.address = "127.0.0.1:0", .steers = GetParam()}, endpoints, &error);
    EXPECT_EQ(server_drivers_.size(), kNumServers) << error;
    client_ = Endpoint::Create(
        {.config = std::make_shared<const AssociationConfig>(options.client), .accepts = false});
    Move();
  }

  // Move gives the client another port.
  void Move() {
    std::string error;
    client_driver_ = UdpDriver::Open({.address = "127.0.0.1:0"}, client_.get(), &error);
    ASSERT_NE(client_driver_, nullptr) << error;
  }

  void Step() {
    client_driver_->Wait(kStep);
    while (const auto happened = client_->PollEvent()) {
      if (happened->type != EndpointEventType::kEvent) continue;
      if (happened->event.type == EventType::kVerifyPeer) {
        client_->Use(happened->id)->ProvideVerification(true, {}, client_driver_->Now());
      }
      if (happened->event.type == EventType::kConnected) is_connected_ = true;
    }
    client_driver_->Flush();
    for (size_t i = 0; i < kNumServers; ++i) {
      server_drivers_[i]->Wait(kStep);
      while (const auto happened = servers_[i]->PollEvent()) {
        if (happened->type != EndpointEventType::kEvent) continue;
        if (happened->event.type == EventType::kApplicationData) ++num_received_;
        if (happened->event.type != EventType::kSignatureWanted) continue;
        Association* const association = servers_[i]->Use(happened->id);
        const SignatureRequest& request = association->facts().signature_request;
        association->ProvideSignature(identity_.Sign(request.scheme, request.input),
                                      server_drivers_[i]->Now());
      }
      server_drivers_[i]->Flush();
    }
  }

  AssociationId ConnectedId() {
    const AssociationId id = client_->Connect(
        server_drivers_[0]->local_address().bytes(),
        {.server_name = "server.example", .now = client_driver_->WallNow()}, client_driver_->Now());
    EXPECT_NE(id, 0u);
    while (!is_connected_) Step();
    return id;
  }

  uint64_t NumHandedOver() const {
    uint64_t num = 0;
    for (const auto& driver : server_drivers_) num += driver->counters().handed_over;
    return num;
  }

  const sim::TestIdentity& identity_ = sim::TestIdentity::Get(sim::KeyType::kEcdsaP256);
  std::vector<std::unique_ptr<Endpoint>> servers_;
  std::vector<std::unique_ptr<UdpDriver>> server_drivers_;
  std::unique_ptr<Endpoint> client_;
  std::unique_ptr<UdpDriver> client_driver_;
  bool is_connected_ = false;
  size_t num_received_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Steers, UdpDriverGroupTest, testing::Bool());

TEST_P(UdpDriverGroupTest, AMovedClientFindsTheEndpointThatKnowsIt) {
  const AssociationId id = ConnectedId();
  // Each of so many ports is as likely to be any of the sockets' by the addresses alone.
  constexpr size_t kNumMoves = 40;
  for (size_t move = 1; move <= kNumMoves; ++move) {
    Move();
    ASSERT_EQ(client_->Send(id, ToBytes("hello")), SendOutcome::kQueued);
    while (num_received_ < move) Step();
  }
  uint64_t num_connected = 0;
  for (const auto& server : servers_) num_connected += server->counters().connected;
  EXPECT_EQ(num_connected, 1u);
  if (GetParam()) {
    EXPECT_EQ(NumHandedOver(), 0u);
  } else {
    EXPECT_GT(NumHandedOver(), 0u);
  }
}

class Draft26GroupTest : public UdpDriverGroupTest {
 protected:
  Draft26GroupTest() : UdpDriverGroupTest(kDraft26Profile) {}
};

INSTANTIATE_TEST_SUITE_P(Steers, Draft26GroupTest, testing::Bool());

// The draft has no Connection IDs, but short headers that begin as if they had: a client's records
// stay with the endpoint that its address leads to.
TEST_P(Draft26GroupTest, RecordsWithoutConnectionIdsAreNobodyElses) {
  const AssociationId id = ConnectedId();
  for (size_t i = 1; i <= 100; ++i) {
    ASSERT_EQ(client_->Send(id, ToBytes("hello")), SendOutcome::kQueued);
    while (num_received_ < i) Step();
  }
  EXPECT_EQ(NumHandedOver(), 0u);
}

TEST(UdpDriverGroupBoundsTest, APortHasSomeEndpointsAndNotTooMany) {
  std::string error;
  EXPECT_TRUE(UdpDriver::OpenGroup({}, {}, &error).empty());
  EXPECT_EQ(error, "A port has 1 to 32 endpoints.");
  const std::vector<Endpoint*> many(kMaxEndpoints + 1);
  EXPECT_TRUE(UdpDriver::OpenGroup({}, many, &error).empty());
}

// What a server answered would come to any of them.
TEST(UdpDriverGroupBoundsTest, EndpointsThatShareAPortDoNotConnect) {
  const auto config = std::make_shared<const AssociationConfig>(sim::DefaultPairOptions().server);
  const auto serves = Endpoint::Create({.config = config, .connects = false});
  const auto connects = Endpoint::Create({.config = config});
  const std::vector<Endpoint*> endpoints = {serves.get(), connects.get()};
  std::string error;
  EXPECT_TRUE(UdpDriver::OpenGroup({.address = "127.0.0.1:0"}, endpoints, &error).empty());
  EXPECT_EQ(error, "Endpoints that share a port do not connect (EndpointOptions::connects).");
  EXPECT_EQ(serves->Connect(Bytes{10, 0, 0, 1, 0, 1}, {}, Instant()), 0u);
  EXPECT_NE(connects->Connect(Bytes{10, 0, 0, 1, 0, 1}, {}, Instant()), 0u);
}

}  // namespace
}  // namespace dtls13
