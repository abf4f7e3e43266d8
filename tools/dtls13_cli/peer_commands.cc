// SPDX-License-Identifier: Apache-2.0
// server and client: associations, one after the other, of this library's core over UDP on
// loopback.
#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "dtls13/association_config.h"
#include "dtls13/crypto/named_group.h"
#include "dtls13/new_config.h"
#include "dtls13/session/anti_replay.h"
#include "dtls13/session/ticket_keyring.h"
#include "tools/dtls13_cli/commands.h"
#include "tools/dtls13_cli/dtls_setup.h"
#include "tools/dtls13_cli/peer.h"
#include "tools/dtls13_cli/stop_signal.h"

namespace dtls13::cli {
namespace {

constexpr std::array<OptionSpec, 4> kServerOnly = {{
    {"port", "PORT", "where to listen (0: any free port, which is printed)"},
    {"cookie", "", "answer the first ClientHello with a cookie"},
    {"tickets", "", "give session tickets, also when there is one association alone"},
    {"ca", "FILE", "ask for a certificate that one of these authorities issued, PEM"},
}};

constexpr std::array<OptionSpec, 4> kClientOnly = {{
    {"port", "PORT", "where the server listens"},
    {"ca", "FILE", "authorities to trust, PEM; without it any certificate is taken"},
    {"server-name", "NAME", "whom to ask for, and what the certificate must name"},
    {"key-shares", "LIST", "the groups of the first ClientHello's key shares"},
}};

constexpr std::array<OptionSpec, 22> kCommon = {{
    {"cert", "FILE", "certificate chain, PEM, leaf first"},
    {"key", "FILE", "its private key, PEM"},
    {"raw-public-key", "FILE",
     "the server's SubjectPublicKeyInfo, DER, which takes a certificate's place"},
    {"late-authentication", "",
     "of the client: the server asks for its certificate once connected"},
    {"connection-id", "BYTES",
     "the length of what the peer's records are to carry (default 0: none)"},
    {"psk", "ID:KEY", "a key both sides have: its name, and its bytes in hexadecimal"},
    {"psk-modes", "LIST", "dhe, ke or both, in order of preference (default dhe)"},
    {"groups", "LIST", "in order of preference, such as X25519:P-256:P-384"},
    {"keylog", "FILE", "append the traffic secrets to FILE, in NSS's format"},
    {"mtu", "BYTES", "the longest datagram sent (default 1200)"},
    {"echo", "", "send back whatever arrives"},
    {"text", "TEXT", "send TEXT first"},
    {"count", "N", "send N datagrams"},
    {"sizes", "SIZES", "their bytes: a number, or mixed (the default)"},
    {"await-echo", "", "each of them must come back unchanged"},
    {"expect", "N", "wait until N datagrams have arrived"},
    {"close-first", "", "close when all is done, not when the peer has closed"},
    {"key-update", "", "update the keys, and ask for the peer's, once connected"},
    {"associations", "N", "so many, one after the other, each resuming the one before"},
    {"early-data", "", "the first datagram of those that resume goes, or may come, early"},
    {"seconds", "N", "give up after so long (default 30)"},
    {"wire-profile", "NAME", "rfc9147 (the default), or draft-26, the draft of March 2018"},
}};

template <size_t kNumOwn>
constexpr auto WithCommon(const std::array<OptionSpec, kNumOwn>& own) {
  std::array<OptionSpec, kNumOwn + kCommon.size()> all{};
  std::copy(own.begin(), own.end(), all.begin());
  std::copy(kCommon.begin(), kCommon.end(), all.begin() + kNumOwn);
  return all;
}

constexpr auto kServerOptions = WithCommon(kServerOnly);
constexpr auto kClientOptions = WithCommon(kClientOnly);

absl::StatusOr<std::vector<NamedGroup>> ParseGroups(const std::string& list) {
  std::vector<NamedGroup> groups;
  for (const auto& word : absl::StrSplit(list, ':')) {
    const std::string name(word);
    const auto found = std::ranges::find_if(
        kNamedGroups, [&](const NamedGroupInfo& group) { return name == group.name; });
    if (found == kNamedGroups.end()) {
      const auto append = [](std::string* out, const NamedGroupInfo& group) {
        absl::StrAppend(out, group.name);
      };
      return absl::InvalidArgumentError(absl::StrCat(
          "--groups takes ", absl::StrJoin(kNamedGroups, ", ", append), ", not '", name, "'."));
    }
    groups.push_back(found->group);
  }
  return groups;
}

absl::StatusOr<std::vector<PskKeyExchangeMode>> ParsePskModes(const std::string& list) {
  std::vector<PskKeyExchangeMode> modes;
  for (const auto& word : absl::StrSplit(list, ':')) {
    if (word == "dhe") {
      modes.push_back(PskKeyExchangeMode::kPskDheKe);
    } else if (word == "ke") {
      modes.push_back(PskKeyExchangeMode::kPskKe);
    } else {
      return absl::InvalidArgumentError(
          absl::StrCat("--psk-modes takes dhe and ke, not '", std::string(word), "'."));
    }
  }
  return modes;
}

// An empty Psk where the option was not given.
absl::StatusOr<Psk> ParsePsk(const Options& options) {
  if (!options.Has("psk")) return Psk();
  const std::string text = options.GetString("psk", "");
  const size_t colon = text.rfind(':');
  const std::string digits = colon == std::string::npos ? "" : text.substr(colon + 1);
  const bool is_hex = std::all_of(digits.begin(), digits.end(), absl::ascii_isxdigit);
  if (colon == 0 || digits.empty() || digits.size() % 2 != 0 || !is_hex) {
    return absl::InvalidArgumentError("--psk takes a name, a colon and hexadecimal digits.");
  }
  auto psk = std::make_shared<ExternalPsk>();
  psk->identity.assign(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(colon));
  const std::string key = absl::HexStringToBytes(digits);
  psk->key = PskKey::CopyOf({reinterpret_cast<const uint8_t*>(key.data()), key.size()});
  return Psk(std::move(psk));
}

absl::Status ChooseProfile(const Options& options, AssociationConfig* config) {
  const std::string name = options.GetString("wire-profile", "rfc9147");
  if (name == "draft-26") SpeakDraft26(config);
  if (name == "draft-26" || name == "rfc9147") return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("--wire-profile takes rfc9147 and draft-26, not '", name, "'."));
}

absl::StatusOr<std::shared_ptr<AssociationConfig>> MakeConfig(const Options& options) {
  auto usable = Usable(NewServerConfig());
  if (!usable.ok()) return usable.status();
  std::shared_ptr<AssociationConfig> config = *std::move(usable);
  if (absl::Status status = ChooseProfile(options, config.get()); !status.ok()) return status;
  HandshakeConfig& handshake = config->handshake;
  handshake.server.require_cookie = options.Has("cookie");
  handshake.key_log = options.Has("keylog");
  if (options.Has("groups")) {
    absl::StatusOr<std::vector<NamedGroup>> groups = ParseGroups(options.GetString("groups", ""));
    if (!groups.ok()) return groups.status();
    handshake.groups = *std::move(groups);
  }
  if (options.Has("key-shares")) {
    auto groups = ParseGroups(options.GetString("key-shares", ""));
    if (!groups.ok()) return groups.status();
    handshake.client.initial_key_shares = *std::move(groups);
  }
  const absl::StatusOr<int64_t> id_len = options.GetNumber("connection-id", 0, 255, 0);
  if (!id_len.ok()) return id_len.status();
  handshake.connection_ids.receive_len = static_cast<size_t>(*id_len);
  handshake.post_handshake_auth = options.Has("late-authentication");
  handshake.server.ask_psk = options.Has("psk");
  if (options.Has("psk-modes")) {
    auto modes = ParsePskModes(options.GetString("psk-modes", ""));
    if (!modes.ok()) return modes.status();
    handshake.psk_modes = *std::move(modes);
  }
  const absl::StatusOr<int64_t> mtu =
      options.GetNumber("mtu", kMinMtu, kMaxPlaintextLen, kDefaultMtu);
  if (!mtu.ok()) return mtu.status();
  config->mtu = static_cast<size_t>(*mtu);
  config->omit_length = true;  // UDP keeps datagram boundaries
  return config;
}

absl::StatusOr<WorkloadConfig> MakeWorkload(const Options& options, size_t mtu) {
  // Room for any record header, content type and tag.
  constexpr size_t kMaxOverhead = 64;
  const auto max_len = static_cast<int64_t>(mtu - kMaxOverhead);
  WorkloadConfig config;
  config.echo = options.Has("echo");
  config.await_echo = options.Has("await-echo");
  config.text = options.GetString("text", "");
  config.max_len = static_cast<size_t>(max_len);
  const absl::StatusOr<int64_t> count = options.GetNumber("count", 0, 1 << 20, 0);
  const absl::StatusOr<int64_t> expect = options.GetNumber("expect", 0, 1 << 20, 0);
  const absl::StatusOr<int64_t> fixed = options.GetString("sizes", "mixed") == "mixed"
                                            ? 0
                                            : options.GetNumber("sizes", 1, max_len, 0);
  for (const absl::StatusOr<int64_t>* number : {&count, &expect, &fixed}) {
    if (!number->ok()) return number->status();
  }
  config.count = *count;
  config.expect = *expect;
  config.fixed_len = static_cast<size_t>(*fixed);
  return config;
}

// AllowResumption gives a server what its tickets and their early data need.
void AllowResumption(const Options& options, HandshakeConfig* handshake) {
  handshake->server.ticket_keys =
      TicketKeyring::Create(handshake->algorithms, handshake->random, TicketKeyring::Options());
  if (!options.Has("early-data")) return;
  constexpr uint32_t kMaxEarlyDataLen = 16384;
  handshake->server.max_early_data_len = kMaxEarlyDataLen;
  // The ticket keys are no older than the guard, so there is nothing from before it to be repeated.
  handshake->server.replay_guard = std::make_shared<RecentClaims>(WallTime());
}

absl::StatusOr<std::vector<uint8_t>> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
  if (bytes.empty()) return absl::UnavailableError(absl::StrCat("'", path, "' has nothing."));
  return bytes;
}

// Identities are what one side shows, and what it expects of the other's.
struct Identities {
  std::shared_ptr<const Signer> signer;          // null: shows nothing
  std::shared_ptr<const PeerVerifier> verifier;  // null: takes anything
  std::vector<uint8_t> server_key;               // a client's expectation; empty: none
};

// TakeIdentities puts into `config` what it needs of them.
absl::StatusOr<Identities> TakeIdentities(const Options& options, Role role,
                                          AssociationConfig* config) {
  Identities result;
  HandshakeConfig* const handshake = &config->handshake;
  if (options.Has("ca")) {
    auto trust = LoadTrust(options.GetString("ca", ""), role == Role::kServer, *config);
    if (!trust.ok()) return trust.status();
    result.verifier = *std::move(trust);
  }
  std::vector<uint8_t> raw_key;
  if (options.Has("raw-public-key")) {
    auto bytes = ReadFile(options.GetString("raw-public-key", ""));
    if (!bytes.ok()) return bytes.status();
    raw_key = *std::move(bytes);
  }
  if (role == Role::kClient && !raw_key.empty()) {
    handshake->peer_certificate_types = {CertificateType::kRawPublicKey};
    result.server_key = raw_key;
  }
  if (!options.Has("key")) return result;
  const std::string key = options.GetString("key", "");
  if (role == Role::kServer && !raw_key.empty()) {
    std::string error;
    result.signer = Signer::LoadPem(handshake->algorithms, key, &error);
    if (!result.signer) return absl::UnavailableError(error);
    handshake->credential =
        std::make_shared<Credential>(Credential{.chain = {raw_key},
                                                .schemes = result.signer->schemes(),
                                                .type = CertificateType::kRawPublicKey});
    return result;
  }
  if (absl::Status status = options.Require("cert"); !status.ok()) return status;
  auto signer = LoadIdentity(key, options.GetString("cert", ""), config);
  if (!signer.ok()) return signer.status();
  result.signer = *std::move(signer);
  return result;
}

absl::StatusOr<int64_t> NumAssociations(const Options& options) {
  return options.GetNumber("associations", 1, 16, 1);
}

// RunPeer runs the next association, which resumes `*session` and leaves its own there.
absl::Status RunPeer(const Options& options, UdpSocket socket,
                     std::shared_ptr<const AssociationConfig> config, PeerOptions peer_options,
                     const StopSignal& stop, std::shared_ptr<const Session>* session) {
  const absl::StatusOr<WorkloadConfig> workload = MakeWorkload(options, config->mtu);
  if (!workload.ok()) return workload.status();
  const absl::StatusOr<int64_t> seconds = options.GetNumber("seconds", 1, 3600, 30);
  if (!seconds.ok()) return seconds.status();
  absl::StatusOr<Psk> psk = ParsePsk(options);
  if (!psk.ok()) return psk.status();
  peer_options.psk = *std::move(psk);
  peer_options.session = *session;
  peer_options.early_data = options.Has("early-data");
  peer_options.limit = std::chrono::seconds(*seconds);
  peer_options.key_log_path = options.GetString("keylog", "");
  peer_options.close_first = options.Has("close-first");
  peer_options.key_update = options.Has("key-update");
  peer_options.late_authentication = options.Has("late-authentication");
  Peer peer(std::move(socket), std::move(config), std::move(peer_options), *workload);
  absl::Status status = peer.Run(stop);
  *session = peer.session();
  return status;
}

absl::Status RunServer(const Options& options) {
  if (absl::Status status = options.Require("port"); !status.ok()) return status;
  // A key that both sides have does without a certificate.
  if (!options.Has("psk")) {
    if (absl::Status status = options.Require("key"); !status.ok()) return status;
  }
  const absl::StatusOr<int64_t> port = options.GetNumber("port", 0, 65535, 0);
  if (!port.ok()) return port.status();
  absl::StatusOr<std::shared_ptr<AssociationConfig>> config = MakeConfig(options);
  if (!config.ok()) return config.status();
  const absl::StatusOr<int64_t> num_associations = NumAssociations(options);
  if (!num_associations.ok()) return num_associations.status();
  if (*num_associations > 1 || options.Has("tickets"))
    AllowResumption(options, &(*config)->handshake);
  const auto identities = TakeIdentities(options, Role::kServer, config->get());
  if (!identities.ok()) return identities.status();
  if (options.Has("ca") && !options.Has("late-authentication")) {
    (*config)->handshake.server.client_authentication = ClientAuthentication::kRequired;
  }
  auto number = static_cast<uint16_t>(*port);
  absl::Status status;
  const StopSignal stop;
  for (int64_t i = 0; i < *num_associations && status.ok() && !stop.requested(); ++i) {
    absl::StatusOr<UdpSocket> socket = UdpSocket::Bound(number);
    if (!socket.ok()) return socket.status();
    number = socket->port();  // the next association's too
    std::printf("server: listening on port %u\n", number);
    std::fflush(stdout);
    std::shared_ptr<const Session> none;
    status = RunPeer(
        options, *std::move(socket), *config,
        {.role = Role::kServer, .signer = identities->signer, .verifier = identities->verifier},
        stop, &none);
  }
  return status;
}

absl::Status RunClient(const Options& options) {
  if (absl::Status status = options.Require("port"); !status.ok()) return status;
  const absl::StatusOr<int64_t> port = options.GetNumber("port", 1, 65535, 0);
  if (!port.ok()) return port.status();
  absl::StatusOr<std::shared_ptr<AssociationConfig>> config = MakeConfig(options);
  if (!config.ok()) return config.status();
  const absl::StatusOr<int64_t> num_associations = NumAssociations(options);
  if (!num_associations.ok()) return num_associations.status();
  const auto identities = TakeIdentities(options, Role::kClient, config->get());
  if (!identities.ok()) return identities.status();
  std::shared_ptr<const Session> session;
  absl::Status status;
  const StopSignal stop;
  for (int64_t i = 0; i < *num_associations && status.ok() && !stop.requested(); ++i) {
    absl::StatusOr<UdpSocket> socket = UdpSocket::Connected(static_cast<uint16_t>(*port));
    if (!socket.ok()) return socket.status();
    status = RunPeer(options, *std::move(socket), *config,
                     {.role = Role::kClient,
                      .server_name = options.GetString("server-name", ""),
                      .signer = identities->signer,
                      .verifier = identities->verifier,
                      .server_key = identities->server_key},
                     stop, &session);
  }
  return status;
}

}  // namespace

const Command& ServerCommand() {
  static constexpr Command kCommand = {"server", "run DTLS 1.3 server associations", kServerOptions,
                                       RunServer};
  return kCommand;
}

const Command& ClientCommand() {
  static constexpr Command kCommand = {"client", "run DTLS 1.3 client associations", kClientOptions,
                                       RunClient};
  return kCommand;
}

}  // namespace dtls13::cli
