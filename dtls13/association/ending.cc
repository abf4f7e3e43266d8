// SPDX-License-Identifier: Apache-2.0
#include "dtls13/association/ending.h"

namespace dtls13 {

void Ending::Owe(AlertDescription alert) {
  alert_owed_ = true;
  owed_alert_ = alert;
}

//= rfc8446#section-6.1
//# Either party MAY initiate a close of its write side of the connection
//# by sending a "close_notify" alert.

//= rfc8446#section-6.1
//# Each party MUST send a "close_notify" alert before closing its write
//# side of the connection, unless it has already sent some error alert.
bool Ending::Close() {
  if (!may_send()) return false;
  close_queued_ = true;
  Owe(AlertDescription::kCloseNotify);
  return true;
}

bool Ending::Cancel() {
  if (!EndQuietly(Status::Fatal(Reason::kCanceled, AlertDescription::kUserCanceled))) return false;
  Owe(AlertDescription::kUserCanceled);
  return true;
}

//= rfc9147#section-5.10
//# Implementations SHOULD detect when a peer is persistently sending bad
//# messages and terminate the local connection state after such misbehavior
//# is detected.
//= rfc8446#section-6.2
//# Whenever an implementation encounters a fatal error condition, it
//# SHOULD send an appropriate fatal alert and MUST close the connection
//# without sending or receiving any additional data.
bool Ending::Fail(Status status) {
  if (!EndQuietly(status)) return false;
  Owe(status.alert());
  alert_repeats_ = kMaxAlertRepeats;
  return true;
}

bool Ending::EndQuietly(Status status) {
  if (failed()) return false;
  failure_ = status;
  alert_owed_ = false;
  return true;
}

// --- The owed alert

Alert Ending::owed_alert() const {
  //= rfc8446#section-6
  //# All the alerts listed in Section 6.2 MUST be sent with
  //# AlertLevel=fatal and MUST be treated as error alerts when received
  //# regardless of the AlertLevel in the message.
  const bool is_warning = owed_alert_ == AlertDescription::kUserCanceled ||
                          owed_alert_ == AlertDescription::kCloseNotify;
  return {.level = is_warning ? AlertLevel::kWarning : AlertLevel::kFatal,
          .description = owed_alert_};
}

void Ending::OnAlertSent() {
  alert_owed_ = false;
  //= rfc8446#section-6.1
  //# This alert SHOULD be followed by a
  //# "close_notify".
  if (owed_alert_ == AlertDescription::kUserCanceled) Owe(AlertDescription::kCloseNotify);
}

void Ending::OnDatagramWhenFailed() {
  //= rfc9147#section-5.10
  //# However, a DTLS implementation
  //# which would ordinarily issue an alert SHOULD generate a new alert
  //# message if the offending record is received again (e.g., as a
  //# retransmitted handshake message).
  if (alert_repeats_ == 0) return;
  --alert_repeats_;
  alert_owed_ = true;
}

// --- The peer's alerts

Ending::PeerAlert Ending::OnPeerAlert(AlertDescription alert, RecordNumber number) {
  if (alert == AlertDescription::kUserCanceled) return PeerAlert::kIgnored;  // close_notify follows
  if (alert != AlertDescription::kCloseNotify) {
    //= rfc8446#section-6
    //# Unknown Alert types MUST be treated as error alerts.

    //= rfc8446#section-6.2
    //# Upon transmission or receipt of a fatal alert message, both
    //# parties MUST immediately close the connection.
    // Whatever the level says.
    return PeerAlert::kFatal;
  }
  peer_close_ = number;
  return PeerAlert::kClosed;
}

// --- Going to another process

void Ending::WriteState(ByteWriter* writer) const {
  writer->WriteU8(close_queued_);
  writer->WriteU8(peer_close_.has_value());
  const RecordNumber close = peer_close_.value_or(RecordNumber());
  writer->WriteU64(close.epoch.value);
  writer->WriteU64(close.sequence_number.value);
}

bool Ending::ReadState(ByteReader* reader) {
  bool peer_closed = false;
  RecordNumber close;
  if (!reader->ReadFlag(&close_queued_) || !reader->ReadFlag(&peer_closed) ||
      !reader->ReadU64(&close.epoch.value) || !reader->ReadU64(&close.sequence_number.value)) {
    return false;
  }
  if (peer_closed) peer_close_ = close;
  return true;
}

}  // namespace dtls13
