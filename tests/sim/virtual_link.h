// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TESTS_SIM_VIRTUAL_LINK_H_
#define DTLS13_TESTS_SIM_VIRTUAL_LINK_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "dtls13/path_id.h"
#include "dtls13/wire/time.h"

namespace dtls13::sim {

// Impairment is what a link does to datagrams, each chance in percent.
struct Impairment {
  double loss = 0;
  double duplicate = 0;
  double corrupt = 0;  // one byte of the datagram is changed
  double reorder = 0;  // the datagram is held back by up to max_extra_delay
  Duration delay = std::chrono::milliseconds(10);
  Duration max_extra_delay = std::chrono::milliseconds(200);
  size_t mtu = 65535;  // larger datagrams vanish
};

// Direction of a datagram.
enum class Direction : uint8_t { kClientToServer, kServerToClient };

struct SentDatagram {
  Direction direction;
  size_t index;  // among those of its direction, from 0
  Instant at;
  bool dropped = false;
  std::vector<uint8_t> bytes;
  PathId path = {};  // as the server sees it
};

// VirtualLink carries datagrams between two ends in virtual time, badly if told so, and the same
// way every time for the same seed. It does not know what the datagrams hold.
class VirtualLink {
 public:
  VirtualLink(const Impairment& impairment, uint64_t seed)
      : impairment_(impairment), random_(seed) {}

  // SetFilter: a datagram for which `drop` returns true is lost.
  void SetFilter(std::function<bool(const SentDatagram&)> drop) { drop_ = std::move(drop); }
  void SetImpairment(const Impairment& impairment) { impairment_ = impairment; }
  // SetCorruptible: only datagrams for which `may` returns true are damaged.
  void SetCorruptible(std::function<bool(std::span<const uint8_t>)> may) {
    corruptible_ = std::move(may);
  }

  void Send(Direction direction, std::span<const uint8_t> bytes, Instant now,
            const PathId& path = {});

  struct Delivery {
    Direction direction;
    std::vector<uint8_t> bytes;
    PathId path;
  };
  // Receive returns the earliest datagram due by `now`.
  std::optional<Delivery> Receive(Instant now);
  std::optional<Instant> NextDelivery() const;

  // Describe lists everything that was sent, a line each, for a failed test to show.
  std::string Describe() const;
  static std::string Describe(const SentDatagram& sent);
  // Everything that was sent, in order.
  const std::vector<SentDatagram>& log() const { return log_; }
  size_t num_sent(Direction direction) const { return num_sent_[static_cast<size_t>(direction)]; }

 private:
  struct Pending {
    Instant at;
    uint64_t order;
    Delivery delivery;
  };

  bool Chance(double percent);
  void Enqueue(const SentDatagram& sent, Instant now);

  Impairment impairment_;
  std::mt19937_64 random_;
  std::function<bool(const SentDatagram&)> drop_;
  std::function<bool(std::span<const uint8_t>)> corruptible_;
  std::vector<Pending> pending_;
  std::vector<SentDatagram> log_;
  size_t num_sent_[2] = {0, 0};
  uint64_t next_order_ = 0;
};

}  // namespace dtls13::sim

#endif  // DTLS13_TESTS_SIM_VIRTUAL_LINK_H_
