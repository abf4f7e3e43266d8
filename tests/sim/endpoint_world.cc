// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/endpoint_world.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "dtls13/transmit_each.h"

namespace dtls13::sim {

EndpointWorld::EndpointWorld(EndpointOptions endpoint_options, double loss, uint64_t seed,
                             bool large_hellos, size_t connection_id_len,
                             const WireProfile& profile)
    : options_(DefaultPairOptions(seed, profile)), random_(seed), loss_(loss) {
  options_.server.handshake.connection_ids.receive_len = connection_id_len;
  if (large_hellos) {
    // In bytes, what a post-quantum share is at an ordinary MTU: two datagrams for a hello.
    options_.client.mtu = kMinMtu;
    options_.client.handshake.client.initial_key_shares = {NamedGroup::kX25519,
                                                           NamedGroup::kSecp521r1};
  }
  options_.server.handshake.credential = identity_.credential();
  client_config_ = std::make_shared<AssociationConfig>(options_.client);
  endpoint_options.config = std::make_shared<AssociationConfig>(options_.server);
  endpoint_ = Endpoint::Create(std::move(endpoint_options));
}

bool EndpointWorld::AllServed() const {
  return std::all_of(clients_.begin(), clients_.end(),
                     [](const auto& entry) { return entry.second.served; });
}

WallTime EndpointWorld::WallNow() const {
  return WallTime(seconds(1'700'000'000)) +
         std::chrono::duration_cast<seconds>(now_.time_since_epoch());
}

// --- Clients

EndpointWorld::Client& EndpointWorld::AddClient() {
  const auto index = static_cast<uint8_t>(clients_.size());
  const Bytes address = {10, static_cast<uint8_t>(clients_.size() >> 8), index, 0x12, 0x34};
  Client& client = clients_[address];
  client.address = address;
  Start(client);
  return client;
}

void EndpointWorld::Start(Client& client) {
  client.association = Association::NewClient(client_config_, {.server_name = "server.example"});
  client.connected = client.served = false;
  FlushClient(client);
}

void EndpointWorld::Say(Client& client, std::string_view text) {
  std::array<uint8_t, 2048> buffer;
  size_t len = 0;
  ASSERT_EQ(client.association->Seal(ToBytes(text), buffer, &len), SendResult::kSealed);
  SendFromClient(client, std::span(buffer).first(len));
}

EndpointWorld::Client& EndpointWorld::Move(Client& client, const Bytes& address) {
  auto node = clients_.extract(client.address);
  node.key() = node.mapped().address = address;
  return clients_.insert(std::move(node)).position->second;
}

void EndpointWorld::SendFromClient(Client& client, std::span<const uint8_t> bytes) {
  client.sent.emplace_back(bytes.begin(), bytes.end());
  Send({.to_server = true, .address = client.address, .bytes = client.sent.back()});
}

void EndpointWorld::FlushClient(Client& client) {
  std::array<uint8_t, 2048> buffer;
  for (bool more = true; more;) {
    more = false;
    while (const size_t len = client.association->PollTransmit(buffer, now_)) {
      SendFromClient(client, std::span(buffer).first(len));
    }
    while (const auto event = client.association->PollEvent()) {
      more = true;
      if (event->type == EventType::kVerifyPeer) {
        client.association->ProvideVerification(true, AlertDescription::kUnknownCa, now_);
      } else if (event->type == EventType::kConnected) {
        client.connected = true;
      } else if (event->type == EventType::kApplicationData) {
        client.served = true;
      } else if (event->type == EventType::kFailed) {
        client.failure = event->status;
      }
    }
  }
}

// --- The server

void EndpointWorld::ToServer(const Bytes& address, std::span<const uint8_t> bytes) {
  Bytes datagram(bytes.begin(), bytes.end());
  const ReceivedDatagrams received{.peer_address = address, .bytes = datagram};
  endpoint_->HandleDatagrams({&received, 1}, now_, WallNow());
  FlushServer();
}

void EndpointWorld::FlushServer() {
  while (const auto event = endpoint_->PollEvent()) HandleServerEvent(*event);
  TransmitEach(endpoint_.get(), now_, [this](const auto& to, const auto& bytes) {
    Send({.to_server = false, .address = ToBytes(to), .bytes = ToBytes(bytes)});
  });
}

void EndpointWorld::HandleServerEvent(const EndpointEvent& event) {
  if (event.type == EndpointEventType::kAccepted) ++num_accepted_;
  if (event.type == EndpointEventType::kGone) gone_.push_back(event);
  if (event.type != EndpointEventType::kEvent) return;
  if (event.event.type == EventType::kSignatureWanted) {
    Association* const association = endpoint_->Use(event.id);
    const SignatureRequest& request = association->facts().signature_request;
    association->ProvideSignature(identity_.Sign(request.scheme, request.input), now_);
  } else if (event.event.type == EventType::kApplicationData) {
    ++num_received_;
    endpoint_->Send(event.id, event.event.data);
  }
}

// --- The network

void EndpointWorld::Send(Datagram datagram) {
  if (std::uniform_real_distribution<>(0, 100)(random_) < loss_) return;
  const auto delay = milliseconds(5 + random_() % 20);
  network_.emplace(now_ + delay, std::move(datagram));
}

void EndpointWorld::RunFor(Duration duration) {
  const Instant until = now_ + duration;
  while (Step(until)) {
  }
  now_ = until;
}

bool EndpointWorld::Step(Instant until) {
  std::optional<Instant> next = endpoint_->NextTimeout();
  const auto consider = [&next](std::optional<Instant> at) {
    if (at && (!next || *at < *next)) next = at;
  };
  if (!network_.empty()) consider(network_.begin()->first);
  for (auto& [address, client] : clients_) consider(client.association->NextTimeout());
  consider(next_question_);
  if (!next || *next > until) return false;
  now_ = std::max(now_, *next);
  while (!network_.empty() && network_.begin()->first <= now_) {
    const Datagram datagram = std::move(network_.begin()->second);
    network_.erase(network_.begin());
    Deliver(datagram);
  }
  endpoint_->HandleTimeout(now_);
  FlushServer();
  for (auto& [address, client] : clients_) {
    client.association->HandleTimeout(now_);
    FlushClient(client);
  }
  if (now_ >= next_question_) Ask();
  return true;
}

void EndpointWorld::Ask() {
  next_question_ = now_ + milliseconds(500);
  for (auto& [address, client] : clients_) {
    if (client.connected && !client.served && !client.failure) Say(client, "hello");
  }
}

void EndpointWorld::Deliver(const Datagram& datagram) {
  if (datagram.to_server) {
    ToServer(datagram.address, datagram.bytes);
    return;
  }
  const auto client = clients_.find(datagram.address);
  if (client == clients_.end()) return;
  Bytes bytes = datagram.bytes;
  client->second.association->HandleDatagram(bytes, now_);
  FlushClient(client->second);
}

}  // namespace dtls13::sim
