// SPDX-License-Identifier: Apache-2.0
#include "tools/bench/shim_records.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "dtls13/association.h"
#include "dtls13/event.h"
#include "tests/sim/association_pair.h"
#include "tools/bench/allocation_counter.h"
#include "tools/bench/scaling.h"
#include "tools/bench/shim_connection.h"
#include "tools/bench/stopwatch.h"

namespace dtls13::bench {
namespace {

using shim::Protocol;

constexpr std::array<size_t, 4> kSizes = {64, 512, 1200, 16384};
constexpr size_t kMaxDatagramLen = 16384 + 64;
constexpr size_t kScalingLen = 1200;
constexpr int kRounds = 300;
constexpr size_t kBatchesPerRound = 25;
// Written together and then read together, so that no clock is read between two of them. A socket
// of the default size has room for them, whatever their length.
constexpr size_t kBatch = 4;

// The aims.
constexpr double kMinGain = 1.25;    // of libssl's DTLS 1.2's time
constexpr double kMaxOverCore = 60;  // ns a call

struct Cost {
  double write_ns = std::numeric_limits<double>::infinity();
  double read_ns = std::numeric_limits<double>::infinity();
  double allocations = 0;  // per record, written and read, in the last round
};

// TakeRound writes and reads by write(i) and read(i), `i` of a batch, and keeps the least time.
template <typename Write, typename Read>
void TakeRound(Write write, Read read, Cost* best) {
  double write_ns = 0;
  double read_ns = 0;
  const uint64_t before = CountAllocations().num_allocations;
  for (size_t batch = 0; batch < kBatchesPerRound; ++batch) {
    write_ns += NanosecondsEach(kBatch, write);
    read_ns += NanosecondsEach(kBatch, read);
  }
  best->write_ns = std::min(best->write_ns, write_ns / kBatchesPerRound);
  best->read_ns = std::min(best->read_ns, read_ns / kBatchesPerRound);
  best->allocations = static_cast<double>(CountAllocations().num_allocations - before) /
                      (kBatch * kBatchesPerRound);
}

// Core is two associations, driven as their contract says, with no more between them than memory.
class Core {
 public:
  Core() : pair_(Options()), datagrams_(kBatch * kMaxDatagramLen) {
    if (!pair_.RunUntilConnected()) Die("the core does not connect");
    pair_.RunUntilQuiet();
    client_ = pair_.client().association.get();
    server_ = pair_.server().association.get();
  }

  void Round(std::span<const uint8_t> data, Cost* best) {
    const auto datagram = [this](size_t i) {
      return std::span(datagrams_).subspan(i * kMaxDatagramLen, kMaxDatagramLen);
    };
    TakeRound(
        [&](size_t i) {
          if (client_->Seal(data, datagram(i), &lens_[i]) != SendResult::kSealed) Die("no record");
        },
        [&](size_t i) {
          server_->HandleDatagram(datagram(i).first(lens_[i]), pair_.now());
          size_t len = 0;
          while (const std::optional<Event> event = server_->PollEvent()) len += event->data.size();
          if (len != data.size()) Die("the core lost data");
          is_due_ = server_->NextTimeout().has_value();
        },
        best);
  }

 private:
  static sim::PairOptions Options() {
    sim::PairOptions options = sim::DefaultPairOptions();
    options.client.handshake.cipher_suites = {CipherSuiteId::kAes128GcmSha256};
    return options;
  }

  sim::AssociationPair pair_;
  Association* client_;
  Association* server_;
  std::vector<uint8_t> datagrams_;
  std::array<size_t, kBatch> lens_ = {};
  bool is_due_ = false;
};

// Records is a connection that is up, and room for what is read.
class Records {
 public:
  Records(Protocol protocol, Transport transport) : connection_(protocol, transport) { Connect(); }
  explicit Records(const Records& other) : connection_(other.connection_) { Connect(); }
  Records& operator=(const Records&) = delete;

  void Round(std::span<const uint8_t> data, Cost* best) {
    TakeRound([&](size_t) { connection_.Write(data.data(), data.size()); },
              [&](size_t) { connection_.Read(out_.data(), out_.size(), data.size()); }, best);
  }

 private:
  void Connect() {
    connection_.Make();
    connection_.Handshake();
  }

  ShimConnection connection_;
  std::array<uint8_t, kMaxDatagramLen> out_;
};

struct Costs {
  Cost ours;
  Cost dtls12;
  Cost tls13;
  Cost core;
};

void PrintRow(const char* transport, size_t size, const char* what, const Costs& costs,
              double Cost::*ns) {
  const bool has_aim = size == 64 || size == 1200;
  std::printf("%-13s %6zu %-5s %8.0f %8.0f %5.2f", transport, size, what, costs.ours.*ns,
              costs.dtls12.*ns, costs.dtls12.*ns / (costs.ours.*ns));
  if (costs.tls13.*ns < std::numeric_limits<double>::infinity()) {
    std::printf(" %8.0f %8.0f %6.0f", costs.tls13.*ns, costs.core.*ns,
                costs.ours.*ns - costs.core.*ns);
  } else {
    std::printf(" %8s %8s %6s", "", "", "");
  }
  std::printf("  %4.2f %4.2f%s\n", costs.ours.allocations, costs.dtls12.allocations,
              has_aim ? "  *" : "");
}

void MeasureTransport(const char* name, Transport transport, Core& core) {
  Records ours(Protocol::kDtls13, transport);
  Records dtls12(Protocol::kDtls12, transport);
  std::optional<Records> tls13;
  if (transport == Transport::kMemory) tls13.emplace(Protocol::kTls13, transport);
  for (const size_t size : kSizes) {
    const std::vector<uint8_t> data(size, 'x');
    Costs costs;
    for (int round = 0; round < kRounds; ++round) {
      ours.Round(data, &costs.ours);
      dtls12.Round(data, &costs.dtls12);
      if (tls13) tls13->Round(data, &costs.tls13);
      if (tls13) core.Round(data, &costs.core);
    }
    PrintRow(name, size, "write", costs, &Cost::write_ns);
    PrintRow(name, size, "read", costs, &Cost::read_ns);
  }
}

}  // namespace

void MeasureRecords() {
  std::printf(
      "ns a record of AES-128-GCM, best of %d rounds. Aims: in rows with * DTLS 1.2's time at "
      "least\n"
      "%.2f of ours, and in memory ours at most the core's and %.0f ns; no allocation.\n",
      kRounds, kMinGain, kMaxOverCore);
  std::printf("%-13s %6s %-5s %8s %8s %5s %8s %8s %6s  %s\n", "", "bytes", "", "ours", "DTLS 1.2",
              "ratio", "TLS 1.3", "core", "over", "allocations");
  Core core;
  MeasureTransport("memory", Transport::kMemory, core);
  MeasureTransport("connected", Transport::kConnectedUdp, core);
  MeasureTransport("unconnected", Transport::kUnconnectedUdp, core);
}

void MeasureRecordThreads() {
  const Records first(Protocol::kDtls13, Transport::kMemory);
  PrintScaling("records of 1200 bytes", [&first]() -> Work {
    return [records = std::make_shared<Records>(first),
            data = std::vector<uint8_t>(kScalingLen, 'x')] {
      Cost unused;
      records->Round(data, &unused);
    };
  });
}

}  // namespace dtls13::bench
