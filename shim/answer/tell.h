// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ANSWER_TELL_H_
#define DTLS13_SHIM_ANSWER_TELL_H_

#include <cstdint>
#include <span>

#include "dtls13/event.h"
#include "shim/attachment/ssl_attachment.h"

namespace dtls13::shim {

// What an application may have asked to be told: the info, message and key log callbacks. Each
// function does nothing where there is no callback.

// TellInfo calls the info callback with `where` (SSL_CB_*) and `value`.
void TellInfo(SslAttachment& attachment, int where, int value);

// TellTrace moves the handshake state along with one message and calls the info and the message
// callback for it.
void TellTrace(SslAttachment& attachment, const Event& event);

// TellRecordHeaders calls the message callback with the header of each record of a datagram as it
// is on the wire. With `with_contents`, also with the contents of plaintext records: where there is
// no association to trace them.
void TellRecordHeaders(SslAttachment& attachment, bool outgoing, std::span<const uint8_t> datagram,
                       bool with_contents);

// WantsKeyLog: the SSL_CTX has a key log callback, or the policy a file.
bool WantsKeyLog(SSL* ssl);
// TellKeyLog gives one line to whoever wants it.
void TellKeyLog(SslAttachment& attachment, std::span<const uint8_t> line);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ANSWER_TELL_H_
