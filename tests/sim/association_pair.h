#ifndef DTLS13_TESTS_SIM_ASSOCIATION_PAIR_H_
#define DTLS13_TESTS_SIM_ASSOCIATION_PAIR_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dtls13/association.h"
#include "tests/sim/test_identity.h"
#include "tests/sim/virtual_link.h"

namespace dtls13::sim {

// SeededRandom is a RandomSource that repeats itself for the same seed.
class SeededRandom : public RandomSource {
 public:
  explicit SeededRandom(uint64_t seed) : random_(seed) {}
  bool Fill(std::span<uint8_t> out) override;

 private:
  std::mt19937_64 random_;
};

// PairOptions is what the tests vary. Both configs are ready to use as they are.
struct PairOptions {
  AssociationConfig client;
  AssociationConfig server;
  KeyType key = KeyType::kEcdsaP256;
  const TestIdentity* identity = nullptr;  // overrides `key`
  Impairment impairment;
  uint64_t seed = 1;
  bool verify_ok = true;
  std::string server_name = "server.example";
};

// DefaultPairOptions fills both configs with algorithms, seeded randomness and cookie keys.
PairOptions DefaultPairOptions(uint64_t seed = 1);

// Side is what one end was seen to do.
struct Side {
  std::unique_ptr<Association> association;
  std::vector<std::vector<uint8_t>> received;
  std::vector<RecordNumber> received_numbers;
  std::vector<std::string> key_log;
  bool connected = false;
  bool handshake_acked = false;
  bool peer_closed = false;
  std::optional<Status> failure;
  bool failure_from_peer = false;
};

// AssociationPair runs a client and a server over a VirtualLink in virtual time, answering their
// events as a caller would.
class AssociationPair {
 public:
  explicit AssociationPair(PairOptions options);

  Side& client() { return sides_[0]; }
  Side& server() { return sides_[1]; }
  VirtualLink& link() { return link_; }
  Instant now() const { return now_; }

  // RunFor lets `duration` of virtual time pass.
  void RunFor(Duration duration);
  // RunUntilConnected stops when both sides are connected (or one failed) or after `limit`; true
  // when both are.
  bool RunUntilConnected(Duration limit = std::chrono::minutes(5));
  // RunUntilQuiet stops when nothing is on the link and no timer is set, or after `limit`.
  void RunUntilQuiet(Duration limit = std::chrono::minutes(5));

  // Send seals `text` on a side and puts it on the link. False when Seal refuses.
  bool Send(Side& side, std::string_view text);
  // Flush sends what a side owes and handles its events.
  void Flush(Side& side);
  // Inject hands bytes to a side as if they came from the link.
  void Inject(Side& side, std::span<const uint8_t> bytes);
  // Echoes checks that data flows both ways now, resending over loss.
  bool DataFlowsBothWays();

 private:
  Direction DirectionFrom(const Side& side) const;
  void HandleEvent(Side& side, const Event& event);
  // Step advances to the next thing that happens, at most to `until`. False when nothing is left by
  // then.
  bool Step(Instant until);

  PairOptions options_;
  VirtualLink link_;
  Instant now_{};
  Side sides_[2];
};

}  // namespace dtls13::sim

#endif  // DTLS13_TESTS_SIM_ASSOCIATION_PAIR_H_
