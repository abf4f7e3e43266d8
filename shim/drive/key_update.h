// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_DRIVE_KEY_UPDATE_H_
#define DTLS13_SHIM_DRIVE_KEY_UPDATE_H_

#include "shim/attachment/ssl_attachment.h"
#include "shim/libssl/outcome.h"

namespace dtls13::shim {

// RequestKeyUpdate owes the peer a KeyUpdate of a SSL_KEY_UPDATE_* type, which leaves with the next
// call that reads or writes. False where there is a handshake: to libssl a KeyUpdate that has not
// left is one.
bool RequestKeyUpdate(SslAttachment& attachment, int type);

// SendKeyUpdate sends one that was asked for and has not left, as a read or a write of libssl's
// goes through a handshake first, with whose beginning the error queue is empty. kDone when there
// is none left.
Outcome SendKeyUpdate(SslAttachment& attachment);

// OwesKeyUpdate: there is one that was asked for and has not left.
bool OwesKeyUpdate(const SslAttachment& attachment);

// KeyUpdateType is what SSL_get_key_update_type says: the type of one that was asked for, until the
// first call that tries to send it, SSL_KEY_UPDATE_NONE without one.
int KeyUpdateType(const SslAttachment& attachment);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_DRIVE_KEY_UPDATE_H_
