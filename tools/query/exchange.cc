// SPDX-License-Identifier: Apache-2.0
#include "tools/query/exchange.h"

#include <algorithm>
#include <array>
#include <utility>

#include "dtls13/association_config.h"
#include "dtls13/crypto/random_source.h"
#include "dtls13/new_config.h"
#include "dtls13/session/psk.h"
#include "dtls13/transmit_each.h"
#include "tools/query/dns_message.h"

namespace dtls13::query {
namespace {

// A wall clock has to be somewhere.
constexpr WallTime kEpoch{std::chrono::seconds(1'700'000'000)};

// Of a record of application data: its header, its type and the tag. No other datagram of a client
// has a query's length and that.
constexpr size_t kRecordOverhead = 22;

std::array<uint8_t, 4> AddressBytes(uint32_t address) {
  return {static_cast<uint8_t>(address >> 24), static_cast<uint8_t>(address >> 16),
          static_cast<uint8_t>(address >> 8), static_cast<uint8_t>(address)};
}

uint32_t AddressOf(std::span<const uint8_t> bytes) {
  uint32_t address = 0;
  for (const uint8_t byte : bytes) address = address << 8 | byte;
  return address;
}

// TheKey is what both sides know.
const Psk& TheKey() {
  static const Psk& key = *new Psk([] {
    auto external = std::make_shared<ExternalPsk>();
    external->identity = {'e', 'x', 'c', 'h', 'a', 'n', 'g', 'e'};
    external->key = PskKey::CopyOf(std::vector<uint8_t>(32, 0x5a));
    return external;
  }());
  return key;
}

std::vector<uint8_t> TheQuery() {
  const std::optional<DnsName> name = ParseDnsName("example.test");
  return BuildQuery(1, {.name = *name, .type = DnsType::kA, .question_class = DnsClass::kIn}, 1232);
}

}  // namespace

ExchangeWorld::ExchangeWorld(const ExchangeOptions& options)
    : options_(options), random_(options.seed) {
  auto server_config = NewServerConfig();
  server_config->handshake.server.ask_psk = true;
  const std::shared_ptr<RandomSource> random = server_config->handshake.random;
  server_ = Endpoint::Create({.config = std::move(server_config),
                              .idle_timeout = options.idle_timeout,
                              .linger = Duration::zero()});
  responder_ =
      std::make_unique<Responder>(server_.get(), random, [this](Duration held, bool is_by_both) {
        held_.push_back(held);
        if (is_by_both) held_by_both_.push_back(held);
      });
  client_config_ = NewConfig();
}

ExchangeWorld::~ExchangeWorld() = default;

WallTime ExchangeWorld::WallNow() const {
  return kEpoch + std::chrono::duration_cast<std::chrono::seconds>(now_.time_since_epoch());
}

Asker& ExchangeWorld::AddClient(ClosingOrder order) {
  std::erase_if(clients_, [](const auto& client) { return client.second.asker->done(); });
  const uint32_t address = next_address_++;
  Client& client = clients_[address];
  client.endpoint = Endpoint::Create({.config = client_config_, .accepts = false});
  client.asker = std::make_unique<Asker>(client.endpoint.get(), TheQuery(), order);
  ClientParameters parameters;
  parameters.psks.push_back(TheKey());
  parameters.now = WallNow();
  constexpr std::array<uint8_t, 4> kServer = {0, 0, 0, 0};
  client.asker->Start(kServer, std::move(parameters), now_);
  Settle();
  return *client.asker;
}

void ExchangeWorld::Queue(Packet packet) {
  const bool is_lost = std::uniform_real_distribution<>(0, 1)(random_) < options_.loss;
  if (is_lost || packet.address < silent_below_) return;
  Duration delay = Duration::zero();
  if (packet.to_server && packet.bytes.size() == TheQuery().size() + kRecordOverhead) {
    delay = std::exchange(query_delay_, delay);
  }
  network_.emplace(now_ + options_.round_trip / 2 + delay, std::move(packet));
}

void ExchangeWorld::Transmit(Endpoint& endpoint, uint32_t address, bool to_server) {
  TransmitEach(&endpoint, now_, [&](const auto& to, const auto& bytes) {
    Queue({.to_server = to_server,
           .address = to_server ? address : AddressOf(to),
           .bytes = {bytes.begin(), bytes.end()}});
  });
}

void ExchangeWorld::Deliver(Packet packet) {
  if (packet.address < silent_below_) return;
  const auto client = clients_.find(packet.address);
  if (client == clients_.end()) return;
  const std::array<uint8_t, 4> address = AddressBytes(packet.to_server ? packet.address : 0);
  const ReceivedDatagrams received = {.peer_address = address, .bytes = packet.bytes};
  Endpoint& endpoint = packet.to_server ? *server_ : *client->second.endpoint;
  endpoint.HandleDatagrams({&received, 1}, now_, WallNow());
  if (packet.to_server) {
    PollServer();
  } else {
    PollClient(client->second);
  }
}

void ExchangeWorld::PollServer() {
  while (const std::optional<EndpointEvent> event = server_->PollEvent()) {
    if (event->type == EndpointEventType::kEvent && event->event.type == EventType::kPskWanted) {
      server_->Use(event->id)->ProvidePsk(0, TheKey(), now_);
    } else {
      responder_->HandleEvent(*event, now_);
    }
  }
}

void ExchangeWorld::PollClient(Client& client) {
  while (const std::optional<EndpointEvent> event = client.endpoint->PollEvent()) {
    client.asker->HandleEvent(*event, now_);
  }
}

void ExchangeWorld::Settle() {
  PollServer();
  for (std::vector<uint8_t> query = responder_->PollQuery(); !query.empty();
       query = responder_->PollQuery()) {
    const std::optional<DnsMessage> asked = ParseDnsMessage(query);
    resolver_.emplace(now_ + options_.resolver_time,
                      BuildAnswer(*asked, DnsResponseCode::kNoError, /*is_truncated=*/false));
    max_queries_ = std::max(max_queries_, resolver_.size());
  }
  Transmit(*server_, 0, /*to_server=*/false);
  for (auto& [address, client] : clients_) {
    PollClient(client);
    Transmit(*client.endpoint, address, /*to_server=*/true);
  }
}

std::optional<Instant> ExchangeWorld::NextInstant() const {
  std::optional<Instant> next;
  const auto consider = [&next](std::optional<Instant> due) {
    if (due && (!next || *due < *next)) next = due;
  };
  if (!network_.empty()) consider(network_.begin()->first);
  if (!resolver_.empty()) consider(resolver_.begin()->first);
  consider(server_->NextTimeout());
  consider(responder_->NextTimeout());
  for (const auto& [address, client] : clients_) {
    consider(client.endpoint->NextTimeout());
    consider(client.asker->NextTimeout());
  }
  return next;
}

bool ExchangeWorld::Step(Instant until) {
  const std::optional<Instant> next = NextInstant();
  if (!next || *next > until) return false;
  now_ = std::max(now_, *next);
  while (!network_.empty() && network_.begin()->first <= now_) {
    Packet packet = std::move(network_.begin()->second);
    network_.erase(network_.begin());
    Deliver(std::move(packet));
  }
  while (!resolver_.empty() && resolver_.begin()->first <= now_) {
    const std::vector<uint8_t> answer = std::move(resolver_.begin()->second);
    resolver_.erase(resolver_.begin());
    responder_->HandleAnswer(answer, now_);
  }
  server_->HandleTimeout(now_);
  responder_->HandleTimeout(now_);
  for (auto& [address, client] : clients_) {
    client.endpoint->HandleTimeout(now_);
    client.asker->HandleTimeout(now_);
  }
  Settle();
  return true;
}

void ExchangeWorld::RunFor(Duration duration) {
  const Instant until = now_ + duration;
  while (Step(until)) {
  }
  now_ = std::max(now_, until);
}

void ExchangeWorld::RunUntilReleased() {
  const Instant until = now_ + std::chrono::hours(1);
  const auto asks = [this] {
    return std::any_of(clients_.begin(), clients_.end(), [this](const auto& client) {
      return client.first >= silent_below_ && !client.second.asker->done();
    });
  };
  while ((responder_->num_clients() > 0 || asks()) && Step(until)) {
  }
}

}  // namespace dtls13::query
