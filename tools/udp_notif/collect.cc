// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "tools/dtls13_cli/address_option.h"
#include "tools/dtls13_cli/dtls_setup.h"
#include "tools/udp_notif/collector_run.h"
#include "tools/udp_notif/commands.h"
#include "tools/udp_notif/kafka_output.h"
#include "tools/udp_notif/line_output.h"
#include "udp_notif/dtls_settings.h"

namespace dtls13::udp_notif {
namespace {

using cli::Options;
using cli::OptionSpec;

constexpr OptionSpec kOptions[] = {
    {"listen", "ADDRESS:PORT", "take DTLS here, as [::]:57000; IANA has assigned no port yet"},
    {"key", "FILE", "private key, PEM"},
    {"cert", "FILE", "certificates, leaf first, PEM"},
    {"client-ca", "FILE",
     "authorities that publishers' certificates must come from, PEM;\n"
     "                         without it publishers show none"},
    {"output", "FILE", "append lines to FILE; '-', the default: standard output"},
    {"kafka", "BROKERS", "give lines to Kafka at HOST:PORT[,HOST:PORT ...] instead"},
    {"topic", "NAME", "of Kafka"},
    {"kafka-properties", "FILE", "NAME=VALUE lines for librdkafka, as for TLS to the brokers"},
    {"metrics", "ADDRESS:PORT", "show counters for Prometheus at http://ADDRESS:PORT/metrics"},
    {"plain", "ADDRESS:PORT", "take UDP-notif without DTLS too, here; nobody protects it"},
    {"idle-timeout", "SECONDS", "close a silent publisher after so long; 600"},
    {"reassembly-timeout", "SECONDS", "give up a message that is not whole; 10, at most 20"},
    {"max-segments", "N", "of a message; 1024"},
    {"max-publishers", "N", "known at once; 100000"},
    {"no-cookie", "", "serve ClientHellos without a cookie: only where nobody forges addresses"},
    {"count", "N", "end after N messages"},
    {"quiet", "", "no status line"},
};

// Where lines go is said once, and nothing is said of a Kafka that they do not go to.
absl::Status CheckOutput(const Options& options) {
  const bool has_kafka = options.Has("kafka");
  if (has_kafka && options.Has("output")) {
    return absl::InvalidArgumentError("--output and --kafka do not go together.");
  }
  for (const char* name : {"topic", "kafka-properties"}) {
    if (options.Has(name) && !has_kafka) {
      return absl::InvalidArgumentError(absl::StrCat("--", name, " needs --kafka."));
    }
  }
  for (const char* name : {"kafka", "topic"}) {
    if (has_kafka && options.GetString(name, "").empty()) {
      return absl::InvalidArgumentError(absl::StrCat("--", name, " needs a value."));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Output>> OpenOutput(const Options& options) {
  if (!options.Has("kafka")) {
    auto output = LineOutput::Open(options.GetString("output", "-"));
    if (!output.ok()) return output.status();
    return std::unique_ptr<Output>(*std::move(output));
  }
  KafkaOptions kafka;
  kafka.brokers = options.GetString("kafka", "");
  kafka.topic = options.GetString("topic", "");
  kafka.properties = options.GetString("kafka-properties", "");
  auto output = KafkaOutput::Open(kafka);
  if (!output.ok()) return output.status();
  return std::unique_ptr<Output>(*std::move(output));
}

// Numbers are the options that are numbers.
struct Numbers {
  int64_t idle_timeout_s = 0;
  int64_t reassembly_timeout_s = 0;
  int64_t max_segments = 0;
  int64_t max_publishers = 0;
  int64_t count = 0;
};

absl::Status ReadNumbers(const Options& options, Numbers* numbers) {
  constexpr auto kIdle = std::chrono::duration_cast<std::chrono::seconds>(kDefaultIdleTimeout);
  constexpr auto kMaxReassembly =
      std::chrono::duration_cast<std::chrono::seconds>(kMaxReassemblyTimeout);
  constexpr int64_t kDay = 24 * 3600;
  struct Number {
    const char* name;
    int64_t min, max, fallback;
    int64_t* out;
  };
  // Below 64 segments a receiver would not be one.
  for (const Number& number :
       {Number{"idle-timeout", 1, kDay, kIdle.count(), &numbers->idle_timeout_s},
        Number{"reassembly-timeout", 1, kMaxReassembly.count(), 10, &numbers->reassembly_timeout_s},
        Number{"max-segments", 64, int64_t{kMaxSegments}, 1024, &numbers->max_segments},
        Number{"max-publishers", 1, 10'000'000, 100'000, &numbers->max_publishers},
        Number{"count", 1, std::numeric_limits<int64_t>::max(), 0, &numbers->count}}) {
    const auto value = options.GetNumber(number.name, number.min, number.max, number.fallback);
    if (!value.ok()) return value.status();
    *number.out = *value;
  }
  return absl::OkStatus();
}

// Ports are where the collector can be reached.
struct Ports {
  UdpAddress listen;
  std::optional<UdpAddress> plain;
  std::optional<UdpAddress> metrics;
};

absl::StatusOr<Ports> ReadPorts(const Options& options) {
  Ports ports;
  const auto listen = cli::LocalAddress(options, "listen", "");
  if (!listen.ok()) return listen.status();
  ports.listen = *listen;
  for (auto [name, port] : {std::pair("plain", &ports.plain), {"metrics", &ports.metrics}}) {
    if (!options.Has(name)) continue;
    const auto address = cli::LocalAddress(options, name, "");
    if (!address.ok()) return address.status();
    *port = *address;
  }
  return ports;
}

// Clients are asked for certificates where there are authorities to hold them against.
absl::Status TakeIdentities(const Options& options, AssociationConfig* config,
                            EndpointOptions* endpoint) {
  auto signer =
      cli::LoadIdentity(options.GetString("key", ""), options.GetString("cert", ""), config);
  if (!signer.ok()) return signer.status();
  endpoint->signer = *std::move(signer);
  if (!options.Has("client-ca")) return absl::OkStatus();
  auto verifier =
      cli::LoadTrust(options.GetString("client-ca", ""), /*verifies_clients=*/true, *config);
  if (!verifier.ok()) return verifier.status();
  endpoint->client_verifier = *std::move(verifier);
  config->handshake.server.client_authentication = ClientAuthentication::kRequired;
  return absl::OkStatus();
}

// The port is whatever its operator says.
//= draft-unyte-udp-notif-dtls#section-3
//# The Receivers MUST support accepting UDP-notif Messages on the specified
//# UDP port, but MAY be configurable to listen on a different port.
//= draft-ietf-netconf-udp-notif#section-6
//# The receivers MUST support accepting UDP-Notif Messages on the
//# configured UDP port, but MAY be configurable to listen on a different
//# port.
absl::Status Listen(const Ports& ports, CollectorRun::Parts* parts) {
  std::string error;
  parts->driver =
      UdpDriver::Open({.address = ports.listen.ToString()}, parts->endpoint.get(), &error);
  if (!parts->driver) return absl::UnavailableError(error);
  if (ports.plain) {
    auto plain = PlainPort::Bind(*ports.plain);
    if (!plain.ok()) return plain.status();
    parts->plain = *std::move(plain);
  }
  if (ports.metrics) {
    auto metrics = MetricsServer::Listen(*ports.metrics);
    if (!metrics.ok()) return metrics.status();
    parts->metrics = *std::move(metrics);
  }
  return absl::OkStatus();
}

absl::Status Collect(const Options& options) {
  for (const char* name : {"listen", "key", "cert"}) {
    if (absl::Status status = options.Require(name); !status.ok()) return status;
  }
  Numbers numbers;
  if (absl::Status status = ReadNumbers(options, &numbers); !status.ok()) return status;
  const auto ports = ReadPorts(options);
  if (!ports.ok()) return ports.status();
  if (absl::Status status = CheckOutput(options); !status.ok()) return status;
  const auto settings = cli::Usable(ReceiverSettings());
  if (!settings.ok()) return settings.status();
  const std::shared_ptr<AssociationConfig>& config = *settings;
  config->handshake.server.require_cookie = !options.Has("no-cookie");
  EndpointOptions endpoint = ReceiverEndpointOptions(config);
  endpoint.idle_timeout = std::chrono::seconds(numbers.idle_timeout_s);
  endpoint.max_associations = static_cast<size_t>(numbers.max_publishers);
  if (absl::Status status = TakeIdentities(options, config.get(), &endpoint); !status.ok()) {
    return status;
  }
  CollectorRun::Parts parts;
  parts.options.plain_idle_timeout = endpoint.idle_timeout;
  parts.options.max_streams = 2 * endpoint.max_associations;
  parts.options.max_plain_streams = endpoint.max_associations;
  parts.options.limits.reassembly.timeout = std::chrono::seconds(numbers.reassembly_timeout_s);
  parts.options.limits.reassembly.max_segments = static_cast<size_t>(numbers.max_segments);
  parts.max_messages = static_cast<uint64_t>(numbers.count);
  // Lines and the status line would run into each other on one terminal.
  parts.wants_status_line =
      !options.Has("quiet") &&
      (options.Has("output") || options.Has("kafka") || isatty(STDOUT_FILENO) == 0);
  auto made = cli::NewEndpoint(std::move(endpoint));
  if (!made.ok()) return made.status();
  parts.endpoint = *std::move(made);
  if (absl::Status status = Listen(*ports, &parts); !status.ok()) return status;
  auto output = OpenOutput(options);
  if (!output.ok()) return output.status();
  parts.output = *std::move(output);
  return CollectorRun(std::move(parts)).Run();
}

}  // namespace

const cli::Command& CollectCommand() {
  static constexpr cli::Command kCommand = {
      "collect", "receive notifications and write each as a line of JSON", kOptions, Collect};
  return kCommand;
}

}  // namespace dtls13::udp_notif
