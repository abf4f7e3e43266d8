// SPDX-License-Identifier: Apache-2.0
#include "shim/drive/run_handshake.h"

#include <cerrno>
#include <memory>
#include <utility>

#include "dtls13/wire/plaintext_handshake.h"
#include "dtls13/wire/record_header.h"
#include "shim/answer/tell.h"
#include "shim/attachment/ownership.h"
#include "shim/bio/bio_transport.h"
#include "shim/bio/filter_bio.h"
#include "shim/bio/replay_bio.h"
#include "shim/drive/association_setup.h"
#include "shim/drive/drive_state.h"
#include "shim/drive/driver.h"
#include "shim/drive/first_hello.h"
#include "shim/drive/key_update.h"
#include "shim/fallback/fallback.h"
#include "shim/fallback/libssl_call.h"
#include "shim/libssl/error_map.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

CookieMode ModeOf(SSL* ssl) {
  const bool exchange = (Real().SSL_get_options(ssl) & SSL_OP_COOKIE_EXCHANGE) != 0;
  return exchange ? CookieMode::kExchange : CookieMode::kNone;
}

// ExchangeCookies lets libssl answer a client that has no DTLS 1.3, and keeps nothing of it before
// the client has shown libssl's cookie: as long as anybody can have sent the hello, the SSL stays
// open to clients that have more. Otherwise one forged hello would make their handshake DTLS 1.2.
// kIgnored: go on listening.
Outcome ExchangeCookies(SslAttachment& attachment) {
  const AddressPtr client(BIO_ADDR_new());
  return client == nullptr ? Outcome::kFailed : ListenAsLibssl(attachment, client.get());
}

// ReceiveClient returns kDone when a ClientHello of DTLS 1.3 was kept.
Outcome ReceiveClient(SslAttachment& attachment,
                      const std::shared_ptr<const AssociationConfig>& config) {
  const CookieMode mode = ModeOf(attachment.ssl());
  while (!attachment.kept_hello.has_accepted()) {
    const Outcome received = ReceiveFirstHello(attachment, config, mode, /*one_datagram=*/false);
    if (received != Outcome::kDone && received != Outcome::kIsLibssls) return received;
    if (received == Outcome::kDone) continue;
    if (mode != CookieMode::kExchange) {
      return GiveHelloToLibssl(attachment) ? Outcome::kIsLibssls : Outcome::kFailed;
    }
    const Outcome exchanged = ExchangeCookies(attachment);
    if (exchanged != Outcome::kIgnored) return exchanged;
  }
  return Outcome::kDone;
}

// WaitForClient returns kDone when there is an association with a ClientHello to take.
Outcome WaitForClient(SslAttachment& attachment) {
  std::shared_ptr<const AssociationConfig> config = BuildConfig(attachment);
  if (config == nullptr) return Outcome::kFailed;
  const Outcome received = ReceiveClient(attachment, config);
  if (received != Outcome::kDone) return received;
  return StartServer(attachment, std::move(config)) ? Outcome::kDone : Outcome::kFailed;
}

// A server tells nothing before it knows that the client is not libssl's to serve.
void TellStart(SslAttachment& attachment) {
  bool& callbacks_started = DriveState::Of(attachment).callbacks_started;
  if (callbacks_started) return;
  callbacks_started = true;
  SslAttachment::Busy busy(attachment);
  const bool is_server = attachment.side() == Side::kServer;
  TellInfo(attachment, SSL_CB_HANDSHAKE_START, 1);
  TellInfo(attachment, is_server ? SSL_CB_ACCEPT_LOOP : SSL_CB_CONNECT_LOOP, 1);
}

// LetLibsslGoOn makes a client's SSL libssl's, whose server has no DTLS 1.3.
bool LetLibsslGoOn(SslAttachment& attachment) {
  // Meanwhile it is not the attachment's: an alert that Commit writes goes by the application's
  // BIO, whose functions may come back here.
  std::unique_ptr<LibsslHalf> half = attachment.libssl_share.TakeHalf();
  auto& fallback = static_cast<Fallback&>(*half);
  if (fallback.Commit(attachment)) {
    attachment.libssl_share.KeepHalf(std::move(half));
    GiveToLibssl(attachment);
    return true;
  }
  fallback.Withdraw(attachment);
  RemoveFilters(attachment.ssl());
  attachment.failure_report.OnTold();
  return false;
}

Outcome Run(SslAttachment& attachment, Goal goal) {
  if (attachment.association() == nullptr) {
    if (attachment.side() == Side::kClient) {
      if (!StartClient(attachment)) return Outcome::kFailed;
    } else {
      const Outcome waited = WaitForClient(attachment);
      if (waited != Outcome::kDone) return waited;
    }
  }
  TellStart(attachment);
  const Outcome driven = Drive(attachment, goal);
  if (driven != Outcome::kIsLibssls) return driven;
  return LetLibsslGoOn(attachment) ? Outcome::kIsLibssls : Outcome::kFailed;
}

// NumberFirstHello makes the record of a first ClientHello the first record. libssl's
// HelloVerifyRequest takes over the number, and since 3.2 its ServerHello has the number 1, which a
// client that had to repeat or to cut its hello would take for a replay.
void NumberFirstHello(std::span<uint8_t> datagram) {
  const std::optional<PlaintextFragment> hello = FindClientHello(datagram);
  const std::optional<PlaintextRecord> record = ParsePlaintextRecord(datagram);
  if (!hello || !record || hello->fragment.header.message_seq != 0) return;
  PlaintextHeader header = record->header;
  header.sequence_number = SequenceNumber{0};
  WritePlaintextHeader(header, datagram);
}

}  // namespace

void DefaultSide(SSL* ssl, Side side) {
  SslAttachment* attachment = SslAttachment::FindOrCreate(ssl);
  if (attachment == nullptr || attachment->side() != Side::kUnset) return;
  attachment->TakeSide(side);
  LibsslCall call(ssl);
  if (side == Side::kServer) {
    Real().SSL_set_accept_state(ssl);
  } else {
    Real().SSL_set_connect_state(ssl);
  }
}

Outcome RunHandshake(SslAttachment& attachment, Goal goal) {
  DriveState::LastCallOf(attachment).WaitForNothing();
  if (attachment.handshake_over()) {
    // libssl's handshake is where a KeyUpdate leaves that was asked for.
    return SendKeyUpdate(attachment);
  }
  // The reason was put on the error queue once, and may still be there to be read. An old EAGAIN
  // would have coturn try again for ever.
  errno = 0;
  if (attachment.failed() && attachment.failure_report.is_told()) return Outcome::kFailed;
  if (attachment.busy()) {
    DriveState::LastCallOf(attachment).WaitToRead();
    return Outcome::kWouldBlock;
  }
  const bool is_server = attachment.side() == Side::kServer;
  // As libssl does, so that SSL_get_error speaks of this call.
  ERR_clear_error();
  const Outcome outcome = Run(attachment, goal);
  if (const DriveState* state = DriveState::Find(attachment);
      state != nullptr && state->callbacks_started) {
    SslAttachment::Busy busy(attachment);
    const LastCall last_call = attachment.progress().last_call;
    TellInfo(attachment, is_server ? SSL_CB_ACCEPT_EXIT : SSL_CB_CONNECT_EXIT,
             outcome == Outcome::kDone ? 1 : -1);
    DriveState::LastCallOf(attachment) = last_call;
  }
  return outcome;
}

Outcome ListenAsLibssl(SslAttachment& attachment, BIO_ADDR* client) {
  SSL* ssl = attachment.ssl();
  NumberFirstHello(attachment.kept_hello.datagram());
  // What comes behind it is not to be found: it may be another client's, and ours.
  if (!Replay(ssl, {attachment.kept_hello.TakeDatagram()}, AfterReplay::kWouldBlock)) {
    return Outcome::kFailed;
  }
  LibsslCall call(ssl);
  ERR_set_mark();
  const int result = Real().DTLSv1_listen(ssl, client);
  DiscardReplay(ssl);
  if (result == 0) {
    // What is wrong with one of many hellos is not an error of the caller's.
    ERR_pop_to_mark();
    return Outcome::kIgnored;
  }
  ERR_clear_last_mark();
  GiveToLibssl(attachment);
  return result > 0 ? Outcome::kIsLibssls : Outcome::kFailed;
}

}  // namespace dtls13::shim
