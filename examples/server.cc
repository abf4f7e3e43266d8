// SPDX-License-Identifier: Apache-2.0
// server CERTIFICATE_FILE KEY_FILE: serves any number of clients on one UDP socket of loopback,
// whose port it prints, and sends back what they send.

#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dtls13/association_table.h"
#include "dtls13/crypto/random_source.h"
#include "dtls13/session/cookie.h"
#include "dtls13/signer.h"
#include "examples/udp_socket.h"

int main(int argc, char** argv) {
  using dtls13::EventType;
  if (argc != 3) return examples::Fail("usage: server CERTIFICATE_FILE KEY_FILE");
  auto config = std::make_shared<dtls13::AssociationConfig>();
  dtls13::HandshakeConfig& handshake = config->handshake;
  handshake.algorithms = dtls13::Algorithms::Fetch(nullptr, nullptr);
  handshake.random = dtls13::SystemRandom(nullptr);
  handshake.server.cookie_keys =
      dtls13::CookieKeyring::Create(handshake.algorithms, handshake.random, {});
  std::string error;
  const auto signer = dtls13::Signer::LoadPem(handshake.algorithms, argv[2], &error);
  if (signer) handshake.credential = signer->LoadCredential(argv[1], &error);
  if (!handshake.credential) return examples::Fail(error);
  dtls13::AssociationTable table(config, {});
  examples::UdpSocket socket(std::nullopt);
  std::cout << "listening on 127.0.0.1:" << socket.port() << std::endl;
  for (;; socket.Wait(table)) {
    while (const auto happened = socket.NextEvent(table)) {
      dtls13::Association* client = table.Use(happened->id);
      if (client == nullptr || happened->type != dtls13::TableEventType::kEvent) continue;
      const dtls13::Event& event = happened->event;
      if (event.type == EventType::kSignatureWanted) {
        const auto& request = client->facts().signature_request;
        const auto signature = signer->Sign(request.scheme, request.input);
        client->ProvideSignature(signature.value_or(std::vector<uint8_t>()), examples::Now());
      } else if (event.type == EventType::kApplicationData) {
        socket.SendData(*client, event.data, table.peer_address(happened->id));
      } else if (event.type == EventType::kPeerClosed) {
        client->Close();
      }
    }
  }
}
