// SPDX-License-Identifier: Apache-2.0
// Pre-shared keys as applications give them: by callbacks. Unless a test says otherwise everything
// holds for libssl's TLS 1.3 too, which is the measure.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "dtls13/wire/bytes_test_util.h"
#include "shim/testing/ssl_pair.h"

namespace dtls13::shim {
namespace {

constexpr char kAes128Sha256[] = "\x13\x01";
constexpr char kAes256Sha384[] = "\x13\x02";

// Script is what the callbacks answer, and what they saw. C callbacks have no other way to it.
struct Script {
  std::string identity = "alice";
  Bytes client_key = Bytes(16, 0x5a);
  Bytes server_key = Bytes(16, 0x5a);
  std::string known_identity = "alice";
  const char* suite = kAes256Sha384;  // of sessions
  int session_version = TLS1_3_VERSION;
  unsigned int overlong = 0;  // returned in place of a key's length
  bool fails = false;         // the session-style callbacks return 0
  bool has_session = true;

  std::vector<std::string> calls;
  bool had_hint = false;
  std::string seen_identity;
  unsigned int max_identity_len = 0;
  unsigned int max_key_len = 0;
};

Script* script = nullptr;

unsigned int CopyKey(const Bytes& key, unsigned char* out, unsigned int max_len) {
  script->max_key_len = max_len;
  if (script->overlong != 0) return script->overlong;
  std::copy(key.begin(), key.end(), out);
  return static_cast<unsigned int>(key.size());
}

unsigned int ClientKey(SSL* /*ssl*/, const char* hint, char* identity,
                       unsigned int max_identity_len, unsigned char* key, unsigned int max_len) {
  script->calls.push_back("client");
  script->had_hint = hint != nullptr;
  script->max_identity_len = max_identity_len;
  std::memcpy(identity, script->identity.c_str(), script->identity.size() + 1);
  return CopyKey(script->client_key, key, max_len);
}

unsigned int ServerKey(SSL* /*ssl*/, const char* identity, unsigned char* key,
                       unsigned int max_len) {
  script->calls.push_back("server");
  script->seen_identity = identity;
  if (script->seen_identity != script->known_identity) return 0;
  return CopyKey(script->server_key, key, max_len);
}

SSL_SESSION* NewSession(SSL* ssl, const Bytes& key) {
  SSL_SESSION* session = SSL_SESSION_new();
  const auto* suite = reinterpret_cast<const unsigned char*>(script->suite);
  SSL_SESSION_set1_master_key(session, key.data(), key.size());
  SSL_SESSION_set_cipher(session, SSL_CIPHER_find(ssl, suite));
  SSL_SESSION_set_protocol_version(session, script->session_version);
  return session;
}

int UseSession(SSL* ssl, const EVP_MD* /*md*/, const unsigned char** identity, size_t* identity_len,
               SSL_SESSION** session) {
  script->calls.push_back("use");
  if (script->fails) return 0;
  *session = nullptr;
  if (!script->has_session) return 1;
  *identity = reinterpret_cast<const unsigned char*>(script->identity.data());
  *identity_len = script->identity.size();
  *session = NewSession(ssl, script->client_key);
  return 1;
}

int FindSession(SSL* ssl, const unsigned char* identity, size_t identity_len,
                SSL_SESSION** session) {
  script->calls.push_back("find");
  if (script->fails) return 0;
  const std::string seen(reinterpret_cast<const char*>(identity), identity_len);
  *session = nullptr;
  if (script->has_session && seen == script->known_identity) {
    *session = NewSession(ssl, script->server_key);
  }
  return 1;
}

int OnClientHello(SSL* ssl, int* /*alert*/, void* /*arg*/) {
  script->calls.push_back("hello");
  SSL_set_psk_server_callback(ssl, ServerKey);
  return SSL_CLIENT_HELLO_SUCCESS;
}

int OnServerName(SSL* ssl, int* /*alert*/, void* /*arg*/) {
  if (SSL_is_server(ssl) != 0) script->calls.push_back("name");
  return SSL_TLSEXT_ERR_OK;
}

constexpr int Alert(int description) { return SSL_AD_REASON_OFFSET + description; }

class PskTest : public testing::TestWithParam<Protocol> {
 protected:
  PskTest() : pair_(GetParam()) { script = &script_; }
  ~PskTest() override { EXPECT_EQ(ERR_peek_error(), 0u); }

  bool is_dtls() const { return GetParam() == Protocol::kDtls13; }
  SSL_CTX* client_ctx() { return pair_.client_ctx.get(); }
  SSL_CTX* server_ctx() { return pair_.server_ctx.get(); }

  void UseKeys() {
    SSL_CTX_set_psk_client_callback(client_ctx(), ClientKey);
    SSL_CTX_set_psk_server_callback(server_ctx(), ServerKey);
  }
  void UseSessions() {
    SSL_CTX_set_psk_use_session_callback(client_ctx(), UseSession);
    SSL_CTX_set_psk_find_session_callback(server_ctx(), FindSession);
  }
  void DropCertificate() {
    pair_.server_ctx.reset(SSL_CTX_new(is_dtls() ? DTLS_server_method() : TLS_server_method()));
  }
  void RunAll() {
    pair_.Make();
    pair_.Run();
  }

  // Both sides are up, by the key or by the certificate.
  void ExpectUp(bool by_key) {
    EXPECT_TRUE(pair_.client_end.is_up) << pair_.client_end.reason;
    EXPECT_TRUE(pair_.server_end.is_up) << pair_.server_end.reason;
    for (const SSL* ssl : {pair_.client.get(), pair_.server.get()}) {
      EXPECT_EQ(SSL_session_reused(ssl), by_key ? 1 : 0);
      EXPECT_EQ(SSL_version(ssl), is_dtls() ? DTLS1_3_VERSION : TLS1_3_VERSION);
    }
    EXPECT_EQ(SSL_get0_peer_certificate(pair_.client.get()) != nullptr, !by_key);
    EXPECT_EQ(SSL_get_verify_result(pair_.client.get()) == X509_V_OK, by_key);
  }
  void ExpectFailure(int client_reason, int server_reason) {
    EXPECT_FALSE(pair_.client_end.is_up);
    EXPECT_FALSE(pair_.server_end.is_up);
    EXPECT_EQ(pair_.client_end.reason, client_reason);
    EXPECT_EQ(pair_.server_end.reason, server_reason);
  }
  std::string Suite() { return SSL_get_cipher_name(pair_.client.get()); }
  long NumCalls(const std::string& name) {
    return std::count(script_.calls.begin(), script_.calls.end(), name);
  }

  Script script_;
  SslPair pair_;
};

INSTANTIATE_TEST_SUITE_P(Protocols, PskTest, testing::Values(Protocol::kTls13, Protocol::kDtls13),
                         [](const testing::TestParamInfo<Protocol>& info) {
                           return info.param == Protocol::kTls13 ? "Tls13" : "Dtls13";
                         });

TEST_P(PskTest, CallbacksOfTls12NeedNoCertificate) {
  DropCertificate();
  UseKeys();
  RunAll();
  ExpectUp(/*by_key=*/true);
  EXPECT_FALSE(script_.had_hint);
  EXPECT_EQ(script_.max_identity_len, unsigned{PSK_MAX_IDENTITY_LEN});
  EXPECT_EQ(script_.max_key_len, unsigned{PSK_MAX_PSK_LEN});
  EXPECT_EQ(script_.seen_identity, "alice");
  EXPECT_EQ(NumCalls("client"), 1);
  ASSERT_EQ(SSL_write(pair_.client.get(), "word", 4), 4);
  char word[5] = "";
  ASSERT_EQ(SSL_read(pair_.server.get(), word, 4), 4);
  EXPECT_STREQ(word, "word");
}

// Not so in TLS 1.3: programs of DTLS 1.2 depend on it.
TEST_P(PskTest, IdentityIsTold) {
  UseKeys();
  RunAll();
  for (const SSL* ssl : {pair_.client.get(), pair_.server.get()}) {
    const char* identity = SSL_get_psk_identity(ssl);
    EXPECT_EQ(identity == nullptr ? "" : std::string(identity), is_dtls() ? "alice" : "");
    EXPECT_EQ(SSL_get_psk_identity_hint(ssl), nullptr);
  }
}

TEST_P(PskTest, SessionsBringTheirHash) {
  DropCertificate();
  UseSessions();
  RunAll();
  ExpectUp(/*by_key=*/true);
  EXPECT_EQ(Suite(), "TLS_AES_256_GCM_SHA384");
  EXPECT_EQ(SSL_get_psk_identity(pair_.server.get()), nullptr);
}

// The suites of the other hash are more wanted by both sides.
TEST_P(PskTest, KeysBringSha256) {
  DropCertificate();
  UseKeys();
  RunAll();
  ExpectUp(/*by_key=*/true);
  EXPECT_EQ(Suite(), "TLS_CHACHA20_POLY1305_SHA256");
}

// Where libssl's server has a certificate too, it chooses the suite without a look at the keys.
TEST_P(PskTest, KeyIsTakenThoughThereIsACertificate) {
  UseKeys();
  RunAll();
  ExpectUp(/*by_key=*/is_dtls());
}

TEST_P(PskTest, SessionsComeBeforeKeys) {
  UseSessions();
  UseKeys();
  RunAll();
  ExpectUp(/*by_key=*/true);
  EXPECT_EQ(script_.calls, (std::vector<std::string>{"use", "find"}));
}

TEST_P(PskTest, KeysAreAskedForWhereThereIsNoSession) {
  DropCertificate();
  UseSessions();
  UseKeys();
  script_.has_session = false;
  RunAll();
  ExpectUp(/*by_key=*/true);
  EXPECT_EQ(script_.calls, (std::vector<std::string>{"use", "client", "find", "server"}));
}

TEST_P(PskTest, LongestKey) {
  DropCertificate();
  UseKeys();
  script_.client_key = script_.server_key = Bytes(PSK_MAX_PSK_LEN, 0x5a);
  script_.identity = script_.known_identity = std::string(PSK_MAX_IDENTITY_LEN, 'a');
  RunAll();
  ExpectUp(/*by_key=*/true);
}

TEST_P(PskTest, HelloRetryRequest) {
  DropCertificate();
  UseKeys();
  SSL_CTX_set1_groups_list(server_ctx(), "P-384");
  RunAll();
  ExpectUp(/*by_key=*/true);
}

// The alert for it is RFC 8446's decrypt_error; older libssl has illegal_parameter.
TEST_P(PskTest, WrongKeyIsNoFallback) {
  DropCertificate();
  UseKeys();
  script_.server_key = Bytes(16, 0xa5);
  RunAll();
  const bool is_new = is_dtls() || OpenSSL_version_num() >= 0x30500000L;
  ExpectFailure(Alert(is_new ? SSL_AD_DECRYPT_ERROR : SSL_AD_ILLEGAL_PARAMETER),
                SSL_R_BINDER_DOES_NOT_VERIFY);
}

TEST_P(PskTest, UnknownIdentityFallsBackToTheCertificate) {
  UseKeys();
  script_.known_identity = "bob";
  RunAll();
  ExpectUp(/*by_key=*/false);
  EXPECT_EQ(SSL_get_psk_identity(pair_.server.get()), nullptr);
  EXPECT_EQ(SSL_get_psk_identity(pair_.client.get()), nullptr);
}

TEST_P(PskTest, ServerThatKnowsNoKeysShowsItsCertificate) {
  UseKeys();
  SSL_CTX_set_psk_server_callback(server_ctx(), nullptr);
  RunAll();
  ExpectUp(/*by_key=*/false);
}

// libssl does not say in TLS 1.3 what is wrong; in DTLS 1.2 it says this.
TEST_P(PskTest, UnknownIdentityWithoutACertificateFails) {
  DropCertificate();
  UseKeys();
  script_.known_identity = "bob";
  RunAll();
  if (is_dtls()) {
    ExpectFailure(Alert(SSL_AD_UNKNOWN_PSK_IDENTITY), SSL_R_PSK_IDENTITY_NOT_FOUND);
  } else {
    ExpectFailure(Alert(SSL_AD_HANDSHAKE_FAILURE), SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM);
  }
}

TEST_P(PskTest, ServerWithNothingToShowLacksTheVersion) {
  DropCertificate();
  const int version = is_dtls() ? DTLS1_3_VERSION : TLS1_3_VERSION;
  SSL_CTX_set_min_proto_version(server_ctx(), version);
  RunAll();
  ExpectFailure(Alert(SSL_AD_PROTOCOL_VERSION), SSL_R_UNSUPPORTED_PROTOCOL);
}

TEST_P(PskTest, ClientWithoutAKeyOffersNone) {
  UseKeys();
  script_.client_key.clear();
  RunAll();
  ExpectUp(/*by_key=*/false);
  EXPECT_EQ(NumCalls("server"), 0);
}

TEST_P(PskTest, ClientsCallbackFails) {
  UseSessions();
  script_.fails = true;
  RunAll();
  EXPECT_FALSE(pair_.client_end.is_up);
  EXPECT_EQ(pair_.client_end.reason, SSL_R_BAD_PSK);
  EXPECT_EQ(SSL_do_handshake(pair_.client.get()), -1);
  EXPECT_EQ(NumCalls("use"), 1);
  EXPECT_FALSE(pair_.server_end.is_up);
}

TEST_P(PskTest, SessionOfAnotherVersionIsBad) {
  UseSessions();
  script_.session_version = is_dtls() ? DTLS1_2_VERSION : TLS1_2_VERSION;
  RunAll();
  EXPECT_FALSE(pair_.client_end.is_up);
  EXPECT_EQ(pair_.client_end.reason, SSL_R_BAD_PSK);
}

TEST_P(PskTest, ClientsKeyIsTooLong) {
  UseKeys();
  script_.overlong = PSK_MAX_PSK_LEN + 1;
  RunAll();
  EXPECT_FALSE(pair_.client_end.is_up);
  EXPECT_EQ(pair_.client_end.reason, ERR_R_INTERNAL_ERROR);
  EXPECT_EQ(NumCalls("server"), 0);
}

TEST_P(PskTest, ServersCallbackFails) {
  UseSessions();
  SSL_CTX_set_psk_use_session_callback(client_ctx(), nullptr);
  SSL_CTX_set_psk_client_callback(client_ctx(), ClientKey);
  script_.fails = true;
  RunAll();
  ExpectFailure(Alert(SSL_AD_INTERNAL_ERROR), SSL_R_BAD_EXTENSION);
}

TEST_P(PskTest, ServersKeyIsTooLong) {
  UseSessions();
  SSL_CTX_set_psk_find_session_callback(server_ctx(), nullptr);
  SSL_CTX_set_psk_server_callback(server_ctx(), ServerKey);
  script_.overlong = PSK_MAX_PSK_LEN + 1;
  RunAll();
  ExpectFailure(Alert(SSL_AD_INTERNAL_ERROR), ERR_R_INTERNAL_ERROR);
}

TEST_P(PskTest, IdentityTooLongForTls12IsNotItsCallbacks) {
  UseSessions();
  SSL_CTX_set_psk_server_callback(server_ctx(), ServerKey);
  script_.identity = std::string(PSK_MAX_IDENTITY_LEN + 1, 'a');
  RunAll();
  ExpectUp(/*by_key=*/false);
  EXPECT_EQ(script_.calls, (std::vector<std::string>{"use", "find"}));
}

TEST_P(PskTest, CallbackOfTls12ReadsAnIdentityToItsFirstNul) {
  DropCertificate();
  UseSessions();
  SSL_CTX_set_psk_server_callback(server_ctx(), ServerKey);
  script_.suite = kAes128Sha256;
  script_.identity = std::string("alice\0and more", 14);
  RunAll();
  ExpectUp(/*by_key=*/true);
  EXPECT_EQ(script_.seen_identity, "alice");
}

TEST_P(PskTest, KeyOfAnotherHashThanTheClientHasSuitesForIsNotUsed) {
  UseKeys();
  for (SSL_CTX* ctx : {client_ctx(), server_ctx()}) {
    SSL_CTX_set_ciphersuites(ctx, "TLS_AES_256_GCM_SHA384");
  }
  RunAll();
  ExpectUp(/*by_key=*/false);
}

TEST_P(PskTest, KeyAloneWhereBothAllowIt) {
  DropCertificate();
  UseKeys();
  SSL_CTX_set1_groups_list(client_ctx(), "P-256");
  SSL_CTX_set1_groups_list(server_ctx(), "P-384");
  for (const bool allowed : {false, true}) {
    if (allowed) {
      SSL_CTX_set_options(client_ctx(), SSL_OP_ALLOW_NO_DHE_KEX);
      SSL_CTX_set_options(server_ctx(), SSL_OP_ALLOW_NO_DHE_KEX);
    }
    RunAll();
    EXPECT_EQ(pair_.client_end.is_up, allowed) << pair_.client_end.reason;
    EXPECT_EQ(pair_.server_end.is_up, allowed) << pair_.server_end.reason;
  }
}

TEST_P(PskTest, AnSslTakesItsCtxsCallbacksWhenItIsMade) {
  UseSessions();
  pair_.Make();
  UseKeys();
  SSL_CTX_set_psk_use_session_callback(client_ctx(), nullptr);
  SSL_set_psk_find_session_callback(pair_.server.get(), nullptr);
  pair_.Run();
  ExpectUp(/*by_key=*/false);
  EXPECT_EQ(script_.calls, (std::vector<std::string>{"use"}));
}

TEST_P(PskTest, CallbacksOfAnSsl) {
  DropCertificate();
  pair_.Make();
  SSL_set_psk_client_callback(pair_.client.get(), ClientKey);
  SSL_set_psk_server_callback(pair_.server.get(), ServerKey);
  pair_.Run();
  ExpectUp(/*by_key=*/true);
  pair_.Make();
  SSL_set_psk_use_session_callback(pair_.client.get(), UseSession);
  SSL_set_psk_find_session_callback(pair_.server.get(), FindSession);
  pair_.Run();
  ExpectUp(/*by_key=*/true);
}

// libcoap's server knows only from the ClientHello whether it is asked for a key.
TEST_P(PskTest, ClientHelloCallbackSetsThePskCallback) {
  DropCertificate();
  SSL_CTX_set_psk_client_callback(client_ctx(), ClientKey);
  SSL_CTX_set_client_hello_cb(server_ctx(), OnClientHello, nullptr);
  SSL_CTX_set_tlsext_servername_callback(server_ctx(), OnServerName);
  pair_.Make();
  SSL_set_tlsext_host_name(pair_.client.get(), "localhost");
  pair_.Run();
  ExpectUp(/*by_key=*/true);
  EXPECT_EQ(script_.calls, is_dtls()
                               ? (std::vector<std::string>{"client", "hello", "name", "server"})
                               : (std::vector<std::string>{"client", "hello", "server", "name"}));
}

TEST_P(PskTest, HelloCallbacksRunOnceThoughTwoQuestionsAreAsked) {
  UseKeys();
  SSL_CTX_set_client_hello_cb(server_ctx(), OnClientHello, nullptr);
  SSL_CTX_set_tlsext_servername_callback(server_ctx(), OnServerName);
  script_.known_identity = "bob";
  RunAll();
  ExpectUp(/*by_key=*/false);
  EXPECT_EQ(NumCalls("hello"), 1);
  EXPECT_EQ(NumCalls("name"), 1);
}

int SelectProtocol(SSL* /*ssl*/, const unsigned char** out, unsigned char* out_len,
                   const unsigned char* offered, unsigned int offered_len, void* /*arg*/) {
  script->calls.push_back("protocol");
  // The last of those offered, each with its length in front.
  for (unsigned int at = 0; at < offered_len; at += 1u + offered[at]) {
    *out_len = offered[at];
    *out = offered + at + 1;
  }
  return SSL_TLSEXT_ERR_OK;
}

TEST_P(PskTest, ProtocolIsChosenOnceWhetherTheKeyIsKnownOrNot) {
  constexpr unsigned char kProtocols[] =
      "\x04"
      "coap"
      "\x06"
      "webrtc";
  SSL_CTX_set_alpn_protos(client_ctx(), kProtocols, sizeof(kProtocols) - 1);
  SSL_CTX_set_alpn_select_cb(server_ctx(), SelectProtocol, nullptr);
  UseSessions();
  for (const char* known : {"alice", "bob"}) {
    script_.known_identity = known;
    script_.calls.clear();
    RunAll();
    ExpectUp(/*by_key=*/script_.known_identity == script_.identity);
    EXPECT_EQ(NumCalls("protocol"), 1);
    for (const SSL* ssl : {pair_.client.get(), pair_.server.get()}) {
      const unsigned char* protocol = nullptr;
      unsigned int protocol_len = 0;
      SSL_get0_alpn_selected(ssl, &protocol, &protocol_len);
      EXPECT_EQ(std::string(reinterpret_cast<const char*>(protocol), protocol_len), "webrtc");
    }
  }
}

}  // namespace
}  // namespace dtls13::shim
