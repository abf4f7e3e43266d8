#include "shim/drive/first_hello.h"

#include <array>
#include <optional>
#include <span>

#include "dtls13/listener/cookie_listener.h"
#include "dtls13/listener/hello_gatherer.h"
#include "dtls13/message/client_hello.h"
#include "dtls13/wire/plaintext_handshake.h"
#include "dtls13/wire/record_header.h"
#include "shim/answer/tell.h"
#include "shim/attachment/protocol_version.h"
#include "shim/bio/bio_transport.h"
#include "shim/bio/clock.h"
#include "shim/bio/scratch_buffer.h"
#include "shim/fallback/fallback.h"
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

// A HelloRetryRequest is far smaller; this is what the default MTU lets through.
constexpr size_t kMaxRetryLen = kDefaultMtu;

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
  if (Real().SSL_get_rbio(ssl) != Real().SSL_get_wbio(ssl)) {
    SetPeer(ssl, ReadPeer(ssl).get());
  }
  TellRecordHeaders(attachment, /*outgoing=*/true, datagram, /*with_contents=*/true);
  const Outcome outcome = WriteDatagram(ssl, datagram);
  Flush(ssl);
  if (outcome == Outcome::kBroken) return outcome;
  // What the BIO does not take now is lost; the client will ask again.
  return Outcome::kAnswered;
}

// A client with which no handshake can be. The answer is smaller than what caused it, and keeps no
// state.
Outcome Refuse(SslAttachment& attachment, std::span<uint8_t> datagram,
               AlertDescription description) {
  std::array<uint8_t, kPlaintextHeaderLen + kAlertLen> alert;
  if (CookieListener::WriteAlert(datagram, description, alert) == 0) return Outcome::kIgnored;
  const Outcome sent = Answer(attachment, alert);
  return sent == Outcome::kAnswered ? Outcome::kIgnored : sent;
}

Outcome SendRetry(SslAttachment& attachment, const CookieListener& listener, CookieMode mode,
                  std::span<uint8_t> datagram, std::span<const uint8_t> address) {
  const std::optional<std::vector<uint8_t>> cookie = GenerateCookie(attachment, mode);
  if (!cookie) return Outcome::kFailed;
  std::array<uint8_t, kMaxRetryLen> retry;
  size_t len;
  {
    ErrorMark mark;
    len = listener.WriteRetry(datagram, address, *cookie, WallNow(), retry);
  }
  //= rfc8446#section-4.1.1
  //# If there is no overlap between the received
  //# "supported_groups" and the groups supported by the server, then the
  //# server MUST abort the handshake with a "handshake_failure" or an
  //# "insufficient_security" alert.
  if (len == 0) return Refuse(attachment, datagram, AlertDescription::kHandshakeFailure);
  return Answer(attachment, std::span(retry).first(len));
}

Outcome Keep(SslAttachment& attachment, std::span<const uint8_t> datagram,
             std::vector<uint8_t> address, Outcome verdict) {
  attachment.kept_hello.Keep(datagram, std::move(address), ReadPeer(attachment.ssl()));
  attachment.hello_gatherer.reset();
  return verdict;
}

// IsFallback: the client tries less than it has because more has failed (RFC 7507). Between it and
// us, who have DTLS 1.3, somebody else must have made it fail.
bool IsFallback(std::span<uint8_t> datagram) {
  const std::optional<PlaintextFragment> whole = FindWholeClientHello(datagram);
  if (!whole) return false;
  const std::optional<ClientHello> hello = ParseClientHello(whole->fragment.body);
  return hello && hello->cipher_suites.Contains(kFallbackScsv);
}

Outcome Judge(SslAttachment& attachment, const CookieListener& listener, CookieMode mode,
              std::span<uint8_t> datagram) {
  std::vector<uint8_t> address = PeerAddress(attachment.ssl());
  ListenInspection inspection;
  {
    ErrorMark mark;
    inspection = listener.Inspect(datagram, address, WallNow());
  }
  switch (inspection.verdict) {
    case ListenVerdict::kNotDtls13:
      if (!AllowsOlder(attachment)) {
        return Refuse(attachment, datagram, AlertDescription::kProtocolVersion);
      }
      if (IsFallback(datagram)) {
        return Refuse(attachment, datagram, AlertDescription::kInappropriateFallback);
      }
      return Keep(attachment, datagram, std::move(address), Outcome::kIsLibssls);
    case ListenVerdict::kNeedsRetry:
      if (mode != CookieMode::kNone) {
        return SendRetry(attachment, listener, mode, datagram, address);
      }
      return Keep(attachment, datagram, std::move(address), Outcome::kDone);
    case ListenVerdict::kBadCookie:
      return Refuse(attachment, datagram, AlertDescription::kIllegalParameter);
    case ListenVerdict::kAccept:
      if (mode != CookieMode::kNone) {
        switch (VerifyCookie(attachment, mode, inspection.application_cookie)) {
          case CookieVerdict::kGood:
            break;
          case CookieVerdict::kBad:
            return Refuse(attachment, datagram, AlertDescription::kIllegalParameter);
          case CookieVerdict::kNoVerifier:
            return Outcome::kFailed;
        }
      }
      return Keep(attachment, datagram, std::move(address), Outcome::kDone);
    case ListenVerdict::kIgnore:
      break;
  }
  // Not acceptable, and not libssl's either: an association has the alert for it, where one may be
  // had for the asking.
  if (mode == CookieMode::kNone && FindWholeClientHello(datagram)) {
    return Keep(attachment, datagram, std::move(address), Outcome::kDone);
  }
  return Outcome::kIgnored;
}

// Take judges a datagram, or the ClientHello that it makes whole.
Outcome Take(SslAttachment& attachment, const CookieListener& listener, CookieMode mode,
             std::span<uint8_t> datagram) {
  TellRecordHeaders(attachment, /*outgoing=*/false, datagram,
                    /*with_contents=*/mode != CookieMode::kNone);
  const Outcome verdict = Judge(attachment, listener, mode, datagram);
  if (verdict != Outcome::kIgnored || FindWholeClientHello(datagram)) return verdict;
  if (attachment.hello_gatherer == nullptr) {
    const bool serves_one = mode == CookieMode::kNone || mode == CookieMode::kExchange;
    attachment.hello_gatherer =
        std::make_unique<HelloGatherer>(serves_one ? 1 : HelloGatherer::kMaxHellos);
  }
  Gathered gathered;
  {
    ErrorMark mark;
    gathered = attachment.hello_gatherer->Add(datagram, PeerAddress(attachment.ssl()), listener,
                                              WallNow());
  }
  switch (gathered.verdict) {
    case GatherVerdict::kWhole:
      return Judge(attachment, listener, mode, gathered.datagram);
    case GatherVerdict::kBadCookie:
      return Refuse(attachment, datagram, AlertDescription::kIllegalParameter);
    case GatherVerdict::kNothing:
      break;
  }
  return verdict;
}

}  // namespace

Outcome ReceiveFirstHello(SslAttachment& attachment, const AssociationConfig& config,
                          CookieMode mode, bool one_datagram) {
  SslAttachment::Busy busy(attachment);
  attachment.want = Want::kNothing;
  // The listener only reads the config, which outlives it.
  const CookieListener listener(
      std::shared_ptr<const HandshakeConfig>(std::shared_ptr<void>(), &config.handshake));
  for (;;) {
    ScratchBuffer scratch;
    const BioRead read =
        ReadDatagram(attachment.ssl(), scratch.bytes(), /*deadline=*/std::nullopt, Now());
    switch (read.outcome) {
      case Outcome::kDone:
        break;
      case Outcome::kWouldBlock:
        attachment.want = Want::kRead;
        return read.outcome;
      default:
        if (!HasReadBio(attachment.ssl())) Raise(SSL_R_READ_BIO_NOT_SET);
        return read.outcome;
    }
    const Outcome verdict = Take(attachment, listener, mode, read.datagram);
    const bool settled = verdict != Outcome::kIgnored && verdict != Outcome::kAnswered;
    if (settled || one_datagram) return verdict;
  }
}

}  // namespace dtls13::shim
