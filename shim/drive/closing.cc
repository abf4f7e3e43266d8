// SPDX-License-Identifier: Apache-2.0
#include "shim/drive/closing.h"

#include "shim/drive/application_data.h"
#include "shim/drive/drive_state.h"
#include "shim/drive/driver.h"
#include "shim/drive/key_update.h"
#include "shim/libssl/error_map.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

void SetShutdownFlag(SSL* ssl, int flag) {
  Real().SSL_set_shutdown(ssl, Real().SSL_get_shutdown(ssl) | flag);
}

// SendClose queues close_notify and sends it: once, but a caller may come again until the BIO has
// taken it.
Outcome SendClose(SslAttachment& attachment) {
  SetShutdownFlag(attachment.ssl(), SSL_SENT_SHUTDOWN);
  attachment.association()->Close();
  return Drive(attachment, Goal::kFlush);
}

Outcome ReceiveClose(SslAttachment& attachment) {
  if (!attachment.association()->facts().peer_closed) {
    const Outcome driven = Drive(attachment, Goal::kPeerClose);
    if (driven != Outcome::kDone) return driven;
  }
  if (HasPending(attachment)) {
    // The application gave up reading with data still unread: libssl's word for it.
    Raise(SSL_R_APPLICATION_DATA_AFTER_CLOSE_NOTIFY);
    return Outcome::kFailed;
  }
  SetShutdownFlag(attachment.ssl(), SSL_RECEIVED_SHUTDOWN);
  return Outcome::kDone;
}

}  // namespace

Outcome Shutdown(SslAttachment& attachment) {
  constexpr int kBoth = SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN;
  SSL* ssl = attachment.ssl();
  DriveState::LastCallOf(attachment).WaitForNothing();
  // To libssl a KeyUpdate that has not left is a handshake too.
  if (!attachment.is_up() || OwesKeyUpdate(attachment)) {
    Raise(SSL_R_SHUTDOWN_WHILE_IN_INIT);
    return Outcome::kFailed;
  }
  if (Real().SSL_get_quiet_shutdown(ssl) != 0) {
    Real().SSL_set_shutdown(ssl, kBoth);
    return Outcome::kDone;
  }
  const int before = Real().SSL_get_shutdown(ssl);
  Outcome sent = Outcome::kDone;
  if ((before & SSL_SENT_SHUTDOWN) == 0) {
    sent = SendClose(attachment);
  } else if (!DriveState::Of(attachment).unsent_datagram.empty()) {
    sent = Drive(attachment, Goal::kFlush);
  } else if ((before & SSL_RECEIVED_SHUTDOWN) == 0) {
    return ReceiveClose(attachment);
  }
  if (sent != Outcome::kDone) return sent;
  return (Real().SSL_get_shutdown(ssl) & kBoth) == kBoth ? Outcome::kDone : Outcome::kIgnored;
}

}  // namespace dtls13::shim
