// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ANSWER_CACHED_SESSIONS_H_
#define DTLS13_SHIM_ANSWER_CACHED_SESSIONS_H_

#include <memory>

#include "dtls13/session/session_store.h"
#include "dtls13/session/ticket_keyring.h"
#include "shim/attachment/ctx_attachment.h"
#include "shim/attachment/ssl_attachment.h"

namespace dtls13::shim {

// HasCacheMode: SSL_CTX_set_session_cache_mode has set `flag` (SSL_SESS_CACHE_*).
bool HasCacheMode(SSL_CTX* ctx, long flag);

// StoredSessions are those that the servers of an SSL_CTX keep, at most as many as its cache may
// have. `attachment` is the SSL_CTX's own.
std::shared_ptr<SessionStore> StoredSessions(SSL_CTX* ctx, CtxAttachment& attachment);

// StoreSession is SSL_CTX_add_session for them: a session that a server of ours has issued, here or
// elsewhere, is found by its id from now on. Nothing for any other object.
void StoreSession(SSL_CTX* ctx, CtxAttachment& attachment, SSL_SESSION* object);

// CachedSessions has a server's tickets be names of sessions, under the SSL_CTX's cache mode: the
// sessions are in `store`, and in the application's own cache, which SSL_CTX_sess_set_new_cb fills
// and SSL_CTX_sess_set_get_cb is asked of. A name is the session's id there. It counts what
// SSL_CTX_sess_misses and _cb_hits tell. Null where no session could be found again. It is the
// SSL's alone, which outlives it.
std::shared_ptr<TicketSealer> CachedSessions(SslAttachment& attachment,
                                             std::shared_ptr<SessionStore> store);

// CountingTimeouts is `tickets`, of which the SSL_CTX counts those whose time is over.
std::shared_ptr<TicketSealer> CountingTimeouts(SslAttachment& attachment,
                                               std::shared_ptr<TicketSealer> tickets);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ANSWER_CACHED_SESSIONS_H_
