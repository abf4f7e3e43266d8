// SPDX-License-Identifier: Apache-2.0
// The entries that move application data, close, and say what a call waits for.

#include <cstdint>
#include <span>

#include "shim/attachment/ownership.h"
#include "shim/attachment/ssl_attachment.h"
#include "shim/drive/application_data.h"
#include "shim/drive/closing.h"
#include "shim/fallback/libssl_call.h"
#include "shim/libssl/error_map.h"
#include "shim/libssl/outcome.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

int ReadLibssls(SSL* ssl, void* out, int out_len, ReadMode mode) {
  return mode == ReadMode::kPeek ? Real().SSL_peek(ssl, out, out_len)
                                 : Real().SSL_read(ssl, out, out_len);
}

int ReadEntry(SSL* ssl, void* out, int out_len, ReadMode mode) {
  if (SslAttachment::IsLibssls(ssl)) return ReadLibssls(ssl, out, out_len, mode);
  SslAttachment* attachment = SslAttachment::FindOrCreate(ssl);
  if (attachment != nullptr && DecideOurs(*attachment)) {
    if (out_len < 0) {
      Raise(SSL_R_BAD_LENGTH);
      return -1;
    }
    size_t num_read = 0;
    const Outcome outcome =
        ReadData(*attachment, std::span(static_cast<uint8_t*>(out), static_cast<size_t>(out_len)),
                 mode, &num_read);
    if (outcome == Outcome::kDone) return static_cast<int>(num_read);
    if (outcome != Outcome::kIsLibssls) return ReturnValue(outcome);
  }
  LibsslCall call(attachment);
  return ReadLibssls(ssl, out, out_len, mode);
}

int ReadExLibssls(SSL* ssl, void* out, size_t out_len, size_t* num_read, ReadMode mode) {
  return mode == ReadMode::kPeek ? Real().SSL_peek_ex(ssl, out, out_len, num_read)
                                 : Real().SSL_read_ex(ssl, out, out_len, num_read);
}

int ReadExEntry(SSL* ssl, void* out, size_t out_len, size_t* num_read, ReadMode mode) {
  if (SslAttachment::IsLibssls(ssl)) return ReadExLibssls(ssl, out, out_len, num_read, mode);
  SslAttachment* attachment = SslAttachment::FindOrCreate(ssl);
  if (attachment != nullptr && DecideOurs(*attachment)) {
    const Outcome outcome =
        ReadData(*attachment, std::span(static_cast<uint8_t*>(out), out_len), mode, num_read);
    if (outcome != Outcome::kIsLibssls) return outcome == Outcome::kDone ? 1 : 0;
  }
  LibsslCall call(attachment);
  return ReadExLibssls(ssl, out, out_len, num_read, mode);
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
  const Want want = attachment.progress().last_call.want();
  if (want != Want::kNothing) return WantNumbersOf(want).error;
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
  return ReadEntry(ssl, out, out_len, ReadMode::kConsume);
}

DTLS13_EXPORT int SSL_peek(SSL* ssl, void* out, int out_len) noexcept {
  return ReadEntry(ssl, out, out_len, ReadMode::kPeek);
}

DTLS13_EXPORT int SSL_read_ex(SSL* ssl, void* out, size_t out_len, size_t* num_read) noexcept {
  return ReadExEntry(ssl, out, out_len, num_read, ReadMode::kConsume);
}

DTLS13_EXPORT int SSL_peek_ex(SSL* ssl, void* out, size_t out_len, size_t* num_read) noexcept {
  return ReadExEntry(ssl, out, out_len, num_read, ReadMode::kPeek);
}

DTLS13_EXPORT int SSL_write(SSL* ssl, const void* data, int len) noexcept {
  if (SslAttachment::IsLibssls(ssl)) return Real().SSL_write(ssl, data, len);
  SslAttachment* attachment = SslAttachment::FindOrCreate(ssl);
  if (attachment != nullptr && DecideOurs(*attachment)) {
    if (len < 0) {
      Raise(SSL_R_BAD_LENGTH);
      return -1;
    }
    const Outcome outcome = WriteData(
        *attachment, std::span(static_cast<const uint8_t*>(data), static_cast<size_t>(len)));
    if (outcome == Outcome::kDone) return len;
    if (outcome != Outcome::kIsLibssls) return ReturnValue(outcome);
  }
  LibsslCall call(attachment);
  return Real().SSL_write(ssl, data, len);
}

DTLS13_EXPORT int SSL_write_ex(SSL* ssl, const void* data, size_t len,
                               size_t* num_written) noexcept {
  if (SslAttachment::IsLibssls(ssl)) return Real().SSL_write_ex(ssl, data, len, num_written);
  SslAttachment* attachment = SslAttachment::FindOrCreate(ssl);
  if (attachment != nullptr && DecideOurs(*attachment)) {
    const Outcome outcome =
        WriteData(*attachment, std::span(static_cast<const uint8_t*>(data), len));
    if (outcome == Outcome::kDone) *num_written = len;
    if (outcome != Outcome::kIsLibssls) return outcome == Outcome::kDone ? 1 : 0;
  }
  LibsslCall call(attachment);
  return Real().SSL_write_ex(ssl, data, len, num_written);
}

// libssl's own would send a record of its idle object, in the clear. Its flags are for QUIC: with
// one set, a connection of ours is refused.
DTLS13_EXPORT int SSL_write_ex2(SSL* ssl, const void* data, size_t len, uint64_t flags,
                                size_t* num_written) noexcept {
  if (flags == 0) return SSL_write_ex(ssl, data, len, num_written);
  if (SslAttachment::Ours(ssl) != nullptr || Real().SSL_write_ex2 == nullptr) {
    ERR_raise(ERR_LIB_SSL, ERR_R_UNSUPPORTED);
    return 0;
  }
  LibsslCall call(ssl);
  return Real().SSL_write_ex2(ssl, data, len, flags, num_written);
}

DTLS13_EXPORT int SSL_shutdown(SSL* ssl) noexcept {
  if (SslAttachment* attachment = SslAttachment::Ours(ssl))
    return ReturnValue(Shutdown(*attachment));
  LibsslCall call(ssl);
  return Real().SSL_shutdown(ssl);
}

DTLS13_EXPORT int SSL_pending(const SSL* ssl) noexcept {
  const SslAttachment* attachment = SslAttachment::Ours(ssl);
  return attachment != nullptr ? static_cast<int>(PendingLen(*attachment))
                               : Real().SSL_pending(ssl);
}

DTLS13_EXPORT int SSL_has_pending(const SSL* ssl) noexcept {
  const SslAttachment* attachment = SslAttachment::Ours(ssl);
  return attachment != nullptr ? HasPending(*attachment) : Real().SSL_has_pending(ssl);
}

DTLS13_EXPORT int SSL_want(const SSL* ssl) noexcept {
  const SslAttachment* attachment = SslAttachment::Ours(ssl);
  return attachment != nullptr ? WantNumbersOf(attachment->progress().last_call.want()).want
                               : Real().SSL_want(ssl);
}

DTLS13_EXPORT int SSL_get_error(const SSL* ssl, int result) noexcept {
  const SslAttachment* attachment = SslAttachment::Ours(ssl);
  return attachment != nullptr ? GetError(*attachment, result) : Real().SSL_get_error(ssl, result);
}
