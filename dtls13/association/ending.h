// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_ASSOCIATION_ENDING_H_
#define DTLS13_ASSOCIATION_ENDING_H_

#include <cstdint>
#include <optional>

#include "dtls13/wire/alert.h"
#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/byte_writer.h"
#include "dtls13/wire/record_number.h"
#include "dtls13/wire/status.h"
#include "dtls13/wire/time.h"

namespace dtls13 {

// Ending is how an association ends: the closure of either side, failure, the alert that the peer
// is owed for it and how often, and when a silent peer is taken to be gone (RFC 9147 section 5.10,
// RFC 8446 section 6).
// It does not know keys, records' contents, the handshake's state or whom to tell; it decides, and
// the caller protects the alert and stops what is under way.
class Ending {
 public:
  // kMaxAlertRepeats: how often a failed association answers further datagrams with its alert. More
  // would let a forger of datagrams use it as a reflector.
  static constexpr uint8_t kMaxAlertRepeats = 3;
  // kGiveUpAfter: how long a peer that acknowledged our flight may take to answer it.
  static constexpr Duration kGiveUpAfter = std::chrono::minutes(5);

  // --- of our own will, or for what went wrong. Each is true if it ended what was not over before.

  // Close owes close_notify, once, and ends the writing.
  bool Close();
  // Cancel fails with Reason::kCanceled, and owes user_canceled and close_notify.
  bool Cancel();
  // Fail owes the peer the status's alert.
  bool Fail(Status status);
  // EndQuietly fails and owes nothing: the peer said it, cannot hear it, or need not know.
  bool EndQuietly(Status status);

  bool failed() const { return !failure_.ok(); }
  Status failure() const { return failure_; }
  bool close_sent() const { return close_queued_; }
  // closed: our close_notify has left.
  bool closed() const { return close_queued_ && !failed() && !alert_owed_; }
  // may_send: neither failed nor closed by us.
  bool may_send() const { return !failed() && !close_queued_; }

  // --- the owed alert

  bool alert_owed() const { return alert_owed_; }
  // owed_alert requires alert_owed().
  Alert owed_alert() const;
  // OnAlertSent: the owed alert has left; another may be owed now.
  void OnAlertSent();
  // OnDatagramWhenFailed: something arrived for a failed association.
  void OnDatagramWhenFailed();
  // may_alert: an alert is owed, or may be owed again; the keys that protect it are needed.
  bool may_alert() const { return alert_owed_ || alert_repeats_ > 0; }

  // --- the peer's alerts

  enum class PeerAlert : uint8_t {
    kIgnored,
    kClosed,  // the peer writes no more
    kFatal,   // EndQuietly is called for
  };
  // OnPeerAlert takes an alert that the peer sent in the record `number`.
  PeerAlert OnPeerAlert(AlertDescription alert, RecordNumber number);
  bool peer_closed() const { return peer_close_.has_value(); }
  // IsAfterPeerClose: the peer closed before the record `number`, in the order of their numbers.
  bool IsAfterPeerClose(RecordNumber number) const { return peer_close_ && number > *peer_close_; }

  // --- a silent peer

  // WaitForAnswer: the peer has our flight, and owes us its own.
  void WaitForAnswer(Instant now) { give_up_at_ = now + kGiveUpAfter; }
  // OnCallerAnswered: it was our own caller that was waited for, so the peer was not late.
  void OnCallerAnswered(Instant now) {
    if (give_up_at_) WaitForAnswer(now);
  }
  // StopWaiting: the peer has answered.
  void StopWaiting() { give_up_at_.reset(); }
  // give_up_at is when a peer that owes us its flight is taken to be gone.
  std::optional<Instant> give_up_at() const { return give_up_at_; }
  bool IsPeerGone(Instant now) const { return give_up_at_ && now >= *give_up_at_; }

  // --- going to another process, while nothing has failed and no alert is owed

  void WriteState(ByteWriter* writer) const;
  [[nodiscard]] bool ReadState(ByteReader* reader);

 private:
  void Owe(AlertDescription alert);

  bool close_queued_ = false;
  bool alert_owed_ = false;
  uint8_t alert_repeats_ = 0;
  AlertDescription owed_alert_ = AlertDescription::kCloseNotify;
  Status failure_ = Status::Ok();
  std::optional<RecordNumber> peer_close_;
  std::optional<Instant> give_up_at_;
};

}  // namespace dtls13

#endif  // DTLS13_ASSOCIATION_ENDING_H_
