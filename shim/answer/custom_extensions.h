// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ANSWER_CUSTOM_EXTENSIONS_H_
#define DTLS13_SHIM_ANSWER_CUSTOM_EXTENSIONS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "dtls13/event.h"
#include "dtls13/message/credential.h"
#include "dtls13/message/extensions.h"
#include "dtls13/message/new_session_ticket.h"
#include "dtls13/message/server_hello.h"
#include "shim/answer/failure.h"
#include "shim/attachment/ssl_attachment.h"

namespace dtls13::shim {

// The application's own extensions: SSL_CTX_add_custom_ext and the older functions. Their callbacks
// are called in the contexts that they were registered for, as libssl calls them in TLS 1.3.

// AddToClientHello appends what the client offers. Where libssl has written a ClientHello already,
// `libssl_hello` is its body: what it has of them is taken from there, and the callbacks are not
// called twice. Returns why the handshake cannot be, if one of them says so.
std::optional<HelloFailure> AddToClientHello(SslAttachment& attachment,
                                             std::span<const uint8_t> libssl_hello,
                                             std::vector<CustomExtension>* extensions);

// ExtensionsOfSecondHello are a client's behind a HelloRetryRequest, whose own are given to their
// callbacks before; null where there can be none. The attachment outlives them.
std::shared_ptr<RepeatedExtensions> ExtensionsOfSecondHello(SslAttachment& attachment);

// AddServerExtensions tells the association what is added to the messages behind the next answer:
// a session or another PSK if `is_resumed`, a credential if not. AddToCredential puts what is added
// to its certificates into `credential`. Both are false when a callback has ended the association.
bool AddServerExtensions(SslAttachment& attachment, bool is_resumed);
bool AddToCredential(SslAttachment& attachment, Credential* credential);

// ExtensionsOfTickets are a server's of its NewSessionTickets, null where there can be none. The
// attachment outlives them.
std::shared_ptr<TicketExtensions> ExtensionsOfTickets(SslAttachment& attachment);

// ExtensionsOfRetries are a server's of its HelloRetryRequests, null where there can be none: of
// those of an association, for what a listener answers, whoever asks, is without them. The first
// ClientHello's that are to be answered there are given to their callbacks before. The attachment
// outlives them.
std::shared_ptr<RetryExtensions> ExtensionsOfRetries(SslAttachment& attachment);

// ParseClientExtensions gives a server's callbacks the extensions of the ClientHello;
// ParseNewConnectionExtensions those that are only of connections that resume nothing
// (SSL_EXT_IGNORE_ON_RESUMPTION), once it is one. False when one of them has ended the association.
bool ParseClientExtensions(SslAttachment& attachment);
bool ParseNewConnectionExtensions(SslAttachment& attachment);
// ParseReceivedExtensions does so with any other message that a Trace event shows.
void ParseReceivedExtensions(SslAttachment& attachment, const Event& event);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ANSWER_CUSTOM_EXTENSIONS_H_
