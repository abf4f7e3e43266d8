// SPDX-License-Identifier: Apache-2.0
// client PORT CA_FILE: connects to a server on loopback whose certificate is for localhost, says
// hello, prints the answer and closes.

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "dtls13/association.h"
#include "dtls13/crypto/random_source.h"
#include "dtls13/peer_verifier.h"
#include "examples/udp_socket.h"

namespace {

using dtls13::EventType;
using examples::Now;
using examples::WallNow;

constexpr char kServerName[] = "localhost";
constexpr std::string_view kHello = "hello";

int Run(uint16_t port, const std::string& ca_file) {
  auto config = std::make_shared<dtls13::AssociationConfig>();
  config->handshake.algorithms = dtls13::Algorithms::Fetch(nullptr, nullptr);
  config->handshake.random = dtls13::SystemRandom(nullptr);
  std::string error;
  const auto verifier =
      dtls13::PeerVerifier::Create(config->handshake.algorithms, {.ca_file = ca_file}, &error);
  if (!verifier) {
    std::fprintf(stderr, "client: %s\n", error.c_str());
    return 1;
  }
  examples::UdpSocket socket(port);
  std::array<uint8_t, 2048> out;
  auto client =
      dtls13::Association::NewClient(config, {.server_name = kServerName, .now = WallNow()});
  const auto transmit = [&] {
    while (const size_t len = client->PollTransmit(out, Now())) socket.Send({out.data(), len});
  };
  for (;;) {
    transmit();
    while (const auto event = client->PollEvent()) {
      if (event->type == EventType::kVerifyPeer) {
        const auto result =
            verifier->Verify(client->facts().peer_certificates(), kServerName, WallNow());
        client->ProvideVerification(result.ok, result.alert, Now());
      } else if (event->type == EventType::kConnected) {
        transmit();  // Finished goes before the data
        size_t len = 0;
        client->Seal({reinterpret_cast<const uint8_t*>(kHello.data()), kHello.size()}, out, &len);
        socket.Send({out.data(), len});
      } else if (event->type == EventType::kApplicationData) {
        std::printf("%.*s\n", static_cast<int>(event->data.size()),
                    reinterpret_cast<const char*>(event->data.data()));
        client->Close();
      }
      transmit();
    }
    if (client->facts().failed) {
      std::fprintf(stderr, "client: the handshake failed\n");
      return 1;
    }
    if (client->facts().close_sent) return 0;
    const auto datagram = socket.Receive(client->NextTimeout());
    client->HandleTimeout(Now());
    client->HandleDatagram(datagram, Now());
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: client PORT CA_FILE\n");
    return 2;
  }
  return Run(static_cast<uint16_t>(std::atoi(argv[1])), argv[2]);
}
