// SPDX-License-Identifier: Apache-2.0
#include "shim/answer/session_reuse.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/byte_writer.h"
#include "shim/answer/application_tickets.h"
#include "shim/answer/cached_sessions.h"
#include "shim/answer/certificates.h"
#include "shim/answer/custom_extensions.h"
#include "shim/answer/hello_callbacks.h"
#include "shim/answer/session_object.h"
#include "shim/attachment/security_policy.h"
#include "shim/libssl/policy.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

// SessionData is what a server's ticket carries for us:
//
//      struct {
//          opaque session_id_context<0..32>;
//          uint32 verify_result;
//          opaque ticket_data<0..2^16-1>;    /* of SSL_CTX_set_session_ticket_cb */
//      } SessionData;
struct SessionData {
  std::vector<uint8_t> session_id_context;
  uint32_t verify_result = X509_V_OK;
  std::vector<uint8_t> ticket_data;
};

std::vector<uint8_t> Serialize(const SessionData& data) {
  std::vector<uint8_t> bytes;
  ByteWriter writer(&bytes);
  {
    ByteWriter::LengthPrefix prefix(&writer, 1);
    writer.WriteBytes(data.session_id_context);
  }
  writer.WriteU32(data.verify_result);
  writer.WriteVector16(data.ticket_data);
  return bytes;
}

std::optional<SessionData> Parse(std::span<const uint8_t> bytes) {
  ByteReader reader(bytes);
  SessionData data;
  std::span<const uint8_t> context, ticket_data;
  if (!reader.ReadVector8(&context) || !reader.ReadU32(&data.verify_result) ||
      !reader.ReadVector16(&ticket_data) || !reader.empty()) {
    return std::nullopt;
  }
  data.session_id_context.assign(context.begin(), context.end());
  data.ticket_data.assign(ticket_data.begin(), ticket_data.end());
  return data;
}

// NoReplayGuard is SSL_OP_NO_ANTI_REPLAY: the application knows another way.
class NoReplayGuard final : public EarlyDataReplayGuard {
 public:
  bool TryClaim(const Claim& /*claim*/, WallTime /*now*/) override { return true; }
};

void ConfigureEarlyData(SslAttachment& attachment, HandshakeConfig* handshake) {
  SSL* ssl = attachment.ssl();
  handshake->server.max_early_data_len = Real().SSL_get_max_early_data(ssl);
  if (handshake->server.max_early_data_len == 0) return;
  const bool is_guarded = (Real().SSL_get_options(ssl) & SSL_OP_NO_ANTI_REPLAY) == 0;
  handshake->server.replay_guard =
      is_guarded ? attachment.ctx()->shared.replay_guard() : std::make_shared<NoReplayGuard>();
}

// AllowedEarlyData is how many bytes of early data the application takes of this client.
uint32_t AllowedEarlyData(SslAttachment& attachment) {
  SSL* ssl = attachment.ssl();
  if (!attachment.progress().early_data.reads() || Real().SSL_get_max_early_data(ssl) == 0 ||
      !attachment.facts.client_hello().extensions.Has(ExtensionType::kEarlyData)) {
    return 0;
  }
  const Callback<SSL_allow_early_data_cb_fn> allows = attachment.settings.allow_early_data;
  if (allows && allows(ssl) == 0) return 0;
  return Real().SSL_get_recv_max_early_data(ssl);
}

void TellNew(SslAttachment& attachment, SSL_CTX* ctx, SSL_SESSION* object) {
  const auto callback = Real().SSL_CTX_sess_get_new_cb(ctx);
  if (callback == nullptr) return;
  // The callback's reference is the application's if it says so.
  Real().SSL_SESSION_up_ref(object);
  if (callback(attachment.ssl(), object) == 0) Real().SSL_SESSION_free(object);
}

void CacheOnClient(SslAttachment& attachment, SSL_CTX* ctx, SSL_SESSION* object) {
  if (!HasCacheMode(ctx, SSL_SESS_CACHE_NO_INTERNAL_STORE)) Real().SSL_CTX_add_session(ctx, object);
  TellNew(attachment, ctx, object);
}

// CacheOnServer: tickets that hold their sessions leave libssl's cache to whoever wants to be told
// when they end.
void CacheOnServer(SslAttachment& attachment, SSL_SESSION* object) {
  SSL* ssl = attachment.ssl();
  SSL_CTX* ctx = Real().SSL_get_SSL_CTX(ssl);
  const bool lacks_context = attachment.settings.session_id_context.empty() &&
                             (Real().SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER) != 0;
  if (!HasCacheMode(ctx, SSL_SESS_CACHE_SERVER) || lacks_context) return;
  if (!HasCacheMode(ctx, SSL_SESS_CACHE_NO_INTERNAL_STORE) &&
      (KeepsSessions(ssl) || Real().SSL_CTX_sess_get_remove_cb(ctx) != nullptr)) {
    Real().SSL_CTX_add_session(ctx, object);
  }
  TellNew(attachment, ctx, object);
}

void Count(SslAttachment& attachment, SessionStatistics::Kind as_client,
           SessionStatistics::Kind as_server) {
  CtxAttachment* ctx = attachment.ctx();
  if (ctx == nullptr) return;
  const bool is_client = attachment.association()->facts().role == Role::kClient;
  ctx->statistics.Count(is_client ? as_client : as_server);
}

// SealerOf is null where no session is to be resumed.
std::shared_ptr<TicketSealer> SealerOf(SslAttachment& attachment, std::chrono::seconds lifetime) {
  SSL* ssl = attachment.ssl();
  SharedMaterial& shared = attachment.ctx()->shared;
  std::shared_ptr<TicketSealer> sealer;
  if (KeepsSessions(ssl)) {
    sealer =
        CachedSessions(attachment, StoredSessions(Real().SSL_get_SSL_CTX(ssl), *attachment.ctx()));
  } else {
    sealer = ApplicationTickets(attachment, lifetime);
    if (sealer == nullptr) sealer = shared.ticket_keys(lifetime);
  }
  return sealer == nullptr ? nullptr : CountingTimeouts(attachment, std::move(sealer));
}

}  // namespace

Psk SessionToOffer(SslAttachment& attachment) {
  SSL* ssl = attachment.ssl();
  SSL_SESSION* object = Real().SSL_get_session(ssl);
  std::shared_ptr<const Session> session = ReadSession(object);
  if (session == nullptr) return Psk();
  // A handshake that failed meanwhile may have left another verify result.
  if (Real().SSL_set_session(ssl, object) != 1 || Real().SSL_SESSION_up_ref(object) != 1) {
    return Psk();
  }
  attachment.lent().SetSession(object);
  return Psk(std::move(session));
}

void KeepTicket(SslAttachment& attachment, std::shared_ptr<const Session> session) {
  const bool is_server = attachment.association()->facts().role == Role::kServer;
  SSL_CTX* ctx = Real().SSL_get_SSL_CTX(attachment.ssl());
  SSL_SESSION* object = nullptr;
  if (!is_server && !HasCacheMode(ctx, SSL_SESS_CACHE_CLIENT)) {
    attachment.lent().OweSession([&attachment, session = std::move(session)] {
      return MakeResumableSession(attachment, *session);
    });
  } else if (!is_server) {
    object = MakeResumableSession(attachment, *session);
  } else if (std::optional<Session> copy = CopySession(*session)) {
    object = MakeIssuedSession(attachment, *std::move(copy), KeepsSessions(attachment.ssl()));
  }
  if (object == nullptr) return;
  attachment.lent().SetSession(object);
  if (is_server) {
    CacheOnServer(attachment, object);
  } else {
    CacheOnClient(attachment, ctx, object);
  }
}

SSL_SESSION* IssuedSession(SslAttachment& attachment) {
  const std::unique_ptr<Session> issued = attachment.association()->IssuedSession();
  return issued == nullptr ? nullptr
                           : MakeIssuedSession(attachment, std::move(*issued), /*is_named=*/false);
}

void ConfigureTickets(SslAttachment& attachment, HandshakeConfig* handshake) {
  SSL* ssl = attachment.ssl();
  SSL_CTX* ctx = Real().SSL_get_SSL_CTX(ssl);
  const long lifetime_s = Real().SSL_CTX_get_timeout(ctx);
  handshake->server.ticket_keys = SealerOf(attachment, std::chrono::seconds(lifetime_s));
  if (handshake->server.ticket_keys == nullptr) return;
  handshake->server.num_tickets = CurrentPolicy().tickets.value_or(Real().SSL_get_num_tickets(ssl));
  handshake->server.ask_ticket = true;
  handshake->server.ticket_extensions = ExtensionsOfTickets(attachment);
  // The keys are those of the first connection's time, which the application may have changed.
  if (lifetime_s > 0) handshake->server.max_ticket_lifetime_s = static_cast<uint32_t>(lifetime_s);
  handshake->server.tell_tickets = Real().SSL_CTX_sess_get_new_cb(ctx) != nullptr ||
                                   Real().SSL_CTX_sess_get_remove_cb(ctx) != nullptr ||
                                   KeepsSessions(ssl);
  ConfigureEarlyData(attachment, handshake);
}

void NoteSessionData(SslAttachment& attachment) {
  Association& association = *attachment.association();
  if (association.facts().role != Role::kServer) return;
  const long verify_result = Real().SSL_get_verify_result(attachment.ssl());
  association.SetSessionData(
      Serialize({.session_id_context = attachment.settings.session_id_context,
                 .verify_result = static_cast<uint32_t>(verify_result),
                 .ticket_data = attachment.tickets.data()}));
}

TicketAnswer JudgeTicket(SslAttachment& attachment) {
  SSL* ssl = attachment.ssl();
  const ClientHelloInfo& hello = attachment.association()->facts().client_hello;
  if (hello.ticket_session == nullptr) return TicketAnswer::kDeclined;
  const std::optional<SessionData> data = Parse(hello.ticket_session->application_data);
  if (data) {
    switch (JudgeUse(attachment, *hello.ticket_session, data->ticket_data)) {
      case TicketUse::kUse:
        break;
      case TicketUse::kIgnore:
        return TicketAnswer::kDeclined;
      case TicketUse::kFailed:
        return TicketAnswer::kFailed;
    }
  }
  const std::vector<uint8_t>& context = attachment.settings.session_id_context;
  if (!data || data->session_id_context != context) {
    attachment.tickets.SetRenews(true);
    return TicketAnswer::kDeclined;
  }
  const int verify_mode = Real().SSL_get_verify_mode(ssl);
  // Whoever verifies clients and names no context could take a client that another service of the
  // same keys has verified. libssl makes an error of it that cannot go unnoticed.
  if ((verify_mode & SSL_VERIFY_PEER) != 0 && context.empty()) {
    FailFor(attachment, SSL_R_SESSION_ID_CONTEXT_UNINITIALIZED, AlertDescription::kInternalError);
    return TicketAnswer::kFailed;
  }
  Real().SSL_set_verify_result(ssl, static_cast<long>(data->verify_result));
  attachment.tickets.KeepData(data->ticket_data);
  return TicketAnswer::kResumable;
}

std::shared_ptr<const Session> SessionToResume(SslAttachment& attachment) {
  // The callback may end the association, and with it what client_hello() is.
  std::shared_ptr<const Session> session =
      attachment.association()->facts().client_hello.ticket_session;
  if (session->max_early_data_len == 0) return session;
  const uint32_t allowed = AllowedEarlyData(attachment);
  if (session->max_early_data_len <= allowed) return session;
  std::optional<Session> limited = CopySession(*session);
  if (!limited) return nullptr;
  limited->max_early_data_len = allowed;
  return std::make_shared<const Session>(*std::move(limited));
}

void CountStart(SslAttachment& attachment) {
  // libssl has counted a client whose hello it has written.
  if (attachment.libssl_share.half() != nullptr) return;
  Count(attachment, SessionStatistics::kConnect, SessionStatistics::kAccept);
}

void SettleSession(SslAttachment& attachment) {
  const AssociationFacts facts = attachment.association()->facts();
  Count(attachment, SessionStatistics::kConnectGood, SessionStatistics::kAcceptGood);
  if (facts.result.psk_index.has_value()) {
    Count(attachment, SessionStatistics::kHits, SessionStatistics::kHits);
  }
  if (facts.result.resumed) {
    KeepPeerCertificates(attachment);
    SSL_CTX* ctx = Real().SSL_get_SSL_CTX(attachment.ssl());
    // As libssl does with TLS 1.3: whoever sees a ticket twice knows that it is the same client.
    if (facts.role == Role::kClient && HasCacheMode(ctx, SSL_SESS_CACHE_CLIENT) &&
        attachment.lent().session != nullptr) {
      Real().SSL_CTX_remove_session(ctx, attachment.lent().session);
    }
  } else {
    if (facts.role == Role::kClient && attachment.lent().session != nullptr) {
      Count(attachment, SessionStatistics::kMisses, SessionStatistics::kMisses);
    }
    // What was offered is not what this connection has.
    attachment.lent().SetSession(nullptr);
  }
}

}  // namespace dtls13::shim
