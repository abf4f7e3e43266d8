// SPDX-License-Identifier: Apache-2.0
#include "tools/bench/endpoint_ends.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "dtls13/crypto/crypto_test_util.h"
#include "dtls13/crypto/random_source.h"
#include "dtls13/session/cookie.h"
#include "dtls13/session/psk.h"
#include "dtls13/session/ticket_keyring.h"
#include "dtls13/signer.h"
#include "tools/bench/stopwatch.h"

namespace dtls13::bench {
namespace {

constexpr WallTime kWallNow{std::chrono::seconds(1'750'000'000)};

[[noreturn]] void Die(const char* what) {
  std::fprintf(stderr, "endpoint: %s\n", what);
  std::exit(1);
}

Psk SharedKey() {
  auto psk = std::make_shared<ExternalPsk>();
  psk->identity = {'m', 'e'};
  const std::vector<uint8_t> key(32, 7);
  psk->key = PskKey::CopyOf(key);
  return Psk(std::shared_ptr<const ExternalPsk>(std::move(psk)));
}

// One suite, the one that the raw cipher beside it has, and one group that every libcrypto has.
AssociationConfig MakeConfig(Authentication authentication) {
  AssociationConfig config;
  config.handshake.algorithms = DefaultAlgorithms();
  config.handshake.random = SystemRandom(nullptr);
  config.handshake.cipher_suites = {CipherSuiteId::kAes128GcmSha256};
  config.handshake.groups = {NamedGroup::kX25519};
  config.omit_length = true;
  config.mtu = 1400;
  config.handshake.server.cookie_keys =
      CookieKeyring::Create(config.handshake.algorithms, config.handshake.random, {});
  if (authentication == Authentication::kTickets) {
    config.handshake.server.ticket_keys =
        TicketKeyring::Create(config.handshake.algorithms, config.handshake.random, {});
  }
  if (authentication == Authentication::kPskOnly) {
    config.handshake.psk_modes = {PskKeyExchangeMode::kPskKe};
    config.handshake.server.ask_psk = true;
  }
  return config;
}

// NumberOf is the inverse of ClientAddress.
size_t NumberOf(const UdpAddress& address) {
  const auto bytes = address.bytes();
  return (size_t{bytes[1]} << 16 | size_t{bytes[2]} << 8 | bytes[3]) - 1;
}

}  // namespace

Instant EndpointEnds::Now() const {
  return Instant(age_ + std::chrono::duration_cast<Duration>(
                            std::chrono::steady_clock::now().time_since_epoch()));
}

EndpointEnds::EndpointEnds(Authentication authentication, UdpAddress server_address,
                           uint16_t client_port, EndpointOptions bounds)
    : server_address_(server_address), client_port_(client_port), authentication_(authentication) {
  const OpenSslPtr<EVP_PKEY> key = NewTestKey("P-256");
  EndpointOptions options = std::move(bounds);
  options.signer = Signer::FromKey(DefaultAlgorithms(), key.get());
  AssociationConfig config = MakeConfig(authentication);
  config.handshake.credential = std::make_shared<const Credential>(
      Credential{.chain = {MakeCertificate({.key = key.get(), .issuer_key = key.get()})},
                 .schemes = options.signer->schemes()});
  options.config = std::make_shared<const AssociationConfig>(std::move(config));
  server_ = Endpoint::Create(options);
  client_config_ = std::make_shared<const AssociationConfig>(MakeConfig(authentication));
  options.config = client_config_;
  options.accepts = false;
  client_ = Endpoint::Create(options);
}

UdpAddress EndpointEnds::ClientAddress(size_t number) const {
  const size_t host = number + 1;
  const std::array<uint8_t, 6> bytes = {127,
                                        static_cast<uint8_t>(host >> 16),
                                        static_cast<uint8_t>(host >> 8),
                                        static_cast<uint8_t>(host),
                                        static_cast<uint8_t>(client_port_ >> 8),
                                        static_cast<uint8_t>(client_port_)};
  return UdpAddress::Of(bytes).value_or(UdpAddress());
}

void EndpointEnds::HandToServer(std::span<const ReceivedDatagrams> received) {
  const double start = ThreadSeconds();
  server_->HandleDatagrams(received, Now(), kWallNow);
  AnswerServer();
  server_seconds_ += ThreadSeconds() - start;
}

void EndpointEnds::ToServer(std::span<const ReceivedDatagrams> received) {
  HandToServer(received);
  while (true) {
    const size_t num = server_->PollTransmit(Now()).size();
    if (num == 0) return;
    server_->OnTransmitted(num);
  }
}

void EndpointEnds::Age(Duration time) {
  age_ += time;
  server_->HandleTimeout(Now());
  ToServer({});
}

void EndpointEnds::AnswerServer() {
  while (const auto happened = server_->PollEvent()) {
    if (happened->type != EndpointEventType::kEvent) continue;
    if (happened->event.type == EventType::kFailed) Die("an association failed");
    if (happened->event.type != EventType::kPskWanted) continue;
    server_->Use(happened->id)->ProvidePsk(0, SharedKey(), Now());
  }
}

void EndpointEnds::AnswerClient() {
  while (const auto happened = client_->PollEvent()) {
    if (happened->type != EndpointEventType::kEvent) continue;
    if (happened->event.type == EventType::kFailed) Die("an association failed");
    if (happened->event.type == EventType::kConnected) clients_.push_back(happened->id);
    if (happened->event.type != EventType::kVerifyPeer) continue;
    client_->Use(happened->id)->ProvideVerification(true, {}, Now());
  }
}

bool EndpointEnds::PumpClient() {
  AnswerClient();
  const std::span<const OutputBatch> batches = client_->PollTransmit(Now());
  for (const OutputBatch& batch : batches) {
    const UdpAddress local = UdpAddress::Of(batch.peer_address)->local();
    const UdpAddress from = ClientAddress(NumberOf(local));
    buffer_.assign(batch.bytes.begin(), batch.bytes.end());
    for (size_t at = 0; at < buffer_.size(); at += batch.segment_len) {
      const auto rest = std::span(buffer_).subspan(at);
      const ReceivedDatagrams received{
          .peer_address = from.bytes(),
          .host_len = from.host_len(),
          .bytes = rest.first(std::min(batch.segment_len, rest.size()))};
      HandToServer({&received, 1});
    }
  }
  client_->OnTransmitted(batches.size());
  return !batches.empty();
}

bool EndpointEnds::PumpServer() {
  const double start = ThreadSeconds();
  const std::span<const OutputBatch> batches = server_->PollTransmit(Now());
  server_seconds_ += ThreadSeconds() - start;
  for (const OutputBatch& batch : batches) {
    const UdpAddress from =
        server_address_.WithLocal(UdpAddress::Of(batch.peer_address).value_or(UdpAddress()));
    buffer_.assign(batch.bytes.begin(), batch.bytes.end());
    const ReceivedDatagrams received{
        .peer_address = from.bytes(), .bytes = buffer_, .segment_len = batch.segment_len};
    client_->HandleDatagrams({&received, 1}, Now(), kWallNow);
    AnswerClient();
  }
  server_->OnTransmitted(batches.size());
  return !batches.empty();
}

void EndpointEnds::Connect(size_t num, bool keeps_client) {
  for (size_t i = 0; i < num; ++i) {
    const UdpAddress path = server_address_.WithLocal(ClientAddress(num_made_++));
    ClientParameters parameters{.now = kWallNow};
    if (authentication_ == Authentication::kPskOnly) parameters.psks = {SharedKey()};
    const AssociationId id = client_->Connect(path.bytes(), std::move(parameters), Now());
    if (id == 0) Die("Connect failed");
    const size_t before = clients_.size();
    while (PumpClient() || PumpServer()) {
    }
    if (clients_.size() != before + 1) Die("a handshake did not complete");
    if (keeps_client) continue;
    client_->Remove(id);
    clients_.pop_back();
  }
}

double EndpointEnds::SayFromClients(std::span<const uint8_t> payload) {
  const double before = server_seconds_;
  for (const AssociationId id : clients_) {
    if (client_->Send(id, payload) != SendOutcome::kQueued) Die("Send failed");
    while (PumpClient() || PumpServer()) {
    }
  }
  return server_seconds_ - before;
}

std::vector<uint8_t> EndpointEnds::FirstHello() {
  const auto client = Association::NewClient(client_config_, {.now = kWallNow});
  std::vector<uint8_t> hello(2048);
  hello.resize(client->PollTransmit(hello, Now()));
  return hello;
}

}  // namespace dtls13::bench
