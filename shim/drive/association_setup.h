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
// ReduceMtu is for a datagram of `refused_len` bytes that was too large for the path: what it held
// of handshake messages is owed again in smaller pieces.
void ReduceMtu(SslAttachment& attachment, size_t refused_len, Instant now);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_DRIVE_ASSOCIATION_SETUP_H_
