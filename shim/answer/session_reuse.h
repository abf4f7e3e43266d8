// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ANSWER_SESSION_REUSE_H_
#define DTLS13_SHIM_ANSWER_SESSION_REUSE_H_

#include <memory>

#include "dtls13/handshake/handshake_config.h"
#include "dtls13/session/psk.h"
#include "dtls13/session/session.h"
#include "shim/attachment/ssl_attachment.h"

namespace dtls13::shim {

// How connections come to sessions, and sessions to connections. An SSL_SESSION lives where libssl
// has it: between connections in libssl's own object (SSL_set_session, and what a connection leaves
// behind for the next one of the same SSL), and in lent() during one.

// --- Client

// SessionToOffer is the session that the SSL is to resume, and makes its verify result the SSL's;
// empty where there is none that we can read.
Psk SessionToOffer(SslAttachment& attachment);

// --- Server

// ConfigureTickets says what the server issues and takes. Under SSL_OP_NO_TICKET, or where the
// security callback forbids them, tickets are references to sessions that are kept here, as
// libssl's are into its cache, and the application's (SSL_CTX_sess_set_get_cb).
void ConfigureTickets(SslAttachment& attachment, HandshakeConfig* handshake);

// NoteSessionData tells the association what is to be known again when a session of it is resumed.
// Before each answer that may complete the handshake.
void NoteSessionData(SslAttachment& attachment);

// TicketAnswer is what became of the session of the client's ticket.
enum class TicketAnswer : uint8_t {
  kDeclined,  // there is none, or it is of no use here: nothing was answered
  kResumable,
  kFailed,  // the association is over
};
// JudgeTicket looks at client_hello().ticket_session as libssl looks at a session it has found.
TicketAnswer JudgeTicket(SslAttachment& attachment);
// SessionToResume is the session of a ticket that is kResumable, with no more early data than the
// application takes. It may call the application's callback about early data.
std::shared_ptr<const Session> SessionToResume(SslAttachment& attachment);

// IssuedSession makes libssl's object for the session of the last ticket; null where there is none.
SSL_SESSION* IssuedSession(SslAttachment& attachment);

// --- Both

// KeepTicket makes the session of a ticket that came, or went, the SSL's own, puts it into the
// SSL_CTX's cache and gives it to the application's callback, where libssl would.
void KeepTicket(SslAttachment& attachment, std::shared_ptr<const Session> session);

// CountStart counts a handshake of ours that has begun (SSL_CTX_sess_connect and _accept).
void CountStart(SslAttachment& attachment);

// SettleSession, once connected, counts the connection, gives a connection that began with a
// session the peer's certificates out of it, and takes the offered one from a connection that did
// not.
void SettleSession(SslAttachment& attachment);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ANSWER_SESSION_REUSE_H_
