// SPDX-License-Identifier: Apache-2.0
#include "shim/drive/answer_events.h"

#include <optional>
#include <vector>

#include "shim/answer/credentials.h"
#include "shim/answer/custom_extensions.h"
#include "shim/answer/failure.h"
#include "shim/answer/psks.h"
#include "shim/answer/security_checks.h"
#include "shim/answer/session_reuse.h"
#include "shim/answer/tell.h"
#include "shim/answer/verify_peer.h"
#include "shim/bio/clock.h"
#include "shim/drive/drive_state.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

// Trace tells of a copy: a callback that closes or writes makes new events, and the data of this
// one end there.
void Trace(SslAttachment& attachment, Event event) {
  const std::vector<uint8_t> data(event.data.begin(), event.data.end());
  event.data = data;
  TellTrace(attachment, event);
  if (event.trace.content_type != ContentType::kHandshake || data.empty()) return;
  const bool is_server = attachment.side() == Side::kServer;
  if (DriveState::ProgressOf(attachment)
          .handshake.Follow(is_server, event.trace.outgoing, static_cast<HandshakeType>(data[0]))) {
    TellInfo(attachment, is_server ? SSL_CB_ACCEPT_LOOP : SSL_CB_CONNECT_LOOP, 1);
  }
}

void OnData(SslAttachment& attachment, const Event& event) {
  // An empty record carries nothing that SSL_read could return.
  if (event.data.empty()) return;
  DriveState& state = DriveState::Of(attachment);
  const bool cleanses = (Real().SSL_get_options(attachment.ssl()) & SSL_OP_CLEANSE_PLAINTEXT) != 0;
  state.unread.CleanseTaken(cleanses);
  state.unread_early.CleanseTaken(cleanses);
  if (event.type == EventType::kApplicationData) {
    state.unread.Add(event.data);
  } else if (attachment.progress().early_data.reads()) {
    // What comes after the application has read to the end is late, and lost.
    state.unread_early.Add(event.data);
  }
}

bool IsQuestion(EventType type) {
  return type == EventType::kPskWanted || type == EventType::kCredentialWanted ||
         type == EventType::kSignatureWanted || type == EventType::kVerifyPeer;
}

void OnEvent(SslAttachment& attachment, const Event& event, Instant now) {
  // What a callback has refused already needs no answer.
  if (IsQuestion(event.type) && attachment.failed()) return;
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
      CheckReceived(attachment, event);
      ParseReceivedExtensions(attachment, event);
      break;
    case EventType::kConnected:
      SettleSession(attachment);
      EndByTicketFailure(attachment);
      break;
    case EventType::kApplicationData:
    case EventType::kEarlyData:
      OnData(attachment, event);
      break;
    case EventType::kTicket:
      KeepTicket(attachment, event.session);
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

}  // namespace

bool AnswerEvents(SslAttachment& attachment, Instant now) {
  bool any = false;
  while (std::optional<Event> event = attachment.association()->PollEvent()) {
    any = true;
    OnEvent(attachment, *event, now);
  }
  return any;
}

bool EndHandshake(SslAttachment& attachment) {
  if (attachment.handshake_over() || !attachment.connected() || attachment.failed()) return false;
  DriveState::ProgressOf(attachment).handshake.Finish();
  TellInfo(attachment, SSL_CB_HANDSHAKE_DONE, 1);
  return true;
}

void AskAgain(SslAttachment& attachment) {
  const std::optional<EventType> question = attachment.callbacks.TakePostponed();
  if (question && !attachment.failed()) OnEvent(attachment, {.type = *question}, Now());
}

}  // namespace dtls13::shim
