// SPDX-License-Identifier: Apache-2.0
// Cost of a record through the API that an application uses: SSL_write on a client and SSL_read on
// its server, of DTLS 1.3 beside libssl's own DTLS 1.2, measured alternately in one run.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <vector>

#include "shim/libssl/openssl_headers.h"
#include "shim/testing/ring_bio.h"
#include "shim/testing/ssl_pair.h"
#include "tools/bench/allocation_counter.h"

namespace dtls13::bench {
namespace {

using shim::DatagramRing;
using shim::NewRingBio;
using shim::Protocol;
using shim::SslPair;

constexpr size_t kSizes[] = {64, 512, 1200};
constexpr int kRounds = 200;
constexpr size_t kRecordsPerRound = 200;

[[noreturn]] void Die(const char* what) {
  std::fprintf(stderr, "application_data: %s\n", what);
  std::exit(1);
}

struct Result {
  double write_ns = std::numeric_limits<double>::infinity();
  double read_ns = std::numeric_limits<double>::infinity();
  double allocations = 0;  // per record, written and read, in the last round
};

// Connection is a client and a server over BIOs that cost next to nothing.
class Connection {
 public:
  Connection(Protocol protocol, const char* suites, const char* ciphers) : pair_(protocol) {
    if (SSL_CTX_set_ciphersuites(pair_.client_ctx.get(), suites) != 1 ||
        SSL_CTX_set_cipher_list(pair_.client_ctx.get(), ciphers) != 1) {
      Die("no such cipher suite");
    }
    pair_.Make();
    BIO* client = NewRingBio(&to_client_, &to_server_);
    BIO* server = NewRingBio(&to_server_, &to_client_);
    SSL_set_bio(pair_.client.get(), client, client);
    SSL_set_bio(pair_.server.get(), server, server);
    pair_.Run();
    if (!pair_.client_end.is_up || !pair_.server_end.is_up) Die("no handshake");
    // What follows the handshake: tickets and ACKs.
    std::vector<char> nothing(1);
    SSL_read(pair_.client.get(), nothing.data(), 1);
    SSL_read(pair_.server.get(), nothing.data(), 1);
  }

  const char* cipher() const { return SSL_get_cipher_name(pair_.client.get()); }

  // It moves the connection on.
  // NOLINTNEXTLINE(readability-make-member-function-const)
  void Round(size_t size, Result* best) {
    using Clock = std::chrono::steady_clock;
    const std::vector<char> data(size, 'x');
    std::vector<char> out(2048);
    Clock::duration writing{};
    Clock::duration reading{};
    const AllocationCount before = CountAllocations();
    for (size_t i = 0; i < kRecordsPerRound; ++i) {
      const auto begin = Clock::now();
      const int written = SSL_write(pair_.client.get(), data.data(), static_cast<int>(size));
      const auto middle = Clock::now();
      const int read = SSL_read(pair_.server.get(), out.data(), static_cast<int>(out.size()));
      reading += Clock::now() - middle;
      writing += middle - begin;
      if (written != static_cast<int>(size) || read != written) Die("data was lost");
    }
    const auto each = [](Clock::duration all) {
      return std::chrono::duration<double, std::nano>(all).count() / kRecordsPerRound;
    };
    best->write_ns = std::min(best->write_ns, each(writing));
    best->read_ns = std::min(best->read_ns, each(reading));
    best->allocations =
        static_cast<double>(CountAllocations().num_allocations - before.num_allocations) /
        kRecordsPerRound;
  }

 private:
  SslPair pair_;
  DatagramRing to_client_;
  DatagramRing to_server_;
};

void Print(size_t size, const char* what, double ours_ns, double libssl_ns) {
  std::printf("%6zu %-6s  %9.0f  %9.0f  %6.2f\n", size, what, ours_ns, libssl_ns,
              ours_ns / libssl_ns);
}

int Main() {
  InstallAllocationCounter();
  constexpr char kSuite[] = "TLS_AES_128_GCM_SHA256";
  constexpr char kCipher[] = "ECDHE-ECDSA-AES128-GCM-SHA256";
  Connection ours(Protocol::kDtls13, kSuite, kCipher);
  Connection libssls(Protocol::kDtls12, kSuite, kCipher);
  std::printf("ns per record, best of %d rounds, DTLS 1.3 with %s beside libssl's %s\n", kRounds,
              ours.cipher(), libssls.cipher());
  std::printf("%6s %-6s  %9s  %9s  %6s\n", "bytes", "", "DTLS 1.3", "DTLS 1.2", "ratio");
  for (const size_t size : kSizes) {
    Result best;
    Result libssls_best;
    for (int round = 0; round < kRounds; ++round) {
      ours.Round(size, &best);
      libssls.Round(size, &libssls_best);
    }
    Print(size, "write", best.write_ns, libssls_best.write_ns);
    Print(size, "read", best.read_ns, libssls_best.read_ns);
    std::printf("%6zu allocations per record: %.2f and %.2f\n", size, best.allocations,
                libssls_best.allocations);
  }
  return 0;
}

}  // namespace
}  // namespace dtls13::bench

int main() { return dtls13::bench::Main(); }
