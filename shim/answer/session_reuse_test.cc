// SPDX-License-Identifier: Apache-2.0
// Sessions between two SSLs in one process: which tickets come, what the application's SSL_SESSION
// can do, and what a connection that begins with one knows.

#include <gtest/gtest.h>
#include <openssl/pem.h>

#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "dtls13/wire/bytes_test_util.h"
#include "shim/libssl/openssl_headers.h"
#include "shim/libssl/real_libssl.h"
#include "shim/testing/ssl_pair.h"

namespace dtls13::shim {
namespace {

struct Free {
  void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};
using SessionPtr = std::unique_ptr<SSL_SESSION, Free>;

// One for all servers: contexts that share tickets share it too.
const TestCertificate& ServerIdentity() {
  static const TestCertificate* const identity = new TestCertificate("localhost");
  return *identity;
}

CtxPtr NewServerCtx() {
  CtxPtr ctx(SSL_CTX_new(DTLS_server_method()));
  ServerIdentity().UseOn(ctx.get());
  return ctx;
}

CtxPtr NewClientCtx() {
  CtxPtr ctx(SSL_CTX_new(DTLS_client_method()));
  X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx.get()), ServerIdentity().certificate.get());
  return ctx;
}

bool WouldBlock(SSL* ssl, int result) { return SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ; }

// Pair is a client and a server SSL over two memory BIOs.
struct Pair {
  SslPtr client;
  SslPtr server;

  Pair(SSL_CTX* client_ctx, SSL_CTX* server_ctx)
      : client(SSL_new(client_ctx)), server(SSL_new(server_ctx)) {
    Begin();
  }

  // Begin gives both sides fresh BIOs.
  void Begin() {
    BIO* to_server = BIO_new(BIO_s_mem());
    BIO* to_client = BIO_new(BIO_s_mem());
    BIO_up_ref(to_server);
    BIO_up_ref(to_client);
    SSL_set_bio(server.get(), to_server, to_client);
    SSL_set_bio(client.get(), to_client, to_server);
    SSL_set_accept_state(server.get());
    SSL_set_connect_state(client.get());
  }

  bool Connect() {
    for (int turn = 0; turn < 20; ++turn) {
      const int client_result = SSL_do_handshake(client.get());
      if (client_result <= 0 && !WouldBlock(client.get(), client_result)) return false;
      const int server_result = SSL_do_handshake(server.get());
      if (server_result <= 0 && !WouldBlock(server.get(), server_result)) return false;
      if (client_result == 1 && server_result == 1) {
        // Tickets and acknowledgements.
        return ReadNothing(client.get()) && ReadNothing(server.get());
      }
    }
    return false;
  }

  bool DataFlows() {
    char buffer[16];
    return SSL_write(client.get(), "word", 4) == 4 &&
           SSL_read(server.get(), buffer, sizeof(buffer)) == 4 &&
           SSL_write(server.get(), "answer", 6) == 6 &&
           SSL_read(client.get(), buffer, sizeof(buffer)) == 6;
  }

  bool Reused() {
    EXPECT_EQ(SSL_session_reused(client.get()), SSL_session_reused(server.get()));
    return SSL_session_reused(client.get()) == 1;
  }

  static bool ReadNothing(SSL* ssl) {
    char byte;
    return WouldBlock(ssl, SSL_read(ssl, &byte, 1));
  }
};

Bytes Der(SSL_SESSION* session) {
  Bytes der(static_cast<size_t>(i2d_SSL_SESSION(session, nullptr)));
  unsigned char* out = der.data();
  i2d_SSL_SESSION(session, &out);
  return der;
}

SessionPtr FromDer(const Bytes& der) {
  const unsigned char* next = der.data();
  return SessionPtr(d2i_SSL_SESSION(nullptr, &next, static_cast<long>(der.size())));
}

Bytes TicketOf(SSL_SESSION* session) {
  const unsigned char* ticket = nullptr;
  size_t len = 0;
  SSL_SESSION_get0_ticket(session, &ticket, &len);
  return Bytes(ticket, ticket + len);
}

class ResumptionTest : public testing::Test {
 protected:
  ~ResumptionTest() override { EXPECT_EQ(ERR_peek_error(), 0u); }

  // A session of a full handshake with `server_ctx`.
  SessionPtr NewSession(SSL_CTX* server_ctx) {
    Pair pair(client_ctx_.get(), server_ctx);
    EXPECT_TRUE(pair.Connect());
    EXPECT_FALSE(pair.Reused());
    return SessionPtr(SSL_get1_session(pair.client.get()));
  }
  SessionPtr NewSession() { return NewSession(server_ctx_.get()); }

  // Whether a connection that `session` is set for resumes it.
  bool Resumes(SSL_SESSION* session, SSL_CTX* server_ctx) {
    Pair pair(client_ctx_.get(), server_ctx);
    EXPECT_EQ(SSL_set_session(pair.client.get(), session), 1);
    EXPECT_TRUE(pair.Connect());
    EXPECT_EQ(SSL_version(pair.client.get()), DTLS1_3_VERSION);
    EXPECT_TRUE(pair.DataFlows());
    return pair.Reused();
  }
  bool Resumes(SSL_SESSION* session) { return Resumes(session, server_ctx_.get()); }

  CtxPtr server_ctx_ = NewServerCtx();
  CtxPtr client_ctx_ = NewClientCtx();
};

TEST_F(ResumptionTest, SessionIsTheApplications) {
  const SessionPtr session = NewSession();
  ASSERT_NE(session, nullptr);
  EXPECT_EQ(SSL_SESSION_get_protocol_version(session.get()), DTLS1_3_VERSION);
  EXPECT_EQ(SSL_SESSION_is_resumable(session.get()), 1);
  EXPECT_EQ(SSL_SESSION_has_ticket(session.get()), 1);
  EXPECT_EQ(SSL_SESSION_get_ticket_lifetime_hint(session.get()), 7200u);
  EXPECT_EQ(SSL_SESSION_get_timeout(session.get()), SSL_CTX_get_timeout(client_ctx_.get()));
  EXPECT_EQ(SSL_SESSION_get_max_early_data(session.get()), 0u);
  EXPECT_FALSE(TicketOf(session.get()).empty());
  unsigned int id_len = 0;
  SSL_SESSION_get_id(session.get(), &id_len);
  EXPECT_EQ(id_len, 32u);
  EXPECT_EQ(X509_cmp(SSL_SESSION_get0_peer(session.get()), ServerIdentity().certificate.get()), 0);
  EXPECT_TRUE(Resumes(session.get()));
}

TEST_F(ResumptionTest, SessionIsPrintedAsTls13s) {
  const SessionPtr session = NewSession();
  OpenSslPtr<BIO> out(BIO_new(BIO_s_mem()));
  ASSERT_EQ(SSL_SESSION_print(out.get(), session.get()), 1);
  char* data = nullptr;
  const long len = BIO_get_mem_data(out.get(), &data);
  const std::string text(data, static_cast<size_t>(len));
  for (const char* line : {"Protocol  : DTLSv1.3\n",
                           "Resumption PSK: ", "TLS session ticket lifetime hint: 7200 (seconds)\n",
                           "Max Early Data: 0\n", "Verify return code: 0 (ok)\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << " is not in\n" << text;
  }
}

TEST_F(ResumptionTest, ResumedConnectionKnowsThePeer) {
  SSL_CTX_set_verify(client_ctx_.get(), SSL_VERIFY_PEER, nullptr);
  const SessionPtr session = NewSession();
  // Nothing but the session says now that the server is to be trusted.
  const CtxPtr other_ctx(SSL_CTX_new(DTLS_client_method()));
  SSL_CTX_set_verify(other_ctx.get(), SSL_VERIFY_PEER, nullptr);
  Pair pair(other_ctx.get(), server_ctx_.get());
  SSL_set_session(pair.client.get(), session.get());
  EXPECT_EQ(SSL_get_session(pair.client.get()), session.get());
  ASSERT_TRUE(pair.Connect());
  EXPECT_TRUE(pair.Reused());
  EXPECT_STREQ(SSL_get_version(pair.client.get()), "DTLSv1.3");
  EXPECT_EQ(SSL_get_verify_result(pair.client.get()), X509_V_OK);
  const OpenSslPtr<X509> peer(SSL_get1_peer_certificate(pair.client.get()));
  ASSERT_NE(peer, nullptr);
  EXPECT_EQ(X509_cmp(peer.get(), ServerIdentity().certificate.get()), 0);
  ASSERT_NE(SSL_get_peer_cert_chain(pair.client.get()), nullptr);
  EXPECT_EQ(sk_X509_num(SSL_get_peer_cert_chain(pair.client.get())), 1);
  EXPECT_EQ(SSL_get_current_cipher(pair.client.get()), SSL_SESSION_get0_cipher(session.get()));
  // A session of its own, for the next connection.
  SSL_SESSION* next = SSL_get_session(pair.client.get());
  EXPECT_NE(TicketOf(next), TicketOf(session.get()));
  EXPECT_EQ(X509_cmp(SSL_SESSION_get0_peer(next), ServerIdentity().certificate.get()), 0);
  EXPECT_TRUE(Resumes(next));
}

TEST_F(ResumptionTest, VerifyResultIsTheSessions) {
  const CtxPtr trustless_ctx(SSL_CTX_new(DTLS_client_method()));
  Pair first(trustless_ctx.get(), server_ctx_.get());
  ASSERT_TRUE(first.Connect());
  ASSERT_EQ(SSL_get_verify_result(first.client.get()), X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT);
  const SessionPtr session(SSL_get1_session(first.client.get()));
  Pair second(client_ctx_.get(), server_ctx_.get());
  SSL_set_session(second.client.get(), session.get());
  ASSERT_TRUE(second.Connect());
  EXPECT_TRUE(second.Reused());
  EXPECT_EQ(SSL_get_verify_result(second.client.get()), X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT);
}

TEST_F(ResumptionTest, SessionSurvivesLibssl) {
  const SessionPtr session = NewSession();
  EXPECT_TRUE(Resumes(FromDer(Der(session.get())).get()));
  EXPECT_TRUE(Resumes(SessionPtr(SSL_SESSION_dup(session.get())).get()));
  OpenSslPtr<BIO> file(BIO_new(BIO_s_mem()));
  ASSERT_EQ(PEM_write_bio_SSL_SESSION(file.get(), session.get()), 1);
  const SessionPtr read(PEM_read_bio_SSL_SESSION(file.get(), nullptr, nullptr, nullptr));
  EXPECT_TRUE(Resumes(read.get()));
  // And what was not changed is the same.
  EXPECT_EQ(Der(read.get()), Der(session.get()));
}

struct Kept {
  std::vector<SessionPtr> sessions;
  int num_told = 0;
  bool keeps = true;
};

int KeepSession(SSL* ssl, SSL_SESSION* session) {
  auto* kept = static_cast<Kept*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  ++kept->num_told;
  EXPECT_EQ(SSL_get_session(ssl), session);
  EXPECT_EQ(SSL_SESSION_is_resumable(session), 1);
  if (kept->keeps) kept->sessions.emplace_back(session);
  return kept->keeps ? 1 : 0;
}

TEST_F(ResumptionTest, CallbackIsToldOfEachTicket) {
  Kept kept;
  SSL_CTX_set_app_data(client_ctx_.get(), &kept);
  SSL_CTX_sess_set_new_cb(client_ctx_.get(), KeepSession);
  NewSession();
  EXPECT_EQ(kept.num_told, 0) << "the cache is off";
  SSL_CTX_set_session_cache_mode(client_ctx_.get(),
                                 SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  NewSession();
  ASSERT_EQ(kept.sessions.size(), 2u);
  EXPECT_NE(TicketOf(kept.sessions[0].get()), TicketOf(kept.sessions[1].get()));
  kept.keeps = false;
  for (const SessionPtr& session : kept.sessions) EXPECT_TRUE(Resumes(session.get()));
  EXPECT_EQ(kept.num_told, 4) << "each resumed connection gets one ticket";
}

TEST_F(ResumptionTest, ServerSendsAsManyTicketsAsItIsTold) {
  Kept kept;
  kept.keeps = false;
  SSL_CTX_set_app_data(client_ctx_.get(), &kept);
  SSL_CTX_sess_set_new_cb(client_ctx_.get(), KeepSession);
  SSL_CTX_set_session_cache_mode(client_ctx_.get(), SSL_SESS_CACHE_CLIENT);
  for (const int num_tickets : {0, 1, 3}) {
    SSL_CTX_set_num_tickets(server_ctx_.get(), static_cast<size_t>(num_tickets));
    kept.num_told = 0;
    const SessionPtr session = NewSession();
    EXPECT_EQ(kept.num_told, num_tickets);
    EXPECT_EQ(SSL_SESSION_is_resumable(session.get()), num_tickets > 0 ? 1 : 0);
  }
  // Then they name sessions that the server keeps; it keeps none without a cache.
  SSL_CTX_set_options(server_ctx_.get(), SSL_OP_NO_TICKET);
  kept.num_told = 0;
  NewSession();
  EXPECT_EQ(kept.num_told, 3);
  SSL_CTX_set_session_cache_mode(server_ctx_.get(), SSL_SESS_CACHE_OFF);
  kept.num_told = 0;
  NewSession();
  EXPECT_EQ(kept.num_told, 0);
}

TEST_F(ResumptionTest, ServerSendsTicketsWhenItIsAsked) {
  SSL_CTX_set_num_tickets(server_ctx_.get(), 0);
  Pair pair(client_ctx_.get(), server_ctx_.get());
  EXPECT_EQ(SSL_new_session_ticket(pair.server.get()), 0) << "not connected";
  ASSERT_TRUE(pair.Connect());
  EXPECT_EQ(SSL_SESSION_is_resumable(SSL_get_session(pair.client.get())), 0);
  EXPECT_EQ(SSL_new_session_ticket(pair.client.get()), 0) << "a client";
  ASSERT_EQ(SSL_new_session_ticket(pair.server.get()), 1);
  ASSERT_EQ(SSL_do_handshake(pair.server.get()), 1);
  ASSERT_TRUE(pair.DataFlows());
  EXPECT_TRUE(Resumes(SSL_get_session(pair.client.get())));
}

TEST_F(ResumptionTest, ClearedSslResumesWhatItClosed) {
  for (const bool closes : {true, false}) {
    for (const bool by_clear : {true, false}) {
      Pair pair(client_ctx_.get(), server_ctx_.get());
      ASSERT_TRUE(pair.Connect());
      if (closes) {
        EXPECT_EQ(SSL_shutdown(pair.client.get()), 0);
      }
      if (by_clear) {
        ASSERT_EQ(SSL_clear(pair.client.get()), 1);
      }
      SSL_clear(pair.server.get());
      pair.Begin();
      ASSERT_TRUE(pair.Connect());
      EXPECT_EQ(pair.Reused(), closes);
      EXPECT_TRUE(pair.DataFlows());
    }
  }
}

TEST_F(ResumptionTest, OtherKeysAreOfNoUse) {
  const CtxPtr other_ctx = NewServerCtx();
  const SessionPtr session = NewSession();
  EXPECT_FALSE(Resumes(session.get(), other_ctx.get()));
  EXPECT_TRUE(Resumes(session.get()));
}

TEST_F(ResumptionTest, SharedTicketKeysCarrySessionsToAnotherServer) {
  const long len = SSL_CTX_set_tlsext_ticket_keys(server_ctx_.get(), nullptr, 0);
  ASSERT_GT(len, 0);
  Bytes keys(static_cast<size_t>(len), 7);
  ASSERT_EQ(SSL_CTX_set_tlsext_ticket_keys(server_ctx_.get(), keys.data(), len), 1);
  const SessionPtr session = NewSession();
  const CtxPtr restarted_ctx = NewServerCtx();
  SSL_CTX_set_tlsext_ticket_keys(restarted_ctx.get(), keys.data(), len);
  EXPECT_TRUE(Resumes(session.get(), restarted_ctx.get()));
  const CtxPtr other_ctx = NewServerCtx();
  ++keys[20];
  SSL_CTX_set_tlsext_ticket_keys(other_ctx.get(), keys.data(), len);
  EXPECT_FALSE(Resumes(session.get(), other_ctx.get()));
  // What is read from one fits the other, also in the midst of its work.
  ASSERT_EQ(SSL_CTX_get_tlsext_ticket_keys(restarted_ctx.get(), keys.data(), len), 1);
  SSL_CTX_set_tlsext_ticket_keys(other_ctx.get(), keys.data(), len);
  EXPECT_TRUE(Resumes(session.get(), other_ctx.get()));
}

void SetSessionIdContext(SSL_CTX* ctx, const std::string& name) {
  ASSERT_EQ(SSL_CTX_set_session_id_context(ctx, reinterpret_cast<const unsigned char*>(name.data()),
                                           static_cast<unsigned int>(name.size())),
            1);
}

TEST_F(ResumptionTest, SessionOfAnotherContextIsNotResumed) {
  SetSessionIdContext(server_ctx_.get(), "one");
  const SessionPtr session = NewSession();
  EXPECT_TRUE(Resumes(session.get()));
  SetSessionIdContext(server_ctx_.get(), "two");
  EXPECT_FALSE(Resumes(session.get()));
  Pair pair(client_ctx_.get(), server_ctx_.get());
  SSL_set_session_id_context(pair.server.get(), reinterpret_cast<const unsigned char*>("one"), 3);
  SSL_set_session(pair.client.get(), session.get());
  ASSERT_TRUE(pair.Connect());
  EXPECT_TRUE(pair.Reused());
}

TEST_F(ResumptionTest, ServerThatVerifiesNeedsAContext) {
  const SessionPtr session = NewSession();
  SSL_CTX_set_verify(server_ctx_.get(), SSL_VERIFY_PEER, nullptr);
  Pair pair(client_ctx_.get(), server_ctx_.get());
  SSL_set_session(pair.client.get(), session.get());
  EXPECT_FALSE(pair.Connect());
  EXPECT_EQ(ERR_GET_REASON(ERR_get_error()), SSL_R_SESSION_ID_CONTEXT_UNINITIALIZED);
  EXPECT_EQ(ERR_peek_error(), 0u);
}

struct Calls {
  int client_hello = 0;
  int server_name = 0;
};

int CountClientHello(SSL* /*ssl*/, int* /*alert*/, void* arg) {
  ++static_cast<Calls*>(arg)->client_hello;
  return SSL_CLIENT_HELLO_SUCCESS;
}

int CountServerName(SSL* /*ssl*/, int* /*alert*/, void* arg) {
  ++static_cast<Calls*>(arg)->server_name;
  return SSL_TLSEXT_ERR_OK;
}

TEST_F(ResumptionTest, NameBelongsToTheSession) {
  {
    Pair unused(client_ctx_.get(), server_ctx_.get());
    SSL_set_tlsext_host_name(unused.client.get(), "localhost");
    ASSERT_TRUE(unused.Connect());
    const SSL_SESSION* session = SSL_get_session(unused.client.get());
    EXPECT_EQ(SSL_SESSION_get0_hostname(session), nullptr) << "nobody has accepted it";
  }
  Calls calls;
  SSL_CTX_set_tlsext_servername_callback(server_ctx_.get(), CountServerName);
  SSL_CTX_set_tlsext_servername_arg(server_ctx_.get(), &calls);
  Pair first(client_ctx_.get(), server_ctx_.get());
  SSL_set_tlsext_host_name(first.client.get(), "localhost");
  ASSERT_TRUE(first.Connect());
  const SessionPtr session(SSL_get1_session(first.client.get()));
  EXPECT_STREQ(SSL_SESSION_get0_hostname(session.get()), "localhost");
  for (const bool same : {true, false}) {
    const char* const name = same ? "localhost" : "other";
    Pair second(client_ctx_.get(), server_ctx_.get());
    SSL_set_tlsext_host_name(second.client.get(), const_cast<char*>(name));
    SSL_set_session(second.client.get(), session.get());
    ASSERT_TRUE(second.Connect());
    EXPECT_EQ(second.Reused(), same);
    EXPECT_STREQ(SSL_get_servername(second.server.get(), TLSEXT_NAMETYPE_host_name), name);
  }
}

TEST_F(ResumptionTest, ServersCallbacksAreToldOnce) {
  Calls calls;
  SSL_CTX_set_client_hello_cb(server_ctx_.get(), CountClientHello, &calls);
  SSL_CTX_set_tlsext_servername_callback(server_ctx_.get(), CountServerName);
  SSL_CTX_set_tlsext_servername_arg(server_ctx_.get(), &calls);
  const SessionPtr session = NewSession();
  EXPECT_EQ(calls.client_hello, 1);
  EXPECT_EQ(calls.server_name, 1);
  EXPECT_TRUE(Resumes(session.get()));
  EXPECT_EQ(calls.client_hello, 2);
  EXPECT_EQ(calls.server_name, 2);
  SetSessionIdContext(server_ctx_.get(), "other");
  EXPECT_FALSE(Resumes(session.get()));
  EXPECT_EQ(calls.client_hello, 3);
  EXPECT_EQ(calls.server_name, 3);
}

// Changes `der` where `part` stands in it.
Bytes WithChangedPart(Bytes der, const Bytes& part) {
  const auto at = std::search(der.begin(), der.end(), part.begin(), part.end());
  EXPECT_NE(at, der.end());
  *(at + static_cast<ptrdiff_t>(part.size() / 2)) ^= 1;
  return der;
}

TEST_F(ResumptionTest, ForgedTicketBeginsAnew) {
  const SessionPtr session = NewSession();
  EXPECT_FALSE(
      Resumes(FromDer(WithChangedPart(Der(session.get()), TicketOf(session.get()))).get()));
}

TEST_F(ResumptionTest, DamagedSessionIsHarmless) {
  const Bytes der = Der(NewSession().get());
  for (size_t at = 0; at < der.size(); at += 5) {
    for (const bool is_cut : {true, false}) {
      Bytes damaged = der;
      if (is_cut) {
        damaged.resize(at);
      } else {
        damaged[at] ^= 0x11;
      }
      const SessionPtr session = FromDer(damaged);
      ERR_clear_error();
      if (session == nullptr) continue;
      Pair pair(client_ctx_.get(), server_ctx_.get());
      ASSERT_EQ(SSL_set_session(pair.client.get(), session.get()), 1);
      // With another key the server cannot but end it; all else is either unseen or no session.
      if (!pair.Connect()) {
        EXPECT_EQ(ERR_GET_REASON(ERR_peek_last_error()), SSL_R_BINDER_DOES_NOT_VERIFY) << at;
      }
      ERR_clear_error();
    }
  }
}

TEST_F(ResumptionTest, ForeignSessionsBeginAnew) {
  // DTLS 1.3 by another library: nothing of ours is in it.
  const SessionPtr ours = NewSession();
  const SessionPtr foreign(SSL_SESSION_dup(ours.get()));
  ASSERT_EQ(Real().SSL_SESSION_set1_ticket_appdata(foreign.get(), "foreign", 7), 1);
  EXPECT_FALSE(Resumes(foreign.get()));
  const SessionPtr empty(SSL_SESSION_new());
  EXPECT_FALSE(Resumes(empty.get()));
  EXPECT_FALSE(Resumes(nullptr));

  // One of DTLS 1.2 stays libssl's, and is of no use to us.
  Pair old(client_ctx_.get(), server_ctx_.get());
  SSL_set_max_proto_version(old.client.get(), DTLS1_2_VERSION);
  ASSERT_TRUE(old.Connect());
  const SessionPtr session12(SSL_get1_session(old.client.get()));
  ASSERT_EQ(SSL_SESSION_get_protocol_version(session12.get()), DTLS1_2_VERSION);
  EXPECT_FALSE(Resumes(session12.get()));
  Pair again(client_ctx_.get(), server_ctx_.get());
  SSL_set_max_proto_version(again.client.get(), DTLS1_2_VERSION);
  SSL_set_session(again.client.get(), session12.get());
  ASSERT_TRUE(again.Connect());
  EXPECT_TRUE(again.Reused());
  // And one of ours is of no use to DTLS 1.2.
  Pair pinned(client_ctx_.get(), server_ctx_.get());
  SSL_set_max_proto_version(pinned.client.get(), DTLS1_2_VERSION);
  SSL_set_session(pinned.client.get(), ours.get());
  ASSERT_TRUE(pinned.Connect());
  EXPECT_FALSE(pinned.Reused());
}

TEST_F(ResumptionTest, ServerHasASessionToo) {
  Pair pair(client_ctx_.get(), server_ctx_.get());
  ASSERT_TRUE(pair.Connect());
  const SessionPtr session(SSL_get1_session(pair.server.get()));
  ASSERT_NE(session, nullptr);
  EXPECT_EQ(SSL_SESSION_get_protocol_version(session.get()), DTLS1_3_VERSION);
  EXPECT_EQ(SSL_SESSION_is_resumable(session.get()), 1);
  const SSL_SESSION* clients = SSL_get_session(pair.client.get());
  unsigned char key[SSL_MAX_MASTER_KEY_LENGTH], clients_key[SSL_MAX_MASTER_KEY_LENGTH];
  const size_t key_len = SSL_SESSION_get_master_key(session.get(), key, sizeof(key));
  ASSERT_EQ(SSL_SESSION_get_master_key(clients, clients_key, sizeof(clients_key)), key_len);
  EXPECT_EQ(std::memcmp(key, clients_key, key_len), 0);
  // The next ticket's is another.
  ASSERT_EQ(SSL_new_session_ticket(pair.server.get()), 1);
  EXPECT_NE(SSL_get_session(pair.server.get()), session.get());
  SSL_CTX_set_num_tickets(server_ctx_.get(), 0);
  Pair without(client_ctx_.get(), server_ctx_.get());
  ASSERT_TRUE(without.Connect());
  EXPECT_EQ(SSL_SESSION_is_resumable(SSL_get_session(without.server.get())), 0);
}

TEST_F(ResumptionTest, ProtocolIsSettledAnew) {
  static const unsigned char kOffer[] = {4, 'c', 'o', 'a', 'p', 3, 's', 'i', 'p'};
  Calls calls;
  SSL_CTX_set_alpn_select_cb(
      server_ctx_.get(),
      [](SSL* /*ssl*/, const unsigned char** out, unsigned char* out_len, const unsigned char* in,
         unsigned int in_len, void* arg) {
        // The second of what is offered.
        const unsigned int second = 1u + in[0];
        EXPECT_LT(second, in_len);
        *out_len = in[second];
        *out = in + second + 1;
        ++static_cast<Calls*>(arg)->server_name;
        return SSL_TLSEXT_ERR_OK;
      },
      &calls);
  SSL_CTX_set_alpn_protos(client_ctx_.get(), kOffer, sizeof(kOffer));
  const SessionPtr session = NewSession();
  EXPECT_EQ(calls.server_name, 1);
  Pair pair(client_ctx_.get(), server_ctx_.get());
  SSL_set_session(pair.client.get(), session.get());
  ASSERT_TRUE(pair.Connect());
  EXPECT_TRUE(pair.Reused());
  EXPECT_EQ(calls.server_name, 2);
  for (SSL* ssl : {pair.client.get(), pair.server.get()}) {
    const unsigned char* protocol = nullptr;
    unsigned int len = 0;
    SSL_get0_alpn_selected(ssl, &protocol, &len);
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(protocol), len), "sip");
  }
}

// What a server has verified once it need not verify again, and does not forget.
TEST_F(ResumptionTest, ClientStaysAuthenticated) {
  const TestCertificate known("known client");
  SetSessionIdContext(server_ctx_.get(), "context");
  known.UseOn(client_ctx_.get());
  SSL_CTX_set_verify(server_ctx_.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                     [](int /*ok*/, X509_STORE_CTX* /*store_ctx*/) { return 1; });
  SessionPtr session = NewSession();
  for (int turn = 0; turn < 2; ++turn) {
    Pair pair(client_ctx_.get(), server_ctx_.get());
    SSL_set_session(pair.client.get(), session.get());
    ASSERT_TRUE(pair.Connect());
    EXPECT_TRUE(pair.Reused());
    const OpenSslPtr<X509> shown(SSL_get1_peer_certificate(pair.server.get()));
    ASSERT_NE(shown, nullptr);
    EXPECT_EQ(X509_cmp(shown.get(), known.certificate.get()), 0);
    // The callback let it pass, and the result says what was wrong with it.
    EXPECT_EQ(SSL_get_verify_result(pair.server.get()), X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT);
    EXPECT_TRUE(pair.DataFlows());
    session.reset(SSL_get1_session(pair.client.get()));
  }
}

TEST_F(ResumptionTest, SessionDoesNotStandInForACertificate) {
  SetSessionIdContext(server_ctx_.get(), "context");
  const SessionPtr session = NewSession();
  const TestCertificate client("client");
  client.UseOn(client_ctx_.get());
  X509_STORE_add_cert(SSL_CTX_get_cert_store(server_ctx_.get()), client.certificate.get());
  SSL_CTX_set_verify(server_ctx_.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  EXPECT_FALSE(Resumes(session.get()));
}

// --- Early data

class EarlyDataTest : public ResumptionTest {
 protected:
  EarlyDataTest() { SSL_CTX_set_max_early_data(server_ctx_.get(), 100); }

  static bool Write(SSL* client, const std::string& text) {
    size_t num_written = 0;
    return SSL_write_early_data(client, text.data(), text.size(), &num_written) == 1 &&
           num_written == text.size();
  }

  // What the server reads until it has to wait, or to the end; `*last` is the last result.
  static std::string Read(SSL* server, int* last, size_t piece = 16) {
    std::string all;
    std::string buffer(piece, '\0');
    size_t num_read = 0;
    while ((*last = SSL_read_early_data(server, buffer.data(), buffer.size(), &num_read)) ==
           SSL_READ_EARLY_DATA_SUCCESS) {
      all.append(buffer, 0, num_read);
    }
    EXPECT_EQ(num_read, 0u);
    return all;
  }

  // A pair whose client has written "early" with a session of the server's.
  std::unique_ptr<Pair> NewPair() {
    const SessionPtr session = NewSession();
    EXPECT_EQ(SSL_SESSION_get_max_early_data(session.get()), 100u);
    auto pair = std::make_unique<Pair>(client_ctx_.get(), server_ctx_.get());
    SSL_set_session(pair->client.get(), session.get());
    EXPECT_TRUE(Write(pair->client.get(), "early"));
    return pair;
  }
};

TEST_F(EarlyDataTest, IsReadBeforeTheHandshakeIsOver) {
  const auto pair = NewPair();
  SSL* client = pair->client.get();
  SSL* server = pair->server.get();
  EXPECT_TRUE(Write(client, "data"));
  EXPECT_EQ(SSL_get_early_data_status(client), SSL_EARLY_DATA_REJECTED) << "until it is accepted";
  int last = 0;
  EXPECT_EQ(Read(server, &last, /*piece=*/2), "earlydata");
  EXPECT_EQ(last, SSL_READ_EARLY_DATA_ERROR);
  EXPECT_TRUE(WouldBlock(server, 0));
  EXPECT_EQ(SSL_get_early_data_status(server), SSL_EARLY_DATA_ACCEPTED);
  EXPECT_EQ(SSL_is_init_finished(server), 0);
  ASSERT_EQ(SSL_connect(client), 1);
  EXPECT_EQ(SSL_get_early_data_status(client), SSL_EARLY_DATA_ACCEPTED);
  EXPECT_EQ(Read(server, &last), "");
  EXPECT_EQ(last, SSL_READ_EARLY_DATA_FINISH);
  ASSERT_TRUE(pair->Connect());
  EXPECT_TRUE(pair->Reused());
  EXPECT_TRUE(pair->DataFlows());
  EXPECT_FALSE(Write(client, "late"));
  EXPECT_EQ(ERR_GET_REASON(ERR_get_error()), ERR_R_SHOULD_NOT_HAVE_BEEN_CALLED);
  EXPECT_EQ(Read(server, &last), "");
  EXPECT_EQ(last, SSL_READ_EARLY_DATA_ERROR);
  EXPECT_EQ(ERR_GET_REASON(ERR_get_error()), ERR_R_SHOULD_NOT_HAVE_BEEN_CALLED);
}

TEST_F(EarlyDataTest, ExportersOfBothSidesAgree) {
  const auto pair = NewPair();
  int last = 0;
  EXPECT_EQ(Read(pair->server.get(), &last), "early");
  Bytes of_client(20), of_server(20);
  const unsigned char context[] = {1, 2};
  for (const auto& [ssl, out] :
       {std::pair(pair->client.get(), &of_client), std::pair(pair->server.get(), &of_server)}) {
    ASSERT_EQ(SSL_export_keying_material_early(ssl, out->data(), out->size(), "EXPORTER-test", 13,
                                               context, sizeof(context)),
              1);
  }
  EXPECT_EQ(of_client, of_server);
  ASSERT_TRUE(pair->Connect());
}

// A server that does not ask for early data, or may not take it, goes on without.
TEST_F(EarlyDataTest, IsRejectedWhereTheServerDoesNotReadIt) {
  enum class Why { kDoesNotRead, kNoneAllowed, kCallback };
  for (const Why why : {Why::kDoesNotRead, Why::kNoneAllowed, Why::kCallback}) {
    const auto pair = NewPair();
    SSL* server = pair->server.get();
    if (why == Why::kNoneAllowed) SSL_set_max_early_data(server, 0);
    int num_asked = 0;
    if (why == Why::kCallback) {
      SSL_set_allow_early_data_cb(
          server,
          [](SSL* /*ssl*/, void* arg) {
            ++*static_cast<int*>(arg);
            return 0;
          },
          &num_asked);
    }
    if (why != Why::kDoesNotRead) {
      int last = 0;
      EXPECT_EQ(Read(server, &last), "");
      EXPECT_EQ(last, SSL_READ_EARLY_DATA_FINISH);
      EXPECT_EQ(SSL_is_init_finished(server), 0);
    }
    ASSERT_TRUE(pair->Connect());
    EXPECT_EQ(num_asked, why == Why::kCallback ? 1 : 0);
    EXPECT_TRUE(pair->Reused());
    EXPECT_EQ(SSL_get_early_data_status(pair->client.get()), SSL_EARLY_DATA_REJECTED);
    EXPECT_EQ(SSL_get_early_data_status(server), SSL_EARLY_DATA_REJECTED);
    EXPECT_TRUE(pair->DataFlows()) << "and the early data is nowhere";
  }
}

TEST_F(EarlyDataTest, NeedsASessionThatAllowsIt) {
  SSL_CTX_set_max_early_data(server_ctx_.get(), 0);
  const SessionPtr session = NewSession();
  for (SSL_SESSION* set : {static_cast<SSL_SESSION*>(nullptr), session.get()}) {
    Pair pair(client_ctx_.get(), server_ctx_.get());
    SSL_set_session(pair.client.get(), set);
    EXPECT_FALSE(Write(pair.client.get(), "early"));
    EXPECT_EQ(ERR_GET_REASON(ERR_get_error()), ERR_R_SHOULD_NOT_HAVE_BEEN_CALLED);
    EXPECT_FALSE(Write(pair.server.get(), "early")) << "a server";
    EXPECT_EQ(ERR_GET_REASON(ERR_get_error()), ERR_R_SHOULD_NOT_HAVE_BEEN_CALLED);
    ASSERT_TRUE(pair.Connect());
    EXPECT_EQ(SSL_get_early_data_status(pair.client.get()), SSL_EARLY_DATA_NOT_SENT);
    EXPECT_EQ(SSL_get_early_data_status(pair.server.get()), SSL_EARLY_DATA_NOT_SENT);
  }
}

// The client believed in its session and the server has other keys: all is lost, and both know.
TEST_F(EarlyDataTest, OfAnUnknownSessionIsRejected) {
  const SessionPtr session = NewSession();
  const CtxPtr other_ctx = NewServerCtx();
  SSL_CTX_set_max_early_data(other_ctx.get(), 100);
  Pair pair(client_ctx_.get(), other_ctx.get());
  SSL_set_session(pair.client.get(), session.get());
  EXPECT_TRUE(Write(pair.client.get(), "early"));
  int last = 0;
  EXPECT_EQ(Read(pair.server.get(), &last), "");
  EXPECT_EQ(last, SSL_READ_EARLY_DATA_FINISH);
  ASSERT_TRUE(pair.Connect());
  EXPECT_FALSE(pair.Reused());
  EXPECT_EQ(SSL_get_early_data_status(pair.client.get()), SSL_EARLY_DATA_REJECTED);
}

TEST_F(EarlyDataTest, OfAnotherNameIsNotOffered) {
  const SessionPtr session = NewSession();
  Pair pair(client_ctx_.get(), server_ctx_.get());
  SSL_set_session(pair.client.get(), session.get());
  SSL_set_tlsext_host_name(pair.client.get(), "other");
  EXPECT_TRUE(Write(pair.client.get(), "early")) << "as good as lost, which the status says";
  ASSERT_TRUE(pair.Connect());
  EXPECT_FALSE(pair.Reused());
  EXPECT_EQ(SSL_get_early_data_status(pair.client.get()), SSL_EARLY_DATA_REJECTED);
}

TEST_F(EarlyDataTest, IsBounded) {
  const auto pair = NewPair();
  EXPECT_FALSE(Write(pair->client.get(), std::string(96, 'x')));
  EXPECT_EQ(ERR_GET_REASON(ERR_get_error()), SSL_R_TOO_MUCH_EARLY_DATA);
  EXPECT_TRUE(Write(pair->client.get(), std::string(95, 'x')));
  int last = 0;
  EXPECT_EQ(Read(pair->server.get(), &last), "early" + std::string(95, 'x'));
  ASSERT_TRUE(pair->Connect());
}

TEST_F(EarlyDataTest, OfMoreThanTheServerTakesIsTheEnd) {
  const auto pair = NewPair();
  SSL_set_recv_max_early_data(pair->server.get(), 4);
  int last = 0;
  EXPECT_EQ(Read(pair->server.get(), &last), "");
  EXPECT_EQ(last, SSL_READ_EARLY_DATA_ERROR);
  EXPECT_EQ(ERR_GET_REASON(ERR_get_error()), SSL_R_TOO_MUCH_EARLY_DATA);
}

// A first flight that somebody repeats to the server.
TEST_F(EarlyDataTest, IsTakenOnce) {
  for (const bool is_guarded : {true, false}) {
    if (!is_guarded) SSL_CTX_set_options(server_ctx_.get(), SSL_OP_NO_ANTI_REPLAY);
    const auto pair = NewPair();
    BIO* sent = SSL_get_wbio(pair->client.get());
    char* data = nullptr;
    const long len = BIO_get_mem_data(sent, &data);
    const std::string flight(data, static_cast<size_t>(len));
    int last = 0;
    EXPECT_EQ(Read(pair->server.get(), &last), "early");
    const SslPtr victim(SSL_new(server_ctx_.get()));
    BIO* to_victim = BIO_new(BIO_s_mem());
    BIO_write(to_victim, flight.data(), static_cast<int>(flight.size()));
    SSL_set_bio(victim.get(), to_victim, BIO_new(BIO_s_mem()));
    EXPECT_EQ(Read(victim.get(), &last), is_guarded ? "" : "early");
    EXPECT_EQ(last, is_guarded ? SSL_READ_EARLY_DATA_FINISH : SSL_READ_EARLY_DATA_ERROR);
    EXPECT_EQ(SSL_get_early_data_status(victim.get()),
              is_guarded ? SSL_EARLY_DATA_REJECTED : SSL_EARLY_DATA_ACCEPTED);
    ASSERT_TRUE(pair->Connect());
  }
}

// Another server of the same keys may have taken it.
TEST_F(EarlyDataTest, IsRejectedWhereTicketKeysAreShared) {
  Bytes keys(80, 7);
  ASSERT_EQ(SSL_CTX_set_tlsext_ticket_keys(server_ctx_.get(), keys.data(), 80), 1);
  const auto pair = NewPair();
  int last = 0;
  EXPECT_EQ(Read(pair->server.get(), &last), "");
  EXPECT_EQ(last, SSL_READ_EARLY_DATA_FINISH);
  ASSERT_TRUE(pair->Connect());
  EXPECT_TRUE(pair->Reused());
}

// s_server calls it on every connection, whatever the client speaks.
TEST_F(EarlyDataTest, ServerOfADtls12ClientReadsNone) {
  Pair pair(client_ctx_.get(), server_ctx_.get());
  SSL_set_max_proto_version(pair.client.get(), DTLS1_2_VERSION);
  int last = SSL_READ_EARLY_DATA_ERROR;
  for (int turn = 0; turn < 20 && last != SSL_READ_EARLY_DATA_FINISH; ++turn) {
    SSL_do_handshake(pair.client.get());
    EXPECT_EQ(Read(pair.server.get(), &last), "");
  }
  EXPECT_EQ(last, SSL_READ_EARLY_DATA_FINISH);
  ASSERT_TRUE(pair.Connect());
  EXPECT_EQ(SSL_version(pair.server.get()), DTLS1_2_VERSION);
}

}  // namespace
}  // namespace dtls13::shim
