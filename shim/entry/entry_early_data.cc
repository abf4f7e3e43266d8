// SPDX-License-Identifier: Apache-2.0
// Early data: what a client sends with its ClientHello, and a server reads before it is answered.

#include "shim/attachment/ownership.h"
#include "shim/drive/early_data.h"
#include "shim/drive/run_handshake.h"
#include "shim/fallback/libssl_call.h"
#include "shim/libssl/error_map.h"
#include "shim/libssl/error_mark.h"
#include "shim/libssl/outcome.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

int Status(const SslAttachment& attachment) {
  const Association* association = attachment.association();
  if (association == nullptr) return SSL_EARLY_DATA_NOT_SENT;
  switch (association->facts().result.early_data) {
    case EarlyDataOutcome::kAccepted:
      return SSL_EARLY_DATA_ACCEPTED;
    case EarlyDataOutcome::kOffered:
    case EarlyDataOutcome::kRejected:
      return SSL_EARLY_DATA_REJECTED;
    case EarlyDataOutcome::kNone:
      break;
  }
  // What was written without being offered is as good as rejected.
  return attachment.progress().early_data.writes() ? SSL_EARLY_DATA_REJECTED
                                                   : SSL_EARLY_DATA_NOT_SENT;
}

}  // namespace
}  // namespace dtls13::shim

using namespace dtls13::shim;  // NOLINT: entries are C functions, outside of any namespace

DTLS13_EXPORT int SSL_write_early_data(SSL* ssl, const void* data, size_t len,
                                       size_t* num_written) noexcept {
  if (Real().SSL_is_server(ssl) == 0) DefaultSide(ssl, Side::kClient);
  if (SslAttachment* ours = Decide(ssl)) {
    const Outcome outcome = WriteEarlyData(*ours, {static_cast<const uint8_t*>(data), len});
    if (outcome != Outcome::kDone) return 0;
    *num_written = len;
    return 1;
  }
  LibsslCall call(ssl);
  return Real().SSL_write_early_data(ssl, data, len, num_written);
}

DTLS13_EXPORT int SSL_read_early_data(SSL* ssl, void* out, size_t len, size_t* num_read) noexcept {
  if (Real().SSL_is_server(ssl) != 0) DefaultSide(ssl, Side::kServer);
  if (SslAttachment* ours = Decide(ssl)) {
    const Outcome outcome = ReadEarlyData(*ours, {static_cast<uint8_t*>(out), len}, num_read);
    if (outcome == Outcome::kDone) return SSL_READ_EARLY_DATA_SUCCESS;
    if (outcome == Outcome::kEnded) return SSL_READ_EARLY_DATA_FINISH;
    if (outcome != Outcome::kIsLibssls) return SSL_READ_EARLY_DATA_ERROR;
  }
  LibsslCall call(ssl);
  return Real().SSL_read_early_data(ssl, out, len, num_read);
}

DTLS13_EXPORT int SSL_get_early_data_status(const SSL* ssl) noexcept {
  const SslAttachment* ours = SslAttachment::Ours(ssl);
  return ours != nullptr ? Status(*ours) : Real().SSL_get_early_data_status(ssl);
}

DTLS13_EXPORT int SSL_export_keying_material_early(SSL* ssl, unsigned char* out, size_t out_len,
                                                   const char* label, size_t label_len,
                                                   const unsigned char* context,
                                                   size_t context_len) noexcept {
  const SslAttachment* ours = SslAttachment::Ours(ssl);
  if (ours == nullptr || ours->association() == nullptr) {
    return Real().SSL_export_keying_material_early(ssl, out, out_len, label, label_len, context,
                                                   context_len);
  }
  ErrorMark mark;
  return ours->association()->ExportEarlyKeyingMaterial({label, label_len}, {context, context_len},
                                                        {out, out_len})
             ? 1
             : 0;
}
