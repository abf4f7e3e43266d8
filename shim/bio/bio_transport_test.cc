// SPDX-License-Identifier: Apache-2.0
#include "shim/bio/bio_transport.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cstdint>
#include <vector>

namespace dtls13::shim {
namespace {

// What a BIO of an application's own says of the sender of its last datagram: yes or no, and what
// it writes, nothing for port 0.
struct Sender {
  bool says_yes = false;
  uint16_t port = 0;
};

long SenderControl(BIO* bio, int command, long /*number*/, void* pointer) {
  if (command != BIO_CTRL_DGRAM_GET_PEER) return 0;
  const auto* sender = static_cast<const Sender*>(BIO_get_data(bio));
  constexpr unsigned char kLoopback[] = {127, 0, 0, 1};
  if (sender->port != 0) {
    BIO_ADDR_rawmake(static_cast<BIO_ADDR*>(pointer), AF_INET, kLoopback, sizeof(kLoopback),
                     sender->port);
  }
  return sender->says_yes ? 1 : 0;
}

class PeerAddressTest : public testing::Test {
 protected:
  PeerAddressTest()
      : method_(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "sender")),
        ctx_(SSL_CTX_new(DTLS_method())),
        ssl_(SSL_new(ctx_)) {
    BIO_meth_set_ctrl(method_, SenderControl);
    BIO* bio = BIO_new(method_);
    BIO_set_data(bio, &sender_);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl_, bio, bio);
  }
  ~PeerAddressTest() override {
    SSL_free(ssl_);
    SSL_CTX_free(ctx_);
    BIO_meth_free(method_);
  }

  std::vector<uint8_t> AddressOf(Sender sender) {
    sender_ = sender;
    return PeerAddress(ssl_);
  }
  bool IsFromAddress(Sender sender, const std::vector<uint8_t>& address) {
    sender_ = sender;
    return IsFrom(ssl_, address, &spare_);
  }

  Sender sender_;
  AddressPtr spare_;
  BIO_METHOD* method_;
  SSL_CTX* ctx_;
  SSL* ssl_;
};

TEST_F(PeerAddressTest, TellsSendersApart) {
  const std::vector<uint8_t> address = AddressOf({.says_yes = true, .port = 1});
  EXPECT_FALSE(address.empty());
  EXPECT_NE(AddressOf({.says_yes = true, .port = 2}), address);
  EXPECT_TRUE(IsFromAddress({.says_yes = true, .port = 1}, address));
  EXPECT_FALSE(IsFromAddress({.says_yes = true, .port = 2}, address));
}

TEST_F(PeerAddressTest, IsUnknownWhereTheBioSaysNothing) {
  const std::vector<uint8_t> address = AddressOf({.says_yes = true, .port = 1});
  // The sender before is another BIO's, perhaps, or another client.
  for (const Sender& unknown : {Sender{.says_yes = true}, Sender{.says_yes = false}}) {
    EXPECT_FALSE(IsFromAddress({.says_yes = true, .port = 2}, address));
    EXPECT_TRUE(IsFromAddress(unknown, address));
    EXPECT_TRUE(AddressOf(unknown).empty());
  }
}

}  // namespace
}  // namespace dtls13::shim
