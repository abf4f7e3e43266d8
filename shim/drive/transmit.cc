// SPDX-License-Identifier: Apache-2.0
#include "shim/drive/transmit.h"

#include <cerrno>
#include <utility>
#include <vector>

#include "dtls13/wire/alert.h"
#include "dtls13/wire/record_header.h"
#include "shim/answer/failure.h"
#include "shim/answer/tell.h"
#include "shim/bio/bio_transport.h"
#include "shim/bio/clock.h"
#include "shim/bio/scratch_buffer.h"
#include "shim/drive/answer_events.h"
#include "shim/drive/association_setup.h"
#include "shim/drive/drive_state.h"
#include "shim/drive/timer.h"
#include "shim/fallback/fallback.h"
#include "shim/libssl/error_map.h"
#include "shim/libssl/error_mark.h"

namespace dtls13::shim {
namespace {

// OnTooLarge is for a datagram of the association's own that the BIO refused for a length:
// kTooLarge when it is lost, or what a second try came to.
Outcome OnTooLarge(SslAttachment& attachment, std::span<const uint8_t> datagram, Instant now) {
  const size_t known = QueryMtu(attachment.ssl());
  if (known != 0) ReduceMtu(attachment, datagram.size(), now);
  if (known != 0 && datagram.size() > known) return Outcome::kTooLarge;
  // A socket tells once, with the next datagram, what ICMP said of an earlier one. libssl tries
  // once more as well.
  const Outcome again = WriteDatagram(attachment.ssl(), datagram);
  if (known == 0 && again == Outcome::kTooLarge) ReduceMtu(attachment, datagram.size(), now);
  return again;
}

// RaiseBrokenWrite raises what libssl does from 3.2 on where a socket fails. In a handshake there
// is a BIO before the socket that keeps it from libssl.
void RaiseBrokenWrite(const SslAttachment& attachment) {
  constexpr unsigned long kOpenSsl32 = 0x30200000;
  if (OpenSSL_version_num() < kOpenSsl32 || !attachment.handshake_over()) return;
  const int error = errno;
  ERR_raise_data(ERR_LIB_SYS, error, "tls_retry_write_records failure");
  errno = error;
}

Outcome Send(SslAttachment& attachment, std::span<const uint8_t> datagram, Instant now) {
  if (Fallback* fallback = Fallback::Of(attachment)) fallback->NoteSent(datagram);
  TellRecordHeaders(attachment, /*outgoing=*/true, datagram, /*with_contents=*/false);
  Outcome outcome = WriteDatagram(attachment.ssl(), datagram);
  //= rfc9147#section-4.4
  //# If the DTLS record layer informs the DTLS handshake layer that a
  //# message is too big, the handshake layer SHOULD immediately attempt
  //# to fragment the message, using any existing information about the
  //# PMTU.
  if (outcome == Outcome::kTooLarge) outcome = OnTooLarge(attachment, datagram, now);
  if (outcome == Outcome::kDone) DriveState::Of(attachment).flush_owed = true;
  if (outcome == Outcome::kBroken) RaiseBrokenWrite(attachment);
  // Too large, it is lost like any other, only that it is known at once.
  return outcome == Outcome::kTooLarge ? Outcome::kDone : outcome;
}

// SendUnsent sends the datagram that the BIO did not take last time.
Outcome SendUnsent(SslAttachment& attachment, Instant now) {
  DriveState& state = DriveState::Of(attachment);
  if (state.unsent_datagram.empty()) return Outcome::kDone;
  std::vector<uint8_t> unsent = std::exchange(state.unsent_datagram, {});
  const Outcome outcome = Send(attachment, unsent, now);
  if (outcome == Outcome::kDone) {
    state.key_update_unsent = false;
  } else {
    state.unsent_datagram = std::move(unsent);
  }
  return outcome;
}

// SendOwed sends what is owed until nothing is, or the BIO refuses. `*any` becomes true when
// something was.
Outcome SendOwed(SslAttachment& attachment, Instant now, bool* any) {
  if (const Outcome unsent = SendUnsent(attachment, now); unsent != Outcome::kDone) return unsent;
  RaiseMtu(attachment, now);
  ApplyMtu(attachment);
  if (!attachment.association()->HasOutput()) return Outcome::kDone;
  ScratchBuffer scratch;
  for (;;) {
    size_t len;
    {
      ErrorMark mark;
      len = attachment.association()->PollTransmit(scratch.bytes(), now);
    }
    if (len == 0) return Outcome::kDone;
    *any = true;
    const std::span<const uint8_t> datagram = scratch.bytes().first(len);
    const Outcome outcome = Send(attachment, datagram, now);
    if (outcome != Outcome::kDone) {
      DriveState::Of(attachment).unsent_datagram.assign(datagram.begin(), datagram.end());
      return outcome;
    }
  }
}

void EndFlight(SslAttachment& attachment) {
  DriveState& state = DriveState::Of(attachment);
  if (!state.flush_owed) return;
  state.flush_owed = false;
  const int error = errno;
  Flush(attachment.ssl());
  errno = error;
}

// EndForLength is for more data than a record may carry by SSL_set_max_send_fragment or by what the
// peer asked for: as in libssl's DTLS it ends the connection.
Outcome EndForLength(SslAttachment& attachment) {
  FailFor(attachment, SSL_R_EXCEEDS_MAX_FRAGMENT_SIZE, AlertDescription::kInternalError);
  if (!attachment.busy()) {
    SslAttachment::Busy busy(attachment);
    Transmit(attachment, Now());
  }
  return Outcome::kEnded;
}

// WaitForPeer: the data may not leave before the peer has sent more, or time has passed. So it is
// of a server's before the end of the handshake, and behind a KeyUpdate that had no room to leave.
Outcome WaitForPeer(SslAttachment& attachment) {
  DriveState::LastCallOf(attachment).WaitToRead();
  return Outcome::kWouldBlock;
}

// Seal makes the record of TransmitData. kIgnored when the record is early data without an offer.
Outcome Seal(SslAttachment& attachment, std::span<const uint8_t> plaintext, DataKind kind,
             std::span<uint8_t> out, size_t* out_len) {
  const bool is_early = kind == DataKind::kEarly;
  const bool is_server = attachment.side() == Side::kServer;
  // What libcrypto says where it does not seal is the cause of what is raised below.
  Association& association = *attachment.association();
  const SendResult result = is_early ? association.SealEarly(plaintext, out, out_len)
                                     : association.Seal(plaintext, out, out_len);
  switch (result) {
    case SendResult::kSealed:
      return Outcome::kDone;
    case SendResult::kNotConnected:
      if (is_early && !is_server) return Outcome::kIgnored;
      if (is_early) return WaitForPeer(attachment);
      break;
    case SendResult::kExhausted:
      if (is_early && is_server) return WaitForPeer(attachment);
      Raise(is_early ? SSL_R_TOO_MUCH_EARLY_DATA : SSL_R_TOO_MANY_KEY_UPDATES);
      return Outcome::kFailed;
    case SendResult::kTransmitFirst:
      return WaitForPeer(attachment);
    case SendResult::kTooLarge:
      return EndForLength(attachment);
    case SendResult::kClosed:
      break;
  }
  Raise(ERR_R_INTERNAL_ERROR);
  return Outcome::kFailed;
}

}  // namespace

Outcome Transmit(SslAttachment& attachment, Instant now) {
  Outcome outcome = Outcome::kDone;
  bool again = true;
  while (again) {
    again = AnswerEvents(attachment, now);
    if (outcome != Outcome::kDone) break;
    outcome = SendOwed(attachment, now, &again);
    // As in libssl no handshake is over before its last flight has left: an application that only
    // waits for the peer by then would wait for ever. What a callback does then may owe more.
    if (outcome == Outcome::kDone && !again) again = EndHandshake(attachment);
  }
  FollowTimer(attachment);
  EndFlight(attachment);
  return outcome;
}

Outcome TransmitData(SslAttachment& attachment, std::span<const uint8_t> plaintext, DataKind kind) {
  DriveState::LastCallOf(attachment).WaitForNothing();
  if (plaintext.size() > kMaxPlaintextLen) {
    Raise(SSL_R_DTLS_MESSAGE_TOO_BIG);
    return Outcome::kFailed;
  }
  ScratchBuffer scratch;
  size_t len = 0;
  const Outcome sealed = Seal(attachment, plaintext, kind, scratch.bytes(), &len);
  if (sealed != Outcome::kDone) return sealed == Outcome::kIgnored ? Outcome::kDone : sealed;
  const std::span<const uint8_t> datagram = scratch.bytes().first(len);
  TellRecordHeaders(attachment, /*outgoing=*/true, datagram, /*with_contents=*/false);
  const Outcome outcome = WriteDatagram(attachment.ssl(), datagram);
  if (outcome == Outcome::kDone) return outcome;
  if (outcome == Outcome::kTooLarge) ReduceMtu(attachment, datagram.size(), Now());
  //= rfc9147#section-4.4
  //# If there is a transport protocol indication that the PMTU was
  //# exceeded (either via ICMP or via a refusal to send the datagram as in
  //# Section 14 of [RFC4340]), then the DTLS record layer MUST inform the
  //# upper layer protocol of the error.
  return OnWriteTrouble(attachment, outcome);
}

Outcome OnWriteTrouble(SslAttachment& attachment, Outcome outcome) {
  DriveState::LastCallOf(attachment).WaitForNothing();
  if (outcome == Outcome::kWouldBlock) {
    DriveState::LastCallOf(attachment).WaitToWrite();
    return outcome;
  }
  if (!HasWriteBio(attachment.ssl())) Raise(SSL_R_BIO_NOT_SET);
  return Outcome::kBroken;
}

}  // namespace dtls13::shim
