// SPDX-License-Identifier: Apache-2.0
// What an Endpoint of many associations costs: packets over loopback beside raw UDP with the same
// batches and the raw EVP calls, handshakes, first hellos of unproved addresses, and memory. All in
// one run, so that ratios mean something on a machine that is not quiet. `--million` makes 10^6
// associations for the memory and `--few` 10^4, not 10^5.

#include "dtls13/endpoint.h"

#include <malloc.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "dtls13/crypto/cipher_suite.h"
#include "dtls13/crypto/crypto_test_util.h"
#include "dtls13/crypto/secret.h"
#include "dtls13/crypto/traffic_keys.h"
#include "dtls13/udp/udp_socket.h"
#include "dtls13/udp_driver.h"
#include "tools/bench/endpoint_ends.h"
#include "tools/bench/raw_cipher.h"
#include "tools/bench/stopwatch.h"

namespace dtls13::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kPayloadLen = 1200;
// What a record of AES-128-GCM without a length and with a 16-bit number adds.
constexpr size_t kOverhead = 3 + 1 + 16;
constexpr size_t kManyAssociations = 10000;
constexpr std::chrono::milliseconds kRunTime(2000);
// kBurst datagrams go to one association before the next has its turn, as many as one call of
// UDP_SEGMENT carries at this length.
constexpr size_t kBurst = 52;

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "endpoint: %s\n", what.c_str());
  std::exit(1);
}

void Require(bool ok, const char* what) {
  if (!ok) Die(what);
}

// Rate is packets for each second that the sender's and the receiver's thread have of a core.
struct Rate {
  double sent = 0;
  double received = 0;

  // What two cores of their own would move.
  double moved() const { return std::min(sent, received); }
};

void PrintRate(const char* what, const Rate& rate) {
  std::printf("%-44s %7.2f %7.2f Mpps %7.2f Gb/s\n", what, rate.sent / 1e6, rate.received / 1e6,
              rate.moved() * kPayloadLen * 8 / 1e9);
}

void PrintAim(const char* what, double reached, const char* unit, double aim, bool is_most) {
  const bool ok = is_most ? reached <= aim : reached >= aim;
  std::printf("  %-42s %7.2f %s, aim: at %s %.2f: %s\n", what, reached, unit,
              is_most ? "most" : "least", aim, ok ? "reached" : "NOT reached");
}

// Run lets both sides work for kRunTime, each in a thread of its own. `send` and `receive` return
// how many packets they have moved.
template <typename Send, typename Receive>
Rate Run(Send send, Receive receive) {
  std::atomic<bool> is_over = false;
  double num_received = 0;
  double receiver_seconds = 0;
  std::thread receiver([&] {
    while (!is_over) num_received += static_cast<double>(receive());
    receiver_seconds = ThreadSeconds();
  });
  double num_sent = 0;
  const double start = ThreadSeconds();
  const auto until = Clock::now() + kRunTime;
  while (Clock::now() < until) num_sent += static_cast<double>(send());
  const double sender_seconds = ThreadSeconds() - start;
  is_over = true;
  receiver.join();
  return {.sent = num_sent / sender_seconds, .received = num_received / receiver_seconds};
}

// Bounds are none but for `max_associations`.
EndpointOptions Bounds(size_t max_associations, uint32_t max_hellos = 0) {
  return {.max_associations = max_associations, .max_hellos_per_host = 0, .max_hellos = max_hellos};
}

// Sockets is a server's and a client's on loopback; the client sends from any address of its net.
struct Sockets {
  static UdpDriverOptions ServerOptions() { return {.address = "127.0.0.1:0"}; }
  static UdpDriverOptions ClientOptions() {
    return {.address = "0.0.0.0:0", .tells_local_addresses = true};
  }
};

Rate MeasureRawUdp(size_t num_addresses, size_t burst) {
  std::string error;
  const auto server = UdpSocket::Open(Sockets::ServerOptions(), &error);
  const auto client = UdpSocket::Open(Sockets::ClientOptions(), &error);
  if (server == nullptr || client == nullptr) Die(error);
  const UdpAddress to = server->local_address();
  std::vector<UdpAddress> paths;
  for (size_t i = 0; i < num_addresses; ++i) {
    const std::string local = "127.1." + std::to_string(i >> 8) + "." + std::to_string(i & 0xff);
    paths.push_back(to.WithLocal(*UdpAddress::Parse(local + ":0")));
  }
  const std::vector<uint8_t> bytes(burst * (kPayloadLen + kOverhead));
  constexpr size_t kBatches = 64;
  size_t next = 0;
  std::vector<OutputBatch> batches(std::max<size_t>(1, kBatches / burst));
  const auto send = [&] {
    for (OutputBatch& batch : batches) {
      batch = {.peer_address = paths[next++ % paths.size()].bytes(),
               .bytes = bytes,
               .segment_len = kPayloadLen + kOverhead};
    }
    return client->Send(batches) * burst;
  };
  const auto receive = [&] {
    const uint64_t before = server->counters().datagrams_in;
    pollfd readable{.fd = server->fd(), .events = POLLIN, .revents = 0};
    constexpr int kMilliseconds = 10;
    if (server->Receive().empty()) poll(&readable, 1, kMilliseconds);
    return server->counters().datagrams_in - before;
  };
  return Run(send, receive);
}

// RawRecords are the records that MeasureRawCipher works on: so few that they stay in a cache, as a
// batch does.
class RawRecords {
 public:
  RawRecords(const TrafficKeys& keys, const CipherSuite& suite)
      : seal_(*DefaultAlgorithms(), suite, keys, true),
        open_(*DefaultAlgorithms(), suite, keys, false),
        data_(kNum * (kPayloadLen + 1)),
        tags_(kNum * kTagLen) {}

  size_t Seal() { return Run(&seal_); }
  // Open opens what Seal has made.
  size_t Open() { return Run(&open_); }

 private:
  static constexpr size_t kNum = 52;
  static constexpr size_t kTagLen = 16;

  size_t Run(RawCipher* cipher) {
    const std::array<uint8_t, 3> aad{};
    for (size_t i = 0; i < kNum; ++i) {
      cipher->Run(i, aad, std::span(data_).subspan(i * (kPayloadLen + 1), kPayloadLen + 1),
                  &tags_[i * kTagLen]);
    }
    return kNum;
  }

  RawCipher seal_;
  RawCipher open_;
  std::vector<uint8_t> data_;
  std::vector<uint8_t> tags_;
};

// Records that two cores seal and open with nothing but EVP. To be opened they have to be sealed
// first, each time; the opening core's time is less by what that takes.
Rate MeasureRawCipher() {
  const CipherSuite* const suite = FindCipherSuite(CipherSuiteId::kAes128GcmSha256);
  const Secret secret(suite->hash_len);
  const auto keys =
      DeriveTrafficKeys(*DefaultAlgorithms(), *suite, LabelPrefix::kDtls13, secret.bytes());
  Require(keys.has_value(), "no keys");
  RawRecords sealed(*keys, *suite);
  RawRecords opened(*keys, *suite);
  Rate rate = Run([&] { return sealed.Seal(); },
                  [&] {
                    opened.Seal();
                    return opened.Open();
                  });
  rate.received = 1 / (1 / rate.received - 1 / rate.sent);
  return rate;
}

// DataPath is two endpoints with a socket each and `num` associations between them.
class DataPath {
 public:
  explicit DataPath(size_t num) : payload_(kPayloadLen, 0x5a) {
    std::string error;
    // Ports first: the associations are made in memory, with the addresses that they will have.
    auto server_socket = UdpSocket::Open(Sockets::ServerOptions(), &error);
    auto client_socket = UdpSocket::Open(Sockets::ClientOptions(), &error);
    if (server_socket == nullptr || client_socket == nullptr) Die(error);
    UdpDriverOptions server_options = Sockets::ServerOptions();
    server_options.address = server_socket->local_address().ToString();
    UdpDriverOptions client_options = Sockets::ClientOptions();
    client_options.address = client_socket->local_address().ToString();
    ends_ = std::make_unique<EndpointEnds>(Authentication::kPskOnly, server_socket->local_address(),
                                           client_socket->local_address().port(), Bounds(num));
    server_socket.reset();
    client_socket.reset();
    ends_->Connect(num);
    server_ = UdpDriver::Open(server_options, &ends_->server(), &error);
    client_ = UdpDriver::Open(client_options, &ends_->client(), &error);
    if (server_ == nullptr || client_ == nullptr) Die(error);
  }

  Rate Measure(size_t burst) {
    const size_t turns = std::max<size_t>(1, 64 / burst);
    const auto send = [&] {
      for (size_t turn = 0; turn < turns; ++turn) {
        const AssociationId id = ends_->clients()[next_++ % ends_->clients().size()];
        for (size_t i = 0; i < burst; ++i) {
          Require(ends_->client().Send(id, payload_) == SendOutcome::kQueued, "Send failed");
        }
      }
      client_->Flush();
      return turns * burst;
    };
    const auto receive = [&] {
      constexpr Duration kLimit = std::chrono::milliseconds(10);
      server_->Wait(kLimit);
      uint64_t num = 0;
      while (const auto happened = ends_->server().PollEvent()) {
        num += happened->event.type == EventType::kApplicationData ? 1 : 0;
      }
      return num;
    };
    return Run(send, receive);
  }

 private:
  std::vector<uint8_t> payload_;
  std::unique_ptr<EndpointEnds> ends_;
  std::unique_ptr<UdpDriver> server_;
  std::unique_ptr<UdpDriver> client_;
  size_t next_ = 0;
};

// The machine is not ours alone: of several runs, taken in turn, the best counts.
void MeasurePackets() {
  constexpr int kRounds = 3;
  DataPath one(1);
  DataPath many(kManyAssociations);
  Rate cipher, raw, raw_many, raw_single, ours, ours_many, ours_single;
  const auto keep_best = [](Rate* best, const Rate& rate) {
    best->sent = std::max(best->sent, rate.sent);
    best->received = std::max(best->received, rate.received);
  };
  for (int round = 0; round < kRounds; ++round) {
    keep_best(&cipher, MeasureRawCipher());
    keep_best(&raw, MeasureRawUdp(1, kBurst));
    keep_best(&ours, one.Measure(kBurst));
    keep_best(&raw_many, MeasureRawUdp(kManyAssociations, kBurst));
    keep_best(&ours_many, many.Measure(kBurst));
    keep_best(&raw_single, MeasureRawUdp(kManyAssociations, 1));
    keep_best(&ours_single, many.Measure(1));
  }
  std::printf("\npackets of %zu bytes over loopback, sent and received by a core each\n",
              kPayloadLen);
  PrintRate("raw EVP, AES-128-GCM, sealed and opened", cipher);
  PrintRate("raw UDP, one address", raw);
  PrintRate("raw UDP, 10 000 addresses in turn", raw_many);
  PrintRate("raw UDP, 10 000, one packet a turn", raw_single);
  PrintRate("one association", ours);
  PrintRate("10 000 associations in turn", ours_many);
  PrintRate("10 000, one packet a turn", ours_single);
  const double least = std::min(raw.moved(), cipher.moved());
  PrintAim("one, of the least of raw UDP and raw EVP", ours.moved() / least, "", 0.8, false);
  PrintAim("10 000, of one", ours_many.moved() / ours.moved(), "", 0.8, false);
  // A core that sends and seals has to do both.
  const auto both = [](double udp, double evp) { return 1 / (1 / udp + 1 / evp); };
  std::printf("  %-42s %7.2f %7.2f\n", "one, of both on one core, sent and received",
              ours.sent / both(raw.sent, cipher.sent),
              ours.received / both(raw.received, cipher.received));
}

void MeasureHandshakes() {
  constexpr size_t kNum = 2000;
  EndpointEnds ends(Authentication::kCertificate, *UdpAddress::Parse("127.0.0.1:4433"), 4434,
                    Bounds(kNum));
  const double start = ThreadSeconds();
  ends.Connect(kNum);
  const double both = ThreadSeconds() - start;
  std::printf(
      "\nhandshakes, P-256 and X25519, with a cookie: %.0f a second for a server's core, %.0f for "
      "both ends\n",
      kNum / ends.server_seconds(), kNum / both);
}

// HellosEach is how many first hellos of as many addresses an endpoint takes a second.
double HellosEach(uint32_t max_hellos, size_t num) {
  EndpointEnds ends(Authentication::kCertificate, *UdpAddress::Parse("127.0.0.1:4433"), 4434,
                    Bounds(1, max_hellos));
  const std::vector<uint8_t> hello = ends.FirstHello();
  constexpr size_t kAtOnce = 32;  // as a driver receives them
  std::vector<std::vector<uint8_t>> datagrams(kAtOnce, hello);
  std::vector<UdpAddress> addresses(kAtOnce);
  std::vector<ReceivedDatagrams> received(kAtOnce);
  const double start = ThreadSeconds();
  for (size_t i = 0; i < num; ++i) {
    const size_t at = i % kAtOnce;
    addresses[at] = ends.ClientAddress(i);
    received[at] = {.peer_address = addresses[at].bytes(),
                    .host_len = addresses[at].host_len(),
                    .bytes = datagrams[at]};
    if (at + 1 == kAtOnce) ends.ToServer(received);
  }
  const double elapsed = ThreadSeconds() - start;
  Require(ends.server().size() == 0, "an unproved address left an association");
  return static_cast<double>(num) / elapsed;
}

void MeasureHellos() {
  constexpr double kAim = 1e6;
  const double answered = HellosEach(0, 200000);
  const double refused = HellosEach(1, 2000000);
  std::printf(
      "\nfirst hellos of unproved addresses on one core: %.3f M a second answered with a cookie\n",
      answered / 1e6);
  PrintAim("those over max_hellos, refused", refused / 1e6, "M/s", kAim / 1e6, false);
}

// --- Memory

// What libcrypto has allocated and not freed, as malloc counts it.
std::atomic<int64_t> g_libcrypto_bytes = 0;

int64_t SizeOf(void* block) {
  return block == nullptr ? 0 : static_cast<int64_t>(malloc_usable_size(block) + sizeof(size_t));
}

void Add(int64_t bytes) { g_libcrypto_bytes.fetch_add(bytes, std::memory_order_relaxed); }

void* CryptoReallocate(void* block, size_t size, const char*, int) {
  const int64_t before = SizeOf(block);
  void* const grown = std::realloc(block, size);
  if (grown != nullptr) Add(SizeOf(grown) - before);
  return grown;
}

void* CryptoAllocate(size_t size, const char* file, int line) {
  return CryptoReallocate(nullptr, size, file, line);
}

void CryptoFree(void* block, const char*, int) {
  Add(-SizeOf(block));
  std::free(block);
}

struct Memory {
  double all = 0;
  double libcrypto = 0;
};

Memory InUse() {
  const struct mallinfo2 info = mallinfo2();
  return {.all = static_cast<double>(info.uordblks + info.hblkhd),
          .libcrypto = static_cast<double>(g_libcrypto_bytes.load())};
}

// ResidentBytes is what of the process lies in memory.
double ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  double size = 0, resident = 0;
  statm >> size >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

// Each is what one of `num` associations weighs, by what was in use before them and after.
struct Each {
  Each(const Memory& before, const Memory& after, size_t num)
      : all((after.all - before.all) / static_cast<double>(num)),
        libcrypto((after.libcrypto - before.libcrypto) / static_cast<double>(num)) {}
  double all;
  double libcrypto;
};

// MeasureWaking wakes the associations of the clients that were kept, one after the other.
void MeasureWaking(EndpointEnds* ends) {
  constexpr double kAimMicroseconds = 5;
  constexpr int kRounds = 5;
  const std::array<uint8_t, 64> payload{};
  const auto each = static_cast<double>(ends->clients().size()) * 1e-6;
  double cold = 1e9, warm = 1e9;  // of several rounds the best counts
  for (int round = 0; round < kRounds; ++round) {
    ends->Age(std::chrono::minutes(1));
    cold = std::min(cold, ends->SayFromClients(payload) / each);
    warm = std::min(warm, ends->SayFromClients(payload) / each);
  }
  std::printf(
      "  a record for each of %zu cold ones %28.2f us\n  and for each once they are warm "
      "%31.2f us\n",
      ends->clients().size(), cold, warm);
  PrintAim("waking one", cold - warm, "us", kAimMicroseconds, true);
}

void MeasureMemory(size_t num) {
  constexpr double kAimBytes = 1.2 * 1024;
  constexpr double kAimResident = 2048;  // MiB of 10^6
  const size_t at_once = num / 100;      // are warm at a time: what they take stays the process's
  constexpr size_t kNumWoken = 1000;
  EndpointEnds ends(Authentication::kPskOnly, *UdpAddress::Parse("127.0.0.1:4433"), 4434,
                    Bounds(num + kNumWoken));
  ends.Connect(1, /*keeps_client=*/false);  // what there is once
  const double resident_before = ResidentBytes();
  const Memory before = InUse();
  const auto start = Clock::now();
  std::optional<Each> warm;
  for (size_t made = 1; made < num;) {
    const size_t now = std::min(at_once, num - made);
    ends.Connect(now, /*keeps_client=*/false);
    made += now;
    if (!warm) warm.emplace(before, InUse(), now);
    // They go cold while others come, as they would.
    ends.Age(AssociationConfig().cold_after);
  }
  const std::chrono::duration<double> elapsed = Clock::now() - start;
  // The handshake's keys have their time, twice the MSL (RFC 9147 section 5.8.1).
  ends.Age(std::chrono::minutes(5));
  Require(ends.server().size() == num, "an association went");
  const Each cold(before, InUse(), num - 1);
  const double resident = ResidentBytes() - resident_before;
  std::printf(
      "\nmemory of %zu associations, made in %.0f s, bytes each\n"
      "  warm, with the handshake's keys %14.0f, %.0f of them libcrypto's\n"
      "  cold %41.0f, %.0f of them libcrypto's\n"
      "  resident for all of them %21.0f MiB\n",
      num, elapsed.count(), warm->all, warm->libcrypto, cold.all, cold.libcrypto,
      resident / (1 << 20));
  PrintAim("a cold one", cold.all, "bytes", kAimBytes, true);
  constexpr double kMillion = 1e6;
  PrintAim("resident for 10^6", resident / (1 << 20) * kMillion / static_cast<double>(num), "MiB",
           kAimResident, true);
  ends.Connect(kNumWoken);
  MeasureWaking(&ends);
}

int Main(int argc, char** argv) {
  constexpr size_t kMillion = 1000000;
  size_t num_idle = kMillion / 10;
  const char* only = nullptr;  // one of the measurements, null: all
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--million") == 0) {
      num_idle = kMillion;
    } else if (std::strcmp(argv[i], "--few") == 0) {
      num_idle = kMillion / 100;
    } else if (only == nullptr && argv[i][0] != '-') {
      only = argv[i];
    } else {
      std::fprintf(stderr,
                   "usage: endpoint [--million|--few] [memory|hellos|handshakes|packets]\n");
      return 2;
    }
  }
  Require(CRYPTO_set_mem_functions(CryptoAllocate, CryptoReallocate, CryptoFree) == 1,
          "libcrypto has allocated already");
  const auto wants = [only](const char* what) {
    return only == nullptr || std::strcmp(only, what) == 0;
  };
  if (wants("memory")) MeasureMemory(num_idle);
  if (wants("hellos")) MeasureHellos();
  if (wants("handshakes")) MeasureHandshakes();
  if (wants("packets")) MeasurePackets();
  return 0;
}

}  // namespace
}  // namespace dtls13::bench

int main(int argc, char** argv) { return dtls13::bench::Main(argc, argv); }
