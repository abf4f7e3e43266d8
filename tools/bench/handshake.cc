// SPDX-License-Identifier: Apache-2.0
// Full handshakes in memory beside the public-key operations they cannot do without, measured in
// the same run; bytes and datagrams of a handshake; memory of an association during and after it.

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "dtls13/association.h"
#include "dtls13/crypto/key_exchange.h"
#include "dtls13/crypto/signature.h"
#include "tests/sim/association_pair.h"
#include "tests/sim/test_identity.h"
#include "tools/bench/allocation_counter.h"

namespace dtls13::bench {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kRounds = 9;
constexpr int kHandshakesPerRound = 200;

[[noreturn]] void Die(const char* what) {
  std::fprintf(stderr, "handshake: %s\n", what);
  std::exit(1);
}

struct Ends {
  std::unique_ptr<Association> client;
  std::unique_ptr<Association> server;
};

struct Traffic {
  size_t datagrams[2] = {0, 0};
  size_t bytes[2] = {0, 0};
};

// Runner carries datagrams between two associations without a network in between.
class Runner {
 public:
  Runner(sim::PairOptions options, const sim::TestIdentity& identity) : identity_(identity) {
    options.server.handshake.credential = identity.credential();
    client_ = std::make_shared<AssociationConfig>(options.client);
    server_ = std::make_shared<AssociationConfig>(options.server);
  }

  Ends Start() const {
    return {Association::NewClient(client_, ClientParameters()),
            Association::NewServer(server_, ServerParameters())};
  }

  // Runs until neither side owes anything; the identity's key signs, and verification of the chain
  // is the caller's business and costs nothing here.
  void Finish(Ends& ends, Traffic* traffic) {
    while (Carry(*ends.client, *ends.server, traffic, 0) |
           Carry(*ends.server, *ends.client, traffic, 1)) {
    }
    if (!ends.client->facts().connected || !ends.server->facts().connected)
      Die("a handshake did not complete");
  }

  bool Carry(Association& from, Association& to, Traffic* traffic, int direction) {
    bool carried = false;
    while (const size_t len = from.PollTransmit(buffer_, Instant())) {
      carried = true;
      if (traffic != nullptr) {
        ++traffic->datagrams[direction];
        traffic->bytes[direction] += len;
      }
      to.HandleDatagram(std::span(buffer_).first(len), Instant());
      Answer(to);
    }
    return carried;
  }

 private:
  void Answer(Association& association) {
    while (std::optional<Event> event = association.PollEvent()) {
      if (event->type == EventType::kSignatureWanted) {
        const SignatureRequest& request = association.facts().signature_request;
        association.ProvideSignature(identity_.Sign(request.scheme, request.input), Instant());
      } else if (event->type == EventType::kVerifyPeer) {
        association.ProvideVerification(true, AlertDescription::kUnknownCa, Instant());
      } else if (event->type == EventType::kFailed) {
        Die("a handshake failed");
      }
    }
  }

  const sim::TestIdentity& identity_;
  std::shared_ptr<const AssociationConfig> client_;
  std::shared_ptr<const AssociationConfig> server_;
  std::array<uint8_t, 4096> buffer_;
};

// PublicKeyOperations are those of one handshake, both sides: two key shares made, two derived, a
// signature made and verified.
class PublicKeyOperations {
 public:
  PublicKeyOperations(std::shared_ptr<const Algorithms> algorithms, NamedGroup group,
                      const sim::TestIdentity& identity)
      : algorithms_(std::move(algorithms)), group_(group), identity_(identity) {
    const std::vector<uint8_t>& der = identity.credential()->chain.front();
    const unsigned char* at = der.data();
    std::unique_ptr<X509, decltype(&X509_free)> leaf(
        d2i_X509(nullptr, &at, static_cast<long>(der.size())), X509_free);
    public_key_.reset(X509_get_pubkey(leaf.get()), EVP_PKEY_free);
  }

  void Run() {
    std::optional<KeyExchange> client = KeyExchange::Generate(*algorithms_, group_);
    KeyExchange::Response server;
    Secret shared;
    if (!client ||
        !KeyExchange::Respond(*algorithms_, group_, client->public_key(), &server).ok() ||
        !client->Derive(server.share, &shared).ok()) {
      Die("key exchange failed");
    }
    const SignatureScheme scheme = identity_.credential()->schemes.front();
    const std::vector<uint8_t> input(130, 0x20);
    const std::vector<uint8_t> signature = identity_.Sign(scheme, input);
    if (!VerifySignature(*algorithms_, public_key_.get(), scheme, input, signature)) {
      Die("signature failed");
    }
  }

 private:
  std::shared_ptr<const Algorithms> algorithms_;
  NamedGroup group_;
  const sim::TestIdentity& identity_;
  std::shared_ptr<EVP_PKEY> public_key_;
};

template <typename Body>
double BestPerSecond(int num, Body body) {
  const auto start = Clock::now();
  for (int i = 0; i < num; ++i) body();
  const std::chrono::duration<double> elapsed = Clock::now() - start;
  return num / elapsed.count();
}

void MeasureSpeed(const char* name, sim::KeyType key, NamedGroup group) {
  sim::PairOptions options = sim::DefaultPairOptions();
  options.client.handshake.groups = {group};
  const sim::TestIdentity& identity = sim::TestIdentity::Get(key);
  Runner runner(options, identity);
  PublicKeyOperations operations(options.client.handshake.algorithms, group, identity);
  double handshakes = 0, ceiling = 0;
  for (int round = 0; round < kRounds; ++round) {
    handshakes = std::max(handshakes, BestPerSecond(kHandshakesPerRound, [&] {
                            Ends ends = runner.Start();
                            runner.Finish(ends, nullptr);
                          }));
    ceiling = std::max(ceiling, BestPerSecond(kHandshakesPerRound, [&] { operations.Run(); }));
  }
  Ends ends = runner.Start();
  Traffic traffic;
  runner.Finish(ends, &traffic);
  std::printf("%-22s %8.0f %8.0f %6.1f %%   %2zu / %5zu   %2zu / %5zu\n", name, handshakes, ceiling,
              100 * handshakes / ceiling, traffic.datagrams[0], traffic.bytes[0],
              traffic.datagrams[1], traffic.bytes[1]);
}

// LiveBytesPerPair is what `num` pairs of associations hold, both sides of each, on average.
template <typename Prepare>
double LiveBytesPerPair(Runner& runner, Prepare prepare) {
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
  Runner runner(options, sim::TestIdentity::Get(sim::KeyType::kEcdsaP256));
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

int Main() {
  InstallAllocationCounter();
  std::printf("%-22s %8s %8s %8s   %-12s %-12s\n", "handshakes a second", "ours", "ceiling", "",
              "client sends", "server sends");
  MeasureSpeed("X25519, ECDSA P-256", sim::KeyType::kEcdsaP256, NamedGroup::kX25519);
  MeasureSpeed("P-256, ECDSA P-256", sim::KeyType::kEcdsaP256, NamedGroup::kSecp256r1);
  MeasureSpeed("X25519, RSA-2048", sim::KeyType::kRsa2048, NamedGroup::kX25519);
  MeasureSpeed("X25519, Ed25519", sim::KeyType::kEd25519, NamedGroup::kX25519);
  MeasureMemory();
  return 0;
}

}  // namespace
}  // namespace dtls13::bench

int main() { return dtls13::bench::Main(); }
