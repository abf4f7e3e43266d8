// SPDX-License-Identifier: Apache-2.0
// publishers PORT CA NUMBER ROUNDS PER_SECOND: so many publishers, each with a socket of its own
// and a Message Publisher ID from 1 on, connect to the receiver on 127.0.0.1, all stay, and publish
// a notification each in every round, so many a second in all. Then they close.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "dtls13/endpoint.h"
#include "dtls13/peer_verifier.h"
#include "dtls13/udp_driver.h"
#include "udp_notif/dtls_settings.h"
#include "udp_notif/publisher.h"

namespace dtls13::udp_notif {
namespace {

// Handshakes at once: as many as a receiver answers while a publisher waits for a second.
constexpr size_t kWave = 50;
constexpr std::chrono::seconds kWaveLimit(60);

struct Node {
  std::unique_ptr<Endpoint> endpoint;
  std::unique_ptr<UdpDriver> driver;
  std::unique_ptr<Publisher> publisher;

  void Work() {
    driver->Wait(Duration::zero());
    while (const auto event = endpoint->PollEvent()) publisher->HandleEvent(*event);
    driver->Flush();
  }
};

[[noreturn]] void Fail(const std::string& text) {
  std::fprintf(stderr, "publishers: %s\n", text.c_str());
  std::exit(1);
}

Node Connected(const EndpointOptions& options, const UdpAddress& receiver, uint32_t publisher_id) {
  Node node;
  std::string error;
  node.endpoint = Endpoint::Create(options);
  node.driver =
      UdpDriver::Open({.address = "127.0.0.1:0", .receive_buffer_len = 0, .send_buffer_len = 0},
                      node.endpoint.get(), &error);
  if (!node.driver) Fail(error);
  node.publisher = std::make_unique<Publisher>(node.endpoint.get(),
                                               PublisherOptions{.publisher_id = publisher_id});
  ClientParameters parameters;
  parameters.server_name = "localhost";
  parameters.now = node.driver->WallNow();
  node.publisher->Connect(receiver.bytes(), std::move(parameters), node.driver->Now());
  return node;
}

void AwaitWave(std::vector<Node>* nodes, size_t begin) {
  const auto limit = std::chrono::steady_clock::now() + kWaveLimit;
  for (bool all = false; !all;) {
    all = true;
    for (size_t i = begin; i < nodes->size(); ++i) {
      Node& node = (*nodes)[i];
      if (node.publisher->is_connected()) continue;
      node.Work();
      if (node.publisher->is_over()) Fail("a handshake failed.");
      all = all && node.publisher->is_connected();
    }
    if (std::chrono::steady_clock::now() > limit) Fail("the receiver does not answer.");
  }
}

void PublishRounds(std::vector<Node>* nodes, int num_rounds, int per_second) {
  const auto start = std::chrono::steady_clock::now();
  int64_t num_published = 0;
  const std::string text = R"({"interface":{"name":"eth0","oper-status":"up"}})";
  const std::vector<uint8_t> notification(text.begin(), text.end());
  for (int round = 0; round < num_rounds; ++round) {
    for (Node& node : *nodes) {
      std::this_thread::sleep_until(
          start + std::chrono::microseconds(1'000'000 * num_published / per_second));
      if (node.publisher->Publish(notification) != PublishOutcome::kTaken) {
        Fail("a publisher could not publish.");
      }
      node.publisher->Flush();
      node.Work();
      ++num_published;
    }
  }
}

int Run(char** argv) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  const auto receiver = UdpAddress::Parse(std::string("127.0.0.1:") + argv[1]);
  const auto config = PublisherSettings();
  EndpointOptions options = PublisherEndpointOptions(config);
  std::string error;
  options.server_verifier =
      PeerVerifier::Create(config->handshake.algorithms, {.ca_file = argv[2]}, &error);
  if (!receiver || !options.server_verifier) Fail("no receiver, or no authority. " + error);
  const auto first_id = static_cast<size_t>(std::atoi(argv[3]));
  const auto num_publishers = static_cast<size_t>(std::atoi(argv[4]));
  std::vector<Node> nodes;
  nodes.reserve(num_publishers);
  const auto start = std::chrono::steady_clock::now();
  while (nodes.size() < num_publishers) {
    const size_t begin = nodes.size();
    while (nodes.size() < std::min(begin + kWave, num_publishers)) {
      nodes.push_back(
          Connected(options, *receiver, static_cast<uint32_t>(first_id + nodes.size())));
    }
    AwaitWave(&nodes, begin);
  }
  const auto connected = std::chrono::steady_clock::now();
  PublishRounds(&nodes, std::atoi(argv[5]), std::atoi(argv[6]));
  const auto published = std::chrono::steady_clock::now();
  for (Node& node : nodes) {
    node.publisher->Close();
    node.driver->Flush();
  }
  const auto ms = [](auto duration) {
    return static_cast<long long>(
        std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
  };
  std::printf("%zu publishers connected in %lld ms and published in %lld ms\n", num_publishers,
              ms(connected - start), ms(published - connected));
  return 0;
}

}  // namespace
}  // namespace dtls13::udp_notif

int main(int argc, char** argv) {
  if (argc != 7) {
    std::fprintf(stderr, "usage: publishers PORT CA FIRST NUMBER ROUNDS PER_SECOND\n");
    return 2;
  }
  return dtls13::udp_notif::Run(argv);
}
