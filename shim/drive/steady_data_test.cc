// SPDX-License-Identifier: Apache-2.0
// Application data once a connection is up: SSL_write and SSL_read allocate nothing for a record,
// and whatever an application leaves unread is there when it comes for it.

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "shim/libssl/openssl_headers.h"
#include "shim/testing/ring_bio.h"
#include "shim/testing/ssl_pair.h"
#include "tools/bench/allocation_counter.h"

namespace dtls13::shim {
namespace {

// Before main, because libcrypto takes its functions only before its first allocation.
const bool g_counts_libcrypto = (bench::InstallAllocationCounter(), true);

class SteadyDataTest : public testing::TestWithParam<bool> {
 protected:
  SteadyDataTest() : pair_(Protocol::kDtls13) {
    pair_.Make();
    BIO* client = NewRingBio(&to_client_, &to_server_, /*knows_peer=*/GetParam());
    BIO* server = NewRingBio(&to_server_, &to_client_, /*knows_peer=*/GetParam());
    SSL_set_bio(pair_.client.get(), client, client);
    SSL_set_bio(pair_.server.get(), server, server);
    pair_.Run();
    // What follows the handshake: tickets and ACKs.
    for (int turn = 0; turn < 3; ++turn) {
      EXPECT_EQ(Read(client_ssl()), "");
      EXPECT_EQ(Read(server_ssl()), "");
    }
  }

  void SetUp() override {
    ASSERT_TRUE(g_counts_libcrypto);
    ASSERT_TRUE(pair_.client_end.is_up);
    ASSERT_TRUE(pair_.server_end.is_up);
    ASSERT_EQ(SSL_version(server_ssl()), DTLS1_3_VERSION);
  }

  SSL* client_ssl() { return pair_.client.get(); }
  SSL* server_ssl() { return pair_.server.get(); }

  static void Write(SSL* ssl, std::string_view text) {
    ASSERT_EQ(SSL_write(ssl, text.data(), static_cast<int>(text.size())),
              static_cast<int>(text.size()));
  }

  static std::string Read(SSL* ssl, size_t max_len = 4096) {
    std::array<char, 4096> out;
    const int len = SSL_read(ssl, out.data(), static_cast<int>(max_len));
    return len > 0 ? std::string(out.data(), static_cast<size_t>(len)) : "";
  }

  static std::string Peek(SSL* ssl) {
    std::array<char, 4096> out;
    const int len = SSL_peek(ssl, out.data(), static_cast<int>(out.size()));
    return len > 0 ? std::string(out.data(), static_cast<size_t>(len)) : "";
  }

  // The other direction uses the thread's buffers in between.
  void UseBuffers() {
    const std::string noise(2000, '#');
    Write(server_ssl(), noise);
    ASSERT_EQ(Read(client_ssl()), noise);
  }

  SslPair pair_;
  DatagramRing to_client_;
  DatagramRing to_server_;
};

INSTANTIATE_TEST_SUITE_P(Peers, SteadyDataTest, testing::Bool(),
                         [](const testing::TestParamInfo<bool>& info) {
                           return std::string(info.param ? "Known" : "Unknown");
                         });

// Exchange writes and reads one record each way, with nothing but the API in between; the number of
// bytes that arrived.
size_t Exchange(SSL* from, SSL* to, const std::vector<char>& data, std::vector<char>* out) {
  size_t total = 0;
  for (int way = 0; way < 2; ++way) {
    size_t written = 0;
    size_t read = 0;
    if (SSL_write_ex(from, data.data(), data.size(), &written) != 1) return 0;
    if (SSL_read_ex(to, out->data(), out->size(), &read) != 1) return 0;
    total += read;
    std::swap(from, to);
  }
  return total;
}

TEST_P(SteadyDataTest, AllocatesNothing) {
  for (const size_t len : {size_t{1}, size_t{100}, size_t{1200}, size_t{4000}}) {
    const std::vector<char> data(len, 'x');
    std::vector<char> out(len + 100);
    // The thread's buffers, and what a connection keeps from its first records on.
    for (int i = 0; i < 3; ++i) {
      ASSERT_EQ(Exchange(client_ssl(), server_ssl(), data, &out), 2 * len);
    }
    const bench::AllocationCount before = bench::CountAllocations();
    for (int i = 0; i < 500; ++i) {
      ASSERT_EQ(Exchange(client_ssl(), server_ssl(), data, &out), 2 * len);
    }
    const bench::AllocationCount after = bench::CountAllocations();
    EXPECT_EQ(after.num_allocations - before.num_allocations, 0u) << len;
    EXPECT_EQ(after.live_bytes - before.live_bytes, 0) << len;
  }
}

size_t PadTo100(SSL* /*ssl*/, int /*type*/, size_t len, void* /*arg*/) { return 100 - len % 100; }

TEST_P(SteadyDataTest, PaddingAllocatesNothing) {
  ASSERT_EQ(SSL_set_block_padding(client_ssl(), 1000), 1);
  ASSERT_EQ(SSL_set_record_padding_callback(server_ssl(), &PadTo100), 1);
  for (const size_t len : {size_t{1}, size_t{600}, size_t{1200}}) {
    const std::vector<char> data(len, 'x');
    std::vector<char> out(len + 100);
    for (int i = 0; i < 3; ++i) {
      ASSERT_EQ(Exchange(client_ssl(), server_ssl(), data, &out), 2 * len);
    }
    const bench::AllocationCount before = bench::CountAllocations();
    for (int i = 0; i < 100; ++i) {
      ASSERT_EQ(Exchange(client_ssl(), server_ssl(), data, &out), 2 * len);
    }
    EXPECT_EQ(bench::CountAllocations().num_allocations - before.num_allocations, 0u) << len;
  }
}

TEST_P(SteadyDataTest, WaitingForDataAllocatesNothing) {
  std::array<char, 64> out;
  const auto read = [&] { return SSL_read(server_ssl(), out.data(), out.size()); };
  ASSERT_EQ(read(), -1);
  const bench::AllocationCount before = bench::CountAllocations();
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(read(), -1);
    ASSERT_EQ(SSL_get_error(server_ssl(), -1), SSL_ERROR_WANT_READ);
  }
  EXPECT_EQ(bench::CountAllocations().num_allocations - before.num_allocations, 0u);
}

TEST_P(SteadyDataTest, AConnectionKeepsLittleBesideLibsslsObjects) {
  // What the contexts have once is there since the first connection.
  SslPair pair(Protocol::kDtls13);
  pair.Make();
  pair.Run();
  const auto live_bytes = [] { return bench::CountAllocations().live_bytes; };
  pair.Make(NewRingBio(&to_client_, &to_server_, /*knows_peer=*/GetParam()),
            NewRingBio(&to_server_, &to_client_, /*knows_peer=*/GetParam()));
  const int64_t before = live_bytes();
  pair.Run();
  ASSERT_TRUE(pair.client_end.is_up);
  ASSERT_TRUE(pair.server_end.is_up);
  Write(pair.client.get(), "text");
  ASSERT_EQ(Read(pair.server.get()), "text");
  Write(pair.server.get(), "text");
  ASSERT_EQ(Read(pair.client.get()), "text");
  // Of each end a third is libcrypto's cipher contexts; of the client's, another the certificate.
  constexpr int64_t kMaxEndBytes = 13 * 1024;
  EXPECT_LT(live_bytes() - before, 2 * kMaxEndBytes);
}

TEST_P(SteadyDataTest, WaitingForDataHoldsNoBuffer) {
  // More connections than a thread keeps buffers for, all of them waiting.
  constexpr size_t kNumPairs = 3;
  std::vector<std::unique_ptr<DatagramRing>> rings;
  std::vector<std::unique_ptr<SslPair>> pairs;
  for (size_t i = 0; i < kNumPairs; ++i) {
    DatagramRing* to_client = rings.emplace_back(std::make_unique<DatagramRing>()).get();
    DatagramRing* to_server = rings.emplace_back(std::make_unique<DatagramRing>()).get();
    SslPair* pair = pairs.emplace_back(std::make_unique<SslPair>(Protocol::kDtls13)).get();
    pair->Make();
    BIO* client = NewRingBio(to_client, to_server, /*knows_peer=*/GetParam());
    BIO* server = NewRingBio(to_server, to_client, /*knows_peer=*/GetParam());
    SSL_set_bio(pair->client.get(), client, client);
    SSL_set_bio(pair->server.get(), server, server);
    pair->Run();
    ASSERT_TRUE(pair->client_end.is_up);
    ASSERT_TRUE(pair->server_end.is_up);
    const std::string text = "text";
    Write(pair->client.get(), text);
    Write(pair->server.get(), text);
    ASSERT_EQ(Read(pair->server.get()), text);
    ASSERT_EQ(Read(pair->client.get()), text);
  }
  const bench::AllocationCount before = bench::CountAllocations();
  for (const std::unique_ptr<SslPair>& pair : pairs) {
    EXPECT_EQ(Read(pair->client.get()), "");
    EXPECT_EQ(Read(pair->server.get()), "");
  }
  EXPECT_EQ(bench::CountAllocations().live_bytes - before.live_bytes, 0);
}

TEST_P(SteadyDataTest, CountsWhatIsKept) {
  // The count itself works: a record that is read in parts is copied, once.
  const auto read_in_parts = [&] {
    Write(client_ssl(), "in parts");
    EXPECT_EQ(Read(server_ssl(), 2), "in");
    EXPECT_EQ(Read(server_ssl()), " parts");
  };
  read_in_parts();
  const bench::AllocationCount before = bench::CountAllocations();
  read_in_parts();
  EXPECT_EQ(bench::CountAllocations().num_allocations - before.num_allocations, 1u);
}

TEST_P(SteadyDataTest, PartsOfARecord) {
  Write(client_ssl(), "0123456789");
  EXPECT_EQ(Read(server_ssl(), 4), "0123");
  EXPECT_EQ(SSL_pending(server_ssl()), 6);
  UseBuffers();
  EXPECT_EQ(Read(server_ssl(), 1), "4");
  EXPECT_EQ(Peek(server_ssl()), "56789");
  UseBuffers();
  EXPECT_EQ(SSL_has_pending(server_ssl()), 1);
  EXPECT_EQ(Read(server_ssl()), "56789");
  EXPECT_EQ(SSL_pending(server_ssl()), 0);
  EXPECT_EQ(SSL_has_pending(server_ssl()), 0);
}

TEST_P(SteadyDataTest, PeekLeavesARecord) {
  Write(client_ssl(), "peeked at");
  EXPECT_EQ(Peek(server_ssl()), "peeked at");
  EXPECT_EQ(SSL_pending(server_ssl()), 9);
  UseBuffers();
  Write(client_ssl(), "next");
  EXPECT_EQ(Peek(server_ssl()), "peeked at");
  EXPECT_EQ(Read(server_ssl()), "peeked at");
  EXPECT_EQ(Read(server_ssl()), "next");
}

TEST_P(SteadyDataTest, SeveralRecordsInADatagram) {
  Write(client_ssl(), "one");
  Write(client_ssl(), "two");
  Write(client_ssl(), "three");
  to_server_.Join();
  EXPECT_EQ(Read(server_ssl(), 2), "on");
  EXPECT_EQ(SSL_pending(server_ssl()), 1 + 3 + 5);
  UseBuffers();
  EXPECT_EQ(Read(server_ssl()), "e");
  EXPECT_EQ(Read(server_ssl()), "two");
  UseBuffers();
  // What comes after them waits in the BIO.
  Write(client_ssl(), "four");
  EXPECT_EQ(SSL_pending(server_ssl()), 5);
  EXPECT_EQ(Read(server_ssl()), "three");
  EXPECT_EQ(Read(server_ssl()), "four");
}

TEST_P(SteadyDataTest, DataThatOtherCallsReceive) {
  Write(client_ssl(), "before the end");
  ASSERT_EQ(SSL_shutdown(client_ssl()), 0);
  ASSERT_EQ(SSL_shutdown(server_ssl()), 0);
  // It waits for the peer's end and finds data first.
  ASSERT_EQ(SSL_shutdown(server_ssl()), -1);
  ERR_clear_error();
  EXPECT_EQ(SSL_read(client_ssl(), std::array<char, 1>().data(), 1), 0);  // uses the buffers
  EXPECT_EQ(Read(server_ssl()), "before the end");
  EXPECT_EQ(Read(server_ssl()), "");
  EXPECT_EQ(SSL_get_shutdown(server_ssl()), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

// What an info callback reads while SSL_read is on its way.
std::string* g_read_inside = nullptr;

void ReadInside(const SSL* ssl, int where, int /*value*/) {
  if (where != SSL_CB_READ_ALERT) return;
  std::array<char, 64> out;
  const int len = SSL_read(const_cast<SSL*>(ssl), out.data(), 2);
  if (len > 0) g_read_inside->append(out.data(), static_cast<size_t>(len));
}

TEST_P(SteadyDataTest, CallbacksReadToo) {
  std::string read_inside;
  g_read_inside = &read_inside;
  SSL_set_info_callback(server_ssl(), ReadInside);
  Write(client_ssl(), "first");
  Write(client_ssl(), "second");
  ASSERT_EQ(SSL_shutdown(client_ssl()), 0);
  to_server_.Join();
  // All three records are there before the callback hears of the alert.
  EXPECT_EQ(Read(server_ssl()), "rst");
  EXPECT_EQ(read_inside, "fi");
  EXPECT_EQ(Read(server_ssl()), "second");
  EXPECT_EQ(Read(server_ssl()), "");
  EXPECT_EQ(SSL_get_error(server_ssl(), 0), SSL_ERROR_ZERO_RETURN);
}

}  // namespace
}  // namespace dtls13::shim
