// SPDX-License-Identifier: Apache-2.0
// What an application has to say of tickets. libssl's TLS 1.3 and DTLS 1.2 are the measure.
#define OPENSSL_SUPPRESS_DEPRECATED

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "shim/testing/ssl_pair.h"

namespace dtls13::shim {
namespace {

constexpr unsigned char kName[] = "the key's name..";  // 16 bytes
constexpr unsigned char kKey[] = "0123456789abcdef0123456789abcdef";

// Keys is what the callback of ticket keys answers and was asked.
struct Keys {
  int seal_result = 1;
  int open_result = 1;
  std::vector<int> calls = {};

  int Answer(int encrypts) {
    calls.push_back(encrypts);
    return encrypts == 1 ? seal_result : open_result;
  }
};

Keys& TheKeys() {
  static Keys& keys = *new Keys;
  return keys;
}

int InitCipher(unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, int encrypts) {
  if (encrypts == 1) {
    std::memcpy(name, kName, 16);
    std::memset(iv, 9, 16);
    return EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, kKey, iv);
  }
  if (std::memcmp(name, kName, 16) != 0) return 0;
  return EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, kKey, iv);
}

int KeyEvp(SSL* /*ssl*/, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
           EVP_MAC_CTX* mac, int encrypts) {
  char digest[] = "SHA256";
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, const_cast<unsigned char*>(kKey), 32),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end()};
  const int result = TheKeys().Answer(encrypts);
  if (result <= 0) return result;
  if (EVP_MAC_CTX_set_params(mac, params) != 1) return -1;
  return InitCipher(name, iv, cipher, encrypts) == 1 ? result : 0;
}

int KeyOld(SSL* /*ssl*/, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
           HMAC_CTX* mac, int encrypts) {
  const int result = TheKeys().Answer(encrypts);
  if (result <= 0) return result;
  if (HMAC_Init_ex(mac, kKey, 32, EVP_sha256(), nullptr) != 1) return -1;
  return InitCipher(name, iv, cipher, encrypts) == 1 ? result : 0;
}

// Uses is what SSL_CTX_set_session_ticket_cb's callbacks answer and saw.
struct Uses {
  SSL_TICKET_RETURN use = SSL_TICKET_RETURN_USE;
  int generate_result = 1;
  int num_generated = 0;
  std::vector<std::string> seen = {};
  SSL_TICKET_RETURN unopened = SSL_TICKET_RETURN_IGNORE_RENEW;
  std::vector<SSL_TICKET_STATUS> statuses = {};

  static int Generate(SSL* ssl, void* arg) {
    auto* self = static_cast<Uses*>(arg);
    ++self->num_generated;
    SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), "carried", 7);
    return self->generate_result;
  }

  static SSL_TICKET_RETURN Decrypt(SSL* /*ssl*/, SSL_SESSION* session,
                                   const unsigned char* /*name*/, size_t name_len,
                                   SSL_TICKET_STATUS status, void* arg) {
    auto* self = static_cast<Uses*>(arg);
    self->statuses.push_back(status);
    // A client without a ticket says so in DTLS 1.2.
    if (session == nullptr) return self->unopened;
    EXPECT_EQ(name_len, 16u);
    EXPECT_TRUE(status == SSL_TICKET_SUCCESS || status == SSL_TICKET_SUCCESS_RENEW);
    // libssl never frees it after SSL_TICKET_RETURN_ABORT; LeakSanitizer reaches it from here.
    static auto* const shown = new std::vector<const SSL_SESSION*>;
    shown->push_back(session);
    void* data = nullptr;
    size_t len = 0;
    SSL_SESSION_get0_ticket_appdata(session, &data, &len);
    self->seen.emplace_back(static_cast<const char*>(data), len);
    return self->use;
  }
};

struct SessionFree {
  void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};
using SessionPtr = std::unique_ptr<SSL_SESSION, SessionFree>;

class ApplicationTicketsTest : public testing::TestWithParam<Protocol> {
 protected:
  ApplicationTicketsTest() : pair_(GetParam()) { TheKeys() = {}; }
  ~ApplicationTicketsTest() override { EXPECT_EQ(ERR_peek_error(), 0u); }

  // Connect returns the client's session of a connection that begins with `session`.
  SessionPtr Connect(SSL_SESSION* session = nullptr) {
    pair_.Make();
    if (session != nullptr) SSL_set_session(pair_.client.get(), session);
    pair_.Run();
    SessionPtr own(SSL_get1_session(pair_.client.get()));
    if (pair_.client_end.is_up) SSL_shutdown(pair_.client.get());
    if (pair_.server_end.is_up) SSL_shutdown(pair_.server.get());
    ERR_clear_error();
    return own;
  }

  void ExpectUp() {
    EXPECT_TRUE(pair_.client_end.is_up) << pair_.client_end.reason;
    EXPECT_TRUE(pair_.server_end.is_up) << pair_.server_end.reason;
  }

  int Resumes(SSL_SESSION* session) {
    Connect(session);
    ExpectUp();
    return SSL_session_reused(pair_.client.get());
  }

  SslPair pair_;
  Uses uses_;
};

INSTANTIATE_TEST_SUITE_P(Protocols, ApplicationTicketsTest,
                         testing::Values(Protocol::kTls13, Protocol::kDtls12, Protocol::kDtls13),
                         ProtocolName);

TEST_P(ApplicationTicketsTest, KeysAreTheApplications) {
  for (const bool is_old : {false, true}) {
    TheKeys() = {};
    if (is_old) {
      SSL_CTX_set_tlsext_ticket_key_evp_cb(pair_.server_ctx.get(), nullptr);
      SSL_CTX_set_tlsext_ticket_key_cb(pair_.server_ctx.get(), KeyOld);
    } else {
      SSL_CTX_set_tlsext_ticket_key_evp_cb(pair_.server_ctx.get(), KeyEvp);
    }
    const SessionPtr session = Connect();
    ExpectUp();
    ASSERT_FALSE(TheKeys().calls.empty());
    EXPECT_EQ(TheKeys().calls.front(), 1);
    const unsigned char* ticket = nullptr;
    size_t len = 0;
    SSL_SESSION_get0_ticket(session.get(), &ticket, &len);
    ASSERT_GT(len, 32u);
    EXPECT_EQ(std::memcmp(ticket, kName, 16), 0);
    TheKeys().calls.clear();
    EXPECT_EQ(Resumes(session.get()), 1);
    ASSERT_FALSE(TheKeys().calls.empty());
    EXPECT_EQ(TheKeys().calls.front(), 0);
    // A key that the application has no more.
    TheKeys().open_result = 0;
    EXPECT_EQ(Resumes(session.get()), 0);
  }
}

TEST_P(ApplicationTicketsTest, KeysMayFail) {
  SSL_CTX_set_tlsext_ticket_key_evp_cb(pair_.server_ctx.get(), KeyEvp);
  const SessionPtr session = Connect();
  TheKeys().open_result = -1;
  Connect(session.get());
  EXPECT_FALSE(pair_.server_end.is_up);
  EXPECT_FALSE(pair_.client_end.is_up);
}

TEST_P(ApplicationTicketsTest, TicketsOfOtherKeysResumeNothing) {
  const SessionPtr foreign = Connect();
  SSL_CTX_set_tlsext_ticket_key_evp_cb(pair_.server_ctx.get(), KeyEvp);
  EXPECT_EQ(Resumes(foreign.get()), 0);
}

TEST_P(ApplicationTicketsTest, DataGoesWithTheTicket) {
  SSL_CTX_set_session_ticket_cb(pair_.server_ctx.get(), Uses::Generate, Uses::Decrypt, &uses_);
  const SessionPtr session = Connect();
  ExpectUp();
  EXPECT_GE(uses_.num_generated, 1);
  EXPECT_EQ(Resumes(session.get()), 1);
  ASSERT_FALSE(uses_.seen.empty());
  EXPECT_EQ(uses_.seen.front(), "carried");
}

TEST_P(ApplicationTicketsTest, ApplicationMayIgnoreATicket) {
  SSL_CTX_set_session_ticket_cb(pair_.server_ctx.get(), Uses::Generate, Uses::Decrypt, &uses_);
  const SessionPtr session = Connect();
  for (const SSL_TICKET_RETURN use : {SSL_TICKET_RETURN_IGNORE, SSL_TICKET_RETURN_IGNORE_RENEW}) {
    uses_.use = use;
    EXPECT_EQ(Resumes(session.get()), 0);
  }
  uses_.use = SSL_TICKET_RETURN_ABORT;
  Connect(session.get());
  EXPECT_FALSE(pair_.server_end.is_up);
}

// What follows is of TLS 1.3 and DTLS 1.3: in DTLS 1.2 the ServerHello says whether there is a
// ticket.
class TicketVerdictTest : public ApplicationTicketsTest {
 protected:
  TicketVerdictTest() {
    SSL_CTX_set_session_ticket_cb(pair_.server_ctx.get(), Uses::Generate, Uses::Decrypt, &uses_);
    SSL_CTX_set_session_cache_mode(pair_.client_ctx.get(),
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(pair_.client_ctx.get(), [](SSL* ssl, SSL_SESSION* /*session*/) {
      ++*static_cast<int*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
      return 0;
    });
    SSL_CTX_set_app_data(pair_.client_ctx.get(), &num_tickets_);
  }

  // TicketsOf is how many tickets a connection brings that begins with `session`.
  int TicketsOf(SSL_SESSION* session) {
    num_tickets_ = 0;
    uses_.statuses.clear();
    // A client that keeps sessions uses each object once.
    const SessionPtr copy(SSL_SESSION_dup(session));
    Connect(copy.get());
    return num_tickets_;
  }

  int num_tickets_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Protocols, TicketVerdictTest,
                         testing::Values(Protocol::kTls13, Protocol::kDtls13), ProtocolName);

TEST_P(TicketVerdictTest, SaysWhetherThereIsAnotherTicket) {
  const SessionPtr session = Connect();
  EXPECT_TRUE(uses_.statuses.empty()) << "nobody had one";
  struct {
    SSL_TICKET_RETURN use;
    int num_tickets;
  } const cases[] = {{SSL_TICKET_RETURN_USE, 0},
                     {SSL_TICKET_RETURN_USE_RENEW, 1},
                     {SSL_TICKET_RETURN_IGNORE, 0},
                     {SSL_TICKET_RETURN_IGNORE_RENEW, 2}};
  for (const auto& expected : cases) {
    uses_.use = expected.use;
    EXPECT_EQ(TicketsOf(session.get()), expected.num_tickets) << expected.use;
    ExpectUp();
    EXPECT_EQ(uses_.statuses, std::vector{SSL_TICKET_SUCCESS_RENEW});
  }
}

TEST_P(TicketVerdictTest, KeyCallbackSaysWhetherToRenew) {
  SSL_CTX_set_tlsext_ticket_key_evp_cb(pair_.server_ctx.get(), KeyEvp);
  const SessionPtr session = Connect();
  TheKeys().open_result = 1;
  uses_.use = SSL_TICKET_RETURN_USE;
  EXPECT_EQ(TicketsOf(session.get()), 0);
  EXPECT_EQ(uses_.statuses, std::vector{SSL_TICKET_SUCCESS});
  TheKeys().open_result = 2;
  TicketsOf(session.get());
  EXPECT_EQ(uses_.statuses, std::vector{SSL_TICKET_SUCCESS_RENEW});
  SSL_CTX_set_session_ticket_cb(pair_.server_ctx.get(), nullptr, nullptr, nullptr);
  EXPECT_EQ(TicketsOf(session.get()), 1);
  TheKeys().open_result = 1;
  EXPECT_EQ(TicketsOf(session.get()), 0);
  EXPECT_EQ(SSL_session_reused(pair_.client.get()), 1);
}

TEST_P(TicketVerdictTest, IsAskedForAboutWhatDoesNotOpen) {
  const SessionPtr foreign = Connect();
  SSL_CTX_set_tlsext_ticket_key_evp_cb(pair_.server_ctx.get(), KeyEvp);
  EXPECT_EQ(TicketsOf(foreign.get()), 2);
  ExpectUp();
  EXPECT_EQ(uses_.statuses, std::vector{SSL_TICKET_NO_DECRYPT});
  uses_.unopened = SSL_TICKET_RETURN_IGNORE;
  EXPECT_EQ(TicketsOf(foreign.get()), 0);
  ExpectUp();
  for (const SSL_TICKET_RETURN verdict : {SSL_TICKET_RETURN_ABORT, SSL_TICKET_RETURN_USE}) {
    uses_.unopened = verdict;
    TicketsOf(foreign.get());
    EXPECT_FALSE(pair_.server_end.is_up);
    EXPECT_EQ(pair_.client_end.reason, SSL_R_TLSV1_ALERT_INTERNAL_ERROR);
  }
}

TEST_P(TicketVerdictTest, IsNotAskedForAboutSessionsThatTheServerKeeps) {
  SSL_CTX_set_options(pair_.server_ctx.get(), SSL_OP_NO_TICKET);
  const SessionPtr session = Connect();
  EXPECT_EQ(TicketsOf(session.get()), 1);
  EXPECT_EQ(SSL_session_reused(pair_.client.get()), 1);
  EXPECT_TRUE(uses_.statuses.empty());
}

TEST_P(ApplicationTicketsTest, GenerationMayFail) {
  SSL_CTX_set_session_ticket_cb(pair_.server_ctx.get(), Uses::Generate, Uses::Decrypt, &uses_);
  uses_.generate_result = 0;
  Connect();
  EXPECT_FALSE(pair_.server_end.is_up);
}

int num_asked = 0;

TEST_P(ApplicationTicketsTest, SessionMayBeForThisConnectionAlone) {
  // In TLS 1.3 libssl asks, and sends its tickets nevertheless.
  if (GetParam() == Protocol::kTls13) return;
  const auto refuse = [](SSL* /*ssl*/, int is_forward_secure) {
    ++num_asked;
    EXPECT_EQ(is_forward_secure, 1);
    return 1;
  };
  num_asked = 0;
  SSL_CTX_set_not_resumable_session_callback(pair_.server_ctx.get(), refuse);
  const SessionPtr session = Connect();
  ExpectUp();
  EXPECT_EQ(num_asked, 1);
  EXPECT_EQ(Resumes(session.get()), 0);
}

// Tickets under SSL_OP_NO_TICKET, and at level 3 of DTLS, are names of what the server keeps.
TEST_P(ApplicationTicketsTest, WithoutTicketsTheServerKeepsTheSession) {
  SSL_CTX_set_options(pair_.server_ctx.get(), SSL_OP_NO_TICKET);
  const SessionPtr session = Connect();
  ExpectUp();
  EXPECT_EQ(Resumes(session.get()), 1);
  const unsigned char* ticket = nullptr;
  size_t len = 0;
  SSL_SESSION_get0_ticket(session.get(), &ticket, &len);
  EXPECT_LE(len, 32u);
  SSL_CTX_set_session_cache_mode(pair_.server_ctx.get(), SSL_SESS_CACHE_OFF);
  const SessionPtr lost = Connect();
  ExpectUp();
  EXPECT_EQ(Resumes(lost.get()), 0);
}

TEST_P(ApplicationTicketsTest, SecurityLevelMayForbidTickets) {
  if (GetParam() == Protocol::kTls13) return;
  SSL_CTX_set_session_cache_mode(pair_.server_ctx.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_security_level(pair_.server_ctx.get(), 3);
  const SessionPtr session = Connect();
  ExpectUp();
  EXPECT_EQ(Resumes(session.get()), 0);
}

}  // namespace
}  // namespace dtls13::shim
