// The entries that move application data, close, and say what a call waits for.

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "dtls13/wire/record_header.h"
#include "shim/attachment/ownership.h"
#include "shim/drive/driver.h"
#include "shim/drive/run_handshake.h"
#include "shim/fallback/libssl_call.h"
#include "shim/libssl/error_map.h"
#include "shim/libssl/outcome.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

enum class Take : uint8_t { kConsume, kPeek };

void SetShutdownFlag(SSL* ssl, int flag) {
  Real().SSL_set_shutdown(ssl, Real().SSL_get_shutdown(ssl) | flag);
}

// EnsureUp returns kDone when data may flow.
Outcome EnsureUp(SslAttachment& attachment) {
  if (!attachment.connected()) return RunHandshake(attachment);
  // A failure that no call has told yet is for the driver to report.
  const bool is_over = attachment.failed() && attachment.failure_reported;
  return is_over ? Outcome::kFailed : Outcome::kDone;
}

// Read returns kDone with data, kEnded after the peer's end.
Outcome Read(SslAttachment& attachment, std::span<uint8_t> out, Take take, size_t* num_read) {
  SSL* ssl = attachment.ssl();
  attachment.want = Want::kNothing;
  errno = 0;  // as libssl does: what was left there is not about this call
  if ((Real().SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN) != 0) return Outcome::kEnded;
  if (attachment.unread.empty()) {
    const Outcome up = EnsureUp(attachment);
    if (up != Outcome::kDone) return up;
  }
  if (attachment.unread.empty()) {
    const Outcome driven = Drive(attachment, Goal::kRead);
    const bool has_failed = driven == Outcome::kFailed;
    if (has_failed && attachment.association()->facts().failure.reason() == Reason::kPeerAlert) {
      return Outcome::kEnded;
    }
    if (driven != Outcome::kDone) return driven;
  }
  if (!attachment.unread.empty()) {
    *num_read = SslAttachment::TakeData(&attachment.unread, out, take == Take::kConsume);
    return Outcome::kDone;
  }
  // Only now, behind all that came before it, is the peer's end to be seen.
  SetShutdownFlag(ssl, SSL_RECEIVED_SHUTDOWN);
  return Outcome::kEnded;
}

// Write returns kDone when the record left, kIgnored for nothing to write.
Outcome Write(SslAttachment& attachment, std::span<const uint8_t> data) {
  attachment.want = Want::kNothing;
  errno = 0;
  if ((Real().SSL_get_shutdown(attachment.ssl()) & SSL_SENT_SHUTDOWN) != 0) {
    Raise(SSL_R_PROTOCOL_IS_SHUTDOWN);
    return Outcome::kFailed;
  }
  const Outcome up = EnsureUp(attachment);
  if (up != Outcome::kDone) return up;
  if (data.size() > kMaxPlaintextLen) {
    Raise(SSL_R_DTLS_MESSAGE_TOO_BIG);
    return Outcome::kFailed;
  }
  if (data.empty()) return Outcome::kIgnored;
  // Retransmissions and ACKs first: whoever never reads has no other occasion. What they meet does
  // not keep data back.
  const Outcome flushed = Drive(attachment, Goal::kFlush);
  return flushed == Outcome::kFailed ? flushed : WriteRecord(attachment, data);
}

int ReadEntry(SSL* ssl, void* out, int out_len, Take take) {
  SslAttachment* attachment = Decide(ssl);
  if (attachment != nullptr) {
    if (out_len < 0) {
      Raise(SSL_R_BAD_LENGTH);
      return -1;
    }
    size_t num_read = 0;
    const Outcome outcome =
        Read(*attachment, std::span(static_cast<uint8_t*>(out), static_cast<size_t>(out_len)), take,
             &num_read);
    if (outcome == Outcome::kDone) return static_cast<int>(num_read);
    if (outcome != Outcome::kIsLibssls) return ReturnValue(outcome);
  }
  LibsslCall call(ssl);
  return take == Take::kPeek ? Real().SSL_peek(ssl, out, out_len)
                             : Real().SSL_read(ssl, out, out_len);
}

int ReadExEntry(SSL* ssl, void* out, size_t out_len, size_t* num_read, Take take) {
  SslAttachment* attachment = Decide(ssl);
  if (attachment != nullptr) {
    const Outcome outcome =
        Read(*attachment, std::span(static_cast<uint8_t*>(out), out_len), take, num_read);
    if (outcome != Outcome::kIsLibssls) return outcome == Outcome::kDone ? 1 : 0;
  }
  LibsslCall call(ssl);
  return take == Take::kPeek ? Real().SSL_peek_ex(ssl, out, out_len, num_read)
                             : Real().SSL_read_ex(ssl, out, out_len, num_read);
}

// SendClose queues close_notify and sends it: once, but a caller may come again until the BIO has
// taken it.
int SendClose(SslAttachment& attachment) {
  SetShutdownFlag(attachment.ssl(), SSL_SENT_SHUTDOWN);
  attachment.association()->Close();
  return Drive(attachment, Goal::kFlush) == Outcome::kDone ? 1 : -1;
}

int ReceiveClose(SslAttachment& attachment) {
  SSL* ssl = attachment.ssl();
  if (!attachment.association()->facts().peer_closed &&
      Drive(attachment, Goal::kPeerClose) != Outcome::kDone) {
    return -1;
  }
  if (!attachment.unread.empty()) {
    // The application gave up reading with data still unread: libssl's word for it.
    Raise(SSL_R_APPLICATION_DATA_AFTER_CLOSE_NOTIFY);
    return -1;
  }
  SetShutdownFlag(ssl, SSL_RECEIVED_SHUTDOWN);
  return 1;
}

int Shutdown(SslAttachment& attachment) {
  SSL* ssl = attachment.ssl();
  attachment.want = Want::kNothing;
  if (!attachment.is_up()) {
    Raise(SSL_R_SHUTDOWN_WHILE_IN_INIT);
    return -1;
  }
  if (Real().SSL_get_quiet_shutdown(ssl) != 0) {
    Real().SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    return 1;
  }
  const int before = Real().SSL_get_shutdown(ssl);
  if ((before & SSL_SENT_SHUTDOWN) == 0) {
    if (SendClose(attachment) < 0) return -1;
  } else if (!attachment.unsent_datagram.empty()) {
    if (Drive(attachment, Goal::kFlush) != Outcome::kDone) return -1;
  } else if ((before & SSL_RECEIVED_SHUTDOWN) == 0) {
    return ReceiveClose(attachment);
  }
  constexpr int kBoth = SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN;
  return (Real().SSL_get_shutdown(ssl) & kBoth) == kBoth ? 1 : 0;
}

size_t Pending(const SslAttachment& attachment) {
  size_t len = 0;
  for (const SslAttachment::Record& record : attachment.unread) {
    len += record.content.size() - record.num_read;
  }
  return len;
}

// What SSL_get_error and SSL_want say of a Want.
struct WantNumbers {
  int error;
  int want;
};

WantNumbers WantNumbersOf(Want want) {
  switch (want) {
    case Want::kNothing:
      return {SSL_ERROR_NONE, SSL_NOTHING};
    case Want::kRead:
      return {SSL_ERROR_WANT_READ, SSL_READING};
    case Want::kWrite:
      return {SSL_ERROR_WANT_WRITE, SSL_WRITING};
    case Want::kCertificateCallback:
      return {SSL_ERROR_WANT_X509_LOOKUP, SSL_X509_LOOKUP};
    case Want::kClientHelloCallback:
      return {SSL_ERROR_WANT_CLIENT_HELLO_CB, SSL_CLIENT_HELLO_CB};
    case Want::kVerification:
      return {SSL_ERROR_WANT_RETRY_VERIFY, SSL_RETRY_VERIFY};
  }
  return {SSL_ERROR_NONE, SSL_NOTHING};
}

int GetError(const SslAttachment& attachment, int result) {
  if (result > 0) return SSL_ERROR_NONE;
  if (const unsigned long error = ERR_peek_error(); error != 0) {
    return ERR_GET_LIB(error) == ERR_LIB_SYS ? SSL_ERROR_SYSCALL : SSL_ERROR_SSL;
  }
  if (attachment.want != Want::kNothing) return WantNumbersOf(attachment.want).error;
  const bool received = (Real().SSL_get_shutdown(attachment.ssl()) & SSL_RECEIVED_SHUTDOWN) != 0;
  const Association* association = attachment.association();
  // An application that sets the flag itself sees the clean end it declares, as in libssl; what has
  // failed never looks like one.
  const bool has_failed = association != nullptr && association->facts().failed;
  if (received &&
      (!has_failed || association->facts().peer_closed || attachment.ended_by_close())) {
    return SSL_ERROR_ZERO_RETURN;
  }
  return SSL_ERROR_SYSCALL;
}

}  // namespace
}  // namespace dtls13::shim

using namespace dtls13::shim;  // NOLINT: entries are C functions, outside of any namespace

DTLS13_EXPORT int SSL_read(SSL* ssl, void* out, int out_len) noexcept {
  return ReadEntry(ssl, out, out_len, Take::kConsume);
}

DTLS13_EXPORT int SSL_peek(SSL* ssl, void* out, int out_len) noexcept {
  return ReadEntry(ssl, out, out_len, Take::kPeek);
}

DTLS13_EXPORT int SSL_read_ex(SSL* ssl, void* out, size_t out_len, size_t* num_read) noexcept {
  return ReadExEntry(ssl, out, out_len, num_read, Take::kConsume);
}

DTLS13_EXPORT int SSL_peek_ex(SSL* ssl, void* out, size_t out_len, size_t* num_read) noexcept {
  return ReadExEntry(ssl, out, out_len, num_read, Take::kPeek);
}

DTLS13_EXPORT int SSL_write(SSL* ssl, const void* data, int len) noexcept {
  SslAttachment* attachment = Decide(ssl);
  if (attachment != nullptr) {
    if (len < 0) {
      Raise(SSL_R_BAD_LENGTH);
      return -1;
    }
    const Outcome outcome =
        Write(*attachment, std::span(static_cast<const uint8_t*>(data), static_cast<size_t>(len)));
    if (outcome == Outcome::kDone) return len;
    if (outcome != Outcome::kIsLibssls) return ReturnValue(outcome);
  }
  LibsslCall call(ssl);
  return Real().SSL_write(ssl, data, len);
}

DTLS13_EXPORT int SSL_write_ex(SSL* ssl, const void* data, size_t len,
                               size_t* num_written) noexcept {
  SslAttachment* attachment = Decide(ssl);
  if (attachment != nullptr) {
    const Outcome outcome = Write(*attachment, std::span(static_cast<const uint8_t*>(data), len));
    if (outcome == Outcome::kDone) *num_written = len;
    if (outcome != Outcome::kIsLibssls) return outcome == Outcome::kDone ? 1 : 0;
  }
  LibsslCall call(ssl);
  return Real().SSL_write_ex(ssl, data, len, num_written);
}

DTLS13_EXPORT int SSL_shutdown(SSL* ssl) noexcept {
  if (SslAttachment* attachment = SslAttachment::Ours(ssl)) return Shutdown(*attachment);
  LibsslCall call(ssl);
  return Real().SSL_shutdown(ssl);
}

DTLS13_EXPORT int SSL_pending(const SSL* ssl) noexcept {
  const SslAttachment* attachment = SslAttachment::Ours(ssl);
  return attachment != nullptr ? static_cast<int>(Pending(*attachment)) : Real().SSL_pending(ssl);
}

DTLS13_EXPORT int SSL_has_pending(const SSL* ssl) noexcept {
  const SslAttachment* attachment = SslAttachment::Ours(ssl);
  return attachment != nullptr ? !attachment->unread.empty() : Real().SSL_has_pending(ssl);
}

DTLS13_EXPORT int SSL_want(const SSL* ssl) noexcept {
  const SslAttachment* attachment = SslAttachment::Ours(ssl);
  return attachment != nullptr ? WantNumbersOf(attachment->want).want : Real().SSL_want(ssl);
}

DTLS13_EXPORT int SSL_get_error(const SSL* ssl, int result) noexcept {
  const SslAttachment* attachment = SslAttachment::Ours(ssl);
  return attachment != nullptr ? GetError(*attachment, result) : Real().SSL_get_error(ssl, result);
}
