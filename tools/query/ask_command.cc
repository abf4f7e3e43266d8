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
#include "tools/query/asker.h"
#include "tools/query/commands.h"
#include "tools/query/dns_message.h"
#include "tools/query/dns_text.h"

namespace dtls13::query {
namespace {

// What a record that no path cuts has room for.
constexpr uint16_t kMaxAnswerLen = 1232;

constexpr cli::OptionSpec kOptions[] = {
    {"server", "ADDRESS:PORT", "the responder (default 127.0.0.1:853)"},
    {"name", "NAME", "the name that the server's certificate is to have (default: its address)"},
    {"ca", "FILE", "the certificates that vouch for it, PEM (default: the system's)"},
    {"no-verify", "", "take any certificate"},
    {"order", "ORDER", "early: close with the query; ordinary: behind the answer (default early)"},
};

double Milliseconds(Duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

absl::StatusOr<DnsQuestion> ReadQuestion(const cli::Options& options) {
  const std::vector<std::string>& words = options.operands();
  if (words.empty() || words.size() > 2) {
    return absl::InvalidArgumentError("say what to ask: NAME and perhaps TYPE.");
  }
  const std::optional<DnsName> name = ParseDnsName(words[0]);
  if (!name) return absl::InvalidArgumentError("'" + words[0] + "' is no domain name.");
  const std::optional<DnsType> type = ParseDnsType(words.size() > 1 ? words[1] : "A");
  if (!type) return absl::InvalidArgumentError("there is no type '" + words[1] + "'.");
  return DnsQuestion{.name = *name, .type = *type, .question_class = DnsClass::kIn};
}

absl::StatusOr<ClosingOrder> ReadOrder(const cli::Options& options) {
  const std::string order = options.GetString("order", "early");
  if (order == "early") return ClosingOrder::kEarly;
  if (order == "ordinary") return ClosingOrder::kOrdinary;
  return absl::InvalidArgumentError("--order is early or ordinary, not '" + order + "'.");
}

// Client is what asks: an endpoint that serves nobody, and its socket.
struct Client {
  std::shared_ptr<AssociationConfig> config;
  std::unique_ptr<Endpoint> endpoint;
  std::unique_ptr<UdpDriver> driver;
  UdpAddress server;
  std::string server_name;
  bool verifies = true;
};

absl::StatusOr<Client> OpenClient(const cli::Options& options) {
  Client client;
  constexpr char kDefaultServer[] = "127.0.0.1:853";
  const absl::StatusOr<UdpAddress> server = cli::PeerAddress(options, "server", kDefaultServer);
  if (!server.ok()) return server.status();
  client.server = *server;
  client.verifies = !options.Has("no-verify");
  const std::string text = options.GetString("server", kDefaultServer);
  client.server_name = options.GetString("name", text.substr(0, text.rfind(':')));
  const auto config = cli::Usable(NewConfig());
  if (!config.ok()) return config.status();
  client.config = *config;
  EndpointOptions endpoint_options = {.config = client.config, .accepts = false};
  if (client.verifies) {
    auto verifier =
        cli::LoadTrust(options.GetString("ca", ""), /*verifies_clients=*/false, **config);
    if (!verifier.ok()) return verifier.status();
    endpoint_options.server_verifier = *std::move(verifier);
  }
  auto endpoint = cli::NewEndpoint(std::move(endpoint_options));
  if (!endpoint.ok()) return endpoint.status();
  client.endpoint = *std::move(endpoint);
  std::string error;
  const char* const any = client.server.is_v4() ? "0.0.0.0:0" : "[::]:0";
  client.driver = UdpDriver::Open({.address = any}, client.endpoint.get(), &error);
  if (client.driver == nullptr) return absl::UnavailableError(error);
  return client;
}

// Drive lets one association go on until the asker is done; false when it is to stop before.
bool Drive(Client& client, Asker& asker, const cli::StopSignal& stop) {
  while (!asker.done()) {
    client.driver->Flush();
    Duration wait = client.driver->WaitTime();
    if (const auto next = asker.NextTimeout()) {
      wait = std::min(wait, std::max(Duration::zero(), Duration(*next - client.driver->Now())));
    }
    pollfd readable = {.fd = client.driver->fd(), .events = POLLIN, .revents = 0};
    stop.Poll({&readable, 1}, std::chrono::ceil<std::chrono::milliseconds>(
                                  std::min<Duration>(wait, std::chrono::seconds(1))));
    if (stop.requested() || !client.driver->Wait(Duration::zero())) return false;
    while (const std::optional<EndpointEvent> event = client.endpoint->PollEvent()) {
      const bool is_verification =
          event->type == EndpointEventType::kEvent && event->event.type == EventType::kVerifyPeer;
      if (is_verification && !client.verifies) {
        client.endpoint->Use(event->id)->ProvideVerification(true, AlertDescription::kInternalError,
                                                             client.driver->Now());
      } else {
        asker.HandleEvent(*event, client.driver->Now());
      }
    }
    asker.HandleTimeout(client.driver->Now());
  }
  // Its last words, and ours.
  client.driver->Flush();
  return true;
}

absl::Status PrintAnswer(const Asker& asker, std::span<const uint8_t> query, const Client& client,
                         int num_tries) {
  const std::optional<DnsMessage> answer = ParseDnsMessage(asker.answer());
  const std::optional<DnsMessage> asked = ParseDnsMessage(query);
  if (!answer || !Answers(*answer, *asked)) {
    return absl::UnavailableError("the server's answer is none to the query.");
  }
  std::printf("%s\n;; Query time: %.1f ms of %.1f ms with the handshake\n",
              DnsMessageText(*answer).c_str(), Milliseconds(asker.answer_time()),
              Milliseconds(asker.total_time()));
  std::printf(";; SERVER: %s (DTLS 1.3)\n;; MSG SIZE  rcvd: %zu\n",
              client.server.ToString().c_str(), asker.answer().size());
  if (num_tries > 1) std::printf(";; %d associations were needed\n", num_tries);
  return absl::OkStatus();
}

absl::Status Run(const cli::Options& options) {
  const absl::StatusOr<DnsQuestion> question = ReadQuestion(options);
  if (!question.ok()) return question.status();
  const absl::StatusOr<ClosingOrder> order = ReadOrder(options);
  if (!order.ok()) return order.status();
  absl::StatusOr<Client> client = OpenClient(options);
  if (!client.ok()) return client.status();
  std::array<uint8_t, 2> id = {};
  if (!client->config->handshake.random->Fill(id)) {
    return absl::UnavailableError("there is no randomness.");
  }
  const std::vector<uint8_t> query =
      BuildQuery(static_cast<uint16_t>(id[0] << 8 | id[1]), *question, kMaxAnswerLen);
  const cli::StopSignal stop;
  std::string failure;
  for (int num_tries = 1; num_tries <= Asker::kMaxAssociations; ++num_tries) {
    Asker asker(client->endpoint.get(), query, *order);
    ClientParameters parameters;
    parameters.server_name = client->server_name;
    parameters.now = client->driver->WallNow();
    if (!asker.Start(client->server.bytes(), std::move(parameters), client->driver->Now())) {
      return absl::UnavailableError("there is no association with the server.");
    }
    if (!Drive(*client, asker, stop)) return absl::OkStatus();
    if (!asker.answer().empty()) return PrintAnswer(asker, query, *client, num_tries);
    failure = asker.failure();
    if (!asker.may_try_again()) break;
  }
  return absl::UnavailableError(failure + ".");
}

}  // namespace

const cli::Command& AskCommand() {
  static constexpr cli::Command kCommand = {"ask", "ask a server of DNS over DTLS, as dig does",
                                            kOptions, Run, "NAME [TYPE]"};
  return kCommand;
}

}  // namespace dtls13::query
