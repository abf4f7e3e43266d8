// SPDX-License-Identifier: Apache-2.0
#include "shim/drive/first_hello.h"

#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "dtls13/listener/hello_listener.h"
#include "dtls13/message/received_hello.h"
#include "dtls13/session/cookie.h"
#include "dtls13/wire/handshake_header.h"
#include "dtls13/wire/plaintext_handshake.h"
#include "dtls13/wire/record_header.h"
#include "shim/answer/tell.h"
#include "shim/attachment/ownership.h"
#include "shim/attachment/protocol_version.h"
#include "shim/attachment/recent_hellos.h"
#include "shim/bio/bio_transport.h"
#include "shim/bio/clock.h"
#include "shim/bio/scratch_buffer.h"
#include "shim/drive/drive_state.h"
#include "shim/libssl/error_map.h"
#include "shim/libssl/error_mark.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

// kMaxApplicationCookieLen is what fits our own cookie: as much as DTLS 1.2 has room for.
constexpr size_t kMaxApplicationCookieLen = 255;

// kCallbackCookieLen is what libssl lets its cookie callbacks write: SSL_COOKIE_LENGTH for the
// stateless one, which public headers do not name, and less for the other.
constexpr size_t kCallbackCookieLen = 4096;

std::optional<std::vector<uint8_t>> GenerateCookie(SslAttachment& attachment, CookieMode mode) {
  const CtxAttachment* ctx = attachment.ctx();
  std::vector<uint8_t> cookie(kCallbackCookieLen);
  size_t len = 0;
  int result = 0;
  if (ctx != nullptr && mode != CookieMode::kStateless && ctx->callbacks.cookie_generate) {
    unsigned int short_len = 0;
    result = ctx->callbacks.cookie_generate(attachment.ssl(), cookie.data(), &short_len);
    len = short_len;
  } else if (ctx != nullptr && mode == CookieMode::kStateless &&
             ctx->callbacks.stateless_cookie_generate) {
    result = ctx->callbacks.stateless_cookie_generate(attachment.ssl(), cookie.data(), &len);
  }
  if (result == 0 || len > kMaxApplicationCookieLen) {
    Raise(SSL_R_COOKIE_GEN_CALLBACK_FAILURE);
    return std::nullopt;
  }
  cookie.resize(len);
  return cookie;
}

// CookieVerdict: an application without a verifier cannot have meant the exchange.
enum class CookieVerdict : uint8_t { kGood, kBad, kNoVerifier };

CookieVerdict VerifyCookie(SslAttachment& attachment, CookieMode mode,
                           std::span<const uint8_t> cookie) {
  const CtxAttachment* ctx = attachment.ctx();
  int result;
  if (ctx != nullptr && mode != CookieMode::kStateless && ctx->callbacks.cookie_verify) {
    result = ctx->callbacks.cookie_verify(attachment.ssl(), cookie.data(),
                                          static_cast<unsigned int>(cookie.size()));
  } else if (ctx != nullptr && mode == CookieMode::kStateless &&
             ctx->callbacks.stateless_cookie_verify) {
    result = ctx->callbacks.stateless_cookie_verify(attachment.ssl(), cookie.data(), cookie.size());
  } else {
    Raise(SSL_R_NO_VERIFY_COOKIE_CALLBACK);
    return CookieVerdict::kNoVerifier;
  }
  return result != 0 ? CookieVerdict::kGood : CookieVerdict::kBad;
}

// Answer sends one datagram to whoever sent the last one.
Outcome Answer(SslAttachment& attachment, std::span<const uint8_t> datagram) {
  SSL* ssl = attachment.ssl();
  if (!SharesBio(ssl)) SetPeer(ssl, ReadPeer(ssl).get());
  TellRecordHeaders(attachment, /*outgoing=*/true, datagram, /*with_contents=*/true);
  const Outcome outcome = WriteDatagram(ssl, datagram);
  Flush(ssl);
  if (outcome == Outcome::kBroken) return outcome;
  // What the BIO does not take now is lost; the client will ask again.
  return Outcome::kAnswered;
}

// Refuse sends an alert to a client with which no handshake can be. It is smaller than what caused
// it, and nobody owes the caller an outcome for it.
Outcome Refuse(SslAttachment& attachment, const HandshakeConfig& config,
               std::span<const uint8_t> alert) {
  const Outcome sent = Answer(attachment, alert);
  if (sent != Outcome::kAnswered) return sent;
  if (!config.cipher_suites.empty()) return Outcome::kIgnored;
  // But this one can have none with anybody.
  Raise(SSL_R_NO_CIPHERS_AVAILABLE);
  return Outcome::kFailed;
}

HelloReport Retry(const HelloListener& listener, const HelloReport& wanted,
                  std::span<const uint8_t> address, std::span<const uint8_t> cookie) {
  ErrorMark mark;
  return listener.Retry(*wanted.hello, address, cookie, WallNow());
}

Outcome Keep(SslAttachment& attachment, HelloReport report,
             std::unique_ptr<LetThroughHello> let_through, std::span<const uint8_t> datagram,
             std::vector<uint8_t> address) {
  KeptHello::Accepted accepted{.hello = std::move(report.hello),
                               .rest_len = report.rest.size(),
                               .let_through = std::move(let_through)};
  // What is behind a ClientHello is that of the datagram which it came in alone.
  if (FindWholeClientHello(datagram)) accepted.datagram.assign(datagram.begin(), datagram.end());
  attachment.kept_hello.Keep(std::move(accepted), std::move(address), ReadPeer(attachment.ssl()));
  DriveState::ListenerOf(attachment).reset();
  return Outcome::kDone;
}

// LeaveToLibssl keeps a ClientHello for libssl, which takes datagrams: one that came in several is
// written into one record. Pieces of other clients' hellos stay: libssl may only answer this one.
Outcome LeaveToLibssl(SslAttachment& attachment, const ReceivedHello& hello,
                      std::span<const uint8_t> datagram, std::vector<uint8_t> address) {
  std::vector<uint8_t> record;
  if (!FindWholeClientHello(datagram)) {
    const std::vector<uint8_t> message =
        WholeMessage(HandshakeType::kClientHello, hello.message_seq(), hello->body);
    record.resize(kPlaintextHeaderLen + message.size());
    WritePlaintextRecord(ContentType::kHandshake, hello.record_number(), message, record);
    datagram = record;
  }
  attachment.kept_hello.Keep(datagram, std::move(address), ReadPeer(attachment.ssl()));
  return Outcome::kIsLibssls;
}

// MayTake is false for a client that another SSL of the same SSL_CTX was given a moment ago by a
// call of DTLSv1_listen or SSL_stateless, and is the one to answer. `*let_through` is what keeps
// others from being given it.
bool MayTake(const SslAttachment& attachment, CookieMode mode, const ReceivedHello& hello,
             std::unique_ptr<LetThroughHello>* let_through) {
  CtxAttachment* ctx = attachment.ctx();
  const bool is_listening = mode == CookieMode::kListen || mode == CookieMode::kStateless;
  if (ctx == nullptr || !is_listening || !hello->cookie) return true;
  const std::shared_ptr<RecentHellos>& hellos = ctx->shared.recent_hellos();
  const CookieTag cookie = TagOf(*hello->cookie);
  const Instant now = Now();
  if (!hellos->LetThrough(cookie, now)) return false;
  *let_through = std::make_unique<LetThroughHello>(hellos, cookie, now);
  return true;
}

// NobodysHello goes back to the caller as libssl does over a datagram that it has no use for, so
// that both calls return 0.
Outcome NobodysHello(SslAttachment& attachment, CookieMode mode) {
  if (mode == CookieMode::kStateless) return Outcome::kAnswered;
  DriveState::LastCallOf(attachment).WaitToRead();
  return Outcome::kWouldBlock;
}

// HandleDatagram does what the listener says of a datagram, with the application's cookies where it
// has any.
Outcome HandleDatagram(SslAttachment& attachment, const HandshakeConfig& config, CookieMode mode,
                       std::span<uint8_t> datagram) {
  TellRecordHeaders(attachment, /*outgoing=*/false, datagram,
                    /*with_contents=*/mode != CookieMode::kNone);
  HelloListener& listener = *DriveState::ListenerOf(attachment);
  std::vector<uint8_t> address = PeerAddress(attachment.ssl());
  HelloReport report;
  std::unique_ptr<LetThroughHello> let_through;
  {
    ErrorMark mark;
    report = listener.Handle(datagram, address, WallNow());
  }
  if (report.verdict == HelloVerdict::kCookieWanted) {
    const std::optional<std::vector<uint8_t>> cookie = GenerateCookie(attachment, mode);
    if (!cookie) return Outcome::kFailed;
    report = Retry(listener, report, address, *cookie);
  } else if (report.verdict == HelloVerdict::kAccept && mode != CookieMode::kNone) {
    switch (VerifyCookie(attachment, mode, report.application_cookie)) {
      case CookieVerdict::kGood:
        if (!MayTake(attachment, mode, *report.hello, &let_through)) {
          return NobodysHello(attachment, mode);
        }
        break;
      case CookieVerdict::kBad:
        report = HelloListener::Refuse(*report.hello, AlertDescription::kIllegalParameter);
        break;
      case CookieVerdict::kNoVerifier:
        return Outcome::kFailed;
    }
  }
  switch (report.verdict) {
    case HelloVerdict::kRetry:
      return Answer(attachment, report.answer);
    case HelloVerdict::kRefuse:
      return Refuse(attachment, config, report.answer);
    case HelloVerdict::kAccept:
      return Keep(attachment, std::move(report), std::move(let_through), datagram,
                  std::move(address));
    case HelloVerdict::kNotDtls13:
      return LeaveToLibssl(attachment, *report.hello, datagram, std::move(address));
    case HelloVerdict::kIgnore:
    case HelloVerdict::kRepeated:  // an SSL without an association knows none
    case HelloVerdict::kCookieWanted:
      break;
  }
  return Outcome::kIgnored;
}

// Listen has the attachment's listener go by the present settings; pieces of ClientHellos stay.
void Listen(SslAttachment& attachment, const std::shared_ptr<const AssociationConfig>& config,
            CookieMode mode) {
  HelloListenerOptions options;
  options.cookie = mode == CookieMode::kNone ? HelloCookie::kNone : HelloCookie::kApplications;
  options.serves_older = AllowsOlder(attachment);
  // Without cookies the SSL serves the first that comes; with them, no sender keeps another out.
  if (mode == CookieMode::kNone) options.max_hellos = 1;
  std::unique_ptr<HelloListener>& listener = DriveState::ListenerOf(attachment);
  if (listener == nullptr) {
    listener = std::make_unique<HelloListener>(HandshakeConfigOf(config), options);
  } else {
    listener->Reconfigure(HandshakeConfigOf(config), options);
  }
}

}  // namespace

Outcome ReceiveFirstHello(SslAttachment& attachment,
                          const std::shared_ptr<const AssociationConfig>& config, CookieMode mode,
                          bool one_datagram) {
  SslAttachment::Busy busy(attachment);
  DriveState::LastCallOf(attachment).WaitForNothing();
  Listen(attachment, config, mode);
  for (;;) {
    ScratchBuffer scratch;
    const BioRead read = ReadDatagram(attachment.ssl(), scratch.bytes(), /*deadline=*/std::nullopt);
    switch (read.outcome) {
      case Outcome::kDone:
        break;
      case Outcome::kWouldBlock:
        DriveState::LastCallOf(attachment).WaitToRead();
        return read.outcome;
      default:
        if (!HasReadBio(attachment.ssl())) Raise(SSL_R_READ_BIO_NOT_SET);
        return read.outcome;
    }
    const Outcome verdict = HandleDatagram(attachment, config->handshake, mode, read.datagram);
    const bool settled = verdict != Outcome::kIgnored && verdict != Outcome::kAnswered;
    if (settled || one_datagram) return verdict;
  }
}

bool ClearForListening(SslAttachment& attachment) {
  std::unique_ptr<HelloListener> listener = std::move(DriveState::ListenerOf(attachment));
  const bool is_cleared = ClearConnection(attachment.ssl()) == 1;
  DriveState::ListenerOf(attachment) = std::move(listener);
  return is_cleared;
}

}  // namespace dtls13::shim
