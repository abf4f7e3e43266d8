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
#include "dtls13/endpoint.h"
#include "dtls13/new_config.h"
#include "dtls13/udp_driver.h"
#include "tools/dtls13_cli/address_option.h"
#include "tools/dtls13_cli/dtls_setup.h"
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

absl::StatusOr<Server> OpenServer(const cli::Options& options, Held* held) {
  for (const char* required : {"certificate", "key"}) {
    if (const absl::Status status = options.Require(required); !status.ok()) return status;
  }
  const absl::StatusOr<int64_t> idle = options.GetNumber("idle", 1, 3600, 10);
  if (!idle.ok()) return idle.status();
  const absl::StatusOr<UdpAddress> listen = cli::LocalAddress(options, "listen", "[::]:853");
  if (!listen.ok()) return listen.status();
  const absl::StatusOr<UdpAddress> resolver = cli::PeerAddress(options, "resolver", "127.0.0.1:53");
  if (!resolver.ok()) return resolver.status();
  const auto config = cli::Usable(NewServerConfig());
  if (!config.ok()) return config.status();
  (*config)->handshake.connection_ids.receive_len = kConnectionIdLen;
  auto signer = cli::LoadIdentity(options.GetString("key", ""),
                                  options.GetString("certificate", ""), config->get());
  if (!signer.ok()) return signer.status();
  auto endpoint = cli::NewEndpoint({.config = *config,
                                    .signer = *std::move(signer),
                                    .idle_timeout = std::chrono::seconds(*idle),
                                    .linger = Duration::zero()});
  if (!endpoint.ok()) return endpoint.status();
  Server server;
  server.endpoint = *std::move(endpoint);
  std::string error;
  server.driver = UdpDriver::Open({.address = listen->ToString()}, server.endpoint.get(), &error);
  if (server.driver == nullptr) return absl::UnavailableError(error);
  server.resolver = ResolverSocket::Open(*resolver, &error);
  if (server.resolver == nullptr) return absl::UnavailableError(error);
  server.responder = std::make_unique<Responder>(server.endpoint.get(), (*config)->handshake.random,
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
