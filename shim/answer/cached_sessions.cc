// SPDX-License-Identifier: Apache-2.0
#include "shim/answer/cached_sessions.h"

#include <array>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "shim/answer/session_object.h"
#include "shim/bio/clock.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

class Cached final : public TicketSealer {
 public:
  Cached(SslAttachment& attachment, std::shared_ptr<SessionStore> store)
      : attachment_(attachment), store_(std::move(store)) {}

  uint32_t lifetime_s() const override { return store_->lifetime_s(); }

  std::vector<uint8_t> Seal(const Session& session, WallTime now) override {
    if (!HasCacheMode(Ctx(), SSL_SESS_CACHE_NO_INTERNAL_STORE)) return store_->Seal(session, now);
    std::vector<uint8_t> name(SSL_MAX_SSL_SESSION_ID_LENGTH);
    return attachment_.ctx()->shared.random()->Fill(name) ? name : std::vector<uint8_t>();
  }

  std::optional<Session> Open(std::span<const uint8_t> ticket, WallTime now) override {
    if (ticket.size() != SSL_MAX_SSL_SESSION_ID_LENGTH) return std::nullopt;
    if (!HasCacheMode(Ctx(), SSL_SESS_CACHE_NO_INTERNAL_LOOKUP)) {
      std::optional<Session> found = store_->Open(ticket, now);
      if (found) return found;
      attachment_.ctx()->statistics.Count(SessionStatistics::kMisses);
    }
    std::optional<Session> found = AskApplication(ticket);
    if (found && !HasCacheMode(Ctx(), SSL_SESS_CACHE_NO_INTERNAL_STORE)) {
      store_->Keep(ticket, *found, now);
    }
    return found;
  }

 private:
  SSL_CTX* Ctx() const { return Real().SSL_get_SSL_CTX(attachment_.ssl()); }

  std::optional<Session> AskApplication(std::span<const uint8_t> id) {
    const auto callback = Real().SSL_CTX_sess_get_get_cb(Ctx());
    if (callback == nullptr) return std::nullopt;
    SslAttachment::Busy busy(attachment_);
    // The session stays the application's if `copy` does.
    int copy = 1;
    SSL_SESSION* object =
        callback(attachment_.ssl(), id.data(), static_cast<int>(id.size()), &copy);
    if (object == nullptr) return std::nullopt;
    std::optional<Session> session = ReadIssuedSession(object, id);
    if (session) attachment_.ctx()->statistics.Count(SessionStatistics::kCallbackHits);
    if (copy == 0) Real().SSL_SESSION_free(object);
    return session;
  }

  SslAttachment& attachment_;
  const std::shared_ptr<SessionStore> store_;
};

class Counting final : public TicketSealer {
 public:
  Counting(SslAttachment& attachment, std::shared_ptr<TicketSealer> tickets)
      : attachment_(attachment), tickets_(std::move(tickets)) {}

  uint32_t lifetime_s() const override { return tickets_->lifetime_s(); }

  std::vector<uint8_t> Seal(const Session& session, WallTime now) override {
    return tickets_->Seal(session, now);
  }

  std::optional<Session> Open(std::span<const uint8_t> ticket, WallTime now) override {
    std::optional<Session> session = tickets_->Open(ticket, now);
    if (!session || !IsExpired(*session, now)) return session;
    attachment_.ctx()->statistics.Count(SessionStatistics::kTimeouts);
    return std::nullopt;
  }

 private:
  SslAttachment& attachment_;
  const std::shared_ptr<TicketSealer> tickets_;
};

}  // namespace

bool HasCacheMode(SSL_CTX* ctx, long flag) {
  const long mode = Real().SSL_CTX_ctrl(ctx, SSL_CTRL_GET_SESS_CACHE_MODE, 0, nullptr);
  return (mode & flag) != 0;
}

std::shared_ptr<SessionStore> StoredSessions(SSL_CTX* ctx, CtxAttachment& attachment) {
  // As libssl has it, 0 is no limit; here there is always one.
  constexpr long kUnlimited = SSL_SESSION_CACHE_MAX_SIZE_DEFAULT;
  const long size = Real().SSL_CTX_ctrl(ctx, SSL_CTRL_GET_SESS_CACHE_SIZE, 0, nullptr);
  return attachment.shared.stored_sessions(std::chrono::seconds(Real().SSL_CTX_get_timeout(ctx)),
                                           static_cast<size_t>(size > 0 ? size : kUnlimited));
}

void StoreSession(SSL_CTX* ctx, CtxAttachment& attachment, SSL_SESSION* object) {
  unsigned int len = 0;
  const unsigned char* id = Real().SSL_SESSION_get_id(object, &len);
  const std::span<const uint8_t> name(id, len);
  const std::optional<Session> session = ReadIssuedSession(object, name);
  if (session) StoredSessions(ctx, attachment)->Keep(name, *session, WallNow());
}

std::shared_ptr<TicketSealer> CachedSessions(SslAttachment& attachment,
                                             std::shared_ptr<SessionStore> store) {
  SSL_CTX* ctx = Real().SSL_get_SSL_CTX(attachment.ssl());
  const bool is_external = Real().SSL_CTX_sess_get_get_cb(ctx) != nullptr;
  const bool is_internal = !HasCacheMode(ctx, SSL_SESS_CACHE_NO_INTERNAL_STORE) &&
                           !HasCacheMode(ctx, SSL_SESS_CACHE_NO_INTERNAL_LOOKUP);
  if (!HasCacheMode(ctx, SSL_SESS_CACHE_SERVER) || (!is_external && !is_internal)) return nullptr;
  return std::make_shared<Cached>(attachment, std::move(store));
}

std::shared_ptr<TicketSealer> CountingTimeouts(SslAttachment& attachment,
                                               std::shared_ptr<TicketSealer> tickets) {
  return std::make_shared<Counting>(attachment, std::move(tickets));
}

}  // namespace dtls13::shim
