// SPDX-License-Identifier: Apache-2.0
#include "tools/bench/handshake_runner.h"

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <span>
#include <utility>

namespace dtls13::bench {

void Die(const char* what) {
  std::fprintf(stderr, "handshake: %s\n", what);
  std::exit(1);
}

HandshakeRunner::HandshakeRunner(sim::PairOptions options, const sim::TestIdentity& identity,
                                 bool resumes)
    : identity_(identity), psks_(options.client_psks) {
  options.server.handshake.credential = identity.credential();
  options.server.handshake.server.ask_psk = !psks_.empty();
  client_ = std::make_shared<AssociationConfig>(options.client);
  server_ = std::make_shared<AssociationConfig>(options.server);
  if (!resumes) return;
  Ends ends = Start();
  Finish(ends, nullptr);
  if (ticket_ == nullptr) Die("a server gave no ticket");
  psks_ = {Psk(ticket_)};
}

Ends HandshakeRunner::Start() const {
  ClientParameters client;
  client.psks = psks_;
  return {Association::NewClient(client_, std::move(client)),
          Association::NewServer(server_, ServerParameters())};
}

void HandshakeRunner::Finish(Ends& ends, Traffic* traffic) {
  bool carried = true;
  while (carried) {
    carried = Carry(*ends.client, *ends.server, traffic, 0);
    carried = Carry(*ends.server, *ends.client, traffic, 1) || carried;
  }
  if (!ends.client->facts().connected || !ends.server->facts().connected)
    Die("a handshake did not complete");
}

bool HandshakeRunner::Carry(Association& from, Association& to, Traffic* traffic, int direction) {
  bool carried = false;
  while (const size_t len = from.PollTransmit(buffer_, Instant())) {
    carried = true;
    if (traffic != nullptr) {
      ++traffic->datagrams[direction];
      traffic->bytes[direction] += len;
    }
    to.HandleDatagram(std::span(buffer_).first(len), Instant());
    Answer(to);
  }
  return carried;
}

void HandshakeRunner::Answer(Association& association) {
  while (std::optional<Event> event = association.PollEvent()) {
    if (event->type == EventType::kSignatureWanted) {
      const SignatureRequest& request = association.facts().signature_request;
      association.ProvideSignature(identity_.Sign(request.scheme, request.input), Instant());
    } else if (event->type == EventType::kVerifyPeer) {
      association.ProvideVerification(true, AlertDescription::kUnknownCa, Instant());
    } else if (event->type == EventType::kPskWanted) {
      association.ProvidePsk(0, psks_.front(), Instant());
    } else if (event->type == EventType::kTicket) {
      ticket_ = event->session;
    } else if (event->type == EventType::kFailed) {
      Die("a handshake failed");
    }
  }
}

}  // namespace dtls13::bench
