// SPDX-License-Identifier: Apache-2.0
// What loss costs a handshake: how long it takes in virtual time, and what is sent again.
//
// Over a link of kDelay each way that loses datagrams independently, with nothing else wrong with
// it, and a client and a server that answer at once:
// - time: from the ClientHello until both sides are connected;
// - datagrams: all that are sent until everything is acknowledged;
// - bytes sent again per byte lost: the bytes of handshake records (headers included) beyond those
//   of the exchange without loss, over the bytes of the datagrams lost, both summed over all runs.
// Beside the last stands the least there can be where a handshake loses one datagram, see Least.

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/sim/association_pair.h"
#include "tests/sim/record_audit.h"
#include "tests/sim/scenario.h"
#include "tests/sim/test_identity.h"
#include "tools/charts/line_chart.h"

namespace dtls13::bench {
namespace {

constexpr std::array<double, 5> kLosses = {0, 1, 5, 10, 20};  // percent
constexpr Duration kDelay = std::chrono::milliseconds(25);
constexpr double kAim = 1.2;
// Of the 99th percentile at the highest loss, without a cookie and with one.
constexpr double kAimMs = 4300;
constexpr double kAimMsWithCookie = 9500;
constexpr uint64_t kDefaultRuns = 2000;

[[noreturn]] void Die(const char* what) {
  std::fprintf(stderr, "loss: %s\n", what);
  std::exit(1);
}

// A Sample is one handshake.
struct Sample {
  double ms = 0;
  size_t datagrams = 0;
  size_t bytes = 0;
  size_t handshake_bytes = 0;
  size_t lost_bytes = 0;
};

// HandshakeBytes counts those of each datagram of the link's log.
std::vector<size_t> HandshakeBytes(const sim::AssociationPair& pair) {
  std::vector<size_t> bytes(pair.link().log().size());
  for (const sim::AuditedRecord& record : sim::AuditRecords(pair).records) {
    if (record.type == ContentType::kHandshake) bytes[record.datagram] += record.wire_len;
  }
  return bytes;
}

// A Kind is a handshake to be measured.
struct Kind {
  std::string name;
  const sim::Scenario* scenario;
  const sim::TestIdentity* identity;
};

sim::AssociationPair MakePair(const Kind& kind, double loss, uint64_t seed) {
  sim::PairOptions options = sim::DefaultPairOptions(seed);
  kind.scenario->configure(&options);
  options.identity = kind.identity;
  options.impairment = {.loss = loss, .delay = kDelay};
  for (AssociationConfig* config : {&options.client, &options.server}) {
    config->handshake.key_log = true;
    config->retransmit.max_expiries = 60;
  }
  return sim::AssociationPair(std::move(options));
}

// Least is the bytes sent again per byte lost of the exchange `pair` has had without loss, over the
// losses of any one datagram, by a sender that knows what was lost and keeps to the timers of RFC
// 9147 section 5.8.2. What was lost is sent again. Where it was all that would have told the client
// of its own last datagram, that is sent again too: its timer began before the server's, which has
// the same value. So is what the last ACK of either side was for.
double Least(const sim::AssociationPair& pair) {
  const std::vector<sim::SentDatagram>& log = pair.link().log();
  const std::vector<size_t> handshake_bytes = HandshakeBytes(pair);
  double again = 0, lost = 0;
  for (size_t i = 0; i < log.size(); ++i) {
    again += static_cast<double>(handshake_bytes[i]);
    lost += static_cast<double>(log[i].bytes.size());
    const auto is_same_side = [&](size_t j) { return log[j].direction == log[i].direction; };
    bool is_alone = true, is_last = true;
    size_t answered = log.size();
    for (size_t j = 0; j < log.size(); ++j) {
      if (j != i && is_same_side(j)) {
        is_alone = is_alone && log[j].at != log[i].at;
        is_last = is_last && j < i;
      } else if (!is_same_side(j) && log[j].at < log[i].at) {
        answered = j;
      }
    }
    const bool is_servers = log[i].direction == sim::Direction::kServerToClient;
    const bool is_last_ack = is_last && handshake_bytes[i] == 0;
    if (answered < log.size() && is_alone && (is_servers || is_last_ack)) {
      again += static_cast<double>(handshake_bytes[answered]);
    }
  }
  return again / lost;
}

Sample Measure(const Kind& kind, double loss, uint64_t seed) {
  sim::AssociationPair pair = MakePair(kind, loss, seed);
  if (!pair.RunUntilConnected(std::chrono::hours(4))) Die("a handshake did not complete");
  Sample sample;
  sample.ms = std::chrono::duration<double, std::milli>(pair.now().time_since_epoch()).count();
  pair.RunUntilQuiet(std::chrono::hours(4));
  for (const sim::SentDatagram& sent : pair.link().log()) {
    ++sample.datagrams;
    sample.bytes += sent.bytes.size();
    if (sent.dropped) sample.lost_bytes += sent.bytes.size();
  }
  for (const size_t len : HandshakeBytes(pair)) sample.handshake_bytes += len;
  return sample;
}

// A Row is what many samples at one loss come to.
struct Row {
  double median_ms = 0;
  double p99_ms = 0;
  double datagrams = 0;
  double bytes = 0;
  double again_per_lost = 0;
};

Row Summarise(std::vector<Sample> samples, size_t handshake_bytes_without_loss) {
  const auto num = static_cast<double>(samples.size());
  std::sort(samples.begin(), samples.end(),
            [](const Sample& a, const Sample& b) { return a.ms < b.ms; });
  Row row;
  row.median_ms = samples[samples.size() / 2].ms;
  row.p99_ms = samples[samples.size() * 99 / 100].ms;
  double again = 0, lost = 0;
  for (const Sample& sample : samples) {
    row.datagrams += static_cast<double>(sample.datagrams) / num;
    row.bytes += static_cast<double>(sample.bytes) / num;
    again += static_cast<double>(sample.handshake_bytes) -
             static_cast<double>(handshake_bytes_without_loss);
    lost += static_cast<double>(sample.lost_bytes);
  }
  row.again_per_lost = lost > 0 ? again / lost : 0;
  return row;
}

std::vector<Row> MeasureKind(const Kind& kind, uint64_t runs) {
  const size_t handshake_bytes_without_loss = Measure(kind, 0, 1).handshake_bytes;
  sim::AssociationPair unharmed = MakePair(kind, 0, 1);
  unharmed.RunUntilQuiet();
  const double least = Least(unharmed);
  const double aim_ms = kind.name == "cookie" ? kAimMsWithCookie : kAimMs;
  std::vector<Row> rows;
  for (const double loss : kLosses) {
    std::vector<Sample> samples;
    for (uint64_t seed = 1; seed <= runs; ++seed) samples.push_back(Measure(kind, loss, seed));
    rows.push_back(Summarise(std::move(samples), handshake_bytes_without_loss));
    const Row& row = rows.back();
    std::printf("%-20s %5.0f %% %10.1f %10.1f", kind.name.c_str(), loss, row.median_ms, row.p99_ms);
    if (loss == kLosses.back()) {
      std::printf(" %8.0f", aim_ms);
    } else {
      std::printf(" %8s", "");
    }
    std::printf(" %10.1f %10.0f %10.2f %6.2f %6.2f\n", row.datagrams, row.bytes, row.again_per_lost,
                kAim, least);
  }
  return rows;
}

// The scenarios that differ in what they send. The keys' signatures have one length, so that runs
// can be compared to the byte.
constexpr std::array<std::string_view, 5> kMeasured = {"full", "cookie", "client_certificate",
                                                       "psk_alone", "resumption"};

std::vector<Kind> Kinds() {
  static const sim::TestIdentity kChain =
      sim::TestIdentity::MakeChain(sim::KeyType::kEd25519, /*num_certificates=*/3,
                                   /*padding_len=*/1000);
  // Some 30 KB: records enough for three bursts.
  static const sim::TestIdentity kLongChain =
      sim::TestIdentity::MakeChain(sim::KeyType::kEd25519, /*num_certificates=*/20,
                                   /*padding_len=*/1000);
  std::vector<Kind> kinds;
  for (const sim::Scenario& scenario : sim::Scenarios()) {
    const std::string name(scenario.name);
    if (std::find(kMeasured.begin(), kMeasured.end(), name) == kMeasured.end()) continue;
    kinds.push_back({name, &scenario, &kChain});
    if (name != "full") continue;
    kinds.push_back({"full, long chain", &scenario, &kLongChain});
    kinds.push_back(
        {"full, short chain", &scenario, &sim::TestIdentity::Get(sim::KeyType::kEd25519)});
  }
  return kinds;
}

// Column leaves out the first `skip` rows.
std::vector<double> Column(const std::vector<Row>& rows, double Row::*column, size_t skip = 0) {
  std::vector<double> values;
  for (size_t i = skip; i < rows.size(); ++i) values.push_back(rows[i].*column);
  return values;
}

int Main(char** argv) {
  std::string svg;
  uint64_t runs = kDefaultRuns;
  for (char** at = argv + 1; *at != nullptr; at += 2) {
    const std::string_view name(*at);
    if (at[1] == nullptr) Die("usage: loss [--runs N] [--svg FILE]");
    if (name == "--svg") {
      svg = at[1];
    } else if (name == "--runs" && std::atoll(at[1]) > 0) {
      runs = static_cast<uint64_t>(std::atoll(at[1]));
    } else {
      Die("usage: loss [--runs N] [--svg FILE]");
    }
  }
  std::printf("%llu handshakes each, %lld ms one way\n", static_cast<unsigned long long>(runs),
              static_cast<long long>(kDelay.count() / 1000));
  std::printf("%-20s %7s %10s %10s %8s %10s %10s %10s %6s %6s\n", "handshake", "loss", "median ms",
              "p99 ms", "aim", "datagrams", "bytes", "again/lost", "aim", "least");
  charts::LineChart times{.title = "Handshake time over loss",
                          .x_label = "datagrams lost, %",
                          .y_label = "until both are connected, ms",
                          .xs = {kLosses.begin(), kLosses.end()},
                          .log_y = true};
  charts::LineChart again{.title = "Handshake bytes sent again for each byte lost",
                          .x_label = "datagrams lost, %",
                          .y_label = "bytes sent again per byte lost",
                          .xs = {kLosses.begin() + 1, kLosses.end()},  // nothing is lost at 0 %
                          .mark = kAim,
                          .mark_name = "aim"};
  for (const Kind& kind : Kinds()) {
    const std::vector<Row> rows = MeasureKind(kind, runs);
    const size_t color = again.lines.size();
    times.lines.push_back({kind.name + ": median", Column(rows, &Row::median_ms), color});
    times.lines.push_back({kind.name + ": p99", Column(rows, &Row::p99_ms), color, true});
    again.lines.push_back({kind.name, Column(rows, &Row::again_per_lost, 1), color});
  }
  if (!svg.empty() && !charts::WriteSvg({times, again}, svg)) Die("the SVG file cannot be written");
  return 0;
}

}  // namespace
}  // namespace dtls13::bench

int main(int, char** argv) { return dtls13::bench::Main(argv); }
