// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_DRIVE_DRIVE_STATE_H_
#define DTLS13_SHIM_DRIVE_DRIVE_STATE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "dtls13/association.h"
#include "dtls13/listener/hello_listener.h"
#include "shim/attachment/drive_progress.h"
#include "shim/attachment/ssl_attachment.h"
#include "shim/attachment/status_page.h"
#include "shim/bio/bio_transport.h"
#include "shim/bio/peer_guard.h"
#include "shim/drive/received_data.h"

namespace dtls13::shim {

// DriveState is what shim/drive alone knows of an SSL's connection: what lies between its
// association and its BIOs. It begins with the association and goes with SslAttachment::Reset.
struct DriveState {
  // Begin gives the SSL its association.
  static void Begin(SslAttachment& attachment, std::unique_ptr<Association> association);
  // Of returns the state of an SSL that has an association.
  static DriveState& Of(SslAttachment& attachment) { return *attachment.drive_state_; }
  // Find returns null before there is an association.
  static const DriveState* Find(const SslAttachment& attachment) {
    return attachment.drive_state_.get();
  }

  // What there is before the association too, and nobody else moves on.
  static DriveProgress& ProgressOf(SslAttachment& attachment) { return attachment.progress_; }
  static LastCall& LastCallOf(SslAttachment& attachment) { return attachment.progress_.last_call; }
  static std::unique_ptr<HelloListener>& ListenerOf(SslAttachment& attachment) {
    return attachment.hello_listener_;
  }

  // Application data that arrived and was not read. Datagrams are read only while there is none,
  // so that it is one datagram's records at most.
  ReceivedData unread;
  // The peer's data is to be expected next: it was asked for, by what was written since some was
  // read last.
  bool expects_data = false;
  // As `unread`, of early data, which SSL_read_early_data alone returns.
  ReceivedData unread_early;

  // A datagram other than application data that the write BIO did not take; it goes first next
  // time, as libssl does it. A socket that tells of an earlier error has not sent it.
  std::vector<uint8_t> unsent_datagram;
  bool flush_owed = false;  // something was written since the last BIO_flush
  // Of a KeyUpdate that was asked for and that no call has tried to send.
  int key_update_type = SSL_KEY_UPDATE_NONE;
  // One may be in unsent_datagram.
  bool key_update_unsent = false;
  // owes_key_update: to libssl that is a handshake.
  bool owes_key_update() const {
    return key_update_type != SSL_KEY_UPDATE_NONE || key_update_unsent;
  }
  // HoldsUnsent: of what lies here something is to reach the BIO, or to be asked of it.
  bool HoldsUnsent() const {
    return !unsent_datagram.empty() || flush_owed || applied_mtu == 0 ||
           raise_mtu_at != Instant::max();
  }
  bool callbacks_started = false;  // SSL_CB_HANDSHAKE_START was told

  size_t applied_mtu = 0;  // what the association was last told; 0 when that is to be found out
  // When an MTU that fell is found out anew; max() when none did.
  Instant raise_mtu_at = Instant::max();
  uint64_t num_unopened = 0;  // of the association's records, as of the last datagram
  TimeoutNotice timeout_notice;
  AddressPtr spare_address;  // of IsFrom
  PeerGuard peer_guard;      // a client's
  ConnectionStatus status;
};

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_DRIVE_DRIVE_STATE_H_
