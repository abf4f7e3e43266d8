// SPDX-License-Identifier: Apache-2.0
// What a process tells of its connections where the policy has it do so.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <thread>

#include "shim/libssl/openssl_headers.h"
#include "shim/libssl/status_layout.h"
#include "shim/testing/child.h"
#include "shim/testing/ssl_pair.h"

namespace dtls13::shim {
namespace {

using Values = std::map<std::string, uint64_t>;

Values ReadStatus() {
  Values values;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    const std::string target = std::filesystem::read_symlink(entry.path(), error).string();
    if (target.find(kStatusName) == std::string::npos) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    StatusHeader header = {};
    file.read(reinterpret_cast<char*>(&header), sizeof header);
    for (uint32_t i = 0; i < header.num_counters; ++i) {
      StatusCounter counter;
      file.read(reinterpret_cast<char*>(&counter), sizeof counter);
      values[std::string(counter.group) + ": " + counter.name] = counter.value;
    }
  }
  return values;
}

class StatusTest : public testing::Test {
 protected:
  // Since is how much each value has grown since the test began.
  uint64_t Since(const std::string& name) {
    Values now = ReadStatus();
    EXPECT_TRUE(now.contains(name)) << name;
    return now[name] - before_[name];
  }

  Values before_ = ReadStatus();
};

TEST_F(StatusTest, FollowsConnectionsFromTheirBeginningToTheirEnd) {
  SslPair pair(Protocol::kDtls13);
  ASSERT_EQ(SSL_CTX_set1_groups_list(pair.client_ctx.get(), "P-384"), 1);
  ASSERT_EQ(SSL_CTX_set_ciphersuites(pair.client_ctx.get(), "TLS_CHACHA20_POLY1305_SHA256"), 1);
  pair.Make();
  SSL_set_connect_state(pair.client.get());
  EXPECT_EQ(SSL_do_handshake(pair.client.get()), -1);
  EXPECT_EQ(Since("connections: in handshake"), 1u);
  EXPECT_EQ(Since("connections: begun"), 1u);
  pair.Run();
  ASSERT_TRUE(pair.client_end.is_up && pair.server_end.is_up);
  EXPECT_EQ(Since("connections: in handshake"), 0u);
  EXPECT_EQ(Since("connections: open"), 2u);
  EXPECT_EQ(Since("connections: begun"), 2u);
  EXPECT_EQ(Since("connections: DTLSv1.3 negotiated"), 2u);
  EXPECT_EQ(Since("suite: TLS_CHACHA20_POLY1305_SHA256"), 2u);
  EXPECT_EQ(Since("suite: TLS_AES_256_GCM_SHA384"), 0u);
  EXPECT_EQ(Since("group: P-384"), 2u);
  EXPECT_GE(ReadStatus()["sending: MTU of the newest"], 256u);
  SSL_shutdown(pair.client.get());
  EXPECT_EQ(Since("connections: open"), 1u);
  EXPECT_EQ(Since("connections: over"), 1u);
  pair.client.reset();
  pair.server.reset();
  EXPECT_EQ(Since("connections: open"), 0u);
  EXPECT_EQ(Since("connections: over"), 0u);
  EXPECT_EQ(Since("connections: DTLSv1.3 negotiated"), 2u);
}

TEST_F(StatusTest, CountsFailures) {
  SslPair pair(Protocol::kDtls13);
  SSL_CTX_set_verify(pair.client_ctx.get(), SSL_VERIFY_PEER, nullptr);  // knows no authority
  pair.Make();
  pair.Run();
  ASSERT_FALSE(pair.client_end.is_up);
  EXPECT_EQ(Since("connections: failed"), 2u);
  EXPECT_EQ(Since("connections: over"), 2u);
}

TEST_F(StatusTest, CountsWhatIsDroppedByItsReason) {
  SslPair pair(Protocol::kDtls13);
  pair.Make();
  pair.Run();
  ASSERT_TRUE(pair.client_end.is_up && pair.server_end.is_up);
  // A record of the application's epoch that nobody sealed.
  std::array<uint8_t, 64> forged = {0x2f, 0x00, 0x07, 0x00, 59};
  ASSERT_EQ(BIO_write(SSL_get_wbio(pair.client.get()), forged.data(), forged.size()), 64);
  std::array<char, 8> buffer;
  EXPECT_LE(SSL_read(pair.server.get(), buffer.data(), buffer.size()), 0);
  EXPECT_EQ(Since("dropped: authentication"), 1u);
  EXPECT_EQ(Since("dropped: replay"), 0u);
}

TEST_F(StatusTest, CountsRetransmissions) {
  SslPair pair(Protocol::kDtls13);
  pair.Make();
  SSL_set_connect_state(pair.client.get());
  EXPECT_EQ(SSL_do_handshake(pair.client.get()), -1);
  EXPECT_EQ(Since("sending: retransmissions"), 0u);
  timeval left = {};
  do {
    ASSERT_EQ(DTLSv1_get_timeout(pair.client.get(), &left), 1);
    std::this_thread::sleep_for(std::chrono::seconds(left.tv_sec) +
                                std::chrono::microseconds(left.tv_usec));
  } while (DTLSv1_handle_timeout(pair.client.get()) == 0);
  EXPECT_EQ(Since("sending: retransmissions"), 1u);
}

TEST_F(StatusTest, SaysWhyAConnectionIsLibssls) {
  SslPair pair(Protocol::kDtls13);
  for (SSL_CTX* ctx : {pair.client_ctx.get(), pair.server_ctx.get()}) {
    ASSERT_EQ(SSL_CTX_set_min_proto_version(ctx, DTLS1_2_VERSION), 1);
  }
  ASSERT_EQ(SSL_CTX_set_max_proto_version(pair.server_ctx.get(), DTLS1_2_VERSION), 1);
  pair.Make();
  pair.Run();
  ASSERT_TRUE(pair.client_end.is_up && pair.server_end.is_up);
  EXPECT_EQ(SSL_version(pair.client.get()), DTLS1_2_VERSION);
  EXPECT_EQ(Since("to libssl: maximum version"), 1u);
  EXPECT_EQ(Since("to libssl: peer without DTLS 1.3"), 1u);
  EXPECT_EQ(Since("connections: open"), 0u);

  pair.client.reset();
  pair.server.reset();
  SSL_CTX_set_options(pair.client_ctx.get(), SSL_OP_NO_TLSv1_3);
  pair.Make();
  pair.Run();
  EXPECT_EQ(Since("to libssl: options"), 1u);

  // A server whose only key is none of DTLS 1.3's.
  SSL_CTX_clear_options(pair.client_ctx.get(), SSL_OP_NO_TLSv1_3);
  ASSERT_EQ(SSL_CTX_set_max_proto_version(pair.server_ctx.get(), 0), 1);
  TestCertificate("localhost", nullptr, "brainpoolP256r1").UseOn(pair.server_ctx.get());
  pair.Make();
  pair.Run();
  EXPECT_EQ(Since("to libssl: no credential for DTLS 1.3"), 1u);

  ASSERT_EQ(SSL_CTX_set1_groups_list(pair.client_ctx.get(), "brainpoolP256r1"), 1);
  pair.Make();
  pair.Run();
  EXPECT_EQ(Since("to libssl: suites, groups or signatures"), 1u);
}

TEST_F(StatusTest, AChildCountsWhatItInheritedInItsOwnPage) {
  SslPair pair(Protocol::kDtls13);
  pair.Make();
  pair.Run();
  ASSERT_TRUE(pair.client_end.is_up && pair.server_end.is_up);
  EXPECT_TRUE(InChild([&pair] {
    const bool is_empty = ReadStatus()["connections: open"] == 0;
    std::array<char, 8> buffer;
    SSL_read(pair.server.get(), buffer.data(), buffer.size());
    const bool has_one = ReadStatus()["connections: open"] == 1;
    pair.client.reset();
    pair.server.reset();
    const bool has_none = ReadStatus()["connections: open"] == 0;
    return is_empty && has_one && has_none;
  }));
  EXPECT_EQ(Since("connections: open"), 2u);
}

}  // namespace
}  // namespace dtls13::shim

int main(int argc, char** argv) {
  setenv("DTLS13_OPTIONS", "status=yes,initial_timeout_ms=50", 1);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
