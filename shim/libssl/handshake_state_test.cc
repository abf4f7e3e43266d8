// SPDX-License-Identifier: Apache-2.0
#include "shim/libssl/handshake_state.h"

#include <gtest/gtest.h>

namespace dtls13::shim {
namespace {

TEST(HandshakeStateTest, FollowsEachSideInBothDirections) {
  EXPECT_EQ(HandshakeStateOf(/*is_server=*/false, /*outgoing=*/true, HandshakeType::kClientHello,
                             TLS_ST_BEFORE),
            TLS_ST_CW_CLNT_HELLO);
  EXPECT_EQ(HandshakeStateOf(false, false, HandshakeType::kCertificateVerify, TLS_ST_CR_CERT),
            TLS_ST_CR_CERT_VRFY);
  EXPECT_EQ(HandshakeStateOf(true, false, HandshakeType::kClientHello, TLS_ST_BEFORE),
            TLS_ST_SR_CLNT_HELLO);
  EXPECT_EQ(HandshakeStateOf(true, true, HandshakeType::kEncryptedExtensions, TLS_ST_SW_SRVR_HELLO),
            TLS_ST_SW_ENCRYPTED_EXTENSIONS);
  EXPECT_EQ(HandshakeStateOf(true, false, HandshakeType::kFinished, TLS_ST_SW_FINISHED),
            TLS_ST_SR_FINISHED);
}

TEST(HandshakeStateTest, OtherMessagesChangeNothing) {
  EXPECT_EQ(HandshakeStateOf(false, false, HandshakeType::kNewSessionTicket, TLS_ST_OK), TLS_ST_OK);
  EXPECT_EQ(HandshakeStateOf(true, true, HandshakeType::kClientHello, TLS_ST_SR_CLNT_HELLO),
            TLS_ST_SR_CLNT_HELLO);
}

TEST(HandshakeStateTest, SaysWhatLibsslSays) {
  // libssl itself names the first state, so the table can be held against it there.
  SSL_CTX* ctx = SSL_CTX_new(TLS_client_method());
  SSL* ssl = SSL_new(ctx);
  EXPECT_STREQ(StateStringLong(TLS_ST_BEFORE), SSL_state_string_long(ssl));
  EXPECT_STREQ(StateString(TLS_ST_BEFORE), SSL_state_string(ssl));
  SSL_free(ssl);
  SSL_CTX_free(ctx);
  EXPECT_STREQ(StateStringLong(TLS_ST_OK), "SSL negotiation finished successfully");
  EXPECT_STREQ(StateString(TLS_ST_SR_NEXT_PROTO), "UNKWN");
}

}  // namespace
}  // namespace dtls13::shim
