// SPDX-License-Identifier: Apache-2.0
// Sessions that a server keeps under SSL_OP_NO_TICKET, in the application's own cache too, and what
// SSL_CTX_sess_* count. libssl's TLS 1.3 is the measure.

#include <gtest/gtest.h>

#include <chrono>
#include <ctime>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "shim/testing/ssl_pair.h"

// OpenSSL 3.4's, which an older libssl does not declare.
extern "C" void SSL_CTX_flush_sessions_ex(SSL_CTX* ctx, time_t time);

namespace dtls13::shim {
namespace {

struct SessionFree {
  void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};
using SessionPtr = std::unique_ptr<SSL_SESSION, SessionFree>;

std::string IdOf(const SSL_SESSION* session) {
  unsigned int len = 0;
  const unsigned char* id = SSL_SESSION_get_id(session, &len);
  return {reinterpret_cast<const char*>(id), len};
}

std::string TicketOf(const SSL_SESSION* session) {
  const unsigned char* ticket = nullptr;
  size_t len = 0;
  SSL_SESSION_get0_ticket(session, &ticket, &len);
  return {reinterpret_cast<const char*>(ticket), len};
}

// Cache is an application's, of serialised sessions.
struct Cache {
  std::map<std::string, std::vector<unsigned char>> sessions = {};
  int num_asked = 0;
};

Cache& TheCache() {
  static Cache& cache = *new Cache;
  return cache;
}

int Store(SSL* /*ssl*/, SSL_SESSION* session) {
  std::vector<unsigned char>& der = TheCache().sessions[IdOf(session)];
  der.resize(static_cast<size_t>(i2d_SSL_SESSION(session, nullptr)));
  unsigned char* out = der.data();
  i2d_SSL_SESSION(session, &out);
  return 0;
}

SSL_SESSION* Find(SSL* /*ssl*/, const unsigned char* id, int len, int* copy) {
  ++TheCache().num_asked;
  *copy = 0;
  const auto found =
      TheCache().sessions.find({reinterpret_cast<const char*>(id), static_cast<size_t>(len)});
  if (found == TheCache().sessions.end()) return nullptr;
  const unsigned char* next = found->second.data();
  return d2i_SSL_SESSION(nullptr, &next, static_cast<long>(found->second.size()));
}

class CachedSessionsTest : public testing::TestWithParam<Protocol> {
 protected:
  CachedSessionsTest() : pair_(GetParam()) {
    TheCache() = {};
    SSL_CTX_set_options(server_ctx(), SSL_OP_NO_TICKET);
  }
  ~CachedSessionsTest() override { EXPECT_EQ(ERR_peek_error(), 0u); }

  SSL_CTX* server_ctx() { return pair_.server_ctx.get(); }
  SSL_CTX* client_ctx() { return pair_.client_ctx.get(); }

  void UseCache() {
    SSL_CTX_sess_set_new_cb(server_ctx(), Store);
    SSL_CTX_sess_set_get_cb(server_ctx(), Find);
  }

  // Connect returns the client's session of a connection that begins with `session`.
  SessionPtr Connect(SSL_SESSION* session = nullptr) {
    pair_.Make();
    if (session != nullptr) SSL_set_session(pair_.client.get(), session);
    pair_.Run();
    EXPECT_TRUE(pair_.client_end.is_up) << pair_.client_end.reason;
    EXPECT_TRUE(pair_.server_end.is_up) << pair_.server_end.reason;
    SessionPtr own(SSL_get1_session(pair_.client.get()));
    // Or libssl resumes neither side's any more.
    for (SSL* ssl : {pair_.client.get(), pair_.server.get()}) {
      SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    }
    return own;
  }
  int Resumes(SSL_SESSION* session) {
    Connect(session);
    return SSL_session_reused(pair_.client.get());
  }

  // AnotherServer is one of the same application and configuration that has served nobody.
  void AnotherServer() {
    SslPair other(GetParam());
    pair_.server_ctx = std::move(other.server_ctx);
    SSL_CTX_set_options(server_ctx(), SSL_OP_NO_TICKET);
  }

  SslPair pair_;
};

INSTANTIATE_TEST_SUITE_P(Protocols, CachedSessionsTest,
                         testing::Values(Protocol::kTls13, Protocol::kDtls13), ProtocolName);

TEST_P(CachedSessionsTest, TicketIsTheIdInTheApplicationsCache) {
  UseCache();
  const SessionPtr session = Connect();
  EXPECT_EQ(TheCache().sessions.size(), 2u);
  EXPECT_EQ(TheCache().sessions.count(TicketOf(session.get())), 1u);
  EXPECT_EQ(TheCache().sessions.count(IdOf(SSL_get_session(pair_.server.get()))), 1u);
}

TEST_P(CachedSessionsTest, AnotherServerFindsWhatTheApplicationKeeps) {
  UseCache();
  const SessionPtr session = Connect();
  AnotherServer();
  UseCache();
  EXPECT_EQ(Resumes(session.get()), 1);
  EXPECT_EQ(TheCache().num_asked, 1);
  EXPECT_EQ(SSL_CTX_sess_misses(server_ctx()), 1);
  EXPECT_EQ(SSL_CTX_sess_cb_hits(server_ctx()), 1);
  EXPECT_EQ(SSL_CTX_sess_hits(server_ctx()), 1);
  // From here on it is in the server's own.
  EXPECT_EQ(Resumes(session.get()), 1);
  EXPECT_EQ(TheCache().num_asked, 1);
  EXPECT_EQ(SSL_CTX_sess_misses(server_ctx()), 1);
}

TEST_P(CachedSessionsTest, NothingButTheApplicationsMayBeInUse) {
  SSL_CTX_set_session_cache_mode(server_ctx(), SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL);
  UseCache();
  const SessionPtr session = Connect();
  for (int i = 1; i <= 2; ++i) {
    EXPECT_EQ(Resumes(session.get()), 1);
    EXPECT_EQ(TheCache().num_asked, i);
    EXPECT_EQ(SSL_CTX_sess_cb_hits(server_ctx()), i);
    EXPECT_EQ(SSL_CTX_sess_misses(server_ctx()), 0);
  }
  TheCache().sessions.clear();
  EXPECT_EQ(Resumes(session.get()), 0);
  EXPECT_EQ(SSL_CTX_sess_cb_hits(server_ctx()), 2);
}

TEST_P(CachedSessionsTest, WhatNobodyKeepsIsMissed) {
  const SessionPtr session = Connect();
  AnotherServer();
  EXPECT_EQ(Resumes(session.get()), 0);
  EXPECT_EQ(SSL_CTX_sess_misses(server_ctx()), 1);
  EXPECT_EQ(SSL_CTX_sess_cb_hits(server_ctx()), 0);
  EXPECT_EQ(SSL_CTX_sess_misses(client_ctx()), 1) << "a client that was not resumed";
}

TEST_P(CachedSessionsTest, WhatIsRemovedIsNotResumed) {
  SSL_CTX_set_num_tickets(server_ctx(), 1);
  const SessionPtr session = Connect();
  EXPECT_EQ(Resumes(session.get()), 1);
  const SessionPtr another = Connect();
  EXPECT_EQ(SSL_CTX_remove_session(server_ctx(), SSL_get_session(pair_.server.get())), 1);
  EXPECT_EQ(Resumes(another.get()), 0);
}

TEST_P(CachedSessionsTest, WhatIsFlushedIsNotResumed) {
  SSL_CTX_set_num_tickets(server_ctx(), 1);
  const SessionPtr session = Connect();
  const auto now = static_cast<long>(std::time(nullptr));
  SSL_CTX_flush_sessions(server_ctx(), now);
  EXPECT_EQ(Resumes(session.get()), 1) << "its time is not over";
  const SessionPtr another = Connect();
  SSL_CTX_flush_sessions(server_ctx(), now + SSL_CTX_get_timeout(server_ctx()) + 10);
  EXPECT_EQ(Resumes(another.get()), 0);
  const SessionPtr last = Connect();
  SSL_CTX_flush_sessions(server_ctx(), 0);
  EXPECT_EQ(Resumes(last.get()), 0);
}

TEST_P(CachedSessionsTest, WhatIsFlushedByTheNewerNameIsNotEither) {
  SSL_CTX_set_num_tickets(server_ctx(), 1);
  const SessionPtr session = Connect();
  SSL_CTX_flush_sessions_ex(server_ctx(), std::time(nullptr));
  EXPECT_EQ(Resumes(session.get()), 1) << "its time is not over";
  const SessionPtr another = Connect();
  SSL_CTX_flush_sessions_ex(server_ctx(), 0);
  EXPECT_EQ(Resumes(another.get()), 0);
}

// Also where nobody asked to be told of it.
TEST_P(CachedSessionsTest, TheCacheHoldsWhatCanBeResumed) {
  SSL_CTX_set_num_tickets(server_ctx(), 1);
  const SessionPtr first = Connect();
  const SessionPtr kept(SSL_get1_session(pair_.server.get()));
  EXPECT_EQ(SSL_CTX_sess_number(server_ctx()), 1);
  EXPECT_EQ(SSL_SESSION_is_resumable(kept.get()), 1);
  EXPECT_EQ(SSL_SESSION_get_ticket_lifetime_hint(kept.get()), 0u) << "the client's to know";
  SSL_CTX_flush_sessions(server_ctx(), static_cast<long>(std::time(nullptr)));
  EXPECT_EQ(SSL_CTX_sess_number(server_ctx()), 1);
  SSL_CTX_flush_sessions(server_ctx(), 0);
  EXPECT_EQ(SSL_CTX_sess_number(server_ctx()), 0);
  EXPECT_EQ(SSL_SESSION_is_resumable(kept.get()), 0);
}

TEST_P(CachedSessionsTest, TheSizeAndTimeThatAreSetLastCount) {
  SSL_CTX_set_num_tickets(server_ctx(), 1);
  const SessionPtr session = Connect();
  const SessionPtr servers(SSL_SESSION_dup(SSL_get_session(pair_.server.get())));
  AnotherServer();
  SSL_CTX_set_num_tickets(server_ctx(), 1);
  EXPECT_EQ(SSL_CTX_add_session(server_ctx(), servers.get()), 1);
  SSL_CTX_sess_set_cache_size(server_ctx(), 1);
  SSL_CTX_set_timeout(server_ctx(), 100);
  const SessionPtr another = Connect();
  EXPECT_EQ(SSL_SESSION_get_ticket_lifetime_hint(another.get()), 100u);
  EXPECT_EQ(Resumes(session.get()), 0) << "there was room for one";
}

TEST_P(CachedSessionsTest, WhatIsAddedIsResumed) {
  SSL_CTX_set_num_tickets(server_ctx(), 1);
  const SessionPtr session = Connect();
  // One object is in one cache.
  const SessionPtr servers(SSL_SESSION_dup(SSL_get_session(pair_.server.get())));
  AnotherServer();
  EXPECT_EQ(SSL_CTX_add_session(server_ctx(), servers.get()), 1);
  EXPECT_EQ(SSL_CTX_add_session(server_ctx(), servers.get()), 0);
  EXPECT_EQ(Resumes(session.get()), 1);
}

TEST_P(CachedSessionsTest, WhoseTimeIsOverIsCounted) {
  for (const uint64_t option : {uint64_t{0}, uint64_t{SSL_OP_NO_TICKET}}) {
    AnotherServer();
    SSL_CTX_clear_options(server_ctx(), SSL_OP_NO_TICKET);
    SSL_CTX_set_options(server_ctx(), option);
    SSL_CTX_set_timeout(server_ctx(), 1);
    const SessionPtr session = Connect();
    EXPECT_EQ(SSL_CTX_sess_timeouts(server_ctx()), 0);
    std::this_thread::sleep_for(std::chrono::milliseconds(2100));
    // Or the client would not offer it.
    SSL_SESSION_set_time(session.get(), static_cast<long>(std::time(nullptr)));
    EXPECT_EQ(Resumes(session.get()), 0);
    EXPECT_EQ(SSL_CTX_sess_timeouts(server_ctx()), 1);
  }
}

}  // namespace
}  // namespace dtls13::shim
