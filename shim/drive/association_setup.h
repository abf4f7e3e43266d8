// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_DRIVE_ASSOCIATION_SETUP_H_
#define DTLS13_SHIM_DRIVE_ASSOCIATION_SETUP_H_

#include <memory>

#include "dtls13/association_config.h"
#include "shim/attachment/ssl_attachment.h"

namespace dtls13::shim {

// BuildConfig reads out of an SSL what its association is to be like. Null when it cannot be; the
// reason is on the error queue.
std::shared_ptr<const AssociationConfig> BuildConfig(SslAttachment& attachment);

// StartClient and StartServer make attachment.association(). False when they cannot; the reason is
// on the error queue.
bool StartClient(SslAttachment& attachment);
bool StartServer(SslAttachment& attachment, std::shared_ptr<const AssociationConfig> config);

// ApplyMtu finds the MTU out (what the application set, else the BIO, else kDefaultMtu) and tells
// the association, if there is one. Cheap when nothing changed.
void ApplyMtu(SslAttachment& attachment);
// FindMtuAnew does so after a setting of the SSL's changed.
void FindMtuAnew(SslAttachment& attachment);
// ReduceMtu is for a BIO that told, with a datagram of `refused_len` bytes or with a read (0), that
// the path carries less than was sent. Where the MTU falls, handshake messages are owed again in
// smaller pieces. errno stays.
void ReduceMtu(SslAttachment& attachment, size_t refused_len, Instant now);
// RaiseMtu finds the MTU out again, as large as the BIO knows it to be, once that is due after
// ReduceMtu. Cheap until then.
void RaiseMtu(SslAttachment& attachment, Instant now);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_DRIVE_ASSOCIATION_SETUP_H_
