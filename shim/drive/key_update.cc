// SPDX-License-Identifier: Apache-2.0
#include "shim/drive/key_update.h"

#include "shim/bio/clock.h"
#include "shim/drive/drive_state.h"
#include "shim/drive/driver.h"
#include "shim/libssl/openssl_headers.h"

namespace dtls13::shim {

bool RequestKeyUpdate(SslAttachment& attachment, int type) {
  if (!attachment.handshake_over() || OwesKeyUpdate(attachment)) return false;
  // Inside a callback it is the work around it that sends it.
  if (!attachment.busy()) DriveState::Of(attachment).key_update_type = type;
  attachment.association()->RequestKeyUpdate(type == SSL_KEY_UPDATE_REQUESTED, Now());
  return true;
}

Outcome SendKeyUpdate(SslAttachment& attachment) {
  if (!OwesKeyUpdate(attachment) || attachment.busy()) return Outcome::kDone;
  ERR_clear_error();
  return Drive(attachment, Goal::kFlush);
}

bool OwesKeyUpdate(const SslAttachment& attachment) {
  const DriveState* state = DriveState::Find(attachment);
  return state != nullptr && state->owes_key_update();
}

int KeyUpdateType(const SslAttachment& attachment) {
  const DriveState* state = DriveState::Find(attachment);
  return state != nullptr ? state->key_update_type : SSL_KEY_UPDATE_NONE;
}

}  // namespace dtls13::shim
