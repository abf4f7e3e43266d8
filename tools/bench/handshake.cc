// SPDX-License-Identifier: Apache-2.0
// Handshakes in memory beside the public-key operations they cannot do without, measured in the
// same run; how two threads scale; bytes and datagrams of a handshake; memory of an association
// during and after it. `--profile ROW COUNT` does nothing but that many handshakes, for profilers.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "dtls13/association.h"
#include "dtls13/crypto/random_source.h"
#include "dtls13/session/psk.h"
#include "dtls13/session/ticket_keyring.h"
#include "tests/sim/association_pair.h"
#include "tests/sim/test_identity.h"
#include "tools/bench/allocation_counter.h"
#include "tools/bench/handshake_runner.h"
#include "tools/bench/public_key_ceiling.h"
#include "tools/bench/scaling.h"
#include "tools/bench/stopwatch.h"

namespace dtls13::bench {
namespace {

constexpr int kRounds = 15;
constexpr int kHandshakesPerRound = 100;

enum class Kind : uint8_t { kFull, kPsk, kResumed };

// Row is one kind of handshake, and the part of its ceiling that it is to reach.
struct Row {
  const char* name;
  NamedGroup group;
  sim::KeyType key;
  double aim_percent;
  Kind kind = Kind::kFull;
  CipherSuiteId suite = CipherSuiteId::kAes256GcmSha384;  // what comes of the default lists
};

constexpr Row kRows[] = {
    {"X25519, ECDSA P-256", NamedGroup::kX25519, sim::KeyType::kEcdsaP256, 85},
    {"same, AES-128", NamedGroup::kX25519, sim::KeyType::kEcdsaP256, 85, Kind::kFull,
     CipherSuiteId::kAes128GcmSha256},
    {"P-256, ECDSA P-256", NamedGroup::kSecp256r1, sim::KeyType::kEcdsaP256, 80},
    {"X25519, RSA-2048", NamedGroup::kX25519, sim::KeyType::kRsa2048, 80},
    {"X25519, Ed25519", NamedGroup::kX25519, sim::KeyType::kEd25519, 80},
    {"X25519, PSK", NamedGroup::kX25519, sim::KeyType::kEcdsaP256, 85, Kind::kPsk},
    {"P-256, PSK", NamedGroup::kSecp256r1, sim::KeyType::kEcdsaP256, 85, Kind::kPsk},
    {"X25519, resumed", NamedGroup::kX25519, sim::KeyType::kEcdsaP256, 85, Kind::kResumed},
    {"X25519MLKEM768, ECDSA", NamedGroup::kX25519MlKem768, sim::KeyType::kEcdsaP256, 85},
};

sim::PairOptions OptionsOf(const Row& row) {
  sim::PairOptions options = sim::DefaultPairOptions();
  for (AssociationConfig* config : {&options.client, &options.server}) {
    config->handshake.random = SystemRandom(nullptr);
    config->handshake.cipher_suites = {row.suite};
  }
  options.client.handshake.groups = {row.group};
  options.client.handshake.client.initial_key_shares = {row.group};
  if (row.kind == Kind::kPsk) {
    auto key = std::make_shared<ExternalPsk>();
    key->identity = {'b', 'e', 'n', 'c', 'h'};
    key->key = PskKey(Secret(HashLen(HashId::kSha384)));
    key->hash = HashId::kSha384;
    options.client_psks = {Psk(std::shared_ptr<const ExternalPsk>(std::move(key)))};
  } else if (row.kind == Kind::kResumed) {
    options.server.handshake.server.ticket_keys = TicketKeyring::Create(
        options.server.handshake.algorithms, options.server.handshake.random, {});
  }
  return options;
}

HandshakeRunner RunnerOf(const Row& row) {
  return HandshakeRunner(OptionsOf(row), sim::TestIdentity::Get(row.key),
                         row.kind == Kind::kResumed);
}

PublicKeyCeiling CeilingOf(const Row& row) {
  return PublicKeyCeiling(row.group,
                          row.kind == Kind::kFull ? std::optional(row.key) : std::nullopt);
}

void Handshake(HandshakeRunner& runner) {
  Ends ends = runner.Start();
  runner.Finish(ends, nullptr);
}

// PerSecond is by the time the thread was on a processor.
template <typename Body>
double PerSecond(int num, Body body) {
  const double start = ThreadSeconds();
  for (int i = 0; i < num; ++i) body();
  return num / (ThreadSeconds() - start);
}

void MeasureSpeed(const Row& row) {
  if (!OptionsOf(row).client.handshake.algorithms->Supports(row.group)) {
    std::printf("%-22s not measured: this libcrypto does not have the group\n", row.name);
    return;
  }
  HandshakeRunner runner = RunnerOf(row);
  PublicKeyCeiling operations = CeilingOf(row);
  double handshakes = 0;
  double ceiling = 0;
  for (int round = 0; round < kRounds; ++round) {
    handshakes = std::max(handshakes, PerSecond(kHandshakesPerRound, [&] { Handshake(runner); }));
    ceiling = std::max(ceiling, PerSecond(kHandshakesPerRound, [&] { operations.Run(); }));
  }
  const uint64_t allocations = CountAllocations().num_allocations;
  Handshake(runner);
  const uint64_t num_allocations = CountAllocations().num_allocations - allocations;
  Ends ends = runner.Start();
  Traffic traffic;
  runner.Finish(ends, &traffic);
  std::printf("%-22s %7.0f %7.0f %6.1f %%  %3.0f %% %7llu   %2zu / %5zu   %2zu / %5zu\n", row.name,
              handshakes, ceiling, 100 * handshakes / ceiling, row.aim_percent,
              static_cast<unsigned long long>(num_allocations), traffic.datagrams[0],
              traffic.bytes[0], traffic.datagrams[1], traffic.bytes[1]);
}

// HandshakeWork shares its configs and keys with all other workers', as a server's threads do.
Work HandshakeWork() {
  static const sim::PairOptions& options = *new sim::PairOptions(OptionsOf(kRows[0]));
  auto runner = std::make_shared<HandshakeRunner>(options, sim::TestIdentity::Get(kRows[0].key));
  return [runner] { Handshake(*runner); };
}

// RecordWork seals and opens a record of 1200 bytes of a connection of its own.
Work RecordWork() {
  auto runner = std::make_shared<HandshakeRunner>(RunnerOf(kRows[0]));
  auto ends = std::make_shared<Ends>(runner->Start());
  runner->Finish(*ends, nullptr);
  return
      [ends, plaintext = std::vector<uint8_t>(1200), out = std::vector<uint8_t>(1400)]() mutable {
        size_t len = 0;
        if (ends->client->Seal(plaintext, out, &len) != SendResult::kSealed) Die("Seal failed");
        ends->server->HandleDatagram(std::span(out).first(len), Instant());
        while (ends->server->PollEvent()) {
        }
      };
}

void MeasureScalings() {
  PrintScalingHeading();
  PrintScaling("full handshakes", HandshakeWork);
  PrintScaling("records of 1200 bytes", RecordWork);
}

// LiveBytesPerPair is what `num` pairs of associations hold, both sides of each, on average.
template <typename Prepare>
double LiveBytesPerPair(HandshakeRunner& runner, Prepare prepare) {
  constexpr int kPairs = 200;
  std::vector<Ends> pairs;
  pairs.reserve(kPairs);
  const int64_t before = CountAllocations().live_bytes;
  for (int i = 0; i < kPairs; ++i) {
    pairs.push_back(runner.Start());
    prepare(pairs.back());
  }
  return static_cast<double>(CountAllocations().live_bytes - before) / kPairs;
}

// CipherContextBytes is what the EVP contexts of one direction's epoch hold: they are libcrypto's.
double CipherContextBytes(const std::shared_ptr<const Algorithms>& algorithms,
                          const CipherSuite& suite) {
  const Secret secret(suite.hash_len);
  RecordLayer empty(algorithms, kRfc9147Profile);
  const int64_t before = CountAllocations().live_bytes;
  RecordLayer layer(algorithms, kRfc9147Profile);
  if (!layer.InstallWriteKeys(kFirstApplicationEpoch, suite, secret)) Die("no keys");
  return static_cast<double>(CountAllocations().live_bytes - before);
}

void MeasureMemory() {
  sim::PairOptions options = sim::DefaultPairOptions();
  // Superseded keys are kept for reordering and repeated flights; an idle association has none.
  options.server.old_keys_lifetime = Duration(0);
  HandshakeRunner runner(options, sim::TestIdentity::Get(sim::KeyType::kEcdsaP256));
  const double waiting = LiveBytesPerPair(
      runner, [&](Ends& ends) { runner.Carry(*ends.client, *ends.server, nullptr, 0); });
  const double idle = LiveBytesPerPair(runner, [&](Ends& ends) {
    runner.Finish(ends, nullptr);
    // A record each way lets both sides forget what the handshake left.
    std::array<uint8_t, 256> out;
    size_t len = 0;
    const std::array<uint8_t, 1> byte{};
    for (auto [from, to] : {std::pair(&ends.client, &ends.server), {&ends.server, &ends.client}}) {
      if ((*from)->Seal(byte, out, &len) != SendResult::kSealed) Die("Seal failed");
      (*to)->HandleDatagram(std::span(out).first(len), Instant() + std::chrono::minutes(10));
      while ((*to)->PollEvent()) {
      }
    }
  });
  const double contexts = CipherContextBytes(options.client.handshake.algorithms,
                                             *FindCipherSuite(CipherSuiteId::kAes256GcmSha384));
  std::printf("\nmemory, bytes\n");
  std::printf("  sizeof(Association)                          %8zu\n", sizeof(Association));
  std::printf("  pair in mid-handshake (server flight sent)   %8.0f\n", waiting);
  std::printf("  idle association, mean of both sides         %8.0f\n", idle / 2);
  std::printf("  of it libcrypto's cipher contexts            %8.0f\n", 2 * contexts);
  std::printf("  of it ours                                   %8.0f\n", idle / 2 - 2 * contexts);
}

// Profile is nothing but handshakes of the row whose name begins so.
int Profile(std::string_view name, int num) {
  const auto* const row = std::find_if(
      std::begin(kRows), std::end(kRows),
      [&](const Row& candidate) { return std::string_view(candidate.name).starts_with(name); });
  if (row == std::end(kRows)) Die("no row has this name");
  HandshakeRunner runner = RunnerOf(*row);
  for (int i = 0; i < num; ++i) Handshake(runner);
  return 0;
}

int Main(std::span<char*> arguments) {
  if (arguments.size() == 4 && std::string_view(arguments[1]) == "--profile") {
    return Profile(arguments[2], std::atoi(arguments[3]));
  }
  InstallAllocationCounter();
  std::printf("%-22s %7s %7s %8s  %5s %7s   %-12s %-12s\n", "handshakes a second", "ours",
              "ceiling", "reached", "aim", "allocs", "client sends", "server sends");
  for (const Row& row : kRows) MeasureSpeed(row);
  MeasureScalings();
  MeasureMemory();
  return 0;
}

}  // namespace
}  // namespace dtls13::bench

int main(int argc, char** argv) { return dtls13::bench::Main({argv, static_cast<size_t>(argc)}); }
