// SPDX-License-Identifier: Apache-2.0
// SSL_write_ex2, which OpenSSL has from 3.3 on.

#include <gtest/gtest.h>
#include <openssl/err.h>

#include <cstdint>
#include <string_view>

#include "shim/libssl/openssl_headers.h"
#include "shim/testing/ssl_pair.h"

extern "C" int SSL_write_ex2(SSL* ssl, const void* data, size_t len, uint64_t flags,
                             size_t* num_written);

namespace dtls13::shim {
namespace {

TEST(WriteEx2Test, SendsThroughTheAssociationAndTakesNoFlags) {
  SslPair pair(Protocol::kDtls13);
  pair.Make();
  pair.Run();
  ASSERT_TRUE(pair.client_end.is_up);
  size_t num_written = 0;
  ASSERT_EQ(SSL_write_ex2(pair.client.get(), "hello", 5, /*flags=*/0, &num_written), 1);
  EXPECT_EQ(num_written, 5u);
  char text[16];
  ASSERT_EQ(SSL_read(pair.server.get(), text, sizeof(text)), 5);
  EXPECT_EQ(std::string_view(text, 5), "hello");
  ERR_clear_error();
  EXPECT_EQ(SSL_write_ex2(pair.client.get(), "hello", 5, /*flags=*/1, &num_written), 0);
  EXPECT_EQ(ERR_GET_REASON(ERR_get_error()), ERR_R_UNSUPPORTED);
  EXPECT_LE(SSL_read(pair.server.get(), text, sizeof(text)), 0);
  ERR_clear_error();
}

}  // namespace
}  // namespace dtls13::shim
