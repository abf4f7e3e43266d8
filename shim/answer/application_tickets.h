// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ANSWER_APPLICATION_TICKETS_H_
#define DTLS13_SHIM_ANSWER_APPLICATION_TICKETS_H_

#include <chrono>
#include <memory>

#include "dtls13/message/client_hello_info.h"
#include "dtls13/session/session.h"
#include "dtls13/session/ticket_keyring.h"
#include "shim/attachment/ssl_attachment.h"

namespace dtls13::shim {

// What an application has to say of a server's tickets: the keys that they are sealed with, whether
// there is one, and what becomes of one that a client shows.

// ApplicationTickets seals with the keys of SSL_CTX_set_tlsext_ticket_key_evp_cb or of the older
// SSL_CTX_set_tlsext_ticket_key_cb, in libssl's form: name, initialization vector, encrypted
// session, MAC. Null where the SSL's SSL_CTX has neither. It is the SSL's alone, which outlives it.
std::shared_ptr<TicketSealer> ApplicationTickets(SslAttachment& attachment,
                                                 std::chrono::seconds lifetime);

// PrepareTickets asks SSL_CTX_set_not_resumable_session_callback's callback about a session that
// begins, and lets SSL_CTX_set_session_ticket_cb's put its data into the session's tickets. Comes
// before the answer that may complete the handshake; `is_new` unless a session is resumed. False
// when a callback has ended the association.
bool PrepareTickets(SslAttachment& attachment, bool is_new);

// KeepsSessions: the server's tickets name sessions that it keeps, by SSL_OP_NO_TICKET or because
// the security callback forbids others.
bool KeepsSessions(SSL* ssl);

// WantsVerdicts: SSL_CTX_set_session_ticket_cb's callback is asked about the clients' tickets.
bool WantsVerdicts(const SslAttachment& attachment);

// TicketUse is what SSL_CTX_set_session_ticket_cb's callback makes of a ticket.
enum class TicketUse : uint8_t {
  kUse,
  kIgnore,
  kFailed,  // the association is over
};
// JudgeUse asks it about `session`, whose ticket carried `data` of the application's.
TicketUse JudgeUse(SslAttachment& attachment, const Session& session,
                   std::span<const uint8_t> data);
// JudgeUnopened asks it about what may be a ticket, and has not been opened. False when it has
// ended the association.
bool JudgeUnopened(SslAttachment& attachment, const OfferedIdentity& ticket);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ANSWER_APPLICATION_TICKETS_H_
