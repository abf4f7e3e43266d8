// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dtls13/association_config.h"
#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/random_source.h"
#include "dtls13/endpoint.h"
#include "dtls13/session/cookie.h"
#include "dtls13/signer.h"
#include "dtls13/udp_address.h"
#include "dtls13/udp_driver.h"
#include "tools/dtls13_cli/options.h"
#include "tools/dtls13_cli/stop_signal.h"
#include "tools/query/commands.h"
#include "tools/query/resolver_socket.h"
#include "tools/query/responder.h"

namespace dtls13::query {
namespace {

// A datagram has no more.
constexpr size_t kMaxDatagramLen = 65535;
// A moved client stays known.
constexpr size_t kConnectionIdLen = 8;

constexpr cli::OptionSpec kOptions[] = {
    {"listen", "ADDRESS:PORT", "where to answer (default [::]:853)"},
    {"certificate", "FILE", "the server's certificates, PEM, its own first"},
    {"key", "FILE", "the key of the first, PEM"},
    {"resolver", "ADDRESS:PORT", "whom to ask, by UDP (default 127.0.0.1:53)"},
    {"idle", "SECONDS", "how long a silent client is kept (default 10)"},
};

// Held sums up how long associations were held.
struct Held {
  uint64_t num = 0;
  Duration sum = Duration::zero();
  Duration longest = Duration::zero();

  void Add(Duration time) {
    ++num;
    sum += time;
    longest = std::max(longest, time);
  }
};

struct Server {
  std::unique_ptr<Endpoint> endpoint;
  std::unique_ptr<UdpDriver> driver;
  std::unique_ptr<ResolverSocket> resolver;
  std::unique_ptr<Responder> responder;
};

absl::StatusOr<std::shared_ptr<AssociationConfig>> MakeConfig(
    const cli::Options& options, std::shared_ptr<const Signer>* signer) {
  auto config = std::make_shared<AssociationConfig>();
  HandshakeConfig& handshake = config->handshake;
  handshake.algorithms = Algorithms::Fetch(nullptr, nullptr);
  handshake.random = SystemRandom(nullptr);
  if (handshake.algorithms == nullptr) {
    return absl::UnavailableError("libcrypto lacks what DTLS 1.3 needs");
  }
  handshake.server.cookie_keys = CookieKeyring::Create(handshake.algorithms, handshake.random, {});
  handshake.connection_ids.receive_len = kConnectionIdLen;
  std::string error;
  *signer = Signer::LoadPem(handshake.algorithms, options.GetString("key", ""), &error);
  if (*signer == nullptr) return absl::UnavailableError(error);
  handshake.credential = (*signer)->LoadCredential(options.GetString("certificate", ""), &error);
  if (handshake.credential == nullptr) return absl::UnavailableError(error);
  return config;
}

absl::StatusOr<Server> OpenServer(const cli::Options& options, Held* held) {
  for (const char* required : {"certificate", "key"}) {
    if (const absl::Status status = options.Require(required); !status.ok()) return status;
  }
  const absl::StatusOr<int64_t> idle = options.GetNumber("idle", 1, 3600, 10);
  if (!idle.ok()) return idle.status();
  const std::string resolver_text = options.GetString("resolver", "127.0.0.1:53");
  const std::optional<UdpAddress> resolver = UdpAddress::Parse(resolver_text);
  if (!resolver) {
    return absl::InvalidArgumentError("'" + resolver_text + "' is no address and port");
  }
  std::shared_ptr<const Signer> signer;
  absl::StatusOr<std::shared_ptr<AssociationConfig>> config = MakeConfig(options, &signer);
  if (!config.ok()) return config.status();
  const std::shared_ptr<RandomSource> random = (*config)->handshake.random;
  Server server;
  server.endpoint = Endpoint::Create({.config = *std::move(config),
                                      .signer = std::move(signer),
                                      .idle_timeout = std::chrono::seconds(*idle),
                                      .linger = Duration::zero()});
  std::string error;
  server.driver = UdpDriver::Open({.address = options.GetString("listen", "[::]:853")},
                                  server.endpoint.get(), &error);
  if (server.driver == nullptr) return absl::UnavailableError(error);
  server.resolver = ResolverSocket::Open(*resolver, &error);
  if (server.resolver == nullptr) return absl::UnavailableError(error);
  server.responder = std::make_unique<Responder>(server.endpoint.get(), random,
                                                 [held](Duration time, bool) { held->Add(time); });
  return server;
}

// Turn does all that there is to do now.
void Turn(Server& server) {
  static thread_local std::array<uint8_t, kMaxDatagramLen> datagram;
  server.driver->Wait(Duration::zero());
  while (const std::optional<EndpointEvent> event = server.endpoint->PollEvent()) {
    server.responder->HandleEvent(*event, server.driver->Now());
  }
  while (const size_t len = server.resolver->Receive(datagram)) {
    server.responder->HandleAnswer(std::span(datagram).first(len), server.driver->Now());
  }
  server.responder->HandleTimeout(server.driver->Now());
  for (std::vector<uint8_t> query = server.responder->PollQuery(); !query.empty();
       query = server.responder->PollQuery()) {
    server.resolver->Send(query);
  }
  server.driver->Flush();
}

void PrintSummary(const ResponderCounters& counters, const Held& held) {
  std::fprintf(stderr,
               "query serve: %llu queries, %llu answered, %llu failed, %llu refused, %llu "
               "malformed, %llu truncated\n",
               static_cast<unsigned long long>(counters.queries),
               static_cast<unsigned long long>(counters.answered),
               static_cast<unsigned long long>(counters.failed),
               static_cast<unsigned long long>(counters.refused),
               static_cast<unsigned long long>(counters.malformed),
               static_cast<unsigned long long>(counters.truncated));
  const double mean = held.num == 0 ? 0
                                    : std::chrono::duration<double, std::milli>(held.sum).count() /
                                          static_cast<double>(held.num);
  std::fprintf(stderr,
               "query serve: %llu associations, held for %.1f ms in the mean and %.1f ms at most; "
               "%llu ended by both sides\n",
               static_cast<unsigned long long>(held.num), mean,
               std::chrono::duration<double, std::milli>(held.longest).count(),
               static_cast<unsigned long long>(counters.released));
}

absl::Status Run(const cli::Options& options) {
  Held held;
  absl::StatusOr<Server> server = OpenServer(options, &held);
  if (!server.ok()) return server.status();
  const cli::StopSignal stop;
  std::fprintf(stderr, "query serve: listening on %s\n",
               server->driver->local_address().ToString().c_str());
  while (!stop.requested()) {
    Duration wait = std::min<Duration>(server->driver->WaitTime(), std::chrono::seconds(60));
    if (const auto next = server->responder->NextTimeout()) {
      wait = std::min(wait, std::max(Duration::zero(), Duration(*next - server->driver->Now())));
    }
    std::array<pollfd, 2> readable = {
        pollfd{.fd = server->driver->fd(), .events = POLLIN, .revents = 0},
        pollfd{.fd = server->resolver->fd(), .events = POLLIN, .revents = 0}};
    stop.Poll(readable, std::chrono::ceil<std::chrono::milliseconds>(wait));
    Turn(*server);
  }
  PrintSummary(server->responder->counters(), held);
  return absl::OkStatus();
}

}  // namespace

const cli::Command& ServeCommand() {
  static constexpr cli::Command kCommand = {"serve", "answer DNS over DTLS by asking a resolver",
                                            kOptions, Run};
  return kCommand;
}

}  // namespace dtls13::query
