// SPDX-License-Identifier: Apache-2.0
// DTLS over DTLS: a custom BIO's functions call SSL_read and SSL_write of another SSL, so that
// several SSLs are at work at once on one thread.

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "shim/libssl/openssl_headers.h"
#include "shim/testing/ring_bio.h"
#include "shim/testing/ssl_pair.h"

namespace dtls13::shim {
namespace {

// A tunnel BIO's data is the SSL whose records carry its datagrams; borrowed.
SSL* CarrierOf(BIO* bio) { return static_cast<SSL*>(BIO_get_data(bio)); }

int TunnelRead(BIO* bio, char* out, int out_len) {
  BIO_clear_retry_flags(bio);
  const int len = SSL_read(CarrierOf(bio), out, out_len);
  if (len <= 0 && SSL_get_error(CarrierOf(bio), len) == SSL_ERROR_WANT_READ) {
    BIO_set_retry_read(bio);
  }
  return len;
}

int TunnelWrite(BIO* bio, const char* data, int len) {
  BIO_clear_retry_flags(bio);
  return SSL_write(CarrierOf(bio), data, len);
}

// Says yes to everything and knows nothing, as many an application's does.
long TunnelControl(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
  const bool asks_number = command == BIO_CTRL_DGRAM_QUERY_MTU ||
                           command == BIO_CTRL_DGRAM_GET_MTU_OVERHEAD ||
                           command == BIO_CTRL_DGRAM_MTU_EXCEEDED || command == BIO_CTRL_PENDING;
  return asks_number ? 0 : 1;
}

BIO* NewTunnelBio(SSL* carrier) {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "tunnel");
    BIO_meth_set_read(made, TunnelRead);
    BIO_meth_set_write(made, TunnelWrite);
    BIO_meth_set_ctrl(made, TunnelControl);
    return made;
  }();
  BIO* bio = BIO_new(method);
  BIO_set_data(bio, carrier);
  BIO_set_init(bio, 1);
  return bio;
}

class NestedSslTest : public testing::Test {
 protected:
  static constexpr size_t kNumLayers = 4;

  void SetUp() override {
    for (size_t i = 0; i < kNumLayers; ++i) {
      pairs_[i] = std::make_unique<SslPair>(Protocol::kDtls13);
      pairs_[i]->Make();
      BIO* client = i == 0 ? NewRingBio(&to_client_, &to_server_, /*knows_peer=*/true)
                           : NewTunnelBio(this->client(i - 1));
      BIO* server = i == 0 ? NewRingBio(&to_server_, &to_client_, /*knows_peer=*/true)
                           : NewTunnelBio(this->server(i - 1));
      SSL_set_bio(this->client(i), client, client);
      SSL_set_bio(this->server(i), server, server);
      // Not SslPair::Run, which reads: below the top only the layer above may.
      for (int turn = 0; turn < 10; ++turn) {
        SSL_do_handshake(this->client(i));
        SSL_do_handshake(this->server(i));
      }
      ASSERT_EQ(SSL_is_init_finished(this->client(i)), 1) << i;
      ASSERT_EQ(SSL_is_init_finished(this->server(i)), 1) << i;
      ASSERT_EQ(SSL_version(this->server(i)), DTLS1_3_VERSION);
    }
  }

  // The layers above go first: their SSL_free may write.
  void TearDown() override {
    for (size_t i = kNumLayers; i-- > 0;) pairs_[i].reset();
  }

  SSL* client(size_t layer) { return pairs_[layer]->client.get(); }
  SSL* server(size_t layer) { return pairs_[layer]->server.get(); }
  SSL* top_client() { return client(kNumLayers - 1); }
  SSL* top_server() { return server(kNumLayers - 1); }

  static void Write(SSL* ssl, std::string_view text) {
    ASSERT_EQ(SSL_write(ssl, text.data(), static_cast<int>(text.size())),
              static_cast<int>(text.size()));
  }

  // Read asks again when a turn brought only what is no data: tickets and ACKs.
  static std::string Read(SSL* ssl, size_t max_len = 4096) {
    std::array<char, 4096> out;
    for (int turn = 0; turn < 10; ++turn) {
      const int len = SSL_read(ssl, out.data(), static_cast<int>(max_len));
      if (len > 0) return std::string(out.data(), static_cast<size_t>(len));
      if (SSL_get_error(ssl, len) != SSL_ERROR_WANT_READ) return "failed";
    }
    return "";
  }

  DatagramRing to_client_;
  DatagramRing to_server_;
  std::array<std::unique_ptr<SslPair>, kNumLayers> pairs_;
};

TEST_F(NestedSslTest, EachLayerReadsItsOwnData) {
  for (int turn = 0; turn < 20; ++turn) {
    const std::string up(100 + turn, static_cast<char>('a' + turn));
    const std::string down(900 - turn, static_cast<char>('A' + turn));
    Write(top_client(), up);
    Write(top_server(), down);
    EXPECT_EQ(Read(top_server()), up);
    EXPECT_EQ(Read(top_client()), down);
  }
  EXPECT_EQ(Read(top_server()), "");
  EXPECT_EQ(Read(top_client()), "");
}

TEST_F(NestedSslTest, PartsOfRecordsStayWhileOthersAreRead) {
  Write(top_client(), "0123456789");
  Write(top_client(), "next");
  EXPECT_EQ(Read(top_server(), 4), "0123");
  Write(top_server(), std::string(800, '#'));
  EXPECT_EQ(Read(top_client(), 1), "#");
  EXPECT_EQ(Read(top_server(), 4), "4567");
  EXPECT_EQ(Read(top_client()), std::string(799, '#'));
  EXPECT_EQ(Read(top_server()), "89");
  EXPECT_EQ(Read(top_server()), "next");
}

TEST_F(NestedSslTest, SeveralRecordsInADatagramOfTheLowestLayer) {
  for (const char* text : {"one", "two", "three"}) Write(top_client(), text);
  to_server_.Join();
  EXPECT_EQ(Read(top_server(), 1), "o");
  EXPECT_EQ(Read(top_server()), "ne");
  EXPECT_EQ(Read(top_server()), "two");
  EXPECT_EQ(Read(top_server()), "three");
}

TEST_F(NestedSslTest, EndsFromTheTopDown) {
  Write(top_client(), "last words");
  for (size_t i = kNumLayers; i-- > 0;) {
    ASSERT_EQ(SSL_shutdown(client(i)), 0) << i;
    if (i == kNumLayers - 1) {
      EXPECT_EQ(Read(server(i)), "last words");
    }
    std::array<char, 16> out;
    int len = -1;
    for (int turn = 0; turn < 10 && len < 0; ++turn) {
      len = SSL_read(server(i), out.data(), out.size());
    }
    EXPECT_EQ(len, 0) << i;
    EXPECT_EQ(SSL_get_error(server(i), len), SSL_ERROR_ZERO_RETURN) << i;
  }
}

}  // namespace
}  // namespace dtls13::shim
