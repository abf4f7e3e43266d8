// SPDX-License-Identifier: Apache-2.0
// client PORT CA_FILE: connects to a server on loopback whose certificate is for localhost, says
// hello, prints the answer and closes.

#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>

#include "dtls13/association.h"
#include "dtls13/new_config.h"
#include "dtls13/peer_verifier.h"
#include "examples/udp_socket.h"

int main(int argc, char** argv) {
  using dtls13::EventType;
  if (argc != 3) return examples::Fail("usage: client PORT CA_FILE");
  const auto config = dtls13::NewConfig();
  if (!config) return examples::Fail("libcrypto lacks what DTLS 1.3 needs");
  std::string error;
  const auto verifier =
      dtls13::PeerVerifier::Create(config->handshake.algorithms, {.ca_file = argv[2]}, &error);
  if (!verifier) return examples::Fail(error);
  const auto client = dtls13::Association::NewClient(
      config, {.server_name = "localhost", .now = examples::WallNow()});
  examples::UdpSocket socket(static_cast<uint16_t>(std::atoi(argv[1])));
  do {
    while (const auto event = socket.NextEvent(*client)) {
      if (event->type == EventType::kVerifyPeer) {
        const auto result =
            verifier->Verify(client->facts().peer_certificates(), "localhost", examples::WallNow());
        client->ProvideVerification(result.ok, result.alert, examples::Now());
      } else if (event->type == EventType::kConnected) {
        socket.SendData(*client, examples::BytesOf("hello"));
      } else if (event->type == EventType::kApplicationData) {
        std::cout << examples::TextOf(event->data) << std::endl;
        client->Close();
      }
    }
  } while (socket.Wait(*client));
  return client->facts().failed ? examples::Fail("the handshake failed") : 0;
}
