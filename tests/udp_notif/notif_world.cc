// SPDX-License-Identifier: Apache-2.0
#include "tests/udp_notif/notif_world.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "dtls13/crypto/crypto_test_util.h"
#include "dtls13/peer_verifier.h"
#include "dtls13/signer.h"
#include "dtls13/transmit_each.h"
#include "udp_notif/dtls_settings.h"

namespace dtls13::udp_notif {
namespace {

using std::chrono::seconds;

const Bytes kReceiverAddress = {10, 0, 0, 1, 0x22, 0x22};
constexpr char kReceiverName[] = "receiver.example";

// ReceiverIdentity is a key with a certificate, and who believes it.
struct ReceiverIdentity {
  ReceiverIdentity() : key(NewTestKey("P-256")) {
    const Bytes certificate =
        MakeCertificate({.key = key.get(),
                         .issuer_key = key.get(),
                         .alternative_names = std::string("DNS:") + kReceiverName});
    signer = Signer::FromKey(DefaultAlgorithms(), key.get());
    credential = std::make_shared<const Credential>(
        Credential{.chain = {certificate}, .schemes = signer->schemes()});
    std::string error;
    verifier = PeerVerifier::Create(DefaultAlgorithms(), {.ca_pem = ToPem(certificate)}, &error);
  }

  OpenSslPtr<EVP_PKEY> key;
  std::shared_ptr<const Signer> signer;
  std::shared_ptr<const Credential> credential;
  std::shared_ptr<const PeerVerifier> verifier;
};

const ReceiverIdentity& Identity() {
  static const auto* const identity = new ReceiverIdentity;
  return *identity;
}

}  // namespace

NotifWorld::NotifWorld()
    : receiver_config_(ReceiverSettings()),
      publisher_config_(PublisherSettings()),
      receiver_options_(ReceiverEndpointOptions(receiver_config_)),
      publisher_options_(PublisherEndpointOptions(publisher_config_)) {
  receiver_config_->handshake.credential = Identity().credential;
  receiver_options_.signer = Identity().signer;
  publisher_options_.server_verifier = Identity().verifier;
}

void NotifWorld::Begin() {
  endpoint_ = Endpoint::Create(receiver_options_);
  receiver_ = std::make_unique<Receiver>(endpoint_.get(), ReceiverOptions());
}

WallTime NotifWorld::WallNow() const {
  constexpr WallTime kOrigin(seconds(1'750'000'000));
  return kOrigin + std::chrono::duration_cast<seconds>(now_.time_since_epoch());
}

Bytes NotifWorld::NextAddress() {
  const uint32_t n = ++num_addresses_;
  return {10, 1, static_cast<uint8_t>(n >> 8), static_cast<uint8_t>(n), 0x33, 0x33};
}

NotifWorld::Node& NotifWorld::AddPublisher(const PublisherOptions& options) {
  Node& node = publishers_.emplace_back();
  node.address = NextAddress();
  by_address_[node.address] = &node;
  node.endpoint = Endpoint::Create(publisher_options_);
  node.publisher = std::make_unique<Publisher>(node.endpoint.get(), options);
  node.publisher->Connect(kReceiverAddress, {.server_name = kReceiverName, .now = WallNow()}, now_);
  return node;
}

void NotifWorld::Move(Node* node) {
  by_address_.erase(node->address);
  node->address = NextAddress();
  by_address_[node->address] = node;
}

void NotifWorld::FlushReceiver() {
  while (const auto event = endpoint_->PollEvent()) {
    if (event->type == EndpointEventType::kGone) gone_.push_back(*event);
    if (event->type == EndpointEventType::kEvent && event->event.type == EventType::kConnected) {
      connected_.push_back(event->id);
    }
    receiver_->HandleEvent(*event);
    while (const auto received = receiver_->PollReceived(now_)) {
      received_.push_back({.source = std::string(received->source),
                           .publisher_id = received->delivery.header.publisher_id,
                           .message_id = received->delivery.header.message_id,
                           .payload = ToBytes(received->delivery.notification)});
    }
  }
  TransmitEach(endpoint_.get(), now_, [this](const auto& to, const auto& octets) {
    Carry(kReceiverAddress, ToBytes(to), ToBytes(octets));
  });
}

void NotifWorld::FlushPublisher(Node* node) {
  while (const auto event = node->endpoint->PollEvent()) {
    if (event->type == EndpointEventType::kEvent) node->events.push_back(event->event.type);
    node->publisher->HandleEvent(*event);
  }
  TransmitEach(node->endpoint.get(), now_, [&](const auto& to, const auto& octets) {
    node->sent.push_back(octets.size());
    Carry(node->address, ToBytes(to), ToBytes(octets));
  });
}

void NotifWorld::Carry(const Bytes& from, Bytes to, Bytes octets) {
  if (lose_ && lose_(to == kReceiverAddress)) return;
  Duration delay = kDelay;
  if (jitter_ > Duration::zero()) delay += Duration(random_() % jitter_.count());
  network_.emplace(now_ + delay,
                   Parcel{.from = from, .to = std::move(to), .octets = std::move(octets)});
}

void NotifWorld::Deliver(Parcel parcel) {
  const ReceivedDatagrams received = {.peer_address = parcel.from, .bytes = parcel.octets};
  if (parcel.to == kReceiverAddress) {
    endpoint_->HandleDatagrams({&received, 1}, now_, WallNow());
    FlushReceiver();
    return;
  }
  const auto found = by_address_.find(parcel.to);
  if (found == by_address_.end()) return;
  found->second->endpoint->HandleDatagrams({&received, 1}, now_, WallNow());
  FlushPublisher(found->second);
}

void NotifWorld::Flush() {
  FlushReceiver();
  for (Node& node : publishers_) FlushPublisher(&node);
}

bool NotifWorld::Step(Instant until) {
  std::optional<Instant> next;
  const auto consider = [&next](std::optional<Instant> at) {
    if (at && (!next || *at < *next)) next = at;
  };
  if (!network_.empty()) consider(network_.begin()->first);
  consider(endpoint_->NextTimeout());
  consider(receiver_->NextTimeout());
  for (const Node& node : publishers_) consider(node.endpoint->NextTimeout());
  if (!next || *next > until) return false;
  now_ = std::max(now_, *next);
  while (!network_.empty() && network_.begin()->first <= now_) {
    Parcel parcel = std::move(network_.begin()->second);
    network_.erase(network_.begin());
    Deliver(std::move(parcel));
  }
  endpoint_->HandleTimeout(now_);
  receiver_->HandleTimeout(now_);
  FlushReceiver();
  for (Node& node : publishers_) {
    node.endpoint->HandleTimeout(now_);
    FlushPublisher(&node);
  }
  return true;
}

void NotifWorld::RunFor(Duration duration) {
  const Instant until = now_ + duration;
  Flush();
  while (Step(until)) {
  }
  now_ = until;
}

bool NotifWorld::RunUntilConnected() {
  const auto all_are = [this] {
    return std::all_of(publishers_.begin(), publishers_.end(),
                       [](const Node& node) { return node.publisher->is_connected(); });
  };
  for (int i = 0; i < 100 && !all_are(); ++i) RunFor(std::chrono::milliseconds(100));
  RunFor(std::chrono::milliseconds(100));
  return all_are() && connected_.size() == publishers_.size();
}

}  // namespace dtls13::udp_notif
