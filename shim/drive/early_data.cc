// SPDX-License-Identifier: Apache-2.0
#include "shim/drive/early_data.h"

#include "shim/drive/drive_state.h"
#include "shim/drive/driver.h"
#include "shim/drive/run_handshake.h"
#include "shim/drive/transmit.h"
#include "shim/libssl/error_map.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

bool MayOfferEarlyData(SSL* ssl) {
  const SSL_SESSION* session = Real().SSL_get_session(ssl);
  return session != nullptr && Real().SSL_SESSION_get_max_early_data(session) > 0;
}

// A server's goes out behind its Finished, once it has begun to read the client's.
bool MayWrite(const SslAttachment& attachment) {
  if (attachment.side() == Side::kServer) {
    return attachment.association() != nullptr && attachment.progress().early_data.has_begun();
  }
  if (attachment.side() != Side::kClient || attachment.connected()) return false;
  if (attachment.association() == nullptr) return MayOfferEarlyData(attachment.ssl());
  return attachment.progress().early_data.writes();
}

bool MayRead(const SslAttachment& attachment) {
  if (attachment.side() != Side::kServer) return false;
  return attachment.progress().early_data.MayRead(attachment.association() != nullptr);
}

bool HasUnread(const SslAttachment& attachment) {
  const DriveState* state = DriveState::Find(attachment);
  return state != nullptr && !state->unread_early.empty();
}

Outcome WriteBehindFinished(SslAttachment& attachment, std::span<const uint8_t> data) {
  const Outcome driven = RunHandshake(attachment, Goal::kFlush);
  if (driven != Outcome::kDone || data.empty()) return driven;
  const DataKind kind = attachment.handshake_over() ? DataKind::kApplication : DataKind::kEarly;
  return TransmitData(attachment, data, kind);
}

}  // namespace

Outcome WriteEarlyData(SslAttachment& attachment, std::span<const uint8_t> data) {
  if (!MayWrite(attachment)) {
    Raise(ERR_R_SHOULD_NOT_HAVE_BEEN_CALLED);
    return Outcome::kFailed;
  }
  if (attachment.side() == Side::kServer) return WriteBehindFinished(attachment, data);
  DriveState::ProgressOf(attachment).early_data.OnWrite();
  // The ClientHello goes first; nothing of the server's is looked at meanwhile.
  const Outcome begun = RunHandshake(attachment, Goal::kFlush);
  if (begun != Outcome::kDone || data.empty()) return begun;
  return TransmitData(attachment, data, DataKind::kEarly);
}

Outcome ReadEarlyData(SslAttachment& attachment, std::span<uint8_t> out, size_t* num_read) {
  *num_read = 0;
  if (!MayRead(attachment)) {
    Raise(ERR_R_SHOULD_NOT_HAVE_BEEN_CALLED);
    return Outcome::kFailed;
  }
  DriveState::ProgressOf(attachment).early_data.OnRead();
  if (!HasUnread(attachment)) {
    const Outcome begun = RunHandshake(attachment, Goal::kEarlyData);
    if (begun != Outcome::kDone) return begun;
  }
  if (HasUnread(attachment)) {
    *num_read = DriveState::Of(attachment).unread_early.Take(out, /*consumes=*/true);
    return Outcome::kDone;
  }
  //= rfc9147#section-5.6
  //# The DTLS 1.3 handshake has one important difference from the TLS 1.3
  //# handshake: the EndOfEarlyData message is omitted both from the wire
  //# and the handshake transcript.
  // So the end is when the client's Finished is there, or none was accepted.
  DriveState::ProgressOf(attachment).early_data.OnReadToEnd();
  return Outcome::kEnded;
}

}  // namespace dtls13::shim
