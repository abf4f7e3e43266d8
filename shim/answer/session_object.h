// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ANSWER_SESSION_OBJECT_H_
#define DTLS13_SHIM_ANSWER_SESSION_OBJECT_H_

#include <memory>
#include <optional>
#include <span>

#include "dtls13/session/session.h"
#include "shim/attachment/ssl_attachment.h"
#include "shim/libssl/openssl_headers.h"

namespace dtls13::shim {

// MakeSession builds libssl's object for what a connection has negotiated, with the version, suite,
// peer, verify result and times that applications print and compare. It has no id and no ticket, so
// it is not resumable. The caller owns it; null before the handshake is over, and when libssl
// fails.
SSL_SESSION* MakeSession(SslAttachment& attachment);

// MakeResumableSession builds the same for a session that can be resumed. Whatever libssl does to
// the object (i2d_SSL_SESSION, PEM, SSL_SESSION_dup), ReadSession finds all of `session` in it.
SSL_SESSION* MakeResumableSession(SslAttachment& attachment, const Session& session);

// MakeIssuedSession builds a server's for the session of a ticket that it has issued: as libssl's
// it has an id and the key, and no ticket. The id is the session's ticket if `is_named`: the ticket
// is the name of a session that the server keeps.
SSL_SESSION* MakeIssuedSession(SslAttachment& attachment, Session session, bool is_named);

// ApplicationsData is what the application has put beside ours (SSL_SESSION_set1_ticket_appdata);
// a view of `object`. SetApplicationsData replaces it.
std::span<const uint8_t> ApplicationsData(const SSL_SESSION* object);
bool SetApplicationsData(SSL_SESSION* object, std::span<const uint8_t> data);

// ReadSession returns what MakeResumableSession put into `object`; null for any other object, also
// one that another library made for DTLS 1.3, and for one that is marked as not resumable.
std::shared_ptr<const Session> ReadSession(SSL_SESSION* object);

// ReadIssuedSession returns what MakeIssuedSession put into `object`, as the session of `ticket`;
// nothing for any other object, and for one that is marked as not resumable.
std::optional<Session> ReadIssuedSession(SSL_SESSION* object, std::span<const uint8_t> ticket);

// CopySession copies the key too; nothing for a session that cannot be serialised.
std::optional<Session> CopySession(const Session& session);

// IsDtls13: the session is one of DTLS 1.3, whoever made it. `object` may be null.
bool IsDtls13(const SSL_SESSION* object);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ANSWER_SESSION_OBJECT_H_
