// SPDX-License-Identifier: Apache-2.0
#include "shim/drive/receive.h"

#include <cerrno>
#include <span>
#include <utility>
#include <vector>

#include "shim/answer/tell.h"
#include "shim/bio/bio_transport.h"
#include "shim/bio/clock.h"
#include "shim/drive/answer_events.h"
#include "shim/drive/association_setup.h"
#include "shim/drive/drive_state.h"
#include "shim/fallback/fallback.h"
#include "shim/libssl/error_map.h"
#include "shim/libssl/error_mark.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

// DropFallback: the server has DTLS 1.3, and libssl's object is to be idle as on any SSL of ours.
void DropFallback(SslAttachment& attachment) {
  const HandshakeResult& result = attachment.association()->facts().result;
  if (result.suite == nullptr && !result.used_hello_retry_request) return;
  attachment.libssl_share.DropHalf();
  SslAttachment::InLibssl in_libssl(attachment);
  Real().SSL_clear(attachment.ssl());
}

// A client of an unconnected socket shares it with whoever else sends there, and so does a server.
// Their datagrams are not for this association, and must not turn its answers to another address.
bool IsFromStranger(SslAttachment& attachment) {
  if (attachment.side() == Side::kClient) {
    return DriveState::Of(attachment).peer_guard.IsFromStranger(attachment.ssl());
  }
  const KeptHello& client = attachment.kept_hello;
  if (client.address().empty() ||
      IsFrom(attachment.ssl(), client.address(), &DriveState::Of(attachment).spare_address)) {
    return false;
  }
  SetPeer(attachment.ssl(), client.peer());
  return true;
}

// HandleDatagram leaves no errors, and takes none away: a record that does not open is none of the
// application's. A mark on the queue costs three times what a look at it does. Once the handshake
// is over only a record that does not open may leave something, and an empty queue is emptied again
// without a mark.
void HandleDatagram(SslAttachment& attachment, std::span<uint8_t> datagram, Instant now) {
  Association& association = *attachment.association();
  if (!attachment.handshake_over() || ERR_peek_error() != 0) {
    ErrorMark mark;
    association.HandleDatagram(datagram, now);
    return;
  }
  association.HandleDatagram(datagram, now);
  const uint64_t num_unopened = association.standing().num_unopened;
  if (std::exchange(DriveState::Of(attachment).num_unopened, num_unopened) != num_unopened) {
    ERR_clear_error();
  }
}

// HandleInOpenVersion is HandleDatagram while the server's version is open.
void HandleInOpenVersion(SslAttachment& attachment, Fallback& fallback, std::span<uint8_t> datagram,
                         Instant now) {
  // A datagram is decrypted where it lies, and may be libssl's to read, and to tell of.
  const std::vector<uint8_t> received(datagram.begin(), datagram.end());
  fallback.NoteReceived(received);
  HandleDatagram(attachment, datagram, now);
  if (IsLibssls(attachment)) return;
  DropFallback(attachment);
  TellRecordHeaders(attachment, /*outgoing=*/false, received, /*with_contents=*/false);
}

void OnDatagram(SslAttachment& attachment, std::span<uint8_t> datagram) {
  const Instant now = Now();
  if (Fallback* fallback = Fallback::Of(attachment)) {
    HandleInOpenVersion(attachment, *fallback, datagram, now);
  } else {
    TellRecordHeaders(attachment, /*outgoing=*/false, datagram, /*with_contents=*/false);
    HandleDatagram(attachment, datagram, now);
  }
  if (!IsLibssls(attachment)) AnswerEvents(attachment, now);
}

// HandleAccepted gives the association the ClientHello that the listener accepted, and what came
// behind it.
void HandleAccepted(SslAttachment& attachment, KeptHello::Accepted& accepted) {
  TellRecordHeaders(attachment, /*outgoing=*/false, accepted.datagram, /*with_contents=*/false);
  ErrorMark mark;
  attachment.association()->HandleClientHello(
      std::move(accepted.hello), std::span(accepted.datagram).last(accepted.rest_len), Now());
  if (accepted.let_through != nullptr) accepted.let_through->OnAnswered();
}

}  // namespace

Outcome Receive(SslAttachment& attachment, std::optional<Instant> deadline) {
  if (attachment.kept_hello.has_accepted()) {
    KeptHello::Accepted accepted = attachment.kept_hello.TakeAccepted();
    HandleAccepted(attachment, accepted);
    AnswerEvents(attachment, Now());
    return Outcome::kDone;
  }
  const std::span<uint8_t> buffer = DriveState::Of(attachment).unread.Borrow();
  if (attachment.side() == Side::kClient) {
    DriveState::Of(attachment).peer_guard.BeforeRead(attachment.ssl());
  }
  const BioRead read = ReadDatagram(attachment.ssl(), buffer, deadline);
  // A socket may tell with any call what ICMP said of a datagram.
  if (read.outcome == Outcome::kBroken && errno == EMSGSIZE) ReduceMtu(attachment, 0, Now());
  // Also where nothing came of it: a datagram of no bytes turns the BIO's answers too.
  const bool is_strangers = IsFromStranger(attachment);
  if (read.outcome != Outcome::kDone || is_strangers) return read.outcome;
  OnDatagram(attachment, read.datagram);
  return Outcome::kDone;
}

Outcome OnReadTrouble(SslAttachment& attachment, Outcome outcome) {
  DriveState::LastCallOf(attachment).WaitForNothing();
  if (outcome == Outcome::kWouldBlock) {
    DriveState::LastCallOf(attachment).WaitToRead();
    return outcome;
  }
  if (!HasReadBio(attachment.ssl())) Raise(SSL_R_READ_BIO_NOT_SET);
  return Outcome::kBroken;
}

bool IsLibssls(const SslAttachment& attachment) {
  return attachment.libssl_share.half() != nullptr && attachment.failed() &&
         attachment.association()->facts().failure.reason() == Reason::kPeerIsOlder;
}

}  // namespace dtls13::shim
