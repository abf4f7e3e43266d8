// SPDX-License-Identifier: Apache-2.0
#include "dtls13/udp_driver.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "dtls13/endpoint.h"
#include "dtls13/udp/udp_socket.h"
#include "dtls13/wire/bytes_test_util.h"
#include "tests/sim/association_pair.h"

namespace dtls13 {
namespace {

constexpr Duration kStep = std::chrono::milliseconds(20);

// A server and a client, each an endpoint with a driver, on loopback in one thread; the server
// sends back what comes.
class UdpDriverTest : public testing::TestWithParam<bool> {
 protected:
  UdpDriverTest() {
    sim::PairOptions options = sim::DefaultPairOptions();
    options.server.handshake.credential = identity_.credential();
    server_ = Endpoint::Create(
        {.config = std::make_shared<const AssociationConfig>(std::move(options.server))});
    client_ = Endpoint::Create(
        {.config = std::make_shared<const AssociationConfig>(std::move(options.client)),
         .accepts = false});
    server_driver_ = Open(server_.get());
    client_driver_ = Open(client_.get());
  }

  std::unique_ptr<UdpDriver> Open(Endpoint* endpoint) {
    std::string error;
    auto driver =
        UdpDriver::Open({.address = "127.0.0.1:0", .offload = GetParam()}, endpoint, &error);
    EXPECT_NE(driver, nullptr) << error;
    return driver;
  }

  AssociationId Connect() {
    return client_->Connect(server_driver_->local_address().bytes(),
                            {.server_name = "server.example", .now = client_driver_->WallNow()},
                            client_driver_->Now(), nullptr);
  }

  // Step waits a little at each end, and does what is to be done there.
  void Step() {
    StepClient();
    StepServer();
  }

  void StepClient() {
    ASSERT_TRUE(client_driver_->Wait(kStep));
    while (const auto happened = client_->PollEvent()) {
      if (happened->type != EndpointEventType::kEvent) continue;
      if (happened->event.type == EventType::kVerifyPeer) {
        client_->Use(happened->id)->ProvideVerification(true, {}, client_driver_->Now());
      }
      if (happened->event.type == EventType::kConnected) is_connected_ = true;
      if (happened->event.type == EventType::kApplicationData) {
        echoes_.emplace_back(happened->event.data.begin(), happened->event.data.end());
      }
      if (happened->event.type == EventType::kPeerClosed) is_closed_ = true;
    }
    client_driver_->Flush();
  }

  void StepServer() {
    ASSERT_TRUE(server_driver_->Wait(kStep));
    while (const auto happened = server_->PollEvent()) {
      if (happened->type != EndpointEventType::kEvent) continue;
      if (happened->event.type == EventType::kSignatureWanted) {
        Association* const association = server_->Use(happened->id);
        const SignatureRequest& request = association->facts().signature_request;
        association->ProvideSignature(identity_.Sign(request.scheme, request.input),
                                      server_driver_->Now());
      }
      if (happened->event.type == EventType::kApplicationData) {
        EXPECT_EQ(server_->Send(happened->id, happened->event.data), SendOutcome::kQueued);
      }
      if (happened->event.type == EventType::kPeerClosed) server_->Close(happened->id);
    }
    server_driver_->Flush();
  }

  const sim::TestIdentity& identity_ = sim::TestIdentity::Get(sim::KeyType::kEcdsaP256);
  std::unique_ptr<Endpoint> server_;
  std::unique_ptr<Endpoint> client_;
  std::unique_ptr<UdpDriver> server_driver_;
  std::unique_ptr<UdpDriver> client_driver_;
  bool is_connected_ = false;
  bool is_closed_ = false;
  std::vector<Bytes> echoes_;
};

INSTANTIATE_TEST_SUITE_P(Offload, UdpDriverTest, testing::Bool());

TEST_P(UdpDriverTest, WhatIsNotPolledGoesWithTheDriver) {
  Connect();
  client_driver_->Flush();
  ASSERT_TRUE(server_driver_->Wait(std::chrono::seconds(10)));
  server_driver_.reset();
  EXPECT_FALSE(server_->PollEvent());
  EXPECT_EQ(server_->counters()[InputCount::kRetried], 0u);
}

TEST_P(UdpDriverTest, AHandshakeDataBothWaysAndTheEnd) {
  const AssociationId id = Connect();
  ASSERT_NE(id, 0u);
  while (!is_connected_) Step();
  constexpr size_t kNum = 200;
  const size_t len = client_->MaxPlaintext(id);
  for (size_t i = 0; i < kNum; ++i) {
    ASSERT_EQ(client_->Send(id, Bytes(len, static_cast<uint8_t>(i))), SendOutcome::kQueued);
  }
  while (echoes_.size() < kNum) Step();
  for (size_t i = 0; i < kNum; ++i) EXPECT_EQ(echoes_[i], Bytes(len, static_cast<uint8_t>(i)));
  if (client_driver_->uses_offload()) {
    EXPECT_LT(client_driver_->counters().send_calls, kNum / 2);
  }
  client_->Close(id);
  while (!is_closed_) Step();
  EXPECT_EQ(server_->counters().connected, 1u);
  EXPECT_EQ(server_->counters()[InputCount::kRetried], 1u);
  EXPECT_EQ(server_->counters()[InputCount::kAccepted], 1u);
}

// A process that was held up finds its timers over and the ACK that they wait for in the socket,
// behind more than one call receives.
TEST_P(UdpDriverTest, TimersWaitForWhatIsInTheSocket) {
  const AssociationId id = Connect();
  for (StepClient(); !is_connected_; StepClient()) StepServer();
  // Its Finished is sent; the answer comes behind what strangers send.
  std::string error;
  const auto stranger = UdpSocket::Open({.address = "127.0.0.1:0"}, &error);
  ASSERT_NE(stranger, nullptr) << error;
  const UdpAddress to = client_driver_->local_address();
  constexpr size_t kNum = 50;
  for (size_t i = 0; i < kNum; ++i) {
    const Bytes garbage(1 + i, 0x2f);
    const OutputBatch batch{
        .peer_address = to.bytes(), .bytes = garbage, .segment_len = garbage.size()};
    ASSERT_EQ(stranger->Send({&batch, 1}), 1u);
  }
  ASSERT_TRUE(client_->Use(id)->facts().has_unacked);
  const uint64_t num_sent = client_->counters().datagrams_out;
  while (server_->counters().connected == 0) StepServer();
  std::this_thread::sleep_for(client_->Use(id)->facts().retransmit_timer.value +
                              std::chrono::milliseconds(10));
  while (client_->Use(id)->facts().has_unacked) StepClient();
  EXPECT_EQ(client_->counters().datagrams_out, num_sent);
  EXPECT_EQ(client_->counters()[InputCount::kUnknownAddress], kNum) << "the ACK was not behind";
}

TEST_P(UdpDriverTest, StopEndsAWaitOfAnotherThread) {
  std::thread waiting([this] {
    while (server_driver_->Wait()) {
    }
  });
  server_driver_->Stop();
  waiting.join();
  EXPECT_FALSE(server_driver_->Wait());
}

// A caller's own loop: the driver's descriptor says when there is something to do.
TEST_P(UdpDriverTest, ItsDescriptorIsReadableWhenDatagramsCame) {
  pollfd readable{.fd = server_driver_->fd(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(poll(&readable, 1, 0), 0);
  EXPECT_EQ(server_driver_->WaitTime(), UdpDriver::kForever);
  Connect();
  client_driver_->Flush();
  EXPECT_EQ(poll(&readable, 1, 5000), 1);
  EXPECT_TRUE(server_driver_->Wait(Duration::zero()));
  EXPECT_FALSE(server_->PollEvent());
  EXPECT_EQ(server_->counters()[InputCount::kRetried], 1u);
  EXPECT_NE(client_driver_->WaitTime(), UdpDriver::kForever);
}

}  // namespace
}  // namespace dtls13
