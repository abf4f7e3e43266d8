#include "shim/drive/driver.h"

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "shim/answer/credentials.h"
#include "shim/answer/psks.h"
#include "shim/answer/session_reuse.h"
#include "shim/answer/tell.h"
#include "shim/answer/verify_peer.h"
#include "shim/bio/bio_transport.h"
#include "shim/bio/scratch_buffer.h"
#include "shim/drive/association_setup.h"
#include "shim/fallback/fallback.h"
#include "shim/libssl/error_map.h"
#include "shim/libssl/error_mark.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

// kTimerSlack: what is due this soon is due now. A socket's receive timeout ends a little before or
// after the deadline it was computed from, and libcoap's clock of milliseconds rounds deadlines
// down and the present up; it gives up when five calls come too early. libssl allows 15 ms, which
// here would be more than the shortest ACK delay (a quarter of RetransmitTimer::kFloor): each
// fragment would be acknowledged at once, and each of those ACKs answered with what is still under
// way.
constexpr Duration kTimerSlack = std::chrono::milliseconds(2);

// kWaitSlack: a blocking read that ends this close to its deadline ended because of it. The caller
// of a blocking socket never hears of it; at worst the read is done once more.
constexpr Duration kWaitSlack = std::chrono::milliseconds(15);

void ServeTimeout(SslAttachment& attachment, Instant due) {
  ErrorMark mark;
  attachment.association()->HandleTimeout(due);
}

// DueAt returns the time to hand to HandleTimeout if a deadline has come.
std::optional<Instant> DueAt(const Association& association, Instant now) {
  const std::optional<Instant> deadline = association.NextTransmission();
  if (!deadline || *deadline > now + kTimerSlack) return std::nullopt;
  return std::max(now, *deadline);
}

void AnnounceTimeout(SslAttachment& attachment, std::optional<Instant> deadline) {
  attachment.timeout_notice.Tell(attachment.ssl(), deadline);
}

void OnConnected(SslAttachment& attachment) {
  attachment.handshake_state = TLS_ST_OK;
  SettleSession(attachment);
  TellInfo(attachment, SSL_CB_HANDSHAKE_DONE, 1);
}

// Trace tells of a copy: a callback that closes or writes makes new events, and the data of this
// one end there.
void Trace(SslAttachment& attachment, Event event) {
  const std::vector<uint8_t> data(event.data.begin(), event.data.end());
  event.data = data;
  TellTrace(attachment, event);
}

void OnEvent(SslAttachment& attachment, const Event& event, Instant now) {
  switch (event.type) {
    case EventType::kPskWanted:
      AnswerPskWanted(attachment, now);
      break;
    case EventType::kCredentialWanted:
      AnswerCredentialWanted(attachment, now);
      break;
    case EventType::kSignatureWanted:
      AnswerSignatureWanted(attachment, now);
      break;
    case EventType::kVerifyPeer:
      AnswerVerifyPeer(attachment, now);
      break;
    case EventType::kKeyLog:
      TellKeyLog(attachment, event.data);
      break;
    case EventType::kTrace:
      attachment.facts.Note(event, attachment.association()->facts().client_hello.message);
      Trace(attachment, event);
      break;
    case EventType::kConnected:
      OnConnected(attachment);
      break;
    case EventType::kApplicationData:
      // An empty record carries nothing that SSL_read could return.
      if (!event.data.empty()) {
        attachment.unread.push_back({.content = {event.data.begin(), event.data.end()}});
      }
      break;
    case EventType::kTicket:
      KeepTicket(attachment, *event.session);
      break;
    case EventType::kEarlyData:
      // What comes after the application has read to the end is late, and lost.
      if (!event.data.empty() && attachment.early_use == EarlyUse::kReads) {
        attachment.unread_early.push_back({.content = {event.data.begin(), event.data.end()}});
      }
      break;
    case EventType::kClientAuthenticated:  // never: our configs do not ask
    case EventType::kClientDeclined:
    case EventType::kEarlyDataAccepted:
    case EventType::kEarlyDataRejected:
    case EventType::kConnectionIdAdded:
    case EventType::kConnectionIdRetired:
    case EventType::kPeerMoved:
    case EventType::kPeerAddressCandidate:
    case EventType::kHandshakeAcked:
    case EventType::kPeerClosed:
    case EventType::kFailed:
      // States of the association, looked at when a goal is.
      break;
  }
}

// AskAgain repeats the question that a callback put off.
void AskAgain(SslAttachment& attachment, Instant now) {
  const std::optional<EventType> question = attachment.callbacks.TakePostponed();
  if (question && !attachment.failed()) OnEvent(attachment, {.type = *question}, now);
}

bool PollEvents(SslAttachment& attachment, Instant now) {
  bool any = false;
  while (std::optional<Event> event = attachment.association()->PollEvent()) {
    any = true;
    OnEvent(attachment, *event, now);
  }
  return any;
}

// IsLibssls: the server turned out to have no DTLS 1.3. What is left of the association is then
// nobody's: libssl will tell the application the same.
bool IsLibssls(const SslAttachment& attachment) {
  return attachment.failed() && attachment.libssl_half != nullptr &&
         attachment.association()->facts().failure.reason() == Reason::kPeerIsOlder;
}

// DropFallback: the server has DTLS 1.3, and libssl's object is to be idle as on any SSL of ours.
void DropFallback(SslAttachment& attachment) {
  const HandshakeResult& result = attachment.association()->facts().result;
  if (result.suite == nullptr && !result.used_hello_retry_request) return;
  attachment.libssl_half.reset();
  SslAttachment::InLibssl in_libssl(attachment);
  Real().SSL_clear(attachment.ssl());
}

// FollowTimer sets the retransmission timer as the application wants it, and not below kTimerSlack.
void FollowTimer(SslAttachment& attachment) {
  Association& association = *attachment.association();
  const std::optional<Duration> value =
      attachment.timer.Ask(attachment.ssl(), association.facts().retransmit_timer);
  if (!value) return;
  association.SetRetransmitTimeout(std::max(*value, kTimerSlack));
  attachment.timer.Note(association.facts().retransmit_timer);
}

Outcome Send(SslAttachment& attachment, std::span<const uint8_t> datagram, Instant now) {
  if (Fallback* fallback = Fallback::Of(attachment)) fallback->NoteSent(datagram);
  TellRecordHeaders(attachment, /*outgoing=*/true, datagram, /*with_contents=*/false);
  const Outcome outcome = WriteDatagram(attachment.ssl(), datagram);
  if (outcome == Outcome::kDone) attachment.flush_owed = true;
  if (outcome != Outcome::kTooLarge) return outcome;
  //= rfc9147#section-4.4
  //# If the DTLS record layer informs the DTLS handshake layer that a
  //# message is too big, the handshake layer SHOULD immediately attempt
  //# to fragment the message, using any existing information about the
  //# PMTU.
  // The datagram is lost like any other, only that it is known at once.
  ReduceMtu(attachment, datagram.size(), now);
  return Outcome::kDone;
}

// Transmit sends what is owed until nothing is, or a BIO refuses.
Outcome Transmit(SslAttachment& attachment, Instant now, bool* any) {
  if (!attachment.unsent_datagram.empty()) {
    std::vector<uint8_t> unsent = std::exchange(attachment.unsent_datagram, {});
    const Outcome outcome = Send(attachment, unsent, now);
    if (outcome != Outcome::kDone) {
      attachment.unsent_datagram = std::move(unsent);
      return outcome;
    }
  }
  ApplyMtu(attachment);
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
      attachment.unsent_datagram.assign(datagram.begin(), datagram.end());
      return outcome;
    }
  }
}

// Settle answers events and sends what is owed until both are quiet: each may cause the other.
Outcome Settle(SslAttachment& attachment, Instant now) {
  Outcome outcome = Outcome::kDone;
  bool again = true;
  while (again) {
    again = PollEvents(attachment, now);
    if (outcome != Outcome::kDone) break;
    outcome = Transmit(attachment, now, &again);
  }
  FollowTimer(attachment);
  if (attachment.flush_owed) {
    attachment.flush_owed = false;
    const int error = errno;
    Flush(attachment.ssl());
    errno = error;
  }
  return outcome;
}

Outcome ReportFailure(SslAttachment& attachment) {
  attachment.want = Want::kNothing;
  AnnounceTimeout(attachment, std::nullopt);
  const Status failure = attachment.association()->facts().failure;
  if (!attachment.failure_reported) {
    attachment.failure_reported = true;
    // A close_notify during the handshake is an end, and no error.
    if (!attachment.ended_by_close()) RaiseStatus(failure);
    if (failure.reason() == Reason::kPeerAlert) {
      SSL* ssl = attachment.ssl();
      Real().SSL_set_shutdown(ssl, Real().SSL_get_shutdown(ssl) | SSL_RECEIVED_SHUTDOWN);
    }
  }
  return Outcome::kFailed;
}

// HasRefusedEarlyData: the server has answered the client, and takes none from it.
bool HasRefusedEarlyData(const Association& association) {
  const HandshakeResult& result = association.facts().result;
  return result.suite != nullptr && result.early_data != EarlyDataOutcome::kAccepted;
}

bool IsReached(const SslAttachment& attachment, Goal goal) {
  const Association& association = *attachment.association();
  switch (goal) {
    case Goal::kHandshake:
      return association.facts().connected;
    case Goal::kEarlyData:
      return !attachment.unread_early.empty() || association.facts().connected ||
             HasRefusedEarlyData(association);
    case Goal::kRead:
    case Goal::kPeerClose:
      // Data ends the wait for a close too: nobody reads it meanwhile, and more would pile up.
      return !attachment.unread.empty() || association.facts().peer_closed;
    case Goal::kFlush:
      return true;
  }
  return true;
}

// A client of an unconnected socket shares it with whoever else sends there. Their datagrams are
// not for this association, and must not turn its answers to another address.
bool IsFromStranger(SslAttachment& attachment) {
  const KeptHello& client = attachment.kept_hello;
  if (client.address().empty() || IsFrom(attachment.ssl(), client.address())) return false;
  SetPeer(attachment.ssl(), client.peer());
  return true;
}

void HandOn(SslAttachment& attachment, std::span<uint8_t> datagram) {
  ErrorMark mark;
  attachment.association()->HandleDatagram(datagram, Now());
}

void Take(SslAttachment& attachment, std::span<uint8_t> datagram) {
  Fallback* fallback = Fallback::Of(attachment);
  if (fallback == nullptr) {
    TellRecordHeaders(attachment, /*outgoing=*/false, datagram, /*with_contents=*/false);
    HandOn(attachment, datagram);
    return;
  }
  // It is decrypted where it lies, and may be libssl's to read, and to tell of.
  const std::vector<uint8_t> received(datagram.begin(), datagram.end());
  fallback->NoteReceived(received);
  HandOn(attachment, datagram);
  if (IsLibssls(attachment)) return;
  DropFallback(attachment);
  TellRecordHeaders(attachment, /*outgoing=*/false, received, /*with_contents=*/false);
}

void HandleAccepted(SslAttachment& attachment, KeptHello::Accepted& accepted) {
  TellRecordHeaders(attachment, /*outgoing=*/false, accepted.datagram, /*with_contents=*/false);
  ErrorMark mark;
  attachment.association()->HandleClientHello(
      std::move(accepted.hello), std::span(accepted.datagram).last(accepted.rest_len), Now());
}

// Receive reads one datagram and hands it on. Its records' data are taken over before the buffer
// goes.
Outcome Receive(SslAttachment& attachment, std::optional<Instant> deadline) {
  if (attachment.kept_hello.has_accepted()) {
    KeptHello::Accepted accepted = attachment.kept_hello.TakeAccepted();
    HandleAccepted(attachment, accepted);
    PollEvents(attachment, Now());
    return Outcome::kDone;
  }
  ScratchBuffer scratch;
  const BioRead read = ReadDatagram(attachment.ssl(), scratch.bytes(), deadline, Now());
  if (read.outcome != Outcome::kDone || IsFromStranger(attachment)) return read.outcome;
  Take(attachment, read.datagram);
  if (!IsLibssls(attachment)) PollEvents(attachment, Now());
  return Outcome::kDone;
}

std::optional<Instant> Earlier(std::optional<Instant> a, std::optional<Instant> b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

Outcome OnWriteTrouble(SslAttachment& attachment, Outcome outcome) {
  attachment.want = Want::kNothing;
  if (outcome == Outcome::kWouldBlock) {
    attachment.want = Want::kWrite;
    return Outcome::kWouldBlock;
  }
  if (!HasWriteBio(attachment.ssl())) Raise(SSL_R_BIO_NOT_SET);
  return Outcome::kBroken;
}

// Without SSL_MODE_AUTO_RETRY a read returns after each datagram that carried no data: an
// application that waits with select, on a blocking socket, must not be kept inside SSL_read.
bool ReturnsWithoutData(const SslAttachment& attachment) {
  return attachment.connected() &&
         (Real().SSL_ctrl(attachment.ssl(), SSL_CTRL_MODE, 0, nullptr) & SSL_MODE_AUTO_RETRY) == 0;
}

// WaitEnded is true when a read came back because the deadline it was told has come. A read that
// does not wait comes back at any time; what falls due meanwhile is the next call's.
bool WaitEnded(const SslAttachment& attachment) {
  const std::optional<Instant> deadline = attachment.association()->NextTransmission();
  const Instant now = Now();
  if (!deadline || *deadline > now + kWaitSlack) return false;
  return *deadline <= now || IsBlocking(attachment.ssl());
}

Outcome OnReadTrouble(SslAttachment& attachment, Outcome outcome) {
  attachment.want = Want::kNothing;
  if (outcome == Outcome::kWouldBlock) {
    attachment.want = Want::kRead;
    return Outcome::kWouldBlock;
  }
  if (!HasReadBio(attachment.ssl())) Raise(SSL_R_READ_BIO_NOT_SET);
  return Outcome::kBroken;
}

}  // namespace

Outcome Drive(SslAttachment& attachment, Goal goal) {
  attachment.want = Want::kNothing;
  if (attachment.busy()) {
    if (IsReached(attachment, goal)) return Outcome::kDone;
    errno = EAGAIN;
    return OnReadTrouble(attachment, Outcome::kWouldBlock);
  }
  SslAttachment::Busy busy(attachment);
  std::optional<Instant> give_up;
  if (goal == Goal::kPeerClose && IsBlocking(attachment.ssl())) give_up = Now() + kCloseWait;
  bool has_received = false;
  AskAgain(attachment, Now());
  for (;;) {
    Association& association = *attachment.association();
    const Instant now = Now();
    if (const std::optional<Instant> due = DueAt(association, now)) ServeTimeout(attachment, *due);
    if (IsLibssls(attachment)) return Outcome::kIsLibssls;
    const Outcome sent = Settle(attachment, now);
    // Data that came before the end is read before it.
    const bool has_data = goal == Goal::kRead && !attachment.unread.empty();
    if (association.facts().failed && !has_data) return ReportFailure(attachment);
    // Once connected nothing that is owed is worth keeping the application from its data for.
    const bool must_send =
        goal == Goal::kHandshake || goal == Goal::kEarlyData || goal == Goal::kFlush;
    if (sent != Outcome::kDone && must_send) return OnWriteTrouble(attachment, sent);
    if (IsReached(attachment, goal)) {
      AnnounceTimeout(attachment, association.NextTransmission());
      return Outcome::kDone;
    }
    if (attachment.callbacks.is_postponed()) {
      AnnounceTimeout(attachment, association.NextTransmission());
      attachment.want = attachment.callbacks.want();
      return Outcome::kWouldBlock;
    }
    const std::optional<Instant> deadline = Earlier(association.NextTransmission(), give_up);
    AnnounceTimeout(attachment, deadline);
    if (goal == Goal::kRead && has_received && ReturnsWithoutData(attachment)) {
      SetRetryRead(attachment.ssl());
      return OnReadTrouble(attachment, Outcome::kWouldBlock);
    }
    const Outcome received = Receive(attachment, deadline);
    has_received = received == Outcome::kDone;
    // Before anything else: whoever keeps sending must not keep the caller here.
    if (give_up && Now() + kWaitSlack >= *give_up && !IsReached(attachment, goal)) {
      errno = ETIMEDOUT;
      return Outcome::kBroken;
    }
    if (has_received) continue;
    if (received == Outcome::kWouldBlock && WaitEnded(attachment)) continue;
    return OnReadTrouble(attachment, received);
  }
}

int ExpireTimer(SslAttachment& attachment) {
  Association* association = attachment.association();
  if (association == nullptr || association->facts().failed || attachment.busy()) return 0;
  SslAttachment::Busy busy(attachment);
  const Instant now = Now();
  const std::optional<Instant> due = DueAt(*association, now);
  if (!due) return 0;
  ServeTimeout(attachment, *due);
  Settle(attachment, now);
  if (association->facts().failed) {
    ReportFailure(attachment);
    return -1;
  }
  AnnounceTimeout(attachment, association->NextTransmission());
  return 1;
}

std::optional<Duration> TimeLeft(const SslAttachment& attachment) {
  const Association* association = attachment.association();
  if (association == nullptr || association->facts().failed) return std::nullopt;
  const std::optional<Instant> deadline = association->NextTransmission();
  if (!deadline) return std::nullopt;
  const Duration left = *deadline - Now();
  return left < kTimerSlack ? Duration::zero() : left;
}

Outcome WriteRecord(SslAttachment& attachment, std::span<const uint8_t> plaintext, DataKind kind) {
  const bool is_early = kind == DataKind::kEarly;
  attachment.want = Want::kNothing;
  ScratchBuffer scratch;
  size_t len = 0;
  SendResult result;
  {
    ErrorMark mark;
    Association& association = *attachment.association();
    result = is_early ? association.SealEarly(plaintext, scratch.bytes(), &len)
                      : association.Seal(plaintext, scratch.bytes(), &len);
  }
  if (is_early && result == SendResult::kNotConnected) return Outcome::kDone;
  if (is_early && result == SendResult::kExhausted) {
    Raise(SSL_R_TOO_MUCH_EARLY_DATA);
    return Outcome::kFailed;
  }
  if (result != SendResult::kSealed) {
    Raise(result == SendResult::kExhausted ? SSL_R_TOO_MANY_KEY_UPDATES : ERR_R_INTERNAL_ERROR);
    return Outcome::kFailed;
  }
  const std::span<const uint8_t> datagram = scratch.bytes().first(len);
  TellRecordHeaders(attachment, /*outgoing=*/true, datagram, /*with_contents=*/false);
  const Outcome outcome = WriteDatagram(attachment.ssl(), datagram);
  if (outcome == Outcome::kDone) return Outcome::kDone;
  //= rfc9147#section-4.4
  //# If there is a transport protocol indication that the PMTU was
  //# exceeded (either via ICMP or via a refusal to send the datagram as in
  //# Section 14 of [RFC4340]), then the DTLS record layer MUST inform the
  //# upper layer protocol of the error.
  return OnWriteTrouble(attachment, outcome);
}

}  // namespace dtls13::shim
