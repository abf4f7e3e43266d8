// SPDX-License-Identifier: Apache-2.0
#include <netdb.h>
#include <sys/socket.h>

#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tools/dtls13_cli/address_option.h"
#include "tools/dtls13_cli/dtls_setup.h"
#include "tools/udp_notif/commands.h"
#include "tools/udp_notif/publisher_run.h"
#include "udp_notif/dtls_settings.h"
#include "udp_notif/segmenter.h"

namespace dtls13::udp_notif {
namespace {

using cli::Options;
using cli::OptionSpec;

constexpr uint32_t kMaxPort = 65535;
constexpr uint32_t kMaxId = std::numeric_limits<uint32_t>::max();

constexpr OptionSpec kOptions[] = {
    {"to", "HOST:PORT", "the receiver; IANA has assigned no port yet"},
    {"ca", "FILE", "authorities that its certificate must come from, PEM; else the system's"},
    {"server-name", "NAME", "that its certificate must be for; else HOST"},
    {"key", "FILE", "private key to show a certificate with, PEM"},
    {"cert", "FILE", "that certificate, leaf first, PEM"},
    {"source", "ADDRESS:PORT", "send from here; else any port"},
    {"publisher-id", "N", "Message Publisher ID; 1"},
    {"first-id", "N", "Message ID to begin with, or 'random'; 1"},
    {"media-type", "TYPE", "json, xml, cbor, or private:N; json"},
    {"rate", "N", "messages a second; 5000; 0: as fast as the machine can"},
    {"max-segment-size", "OCTETS", "of a message or segment with its header; what the path takes"},
    {"mtu", "OCTETS", "that a UDP datagram may carry; 1200"},
    {"whole", "", "each FILE is one notification; else each line is"},
    {"repeat", "N", "publish all FILEs N times"},
    {"subscription", "ID", "begin with a subscription-started notification of this subscription"},
    {"bare", "", "a message a record without MSG-LEN, as draft-ietf-netconf-udp-notif-26 has it"},
    {"connect-timeout", "SECONDS", "for the receiver's answer; 10"},
    {"quiet", "", "no status line"},
};

absl::StatusOr<MediaType> ParseMediaType(const std::string& text) {
  if (text == "json") return MediaType{.value = kMediaTypeJson};
  if (text == "xml") return MediaType{.value = kMediaTypeXml};
  if (text == "cbor") return MediaType{.value = kMediaTypeCbor};
  constexpr std::string_view kPrivate = "private:";
  if (text.starts_with(kPrivate)) {
    const std::string number = text.substr(kPrivate.size());
    for (uint8_t value = 0; value < 16; ++value) {
      if (number == std::to_string(value)) return MediaType{.value = value, .is_private = true};
    }
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "--media-type needs json, xml, cbor or private:N with N from 0 to 15, not '", text, "'."));
}

// Splits HOST:PORT, and looks the host up.
absl::StatusOr<UdpAddress> Resolve(const std::string& text, std::string* host) {
  const size_t colon = text.rfind(':');
  const std::string port = colon == std::string::npos ? "" : text.substr(colon + 1);
  // getaddrinfo takes any number, and what is left of it modulo 2^16.
  uint32_t number = 0;
  if (colon == 0 || !absl::SimpleAtoi(port, &number) || number == 0 || number > kMaxPort) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", text, "' is no HOST:PORT, with a port from 1 to 65535."));
  }
  *host = text.substr(0, colon);
  if (host->starts_with('[') && host->ends_with(']')) *host = host->substr(1, host->size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  hints.ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host->c_str(), port.c_str(), &hints, &found);
  if (error != 0) {
    return absl::UnavailableError(
        absl::StrCat("cannot find '", text, "': ", gai_strerror(error), "."));
  }
  sockaddr_storage address{};
  std::memcpy(&address, found->ai_addr, found->ai_addrlen);
  freeaddrinfo(found);
  return UdpAddress::FromSockaddr(address);
}

// Takes a whole number of 32 bits, or what `fallback` says.
absl::Status Take(const Options& options, const char* name, int64_t min, int64_t max,
                  uint32_t* out) {
  const auto value = options.GetNumber(name, min, max, *out);
  if (!value.ok()) return value.status();
  *out = static_cast<uint32_t>(*value);
  return absl::OkStatus();
}

absl::Status TakeStream(const Options& options, PublisherOptions* stream) {
  const auto type = ParseMediaType(options.GetString("media-type", "json"));
  if (!type.ok()) return type.status();
  stream->media_type = *type;
  stream->framing = options.Has("bare") ? Framing::kBare : Framing::kLengthPrefixed;
  auto max_size = static_cast<uint32_t>(stream->max_segment_size);
  //= draft-ietf-netconf-udp-notif#section-3.2
  //# The Message ID MUST start with a randomized number with the first
  //# message and increase monotonically by the publisher of UDP-Notif
  //# messages.
  if (options.GetString("first-id", "") == "random") {
    stream->first_message_id = std::random_device()();
  } else if (absl::Status status = Take(options, "first-id", 0, kMaxId, &stream->first_message_id);
             !status.ok()) {
    return status;
  }
  if (absl::Status status = Take(options, "publisher-id", 0, kMaxId, &stream->publisher_id);
      !status.ok()) {
    return status;
  }
  if (absl::Status status =
          Take(options, "max-segment-size", kMinSegmentSize, kMaxMessageLen, &max_size);
      !status.ok()) {
    return status;
  }
  stream->max_segment_size = max_size;
  return absl::OkStatus();
}

absl::Status TakePlan(const Options& options, PublisherRun::Parts* parts) {
  // 5000 messages of a hundred octets are some hundred datagrams a second; whoever wants more says
  // so.
  parts->per_second = 5000;
  uint32_t repeat = 1;
  uint32_t connect_timeout_s = 10;
  uint32_t subscription = 0;
  for (const absl::Status& status :
       {Take(options, "rate", 0, 100'000'000, &parts->per_second),
        Take(options, "repeat", 1, kMaxId, &repeat),
        Take(options, "subscription", 0, kMaxId, &subscription),
        Take(options, "connect-timeout", 1, 3600, &connect_timeout_s)}) {
    if (!status.ok()) return status;
  }
  parts->input = {.paths = options.operands(), .by_line = !options.Has("whole"), .repeat = repeat};
  if (absl::Status status = CheckReadable(parts->input); !status.ok()) return status;
  if (options.Has("subscription")) parts->subscription = subscription;
  if (parts->subscription && parts->options.media_type.is_private) {
    return absl::InvalidArgumentError("--subscription needs a media type of json, xml or cbor.");
  }
  parts->connect_timeout = std::chrono::seconds(connect_timeout_s);
  parts->wants_status_line = !options.Has("quiet");
  return absl::OkStatus();
}

absl::Status TakeIdentities(const Options& options, AssociationConfig* config,
                            EndpointOptions* endpoint) {
  auto verifier = cli::LoadTrust(options.GetString("ca", ""), /*verifies_clients=*/false, *config);
  if (!verifier.ok()) return verifier.status();
  endpoint->server_verifier = *std::move(verifier);
  if (!options.Has("key")) return absl::OkStatus();
  auto signer =
      cli::LoadIdentity(options.GetString("key", ""), options.GetString("cert", ""), config);
  if (!signer.ok()) return signer.status();
  endpoint->signer = *std::move(signer);
  return absl::OkStatus();
}

//= draft-unyte-udp-notif-dtls#section-3
//# The Publisher MUST support sending UDP-notif messages to the specified
//# UDP port, but MAY be configurable to send messages to a different port.
//= draft-unyte-udp-notif-dtls#section-3
//# The Publisher MAY use any source UDP port for transmitting messages.
//= draft-ietf-netconf-udp-notif#section-3.1
//# A publisher SHOULD use a randomly selected ephemeral UDP source port for
//# transmitting UDP-Notif messages, as recommended in Section 5.1 of
//# [RFC8085].
//= draft-ietf-netconf-udp-notif#section-3.1
//# A fixed source port MAY be configured through the YANG module defined in
//# Section 7 when required for deployment-specific operational
//# considerations.
absl::Status Open(const Options& options, EndpointOptions endpoint, PublisherRun::Parts* parts) {
  auto made = cli::NewEndpoint(std::move(endpoint));
  if (!made.ok()) return made.status();
  parts->endpoint = *std::move(made);
  const auto source =
      cli::LocalAddress(options, "source", parts->receiver.is_v4() ? "0.0.0.0:0" : "[::]:0");
  if (!source.ok()) return source.status();
  std::string error;
  parts->driver = UdpDriver::Open({.address = source->ToString()}, parts->endpoint.get(), &error);
  if (!parts->driver) return absl::UnavailableError(error);
  parts->parameters.now = parts->driver->WallNow();
  return absl::OkStatus();
}

// There is no publishing without DTLS.
//= draft-ietf-netconf-udp-notif#section-6
//# In unsecured networks, which are not authenticated and encrypted on
//# layers below transport, UDP-Notif messages MUST be encrypted.
absl::Status Publish(const Options& options) {
  if (absl::Status status = options.Require("to"); !status.ok()) return status;
  // One without the other shows nothing.
  for (const auto& [one, other] : {std::pair("key", "cert"), {"cert", "key"}}) {
    if (!options.Has(one)) continue;
    if (absl::Status status = options.Require(other); !status.ok()) return status;
  }
  PublisherRun::Parts parts;
  if (absl::Status status = TakeStream(options, &parts.options); !status.ok()) return status;
  if (absl::Status status = TakePlan(options, &parts); !status.ok()) return status;
  uint32_t mtu = kDefaultMtu;
  if (absl::Status status = Take(options, "mtu", kMinMtu, kMaxMessageLen, &mtu); !status.ok()) {
    return status;
  }
  std::string host;
  const auto receiver = Resolve(options.GetString("to", ""), &host);
  if (!receiver.ok()) return receiver.status();
  parts.receiver = *receiver;
  parts.parameters.server_name = options.GetString("server-name", host);
  const auto settings = cli::Usable(PublisherSettings());
  if (!settings.ok()) return settings.status();
  const std::shared_ptr<AssociationConfig>& config = *settings;
  config->mtu = mtu;
  EndpointOptions endpoint = PublisherEndpointOptions(config);
  if (absl::Status status = TakeIdentities(options, config.get(), &endpoint); !status.ok()) {
    return status;
  }
  if (absl::Status status = Open(options, std::move(endpoint), &parts); !status.ok()) {
    return status;
  }
  return PublisherRun(std::move(parts)).Run();
}

}  // namespace

const cli::Command& PublishCommand() {
  static constexpr cli::Command kCommand = {"publish",
                                            "send notifications read from FILEs or standard input",
                                            kOptions, Publish, "[FILE ...]"};
  return kCommand;
}

}  // namespace dtls13::udp_notif
