// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ATTACHMENT_OWNERSHIP_H_
#define DTLS13_SHIM_ATTACHMENT_OWNERSHIP_H_

#include "shim/attachment/ssl_attachment.h"

namespace dtls13::shim {

// The owner of an SSL is decided at its first input or output, may turn out to be libssl once the
// peer is known, and is open again when the connection is forgotten. Nobody else sets it.

// SettleOwner is DecideOurs for an SSL that is not known to be ours.
bool SettleOwner(SslAttachment& attachment);

// Decide returns the attachment of an SSL that is ours, and settles whose it is if that is open:
// what each entry that reads or writes asks first. Null means the real function is to be called.
SslAttachment* Decide(SSL* ssl);
// DecideOurs is the same for an attachment that was found: true when its SSL is ours.
inline bool DecideOurs(SslAttachment& attachment) {
  return attachment.owner() == Owner::kOurs || SettleOwner(attachment);
}

// GiveToLibssl makes an SSL libssl's, which goes on with the connection: the association is
// forgotten, but for a LibsslHalf, which looks after libssl's handshake from here on.
void GiveToLibssl(SslAttachment& attachment);

// GiveHelloToLibssl does the same to a server's SSL, and gives libssl the kept datagram back that
// it is to begin with. False when memory is out; the reason is on the error queue then.
bool GiveHelloToLibssl(SslAttachment& attachment);

// ForgetConnection makes the owner undecided: it forgets the connection and takes back what was put
// before the application's BIOs; the settings stay. Not while the SSL is busy.
void ForgetConnection(SslAttachment& attachment);

// ClearConnection is SSL_clear: it forgets the connection and clears libssl's object. Returns what
// libssl does, and 0 with an error on the queue while the SSL is busy.
int ClearConnection(SSL* ssl);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ATTACHMENT_OWNERSHIP_H_
