// SPDX-License-Identifier: Apache-2.0
// Padding by SSL_set_record_padding_callback and SSL_set_block_padding, on the wire. libssl's TLS
// 1.3 is the measure; its records have no datagram to fit.

#include <gtest/gtest.h>
#include <openssl/conf.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "shim/libssl/openssl_headers.h"
#include "shim/testing/sent_records.h"
#include "shim/testing/ssl_pair.h"

// OpenSSL 3.4's, which an older libssl does not declare.
extern "C" {
int SSL_CTX_set_block_padding_ex(SSL_CTX* ctx, size_t data_block, size_t handshake_block);
int SSL_set_block_padding_ex(SSL* ssl, size_t data_block, size_t handshake_block);
}

namespace dtls13::shim {
namespace {

constexpr int kAck = 26;
// Of a datagram over a memory BIO, whose MTU nobody has set: its header and its tag.
constexpr size_t kDatagramInnerLen = 1200 - 5 - 16;

// Asked is what a padding callback was asked.
struct Asked {
  const SSL* ssl;
  int type;
  size_t len;

  friend bool operator==(const Asked&, const Asked&) = default;
};

// Padder is the argument of a padding callback.
struct Padder {
  size_t padding_len = 0;
  std::vector<Asked> asked = {};
};

size_t Pad(SSL* ssl, int type, size_t len, void* arg) {
  auto* padder = static_cast<Padder*>(arg);
  padder->asked.push_back({ssl, type, len});
  return padder->padding_len;
}

void SetPadder(SSL* ssl, Padder* padder) {
  EXPECT_EQ(SSL_set_record_padding_callback(ssl, &Pad), 1);
  SSL_set_record_padding_callback_arg(ssl, padder);
}

void SetPadder(SSL_CTX* ctx, Padder* padder) {
  SSL_CTX_set_record_padding_callback(ctx, &Pad);
  SSL_CTX_set_record_padding_callback_arg(ctx, padder);
}

class RecordPaddingTest : public testing::TestWithParam<Protocol> {
 protected:
  RecordPaddingTest() : pair_(GetParam()) {}
  ~RecordPaddingTest() override { EXPECT_EQ(ERR_peek_error(), 0u); }

  SSL* client() { return pair_.client.get(); }
  SSL* server() { return pair_.server.get(); }
  bool is_dtls() const { return GetParam() == Protocol::kDtls13; }
  // The most that a record has inside, where nothing else is set.
  size_t full_len() const { return is_dtls() ? kDatagramInnerLen : SSL3_RT_MAX_PLAIN_LENGTH; }

  void Connect() {
    pair_.Make();
    Run();
  }
  void Run() {
    pair_.Run();
    ASSERT_TRUE(pair_.client_end.is_up);
    ASSERT_TRUE(pair_.server_end.is_up);
  }

  // Sends returns the lengths of the records that carry `len` bytes of data to the peer.
  std::vector<size_t> Sends(SSL* from, size_t len) {
    SSL* to = from == client() ? server() : client();
    const std::string text(len, 'x');
    SentRecords sent(GetParam(), from);
    EXPECT_EQ(SSL_write(from, text.data(), static_cast<int>(len)), static_cast<int>(len));
    std::string received;
    std::array<char, 1 << 15> buffer;
    int result;
    while ((result = SSL_read(to, buffer.data(), buffer.size())) > 0) {
      received.append(buffer.data(), static_cast<size_t>(result));
    }
    EXPECT_EQ(received, text);
    return sent.TakeProtected();
  }

  // TLS of libssl from 3.2 on asks nobody about padding that is set behind the handshake.
  bool TakesLateSettings() const { return is_dtls() || OpenSSL_version_num() < 0x30200000L; }
  static constexpr char kNoLateSettings[] =
      "NOT TESTED HERE: this libssl takes no padding behind a handshake of TLS";

  SslPair pair_;
};

INSTANTIATE_TEST_SUITE_P(Protocols, RecordPaddingTest,
                         testing::Values(Protocol::kTls13, Protocol::kDtls13), ProtocolName);

using Lens = std::vector<size_t>;

TEST_P(RecordPaddingTest, OfData) {
  if (!TakesLateSettings()) GTEST_SKIP() << kNoLateSettings;
  Connect();
  for (SSL* ssl : {client(), server()}) {
    // By a setting behind the handshake.
    Padder padder;
    SetPadder(ssl, &padder);
    EXPECT_EQ(SSL_get_record_padding_callback_arg(ssl), &padder);
    for (const size_t padding_len : {0, 1, 100}) {
      padder = {.padding_len = padding_len};
      EXPECT_EQ(Sends(ssl, 10), Lens{11 + padding_len});
      EXPECT_EQ(padder.asked, (std::vector<Asked>{{ssl, SSL3_RT_APPLICATION_DATA, 11}}));
    }
    for (const size_t padding_len : {full_len(), SIZE_MAX}) {
      padder = {.padding_len = padding_len};
      EXPECT_EQ(Sends(ssl, 10), Lens{full_len()});
    }
    EXPECT_EQ(SSL_set_record_padding_callback(ssl, nullptr), 1);
    EXPECT_EQ(Sends(ssl, 10), Lens{11});
  }
}

// An SSL has what its SSL_CTX has when it is made.
TEST_P(RecordPaddingTest, OfEverythingByTheSslCtx) {
  Padder client_padder{.padding_len = 7}, server_padder{.padding_len = 9}, other;
  SetPadder(pair_.client_ctx.get(), &client_padder);
  SetPadder(pair_.server_ctx.get(), &server_padder);
  pair_.Make();
  SSL_CTX_set_record_padding_callback(pair_.client_ctx.get(), nullptr);
  SSL_CTX_set_record_padding_callback_arg(pair_.server_ctx.get(), &other);
  SentRecords of_client(GetParam(), client()), of_server(GetParam(), server());
  Run();
  // KeyUpdates, with the ACKs that DTLS 1.3 has of them, and the ends.
  EXPECT_EQ(SSL_key_update(client(), SSL_KEY_UPDATE_REQUESTED), 1);
  EXPECT_EQ(Sends(client(), 1).back(), 2u + 7u);
  EXPECT_EQ(Sends(server(), 1).back(), 2u + 9u);
  EXPECT_EQ(SSL_shutdown(client()), 0);
  EXPECT_EQ(SSL_shutdown(server()), 0);
  EXPECT_EQ(SSL_shutdown(client()), 1);
  EXPECT_TRUE(other.asked.empty());
  for (const Padder* padder : {&client_padder, &server_padder}) {
    std::vector<int> types;
    for (const Asked& asked : padder->asked) {
      EXPECT_EQ(asked.ssl, padder == &client_padder ? client() : server());
      types.push_back(asked.type);
    }
    EXPECT_EQ(types.front(), SSL3_RT_HANDSHAKE);
    EXPECT_EQ(padder->asked.back(), (Asked{padder->asked.back().ssl, SSL3_RT_ALERT, 3}));
    EXPECT_EQ(std::count(types.begin(), types.end(), SSL3_RT_APPLICATION_DATA), 1);
    EXPECT_EQ(std::count(types.begin(), types.end(), kAck) > 0, is_dtls());
  }
}

// Each record that is protected was asked about, and none else.
TEST_P(RecordPaddingTest, OfTheHandshake) {
  Padder padders[2] = {{.padding_len = 7}, {.padding_len = 9}};
  SetPadder(pair_.client_ctx.get(), &padders[0]);
  SetPadder(pair_.server_ctx.get(), &padders[1]);
  pair_.Make();
  SentRecords of_client(GetParam(), client()), of_server(GetParam(), server());
  Run();
  SentRecords* sent[2] = {&of_client, &of_server};
  for (int i = 0; i < 2; ++i) {
    Lens padded;
    for (const Asked& asked : padders[i].asked)
      padded.push_back(asked.len + padders[i].padding_len);
    EXPECT_FALSE(padded.empty());
    EXPECT_EQ(sent[i]->TakeProtected(), padded);
  }
}

TEST_P(RecordPaddingTest, ToBlocks) {
  if (!TakesLateSettings()) GTEST_SKIP() << kNoLateSettings;
  // Of the SSL_CTX.
  ASSERT_EQ(SSL_CTX_set_block_padding(pair_.client_ctx.get(), 64), 1);
  ASSERT_EQ(SSL_CTX_set_block_padding(pair_.server_ctx.get(), 16385), 0);
  pair_.Make();
  SentRecords of_client(GetParam(), client()), of_server(GetParam(), server());
  Run();
  bool is_server_in_blocks = true;
  for (const size_t len : of_client.TakeProtected()) EXPECT_EQ(len % 64, 0u);
  for (const size_t len : of_server.TakeProtected()) is_server_in_blocks &= len % 64 == 0;
  EXPECT_FALSE(is_server_in_blocks);
  EXPECT_EQ(Sends(client(), 62), Lens{64});
  EXPECT_EQ(Sends(client(), 63), Lens{64});
  EXPECT_EQ(Sends(client(), 64), Lens{128});

  // And of the SSL, at any time.
  struct {
    size_t block_size;
    int result;
    size_t len;
    size_t padded_len;
  } const kCases[] = {
      {100, 1, 1, 100},
      {100, 1, 98, 100},
      {100, 1, 99, 100},
      {100, 1, 100, 200},
      {16385, 0, 1, 100},
      {1, 1, 5, 6},
      {SSL3_RT_MAX_PLAIN_LENGTH, 1, 5, full_len()},
      {0, 1, 5, 6},
      {512, 1, 600, 1024},
  };
  for (const auto& [block_size, result, len, padded_len] : kCases) {
    EXPECT_EQ(SSL_set_block_padding(client(), block_size), result);
    EXPECT_EQ(Sends(client(), len), Lens{padded_len}) << block_size;
  }

  // The callback goes before it.
  Padder padder{.padding_len = 3};
  SetPadder(client(), &padder);
  EXPECT_EQ(Sends(client(), 1), Lens{5});
  EXPECT_EQ(SSL_set_record_padding_callback(client(), nullptr), 1);
  EXPECT_EQ(Sends(client(), 1), Lens{512});
}

// libssl sets it by SSL_CTX_set_block_padding, until 3.4 has SSL_CTX_set_block_padding_ex for that.
TEST_P(RecordPaddingTest, ByAConfiguration) {
  if (is_dtls() && OpenSSL_version_num() >= 0x30400000L) {
    GTEST_SKIP() << "NOT TESTED HERE: this libssl (" << OpenSSL_version(OPENSSL_VERSION)
                 << ") does not come by the shim";
  }
  SSL_CONF_CTX* configuration = SSL_CONF_CTX_new();
  SSL_CONF_CTX_set_flags(configuration, SSL_CONF_FLAG_FILE | SSL_CONF_FLAG_CLIENT);
  SSL_CONF_CTX_set_ssl_ctx(configuration, pair_.client_ctx.get());
  EXPECT_EQ(SSL_CONF_cmd(configuration, "RecordPadding", "64"), 2);
  SSL_CONF_CTX_free(configuration);
  Connect();
  EXPECT_EQ(Sends(client(), 1), Lens{64});
}

// SSL_set_max_send_fragment bounds what is padded, and a record that is as long is not asked about.
TEST_P(RecordPaddingTest, KeepsToTheMaximumFragment) {
  if (!TakesLateSettings()) GTEST_SKIP() << kNoLateSettings;
  Connect();
  Padder padder{.padding_len = 5};
  SetPadder(client(), &padder);
  ASSERT_EQ(SSL_set_max_send_fragment(client(), 600), 1);
  EXPECT_EQ(Sends(client(), 593), Lens{599});
  EXPECT_EQ(Sends(client(), 594), Lens{600});
  EXPECT_EQ(Sends(client(), 597), Lens{600});
  EXPECT_EQ(padder.asked.size(), 3u);
  EXPECT_EQ(Sends(client(), 599), Lens{600});
  EXPECT_EQ(Sends(client(), 600), Lens{601});
  EXPECT_EQ(padder.asked.size(), 3u);
  padder.padding_len = SIZE_MAX;
  EXPECT_EQ(Sends(client(), 1), Lens{600});
}

TEST_P(RecordPaddingTest, OfEarlyData) {
  SSL_CTX_set_max_early_data(pair_.server_ctx.get(), 100);
  Connect();
  SSL_SESSION* session = SSL_get1_session(client());
  // libssl resumes no session of a connection without an end.
  SSL_shutdown(client());
  SSL_shutdown(server());
  pair_.Make();
  SSL_set_session(client(), session);
  SSL_SESSION_free(session);
  Padder padder{.padding_len = 500};
  SetPadder(client(), &padder);
  SentRecords sent(GetParam(), client());
  size_t num = 0;
  ASSERT_EQ(SSL_write_early_data(client(), "early", 5, &num), 1);
  EXPECT_EQ(padder.asked, (std::vector<Asked>{{client(), SSL3_RT_APPLICATION_DATA, 6}}));
  EXPECT_EQ(sent.TakeProtected(), Lens{506});
  std::array<char, 100> data;
  ASSERT_EQ(SSL_read_early_data(server(), data.data(), data.size(), &num),
            SSL_READ_EARLY_DATA_SUCCESS);
  EXPECT_EQ(std::string(data.data(), num), "early");
}

// --- What only DTLS 1.3 has

class DatagramPaddingTest : public RecordPaddingTest {
 protected:
  // Inside is what callbacks of either side have come by.
  struct Inside {
    int depth = 0;
    std::string read = {};
  };

  // A callback that comes back to its SSL, by whatever there is.
  static size_t ComeBack(SSL* ssl, int /*type*/, size_t /*len*/, void* arg) {
    Inside& inside = *static_cast<Inside*>(arg);
    if (inside.depth > 0) return 20;
    ++inside.depth;
    char byte = 'i';
    SSL_do_handshake(ssl);
    SSL_write(ssl, &byte, 1);
    if (SSL_read(ssl, &byte, 1) == 1) inside.read += byte;
    EXPECT_EQ(SSL_clear(ssl), 0);
    SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED);
    SSL_set_mtu(ssl, 700);
    DTLSv1_handle_timeout(ssl);
    ERR_clear_error();
    --inside.depth;
    return 20;
  }
};

INSTANTIATE_TEST_SUITE_P(Protocols, DatagramPaddingTest, testing::Values(Protocol::kDtls13),
                         ProtocolName);

TEST_P(DatagramPaddingTest, FitsTheMtu) {
  Connect();
  Padder padder;
  SetPadder(client(), &padder);
  for (const size_t mtu : {500, 1400}) {
    ASSERT_GT(SSL_set_mtu(client(), mtu), 0);
    const size_t data_mtu = DTLS_get_data_mtu(client());
    for (const size_t padding_len : {size_t{1}, size_t{100}, SIZE_MAX}) {
      padder.padding_len = padding_len;
      for (const size_t left : {100, 99, 1, 0}) {
        EXPECT_EQ(Sends(client(), data_mtu - left),
                  Lens{data_mtu - left + 1 + std::min(left, padding_len)});
      }
      // What is longer than a datagram should be is no longer for it.
      EXPECT_EQ(Sends(client(), data_mtu + 1), Lens{data_mtu + 2});
    }
  }
}

TEST_P(DatagramPaddingTest, ToBlocksOfTheirOwn) {
  ASSERT_EQ(SSL_CTX_set_block_padding_ex(pair_.client_ctx.get(), 100, 64), 1);
  ASSERT_EQ(SSL_CTX_set_block_padding_ex(pair_.server_ctx.get(), 16385, 0), 0);
  ASSERT_EQ(SSL_CTX_set_block_padding_ex(pair_.server_ctx.get(), 0, 16385), 0);
  pair_.Make();
  SentRecords of_client(GetParam(), client()), of_server(GetParam(), server());
  Run();
  const Lens flight = of_client.TakeProtected();
  EXPECT_FALSE(flight.empty());
  for (const size_t len : flight) EXPECT_EQ(len % 64, 0u);
  bool is_server_in_blocks = true;
  for (const size_t len : of_server.TakeProtected()) is_server_in_blocks &= len % 64 == 0;
  EXPECT_FALSE(is_server_in_blocks);
  EXPECT_EQ(Sends(client(), 1), Lens{100});
  ASSERT_EQ(SSL_set_block_padding_ex(client(), 1, 64), 1);
  EXPECT_EQ(Sends(client(), 1), Lens{2});
  SentRecords end(GetParam(), client());
  ASSERT_EQ(SSL_shutdown(client()), 0);
  EXPECT_EQ(end.TakeProtected(), Lens{64});
}

TEST_P(DatagramPaddingTest, LetsTheHandshakeThroughASmallPath) {
  ASSERT_EQ(SSL_CTX_set_block_padding(pair_.client_ctx.get(), SSL3_RT_MAX_PLAIN_LENGTH), 1);
  ASSERT_EQ(SSL_CTX_set_block_padding(pair_.server_ctx.get(), SSL3_RT_MAX_PLAIN_LENGTH), 1);
  pair_.Make();
  for (SSL* ssl : {client(), server()}) {
    SSL_set_options(ssl, SSL_OP_NO_QUERY_MTU);
    ASSERT_GT(SSL_set_mtu(ssl, 300), 0);
  }
  SentRecords of_client(GetParam(), client()), of_server(GetParam(), server());
  Run();
  EXPECT_EQ(of_client.longest_write(), 300u);
  EXPECT_EQ(of_server.longest_write(), 300u);
}

TEST_P(DatagramPaddingTest, ACallbackMayComeBack) {
  Inside inside;
  for (SSL_CTX* ctx : {pair_.client_ctx.get(), pair_.server_ctx.get()}) {
    SSL_CTX_set_record_padding_callback(ctx, &ComeBack);
    SSL_CTX_set_record_padding_callback_arg(ctx, &inside);
  }
  pair_.Make();
  Run();
  for (SSL* ssl : {client(), server()}) {
    SSL* to = ssl == client() ? server() : client();
    inside.read.clear();
    ASSERT_EQ(SSL_write(ssl, "outer", 5), 5);
    std::string received;
    std::array<char, 100> buffer;
    int result;
    while ((result = SSL_read(to, buffer.data(), buffer.size())) > 0) {
      received.append(buffer.data(), static_cast<size_t>(result));
    }
    received += inside.read;
    EXPECT_NE(received.find("outer"), std::string::npos) << received;
    EXPECT_NE(received.find('i'), std::string::npos) << received;
  }
  EXPECT_EQ(SSL_shutdown(client()), 0);
  EXPECT_EQ(SSL_shutdown(server()), 0);
  ERR_clear_error();
}

}  // namespace
}  // namespace dtls13::shim
