// SPDX-License-Identifier: Apache-2.0
// server CERTIFICATE_FILE KEY_FILE: serves any number of clients on one UDP socket of loopback,
// whose port it prints, and sends back what they send.

#include <iostream>
#include <memory>
#include <string>

#include "dtls13/endpoint.h"
#include "dtls13/new_config.h"
#include "dtls13/signer.h"
#include "dtls13/udp_driver.h"

int Fail(const std::string& reason) {
  std::cerr << reason << std::endl;
  return 1;
}

int main(int argc, char** argv) {
  using dtls13::EventType;
  if (argc != 3) return Fail("usage: server CERTIFICATE_FILE KEY_FILE");
  const auto config = dtls13::NewServerConfig();
  if (!config) return Fail("libcrypto lacks what DTLS 1.3 needs");
  dtls13::HandshakeConfig& handshake = config->handshake;
  handshake.connection_ids.receive_len = 8;  // a client whose address changes stays known
  std::string error;
  const std::shared_ptr<const dtls13::Signer> signer =
      dtls13::Signer::LoadPem(handshake.algorithms, argv[2], &error);
  if (signer) handshake.credential = signer->LoadCredential(argv[1], &error);
  if (!handshake.credential) return Fail(error);
  const auto endpoint = dtls13::Endpoint::Create(
      {.config = config, .signer = signer, .idle_timeout = std::chrono::minutes(10)});
  const auto driver = dtls13::UdpDriver::Open({.address = "127.0.0.1:0"}, endpoint.get(), &error);
  if (!driver) return Fail(error);
  std::cout << "listening on " << driver->local_address().ToString() << std::endl;
  while (driver->Wait()) {
    while (const auto happened = endpoint->PollEvent()) {
      if (happened->type != dtls13::EndpointEventType::kEvent) continue;
      if (happened->event.type == EventType::kApplicationData) {
        endpoint->Send(happened->id, happened->event.data);
      } else if (happened->event.type == EventType::kPeerClosed) {
        endpoint->Close(happened->id);
      }
    }
  }
}
