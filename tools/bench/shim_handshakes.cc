// SPDX-License-Identifier: Apache-2.0
#include "tools/bench/shim_handshakes.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>
#include <vector>

#include "tools/bench/allocation_counter.h"
#include "tools/bench/scaling.h"
#include "tools/bench/shim_connection.h"
#include "tools/bench/stopwatch.h"

namespace dtls13::bench {
namespace {

using shim::DatagramRing;
using shim::Protocol;

// Rounds are shorter than the time that a busy machine gives a process at once.
constexpr int kRounds = 150;
constexpr size_t kHandshakesPerRound = 3;
constexpr size_t kNumHeld = 100;

// The aims.
constexpr double kMinGain = 1.5;  // of libssl's DTLS 1.2's handshakes
constexpr double kMaxHeldBytes = 12 * 1024;

enum class Kind : uint8_t { kFull, kResumed, kPsk, kCookie };

constexpr unsigned char kKey[] = "of thirty-two bytes, as they are";
constexpr unsigned char kCookie[] = "a cookie of an application";

unsigned int ClientPsk(SSL* /*ssl*/, const char* /*hint*/, char* identity, unsigned int max_len,
                       unsigned char* key, unsigned int max_key_len) {
  if (max_len < 2 || max_key_len < sizeof(kKey) - 1) return 0;
  std::strcpy(identity, "i");
  std::memcpy(key, kKey, sizeof(kKey) - 1);
  return sizeof(kKey) - 1;
}

unsigned int ServerPsk(SSL* /*ssl*/, const char* /*identity*/, unsigned char* key,
                       unsigned int max_key_len) {
  if (max_key_len < sizeof(kKey) - 1) return 0;
  std::memcpy(key, kKey, sizeof(kKey) - 1);
  return sizeof(kKey) - 1;
}

int MakeCookie(SSL* /*ssl*/, unsigned char* cookie, unsigned int* len) {
  std::memcpy(cookie, kCookie, sizeof(kCookie));
  *len = sizeof(kCookie);
  return 1;
}

int CheckCookie(SSL* /*ssl*/, const unsigned char* cookie, unsigned int len) {
  return len == sizeof(kCookie) && std::memcmp(cookie, kCookie, len) == 0;
}

void Prepare(Kind kind, SSL_CTX* client, SSL_CTX* server) {
  if (kind == Kind::kPsk) {
    SSL_CTX_set_psk_client_callback(client, ClientPsk);
    SSL_CTX_set_psk_server_callback(server, ServerPsk);
    // The one AEAD that DTLS 1.2 has with a PSK and forward secrecy.
    if (SSL_CTX_set_cipher_list(client, "ECDHE-PSK-CHACHA20-POLY1305") != 1 ||
        SSL_CTX_set_cipher_list(server, "ECDHE-PSK-CHACHA20-POLY1305") != 1) {
      Die("no such cipher suite");
    }
  }
  if (kind == Kind::kCookie) {
    SSL_CTX_set_options(server, SSL_OP_COOKIE_EXCHANGE);
    SSL_CTX_set_cookie_generate_cb(server, MakeCookie);
    SSL_CTX_set_cookie_verify_cb(server, CheckCookie);
  }
}

// Handshakes are one after the other, of one kind, in memory.
class Handshakes {
 public:
  Handshakes(Protocol protocol, Kind kind)
      : kind_(kind), connection_(std::make_unique<ShimConnection>(protocol)) {
    Prepare(kind, connection_->client_ctx(), connection_->server_ctx());
    Run();  // the first session
  }
  explicit Handshakes(const Handshakes& other)
      : kind_(other.kind_), connection_(std::make_unique<ShimConnection>(*other.connection_)) {
    Run();
  }
  Handshakes& operator=(const Handshakes&) = delete;
  ~Handshakes() { SSL_SESSION_free(session_); }

  void Run() {
    connection_->Make();
    if (session_ != nullptr) SSL_set_session(connection_->client(), session_);
    connection_->Handshake();
    if (kind_ != Kind::kResumed) return;
    if (session_ != nullptr && SSL_session_reused(connection_->client()) != 1) Die("not resumed");
    SSL_SESSION_free(session_);
    session_ = SSL_get1_session(connection_->client());
    // The session of a connection that just goes away is none to resume.
    SSL_set_shutdown(connection_->client(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  }

  const DatagramRing& to_client() const { return connection_->to_client(); }
  const DatagramRing& to_server() const { return connection_->to_server(); }

 private:
  Kind kind_;
  std::unique_ptr<ShimConnection> connection_;
  SSL_SESSION* session_ = nullptr;
};

struct Traffic {
  size_t num;
  size_t bytes;
};

Traffic TrafficOf(const DatagramRing& ring, Traffic before) {
  return {ring.num_written() - before.num, ring.bytes_written() - before.bytes};
}

void PrintTraffic(Handshakes& handshakes) {
  const Traffic client_before = TrafficOf(handshakes.to_server(), {});
  const Traffic server_before = TrafficOf(handshakes.to_client(), {});
  handshakes.Run();
  const Traffic client = TrafficOf(handshakes.to_server(), client_before);
  const Traffic server = TrafficOf(handshakes.to_client(), server_before);
  std::printf("   %2zu / %5zu  %2zu / %5zu", client.num, client.bytes, server.num, server.bytes);
}

double PerSecond(double each_ns) { return 1e9 / each_ns; }

void MeasureKind(const char* name, Kind kind) {
  Handshakes ours(Protocol::kDtls13, kind);
  Handshakes dtls12(Protocol::kDtls12, kind);
  double ours_ns = std::numeric_limits<double>::infinity();
  double dtls12_ns = ours_ns;
  for (int round = 0; round < kRounds; ++round) {
    ours_ns = std::min(ours_ns, NanosecondsEach(kHandshakesPerRound, [&](size_t) { ours.Run(); }));
    dtls12_ns =
        std::min(dtls12_ns, NanosecondsEach(kHandshakesPerRound, [&](size_t) { dtls12.Run(); }));
  }
  std::printf("%-8s %8.0f %8.0f %5.2f", name, PerSecond(ours_ns), PerSecond(dtls12_ns),
              dtls12_ns / ours_ns);
  PrintTraffic(ours);
  PrintTraffic(dtls12);
  std::printf("\n");
}

// HeldBytes is what an end of a connection keeps, the mean of both; with `connects` false what two
// SSLs do that have done nothing.
double HeldBytes(Protocol protocol, bool connects) {
  std::vector<std::unique_ptr<ShimConnection>> held;
  held.push_back(std::make_unique<ShimConnection>(protocol));
  const auto make = [&](size_t i) {
    held[i]->Make();
    if (connects) held[i]->Handshake();
  };
  make(0);
  for (size_t i = 1; i <= kNumHeld; ++i) held.push_back(std::make_unique<ShimConnection>(*held[0]));
  const int64_t before = CountAllocations().live_bytes;
  for (size_t i = 1; i <= kNumHeld; ++i) make(i);
  return static_cast<double>(CountAllocations().live_bytes - before) / (2 * kNumHeld);
}

}  // namespace

void MeasureHandshakes() {
  std::printf("\nhandshakes a second, both ends, best of %d rounds; aim: %.1f times DTLS 1.2's\n",
              kRounds, kMinGain);
  std::printf("%-8s %8s %8s %5s   %-24s   %s\n", "", "ours", "DTLS 1.2", "ratio",
              "datagrams / bytes, ours", "DTLS 1.2");
  MeasureKind("full", Kind::kFull);
  MeasureKind("resumed", Kind::kResumed);
  MeasureKind("PSK", Kind::kPsk);
  MeasureKind("cookie", Kind::kCookie);

  std::printf("\nheap of an end, bytes, libssl's own object with it; aim: ours at most %.0f\n",
              kMaxHeldBytes);
  std::printf("%-10s %8s %8s\n", "", "ours", "DTLS 1.2");
  std::printf("%-10s %8.0f %8.0f\n", "connected", HeldBytes(Protocol::kDtls13, true),
              HeldBytes(Protocol::kDtls12, true));
  std::printf("%-10s %8.0f %8.0f\n\n", "new", HeldBytes(Protocol::kDtls13, false),
              HeldBytes(Protocol::kDtls12, false));
}

void MeasureHandshakeThreads() {
  const Handshakes first(Protocol::kDtls13, Kind::kFull);
  PrintScaling("full handshakes", [&first]() -> Work {
    return [handshakes = std::make_shared<Handshakes>(first)] { handshakes->Run(); };
  });
}

}  // namespace dtls13::bench
