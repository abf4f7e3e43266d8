// SPDX-License-Identifier: Apache-2.0
// server CERTIFICATE_FILE KEY_FILE: serves any number of clients on one UDP socket of loopback,
// whose port it prints, and sends back what they send.

#include <array>
#include <cstdio>
#include <memory>
#include <string>

#include "dtls13/association_table.h"
#include "dtls13/crypto/random_source.h"
#include "dtls13/session/cookie.h"
#include "dtls13/signer.h"
#include "examples/udp_socket.h"

namespace {

using dtls13::EventType;
using examples::Now;
using examples::WallNow;

int Run(const std::string& certificate_file, const std::string& key_file) {
  auto config = std::make_shared<dtls13::AssociationConfig>();
  dtls13::HandshakeConfig& handshake = config->handshake;
  handshake.algorithms = dtls13::Algorithms::Fetch(nullptr, nullptr);
  handshake.random = dtls13::SystemRandom(nullptr);
  handshake.server.cookie_keys =
      dtls13::CookieKeyring::Create(handshake.algorithms, handshake.random, {});
  std::string error;
  const auto signer = dtls13::Signer::LoadPem(handshake.algorithms, key_file, &error);
  if (signer) handshake.credential = signer->LoadCredential(certificate_file, &error);
  if (!handshake.credential) {
    std::fprintf(stderr, "server: %s\n", error.c_str());
    return 1;
  }
  dtls13::AssociationTable table(config, {});
  examples::UdpSocket socket(std::nullopt);
  std::printf("listening on 127.0.0.1:%d\n", socket.port());
  std::fflush(stdout);
  std::array<uint8_t, 2048> out;
  for (;;) {
    for (bool again = true; again;) {
      again = false;
      while (const auto datagram = table.PollTransmit(out, Now())) {
        socket.SendTo({out.data(), datagram->len}, datagram->peer_address);
      }
      while (const auto happened = table.PollEvent()) {
        again = true;
        dtls13::Association* client = table.Use(happened->id);
        if (client == nullptr || happened->type != dtls13::TableEventType::kEvent) continue;
        if (happened->event.type == EventType::kSignatureWanted) {
          const auto& request = client->facts().signature_request;
          const auto signature = signer->Sign(request.scheme, request.input);
          client->ProvideSignature(signature.value_or(std::vector<uint8_t>()), Now());
        } else if (happened->event.type == EventType::kApplicationData) {
          size_t len = 0;
          client->Seal(happened->event.data, out, &len);
          socket.SendTo({out.data(), len}, table.peer_address(happened->id));
        } else if (happened->event.type == EventType::kPeerClosed) {
          client->Close();
        }
      }
    }
    const auto datagram = socket.Receive(table.NextTimeout());
    table.HandleTimeout(Now());
    if (!datagram.empty()) table.HandleDatagram(socket.sender(), datagram, Now(), WallNow());
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: server CERTIFICATE_FILE KEY_FILE\n");
    return 2;
  }
  return Run(argv[1], argv[2]);
}
